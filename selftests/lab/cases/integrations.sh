# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016,SC2119,SC2120
#
# fail2ban, CrowdSec and APIBAN ban in sipward, each takes back only its own bans, and nothing that
# they say harms a peer, an allowed source, or sipward. fail2ban is the real one; the two web
# services are played by feeds.py, with answers of the form that theirs have.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up
SCRIPTS=$ROOT/scripts/integrations
KEY=key0123456789
MODE=$TMP/mode
echo good >"$MODE"

policy feeds <<END
mode: enforce
zones:
  - {name: trunk, sources: [$BYSTANDER4], trust: peer}
  - {name: public, sources: [0.0.0.0/0, "::/0"]}
END
printf '#!/bin/sh\nexec %s "$@"\n' "$BUILD/sipward" >"$TMP/sipward" && chmod 755 "$TMP/sipward"
export SIPWARD=$TMP/sipward
FEED_STATE=$TMP/apiban
mkdir -p "$FEED_STATE"

noted() { # NOTE: the sources that are banned with it, in one line
	ward ban export -j | jq -r --arg note "$1" '[.[] | select(.note == $note) | .source] | sort | join(" ")'
}
count_noted() { noted "$1" | wc -w; }
crowdsec() { # [KEY]: one look
	CROWDSEC_API_KEY=${1:-$KEY} CROWDSEC_API_URL=http://127.0.0.1:8080 \
		server "$PYTHON" -B "$SCRIPTS/sipward_crowdsec.py" --once >"$TMP/feed.out" 2>&1
}
apiban() { # [KEY]: one run
	STATE_DIRECTORY=$FEED_STATE APIBAN_KEY=${1:-$KEY} APIBAN_URL=http://127.0.0.1:8080/api \
		server "$PYTHON" -B "$SCRIPTS/sipward_apiban.py" >"$TMP/feed.out" 2>&1
}
says() { # NAME CODE PATTERN COMMAND...
	local name=$1 code=$2 pattern=$3 got
	shift 3
	"$@"
	got=$?
	expect_equal "$name: exit code $code" "$code" "$got"
	expect "$name: it says why" "$(head -n 3 "$TMP/feed.out")" grep -Eq -- "$pattern" "$TMP/feed.out"
	expect_equal "$name: no Python traceback" 0 "$(grep -c Traceback "$TMP/feed.out")"
	expect_equal "$name: the key is not in the log" 0 "$(grep -c "$KEY" "$TMP/feed.out")"
}

