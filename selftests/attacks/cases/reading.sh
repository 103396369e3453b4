# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A message that a zone forbids does not reach the server, however it is spelled; its legal
# neighbour does.
# shellcheck source=selftests/attacks/attacks.sh
. "$(dirname "$0")/../attacks.sh"
KAMAILIO_CFG=$ATTACKS/reading.cfg
lab_up
lab_mtu 9000 || die "the cables take no long frames"

policy reading <<'END'
mode: enforce
signatures: {user_agent: builtin}
sanity: {profile: default}
zones:
  - name: public
    methods: [INVITE, ACK, BYE, CANCEL, OPTIONS, REFER]
    caller: {deny: ["+49"]}
    callee: {deny: ["+882"]}
    content_types: {deny: [application/vnd.3gpp.sms]}
END

read_all() { # NAME: what came of each message, and the ports from which some reached the server
	spawn "$SERVER" "$TMP/$1.reached" "$PYTHON" "$ATTACKS/reached.py"
	wait_until 5 grep -q listening "$TMP/$1.reached"
	strike attacker reading.py --own "$ATTACKER4" >"$TMP/$1" || die "the attack did not run"
	stop_process "$SPAWNED"
}

read_all bare
fresh_start reading
read_all guarded
harm=0 all=0
while IFS=$'\t' read -r kind port seen name; do
	all=$((all + 1))
	reached=$(grep -cx "$port" "$TMP/guarded.reached")
	case $kind:$reached in
	legal:*) expect "legal: $name" "it got no answer" test "$seen" != silent ;;
	*:0) ok "$kind: $name (without sipward: $(awk -F'\t' -v name="$name" '$4 == name { print $3 }' "$TMP/bare"))" ;;
	*)
		harm=$((harm + 1))
		tried "$name"
		[ "$seen" != silent ] || seen="nothing that it would answer"
		came "it reached the server, which read: $seen"
		not_ok "$kind: $name" "it reached the server, which read: $seen"
		;;
	esac
done <"$TMP/guarded"
tried "$all messages"
came "$harm that should not reached the server"
expect "there were messages" "$all" test "$all" -gt 80
lab_end
