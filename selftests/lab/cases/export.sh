# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What other programs get: Homer, a log of JSON lines, and hooks. None of them holds the agent, and
# a flood does not exceed their budgets.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

HOOKS=$TMP/hooks SAID=$TMP/said
mkdir -m 0755 "$HOOKS"
mkdir -m 0777 "$SAID" # for what nobody writes
chmod 0711 "$TMP"
hook() { # NAME: standard input becomes a program
	cat >"$HOOKS/$1" && chmod 0755 "$HOOKS/$1"
}
hook ban <<END
#!/bin/sh
cat >>$SAID/ban.out
id -un >>$SAID/ban.who
grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status >$SAID/ban.rights
END
hook unban <<END
#!/bin/sh
exec cat >>$SAID/unban.out
END
hook ends <<END
#!/bin/sh
exec cat >>$SAID/attack.out
END
hook begins <<END
#!/bin/sh
cat >>$SAID/attack.out
sleep 60 & echo \$! >>$SAID/hangs.out
sleep 60
END

mkdir "$TMP/tables"
sed "s|FOLDER|$TMP/tables|" "$LAB/homer.cfg" >"$TMP/homer.cfg"
spawn "$CALLER" "$TMP/homer.log" kamailio -DD -E -f "$TMP/homer.cfg" -P "$TMP/homer.pid" \
	-m 64 -M 8 -w "$TMP/tables" -Y "$TMP/tables"
homer_listens() { caller ss -lun | grep -q '127.0.0.1:9060 '; }
wait_until 10 homer_listens || die "Homer does not listen: $(tail -n 1 "$TMP/homer.log")"
spawn "$CALLER" "$TMP/homer" "$PYTHON" "$LAB/hep.py" "$CALLER4" 9060
HOMER=$SPAWNED
policy export <<END
mode: enforce
events: {rate: 1000/s, log: json, log_rate: 20/s burst 20, hep: "udp:$CALLER4:9060", hep_id: 2001,
  hep_rate: 20/s burst 20}
hooks: {ban: $HOOKS/ban, unban: $HOOKS/unban, attack_begin: $HOOKS/begins, attack_end: $HOOKS/ends,
  calm: 2s}
zones:
  - name: public
    methods: [INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER]
    rates: {zone: 50/s burst 50}
    newcomers: {rate: 50/s, greylist: off, probe: off}
    bans: {auth_failures: 2/60s, for: 1h}
END
# As ward_start, but standard output goes to a file of its own.
WARD_LOG=$TMP/sipward-1.log
: >"$WARD_LOG"
nsenter --net="/run/netns/$SERVER" "$BUILD/sipward" run -i eth0 -p "$TMP/export.yaml" \
	>"$TMP/events.json" 2>"$WARD_LOG" </dev/null &
WARD=$!
PIDS+=("$WARD")
wait_until 20 ward_settled
alive "$WARD" || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"

# --- Homer ---
request attacker --wait 0.3 --from "$ATTACKER4" --sport 5099 "$SERVER4" MESSAGE 1 >/dev/null
homer_has() { [ "$(wc -l <"$TMP/homer")" -ge "$1" ]; }
expect "Homer gets a message and its log" "$(cat "$TMP/homer")" wait_until 5 homer_has 2
expect_equal "with addresses, ports, protocol, id and type" \
	"2 17 $ATTACKER4 5099 $SERVER4 5060 2001 1" "$(jq -r 'select(.type == 1)
	| "\(.family) \(.protocol) \(.source) \(.source_port) \(.destination) \(.destination_port) \(.id) \(.type)"' "$TMP/homer")"
expect_equal "the payload is the message" "MESSAGE sip:call@$SERVER4:5060 SIP/2.0" \
	"$(jq -r 'select(.type == 1).payload' "$TMP/homer" | head -n 1 | tr -d '\r')"