# --- without a sipward ---
spawn "$SERVER" "$TMP/feeds.log" "$PYTHON" "$LAB/feeds.py" 8080 "$MODE" "$TMP/asked"
feeds_ready() { server curl -s -o /dev/null http://127.0.0.1:8080/v1/x; }
wait_until 5 feeds_ready || die "the web services do not start: $(tail -n 1 "$TMP/feeds.log")"
says "APIBAN without sipward" 1 'sipward' apiban
expect "the page is not counted as taken" "$(cat "$FEED_STATE/id" 2>&1)" test ! -e "$FEED_STATE/id"
ward_start feeds || die "sipward does not start: $(tail -n 1 "$WARD_LOG")"

# --- files and lines: peers and allowed sources ---
ward allow add 192.0.2.9 --note "ticket 1" >/dev/null
ward ban add 192.0.2.77 --note operator >/dev/null
printf '%s\n' "$BYSTANDER4" 192.0.2.9 192.0.2.10 | ward ban import - --note file >"$TMP/feed.out"
expect_equal "a file bans neither a peer nor an allowed source" 192.0.2.10 "$(noted file)"
expect "import says so" "$(cat "$TMP/feed.out")" grep -q '^1 left out: a zone .*trust: peer' "$TMP/feed.out"
ward ban add "$BYSTANDER4" >/dev/null
expect_equal "an operator may ban a peer" "$BYSTANDER4" "$(noted "")"
ward ban del "$BYSTANDER4" >/dev/null
printf '%s\n' 192.0.2.77 192.0.2.10 192.0.2.11 | ward ban del - --note file >"$TMP/feed.out"
expect_equal "del --note removes its own" "" "$(noted file)"
expect_equal "and no other" 192.0.2.77 "$(noted operator)"
expect "it says how many" "$(cat "$TMP/feed.out")" grep -q '^2 left out: not banned with this note' "$TMP/feed.out"
ward ban del 192.0.2.77 192.0.2.10 >"$TMP/feed.out" 2>&1
expect_equal "del of many without --note: exit code 2" 2 $?
printf 'nonsense\n' | ward ban del - --note file >"$TMP/feed.out" 2>&1
expect_equal "del of a wrong line: exit code 1" 1 $?
ward ban flush --note operator </dev/null >"$TMP/feed.out" 2>&1
expect_equal "flush --note where nobody can be asked: exit code 2" 2 $?
expect_equal "nothing is removed" 192.0.2.77 "$(noted operator)"

# --- CrowdSec ---
says "CrowdSec" 0 '^7 bans, 0 taken back' crowdsec
expect_equal "its decisions are bans" \
	"192.0.2.1 192.0.2.2 198.51.100.0 198.51.100.1 198.51.100.2 198.51.100.3 2001:db8:7::/64" \
	"$(noted crowdsec)"
left() { ward ban list -j | jq ".[] | select(.source == \"$1\") | .seconds_left"; }
expect "a decision's time is the ban's" "$(left 192.0.2.1)" test "$(left 192.0.2.1)" -gt 14000
expect "also a short one" "$(left 192.0.2.2)" test "$(left 192.0.2.2)" -le 30
echo taken >"$MODE"
crowdsec
expect_equal "a restart takes back what ended meanwhile" 192.0.2.6 "$(noted crowdsec)"
echo good >"$MODE"
CROWDSEC_API_KEY=$KEY CROWDSEC_API_URL=http://127.0.0.1:8080 INTERVAL=1 \
	spawn "$SERVER" "$TMP/bouncer.log" "$PYTHON" -B "$SCRIPTS/sipward_crowdsec.py"
BOUNCER=$SPAWNED
delta() { [[ $(noted crowdsec) = "192.0.2.2 192.0.2.6 198.51"* ]]; }
expect "deltas add and delete" "$(noted crowdsec)" wait_until 8 delta
expect "it asks for all once" "$(cat "$TMP/asked")" \
	test "$(tail -n +4 "$TMP/asked" | grep -c 'startup=false')" -ge 1
stop_process "$BOUNCER"
expect "a stop leaves the bans" "$(noted crowdsec)" test "$(count_noted crowdsec)" -ge 6
expect_equal "the operator's ban stays" 192.0.2.77 "$(noted operator)"
says "CrowdSec with a wrong key" 1 'does not know the key' crowdsec wrong
ward ban flush --note crowdsec --yes >/dev/null

# --- APIBAN ---
says "APIBAN" 0 '^251 bans, 3 entries left out' apiban
expect_equal "its pages are bans" 251 "$(count_noted apiban)"
expect_equal "a peer is not banned" "" "$(noted apiban | grep -o "$BYSTANDER4")"
expect_equal "it knows how far it came" 1700000255 "$(cat "$FEED_STATE/id")"
before=$(wc -l <"$TMP/asked")
says "APIBAN with nothing new" 0 '' true
apiban
expect_equal "the next run asks once" $((before + 1)) "$(wc -l <"$TMP/asked")"
expect "with the ID" "$(tail -n 1 "$TMP/asked")" grep -q 'banned/1700000255$' "$TMP/asked"
says "APIBAN with a wrong key" 1 'key is not good' apiban wrong
says "APIBAN with a hostile key" 2 'characters that no key has' apiban '../x'
echo '../../etc/passwd' >"$FEED_STATE/id"
export PAGES=1
apiban
unset PAGES
expect_equal "a damaged state begins anew" 1700000250 "$(cat "$FEED_STATE/id")"

# --- bad answers: nothing changes, and it says why ---
bans=$(noted apiban)
for bad in 500:'not an answer' html:'not JSON' garbage:'not JSON' wrong:'not an answer' \
	redirect:'not JSON' million:'more than [0-9]+ octets'; do
	echo "${bad%%:*}" >"$MODE"
	says "APIBAN answers ${bad%%:*}" 1 "${bad#*:}" apiban
	says "CrowdSec answers ${bad%%:*}" 1 "${bad#*:}" crowdsec
done
echo stuck >"$MODE"
says "APIBAN names the same page again" 1 'names itself' apiban
expect_equal "no bad answer takes a ban" "$bans" "$(noted apiban | sed 's/203.0.114.9 *//; s/ $//')"
expect_equal "CrowdSec's bad answers ban nobody" "" "$(noted crowdsec)"
expect_equal "sipward works" PROTECTED "$(ward status | head -n 1)"

# An answer that never ends: the reader's own clock, with a short one.
for bad in slow drip; do
	echo "$bad" >"$MODE"
	server "$PYTHON" -B - "$SCRIPTS" <<'END' >"$TMP/feed.out" 2>&1
import sys, time
sys.path.insert(0, sys.argv[1])
import sipward_feed as feed
begun = time.monotonic()
try:
    feed.as_nobody(lambda: feed.get_json("http://127.0.0.1:8080/v1/x", {}, 1000), 1)
except feed.Trouble as trouble:
    print(trouble, "bounded" if time.monotonic() - begun < 2 else "late")
END
	expect "an answer that is $bad has an end" "$(cat "$TMP/feed.out")" \
		grep -q 'within 1 s bounded' "$TMP/feed.out"
done

# --- fail2ban, the real one ---
F2B=$TMP/fail2ban
mkdir -p "$F2B"/{action.d,filter.d,run}
cp "$SCRIPTS/sipward-fail2ban.conf" "$F2B/action.d/sipward.conf"
cat >"$F2B/fail2ban.conf" <<END
[Definition]
loglevel = INFO
logtarget = $F2B/log
syslogsocket = auto
socket = $F2B/run/socket
pidfile = $F2B/run/pid
dbfile = None
END
printf '[Definition]\nfailregex = ^\\s*login of .* from <HOST> failed$\n' >"$F2B/filter.d/phones.conf"
cat >"$F2B/jail.conf" <<END
[phones]
enabled = true
filter = phones
logpath = $F2B/phones.log
backend = polling
usedns = no
ignoreself = false
maxretry = 2
findtime = 600
bantime = 3600
action = sipward[sipward="$SIPWARD"]
END
echo "$(date '+%F %T') started" >"$F2B/phones.log"
spawn "$SERVER" "$F2B/out" fail2ban-server -f -c "$F2B" -s "$F2B/run/socket" -p "$F2B/run/pid" start
FAIL2BAN=$SPAWNED
f2b() { server fail2ban-client -c "$F2B" -s "$F2B/run/socket" "$@"; }
jail_runs() { f2b status phones >/dev/null 2>&1; }
wait_until 10 jail_runs || die "fail2ban does not start: $(tail -n 2 "$F2B/out" "$F2B/log" | tr '\n' ' ')"
for address in 192.0.2.200 "$BYSTANDER4" 2001:db8:8::1; do
	for _ in 1 2 3; do echo "$(date '+%F %T') login of 100 from $address failed"; done
done >>"$F2B/phones.log"
f2b_has() { [ "$(noted "fail2ban phones")" = "$1" ]; }
expect "fail2ban bans in sipward, but no peer" "$(noted "fail2ban phones"); $(tail -n 3 "$F2B/log")" \
	wait_until 8 f2b_has "192.0.2.200 2001:db8:8::/64"
expect "for its bantime" "$(left 192.0.2.200)" test "$(left 192.0.2.200)" -gt 3500
expect_equal "it has no error" 0 "$(grep -c ERROR "$F2B/log")"
f2b set phones unbanip 192.0.2.200 >/dev/null
expect "fail2ban lifts its ban" "$(noted "fail2ban phones")" wait_until 5 f2b_has 2001:db8:8::/64
f2b set phones bantime -1 >/dev/null
f2b set phones banip 192.0.2.201 >/dev/null
forever() { [ "$(left 192.0.2.201)" = null ]; }
expect "a ban without an end has none" "$(left 192.0.2.201)" wait_until 5 forever
f2b stop >/dev/null 2>&1
wait_until 10 gone "$FAIL2BAN"
expect_equal "its stop takes back its bans" "" "$(noted "fail2ban phones")"
expect_equal "and only those" "251 192.0.2.77" "$(noted apiban | sed 's/203.0.114.9 *//' | wc -w) $(noted operator)"
lab_end
