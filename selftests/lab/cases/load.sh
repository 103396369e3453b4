# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Nothing stalls the agent: with a million bans, a million known endpoints and a long list, beside
# malformed requests from random addresses as fast as one core sends them, while everybody asks it
# for everything. The heartbeat of the observer still warms up, no round of the agent's loop takes
# long, and the agent ends at once. ENTRIES, DENIED and SECONDS_LONG make it larger.
# lab: alone
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

ENTRIES=${ENTRIES:-1000000}
DENIED=${DENIED:-300000}
SECONDS_LONG=${SECONDS_LONG:-20}
HEARTBEAT_MS=2000 # two rounds of the observation; the data path has patience for five seconds
ROUND_US=50000    # of processor time: the host may be busy, and the wall clock says little
END_MS=2000
ANSWER_MS=50

make -s -C "$ROOT" BUILD="$BUILD" "$BUILD/tables" >"$TMP/make.out" 2>&1 ||
	die "the program that fills tables cannot be built: $(tail -n 1 "$TMP/make.out")"
awk -v count="$DENIED" 'BEGIN { for (i = 0; i < count; i++)
	printf "%d.%d.%d.%d\n", 100 + int(i / 16777216), i / 65536 % 256, i / 256 % 256, i % 256 }' \
	>"$TMP/denied.txt"
printf 'REGISTER sip:server.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK0123456789abcdef\r\nFrom: <sip:a@b>;tag=1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 0123456789abcdef\r\nCSeq: 1 REGISTER\r\n\r\n' \
	>"$TMP/malformed"

policy load <<END
mode: enforce
lists: {deny: [$TMP/denied.txt], allow: [198.51.100.0/24]}
tables: {bans: $((ENTRIES + 50000)), known: $((ENTRIES + 50000))}
zones:
  - name: public
    newcomers: {rate: 100/s}
    responses: expected
    bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 3/60s}
state: {save: $TMP/lib/state, every: 5s}
END

longest_round() { # microseconds of processor time
	server curl -sf "http://127.0.0.1:9538/metrics" |
		awk '$1 == "sipward_agent_round_seconds_max" { printf "%d\n", $2 * 1000000 }'
}

ask_for_everything() { # until it is killed: what operators, scrapers and users do
	while :; do
		ward status -j >"$TMP/status.out" 2>&1
		ward events >"$TMP/events.out" 2>&1
		server curl -sf "http://127.0.0.1:9538/metrics" >"$TMP/metrics.out" 2>&1
		ward ban add "$BYSTANDER4" >"$TMP/ban.out" 2>&1
		ward ban del "$BYSTANDER4" >"$TMP/ban.out" 2>&1
	done
}

addresses() { # add | del: a thousand, in one go
	awk -v what="$1" 'BEGIN { for (i = 0; i < 1000; i++)
		printf "address %s 10.99.%d.%d/32 dev eth0\n", what, i / 250, i % 250 + 1 }' |
		ip -n "$SERVER" -batch -
}

all_counted() { # by the agent
	[ "$(metric sipward_bans)" -ge "$ENTRIES" ]
}

has_addresses() { # NUMBER: in the table of this host's own
	[ "$(bpftool -j map dump pinned "$SIPWARD_BPF_DIR/local_addrs" | jq length)" = "$1" ]
}

ward_start load || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
"$BUILD/tables" fill "$SIPWARD_BPF_DIR" "$ENTRIES" "$ENTRIES" 2>"$TMP/fill.out" ||
	die "the tables cannot be filled: $(cat "$TMP/fill.out")"
expect "the bans are counted" "$(metric sipward_bans) are" wait_until 60 all_counted

# --- what an operator and a scraper ask for, with full tables ---
took() { # COMMAND...: milliseconds of processor time
	local TIMEFORMAT='%U %S'
	{ time "$@" >"$TMP/answer" 2>&1; } 2>&1 | awk '{ printf "%d\n", ($1 + $2) * 1000 }'
}
answered=$(for _ in 1 2 3; do took ward status -j; done | sort -n | head -n 1)
expect_equal "status counts every ban" "$ENTRIES" "$(jq .bans "$TMP/answer")"
expect_equal "and every known endpoint" "$ENTRIES" "$(jq .known "$TMP/answer")"
expect "and is quick" "it took $answered ms" test "$answered" -lt "$ANSWER_MS"
scraped=$(for _ in 1 2 3; do
	server curl -sf -o "$TMP/metrics.out" -w '%{time_total}\n' http://127.0.0.1:9538/metrics
done | awk '{ printf "%d\n", $1 * 1000 }' | sort -n | head -n 1)
expect "/metrics is quick, too" "it took $scraped ms" test "$scraped" -lt "$ANSWER_MS"
printf '# with full tables status took %d ms of processor time, /metrics %d ms\n' "$answered" "$scraped"

ask_for_everything &
PIDS+=($!) ASKING=$!
flood attacker 64.0.0.0/24 "$SERVER4" --what "$TMP/malformed" --rate 1000000 \
	--seconds "$SECONDS_LONG" >"$TMP/flood.out" 2>&1 &
PIDS+=($!)
{
	sleep $((SECONDS_LONG / 3))
	addresses add
	sleep 2
	addresses del
} >"$TMP/addresses.out" 2>&1 &
read -r oldest samples <<<"$("$BUILD/tables" watch "$SIPWARD_BPF_DIR" "$SECONDS_LONG")"
kill "$ASKING" 2>/dev/null
wait_until 10 test -s "$TMP/flood.out"

longest=$(longest_round)
printf '# %s frames sent; the heartbeat was %d ms old at most (%d looks); a round took %d us at most\n' \
	"$(cat "$TMP/flood.out")" "$oldest" "$samples" "$longest"
expect "the flood was fast enough" "$(cat "$TMP/flood.out") frames" \
	test "$(cat "$TMP/flood.out")" -gt $((SECONDS_LONG * 5000))
expect "the offences of the flood reach the agent" \
	"none did" test "$(metric sipward_offences_total)" -gt 100
expect "the offences earn penalties" "none did" test "$(metric sipward_penalties_total)" -ge 1
expect "the heartbeat was read often enough" \
	"$samples times" test "$samples" -gt $((SECONDS_LONG * 4))
expect "nothing delays the heartbeat" "it was $oldest ms old" test "$oldest" -lt "$HEARTBEAT_MS"
expect "no round of the agent's loop takes long" \
	"one took $longest us" test "$longest" -lt "$ROUND_US"
expect "the observer ran all the time" "$(grep -c 'observer: not running' "$WARD_LOG") gaps" \
	test "$(grep -c 'observer: not running' "$WARD_LOG")" = 0

# --- many addresses at once ---
own=$(bpftool -j map dump pinned "$SIPWARD_BPF_DIR/local_addrs" | jq length)
addresses add
expect "a thousand new addresses are known at once" "they are not" \
	wait_until 3 has_addresses $((own + 1000))
addresses del
expect "addresses that are removed are forgotten at once" \
	"they are not" wait_until 3 has_addresses "$own"
expect "the log shows no error of rtnetlink" \
	"$(grep -i rtnetlink "$WARD_LOG")" test -z "$(grep -i rtnetlink "$WARD_LOG")"

# --- the end ---
start=$(date +%s%N)
kill "$WARD"
wait "$WARD"
status=$? took=$((($(date +%s%N) - start) / 1000000))
printf '# it ended after %d ms\n' "$took"
expect_equal "SIGTERM ends the agent with exit code 0" 0 "$status"
expect "SIGTERM ends the agent quickly" "it took $took ms" test "$took" -lt "$END_MS"
lab_end