call_id=$(jq -r 'select(.type == 1).payload' "$TMP/homer" | sed -n 's/^Call-ID: \(.*\)\r$/\1/p')
expect_equal "the log has the reason, under the same Call-ID" "$call_id method" \
	"$(jq -r 'select(.type == 100) | "\(.correlation) \(.payload | fromjson.reason)"' "$TMP/homer")"
now=$(date +%s)
expect "with the time" "$(cat "$TMP/homer")" \
	test "$((now - $(jq -r 'select(.type == 1).seconds' "$TMP/homer")))" -lt 10

decoded() { # TYPE
	grep -q "HEP3 $ATTACKER4 5099 $SERVER4 5060 type $1 id 2001 $call_id|" "$TMP/homer.log"
}
expect "Kamailio's sipcapture decodes the message" "$(tail -n 3 "$TMP/homer.log")" decoded 1
expect "and its log" "$(tail -n 3 "$TMP/homer.log")" decoded 100

# --- JSON lines ---
logged() { [ "$(jq -r "select(.reason == \"$1\").reason" "$TMP/events.json" | wc -l)" -ge "$2" ]; }
expect "the log has the drop" "$(cat "$TMP/events.json")" wait_until 5 logged method 1
expect_equal "as sipward events -j prints it" "$(ward events -j | jq -cS 'select(.reason == "method")')" \
	"$(jq -cS 'select(.reason == "method")' "$TMP/events.json")"

# --- a ban ---
attacker env SERVER="$SERVER4" "$PYTHON" "$LAB/../attacks/logins.py" --own "$ATTACKER4" \
	a.wrong:150:5 b.wrong:151:5 c.wrong:152:5 >/dev/null
has_lines() { [ -s "$1" ] && [ "$(wc -l <"$1")" = "$2" ]; }
expect "a ban runs its hook" "$(cat "$WARD_LOG")" wait_until 5 has_lines "$SAID/ban.out" 1
expect_equal "with the ban as JSON" "ban $ATTACKER4 $ATTACKER4/32 auth_failures 3600 enforce" \
	"$(jq -r '"\(.hook) \(.source) \(.prefix) \(.reason) \(.seconds) \(.mode)"' "$SAID/ban.out")"
expect_equal "as nobody" nobody "$(cat "$SAID/ban.who")"
expect_equal "without rights" "0000000000000000 1 0" \
	"$(awk '{ printf "%s%s", s, $2; s = " " }' "$SAID/ban.rights")"
ward ban del "$ATTACKER4" >/dev/null 2>&1
expect "the end of the ban runs its hook" "$(ward status -v)" wait_until 5 has_lines "$SAID/unban.out" 1
expect_equal "with the source as JSON" "unban $ATTACKER4/32 auth_failures" \
	"$(jq -r '"\(.hook) \(.prefix) \(.reason)"' "$SAID/unban.out")"

# --- an attack; and a flood that keeps to the budgets ---
sleep 1 # the budgets are whole again
lines=$(wc -l <"$TMP/events.json") packets=$(wc -l <"$TMP/homer") start=$(date +%s%N)
flood attacker "$ATTACKER4" "$SERVER4" --what invite --rate 2000 --seconds 4 >"$TMP/flooded"
expect "an attack begins" "$(ward status)" wait_until 5 has_lines "$SAID/attack.out" 1
expect "and ends" "$(cat "$SAID/attack.out" "$WARD_LOG")" wait_until 10 has_lines "$SAID/attack.out" 2
expect_equal "once each" "attack_begin attack_end" "$(jq -rs 'map(.hook) | join(" ")' "$SAID/attack.out")"
expect_equal "the limit is named" public.rates.zone \
	"$(jq -r 'select(.hook == "attack_begin").limits_near[].limit' "$SAID/attack.out" | head -n 1)"
budget=$((20 + 20 * ($(date +%s%N) - start) / 1000000000 + 20))
lines=$(tail -n "+$((lines + 1))" "$TMP/events.json" | jq -r 'select(.reason).reason' | wc -l)
packets=$(tail -n "+$((packets + 1))" "$TMP/homer" | jq -r 'select(.type == 100).type' | wc -l)
expect "the log keeps to its rate" "$lines lines" test "$lines" -ge 20 -a "$lines" -le "$budget"
expect "Homer, too" "$packets packets" test "$packets" -ge 20 -a "$packets" -le "$budget"
said=$(jq -rs 'map(select(.reason | not).suppressed) | add' "$TMP/events.json")
expect_equal "the log says what it left out" "$(metric sipward_exported_events_total 'to="log".*suppressed')" "$said"
expect "and the metrics count it for Homer" "$(metric sipward_exported_events_total hep)" \
	test "$(metric sipward_exported_events_total 'to="hep".*suppressed')" -gt 0

# --- Homer is down ---
stop_process "$HOMER"
for _ in 1 2 3; do request attacker --wait 0.1 --from "$ATTACKER4" "$SERVER4" MESSAGE 2 >/dev/null; done
failed() { [ "$(metric sipward_exported_events_total 'to="hep".*failed')" -gt 0 ]; }
expect "without Homer, events fail, and are counted" "$(ward status)" wait_until 5 failed
expect "status says so" "$(ward status)" grep -q "events go to Homer udp:$CALLER4:9060: .* failed" <(ward status)

# --- a name of which nobody knows the address, or somebody does ---
homer_at() { sed -i "s|hep: \"[^\"]*\"|hep: \"udp:$1:9060\"|" "$TMP/export.yaml" && ward_reload; }
hep_error() { ward status -j | jq -r '.agent.hep.error // "none"'; }
expect "Homer may have a name" "$(tail -n 1 "$WARD_LOG")" homer_at localhost
found() { [ "$(hep_error)" = none ]; }
expect "which is found" "$(hep_error)" wait_until 5 found
expect "Homer may have a name that nobody knows" "$(tail -n 1 "$WARD_LOG")" homer_at homer.invalid
began=$(date +%s%N)
ward status -j >/dev/null
answered=$((($(date +%s%N) - began) / 1000000))
expect "the agent answers while it is looked up" "after $answered ms" test "$answered" -lt 2000

# --- the hook of the attack hangs ---
expect_equal "a hook that hangs has begun once" 1 "$(wc -l <"$SAID/hangs.out")"
killed() { ward_said 'hooks.attack_begin: .*/begins was killed: it took longer than 5 s'; }
expect "it is killed" "$(cat "$WARD_LOG")" wait_until 10 killed
# One that has ended may wait for the first process of the host.
ended() { ! grep -q '^State:.*[RSD] ' "/proc/$1/status" 2>/dev/null; }
expect "with its child" "it lives" ended "$(cat "$SAID/hangs.out")"
rounds=$(ward status -j | jq .agent.rounds.longest_us)
expect "no round of the agent's loop took longer than 50 ms" "$rounds us" test "$rounds" -lt 50000
expect_equal "the metrics count it" 1 "$(metric sipward_hooks_total 'hook="attack_begin".*killed')"

# --- a program that the agent was not started with ---
sed -i "s|ban: $HOOKS/ban|ban: $HOOKS/ends|" "$TMP/export.yaml"
refused() { ! ward_reload && ward_said "hooks.ban: $HOOKS/ends: the agent runs only the programs"; }
expect "a reload with another program is refused" "$(tail -n 2 "$WARD_LOG")" refused

# --- the process that runs hooks is killed ---
helper() { ps -o pid=,comm= --ppid "$WARD" | awk '$2 == "sipward-hooks" { print $1 }'; }
kill -9 "$(helper)"
helper_gone() { [ -z "$(helper)" ]; }
expect "the end of the process that runs hooks is noticed" "$(helper)" wait_until 5 helper_gone
expect "and said" "$(ward status)" grep -q "hooks do not run: their process has ended" <(ward status)

# --- the end, while a name is looked up ---
began=$(date +%s%N)
stop_process "$WARD"
expect_equal "the agent stops" 0 $?
stopped=$((($(date +%s%N) - began) / 1000000))
expect "in time" "after $stopped ms" test "$stopped" -lt 3000
lab_end
