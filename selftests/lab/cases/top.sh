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
ward top >"$TMP/out" 2>&1
expect_equal "top without a terminal: exit code 2" 2 $?
expect "top without a terminal says to use --once" \
	"$(cat "$TMP/out")" grep -q -- '--once' "$TMP/out"

load_start "top" "$CALLER" "$SERVER4" "$CALLER4" 50
spawn "$ATTACKER" "$TMP/rude.log" bash -c "while :; do '$PYTHON' '$LAB/request.py' --wait 0.1 \
	--from $ATTACKER4 $SERVER4 OPTIONS 50; done"
rude=$SPAWNED
sleep 1
ward top -j >"$TMP/top.json" 2>&1
expect_equal "the zone with the most drops stands first" \
	rude "$(jq -r '.zones[0].name' "$TMP/top.json")"
expect "top shows the drops a second" "$(cat "$TMP/top.json")" \
	shows '.zones[0].drop_per_second > 5 and .zones[0].pass_per_second == 0'
expect "top shows the calls of another zone" "$(cat "$TMP/top.json")" \
	shows '.zones[1] | .name == "public" and .pass_per_second > 50 and .drop_per_second == 0'
expect_equal "top shows the reason" method "$(jq -r '.reasons[0].name' "$TMP/top.json")"
ward top --once >"$TMP/top.txt" 2>&1
expect "top --once shows the zone as text" \
	"$(cat "$TMP/top.txt")" grep -Eq '^rude +0 +[1-9][0-9]* +0 ' "$TMP/top.txt"
server env TERM=xterm timeout 20 script -qec "stty rows 24 cols 100; '$BUILD/sipward' top" \
	"$TMP/screen" >/dev/null 2>&1 < <(sleep 2.5; printf q)
expect_equal "on a terminal q quits" 0 $?
expect "the screen shows zones and reasons" "$(tr -cd '[:print:]' <"$TMP/screen" | head -c 300)" \
	grep -q rude "$TMP/screen"
stop_process "$rude"
load_end
ward_stop
ward detach --yes >/dev/null
lab_end
