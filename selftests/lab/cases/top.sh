# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The live screen: what it shows of a flood beside calls, as JSON, as text and on a terminal.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

policy top <<'END'
mode: enforce
zones:
  - name: rude
    sources: [10.77.0.66]
    methods: [INVITE]
  - name: public
    methods: [INVITE, OPTIONS]
END

shows() { # CONDITION
	jq -e "$1" "$TMP/top.json" >/dev/null
}

ward top --once >"$TMP/out" 2>&1
expect_equal "top where no program is attached: exit code 6" 6 $?
ward_start top || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"

load_start "top" "$CALLER" "$SERVER4" "$CALLER4" 50
spawn "$ATTACKER" "$TMP/rude.log" bash -c "while :; do '$PYTHON' '$LAB/request.py' --wait 0.1 \
	--from $ATTACKER4 $SERVER4 OPTIONS 50; done"
rude=$SPAWNED
# A User-Agent that a terminal would obey, to a number.
printf 'INVITE sip:+4930123456@x SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nMax-Forwards: 9\r
From: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: <sip:a@b>\r
User-Agent: \033]0;owned\007\377<b>\r\nContent-Length: 0\r\n\r\n' >"$TMP/hostile"
# shellcheck disable=SC2016
spawn "$ATTACKER" "$TMP/hostile.log" bash -c \
	'while :; do cat "$1" >"/dev/udp/$2/5060"; sleep 0.02; done' _ "$TMP/hostile" "$SERVER4"
hostile=$SPAWNED
sleep 1
ward top -j >"$TMP/top.json" 2>&1
expect_equal "the zone with the most drops stands first" \
	rude "$(jq -r '.zones[0].name' "$TMP/top.json")"
expect "top shows the drops a second" "$(cat "$TMP/top.json")" \
	shows '.zones[0].drop_per_second > 5 and .zones[0].would_drop_per_second == 0'
expect "top shows the calls of another zone" "$(cat "$TMP/top.json")" \
	shows '.zones[1] | .name == "public" and .pass_per_second > 50 and .drop_per_second == 0'
expect_equal "top shows the reason" method "$(jq -r '.reasons[0].name' "$TMP/top.json")"
expect_equal "the source with the most refused packets" "$ATTACKER4" \
	"$(jq -r '[.sources.rows[] | select(.drop_percent > 0)][0].source' "$TMP/top.json")"
expect "the number that is called, and its first digits" "$(cat "$TMP/top.json")" \
	shows '(.called.rows[] | select(.called == "+4930123456")) and
		(.prefixes.rows[] | select(.first_digits == "+4930*"))'
expect "a hostile User-Agent is shown escaped" "$(cat "$TMP/top.json")" \
	shows '.user_agents.rows[] | select(.user_agent == "\\x1b]0;owned\\x07\\xff<b>")'
expect "all views" "$(cat "$TMP/top.json")" \
	shows '(.tables | length) > 9 and .sources.error_percent >= 0 and .one_of >= 1'
# Not a terminal: as with --once. Two at once do not take samples from each other.
ward top >"$TMP/top.txt" 2>&1 &
ward top -j >"$TMP/other.json" 2>&1
expect_equal "top beside another top" "$ATTACKER4" \
	"$(jq -r '[.sources.rows[] | select(.drop_percent > 0)][0].source' "$TMP/other.json")"
wait $!
expect "top into a file shows the zone as text" \
	"$(cat "$TMP/top.txt")" grep -Eq '^rude +[0-9.]+ +[1-9][0-9]* +0 ' "$TMP/top.txt"
server env TERM=xterm timeout 20 script -qec "stty rows 24 cols 100; '$BUILD/sipward' top" \
	"$TMP/screen" >/dev/null 2>&1 < <(sleep 2.5; printf q)
expect_equal "on a terminal q quits" 0 $?
expect "the screen shows zones and reasons" "$(tr -cd '[:print:]' <"$TMP/screen" | head -c 300)" \
	grep -q rude "$TMP/screen"
# Each view on a small screen; and a terminal that goes away ends it.
server env TERM=xterm timeout 20 script -qec "stty rows 10 cols 40; '$BUILD/sipward' top" \
	"$TMP/small" >/dev/null 2>&1 < <(sleep 1.5; printf '2'; sleep 0.3; printf '4'; sleep 0.3; printf 'q')
expect_equal "on a small terminal q quits" 0 $?
expect "the small screen shows the source" "$(tr -cd '[:print:]' <"$TMP/small" | head -c 300)" \
	grep -q "$ATTACKER4" "$TMP/small"
expect "the small screen shows the User-Agent, escaped" \
	"$(tr -cd '[:print:]' <"$TMP/small" | head -c 900)" grep -aqF '\x1b]0;owned' "$TMP/small"
expect_equal "the terminal got nothing to obey" 0 "$(grep -ac $'\033]0;owned' "$TMP/small")"
server env TERM=xterm timeout 10 "$PYTHON" - "$BUILD/sipward" <<'END'
import os, pty, signal, sys, time
pid, terminal = pty.fork()
if not pid:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.execv(sys.argv[1], [sys.argv[1], "top"])
time.sleep(1)
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
expect_equal "a terminal that goes away ends it" 0 $?
stop_process "$hostile"
stop_process "$rude"
load_end
ward_stop
ward detach --yes >/dev/null
lab_end
