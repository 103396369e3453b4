# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lab: alone
#
# Floods of everything else that passes without a proof, from random addresses, at the full speed of
# one core: keepalives, STUN, responses, ACKs, requests inside dialogs, SYNs, segments of no
# connection, later fragments. Beside each of them a known caller and one who was never seen before
# place 50 calls a second; two floods come with the address of a peer.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

RATE=50 CALLS=400
TABLE=$TMP/table
NUMBER=100 # last octet of the next newcomer

policy classes <<END
mode: enforce
zones:
  - name: public
    newcomers: {rate: 100/s}
    rates:
      source: {any: 400/s burst 800, INVITE: 200/s burst 400, dialog: 400/s burst 800,
               response: 400/s, keepalive: 20/s, stun: 20/s, syn: 20/s}
  - name: trunk
    sources: [$BYSTANDER4]
    trust: peer
    rates: {zone: 100/s burst 300, source: {any: 50/s burst 150}}
END

# As phones do, the callers answer an OPTIONS that comes outside of their calls.
calls() { # NAME OWN-ADDRESS CALLS
	sipp_run "$1" caller "$SERVER4" "$2" "$3" "$RATE" -oocsn ooc_default
}


flood_class() { # TITLE WHAT [SOURCE]
	local title=$1 what=$2 source=${3:-0.0.0.0/0} name=$2${3:+-peer} flooder newcomer known new
	newcomer=${CALLER4%.*}.$((NUMBER += 1))
	ip -n "$CALLER" addr add "$newcomer/24" dev eth0
	flood attacker "$source" "$SERVER4" --what "$what" --rate max --seconds 9 --sport random \
		>"$TMP/$name.flood" &
	flooder=$!
	sleep 0.5
	calls "$name-new" "$newcomer" "$CALLS" &
	calls "$name-known" "$CALLER4" "$CALLS"
	wait "$!"
	wait "$flooder"
	known=$(calls_good "$name-known") new=$(calls_good "$name-new")
	printf '%-44s %9s %9s %12s\n' "$title" "$known" "$new" "$(cat "$TMP/$name.flood")" >>"$TABLE"
	expect "$title: a known caller" "$known of $CALLS calls succeeded" test "$known" = "$CALLS"
	expect "$title: a newcomer" "$new of $CALLS calls succeeded" \
		test "$((100 * new))" -ge "$((95 * CALLS))"
}

expect_dropped() { # REASON: a flood at full speed met this ceiling
	local dropped
	dropped=$(counter_total drops "$1")
	expect "the reason names the ceiling: $1" \
		"$dropped packets were dropped for it" test "$dropped" -gt 100000
}

ward_start classes || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
calls warm "$CALLER4" 50
expect_equal "calls before the floods" 50 "$(calls_good warm)"

flood_class "keepalives" keepalive
expect_dropped unproven_keepalive
flood_class "STUN" stun
expect_dropped unproven_stun
flood_class "responses" response
flood_class "ACK" ack
flood_class "BYE" bye
flood_class "CANCEL" cancel
flood_class "PRACK" prack
flood_class "re-INVITEs" reinvite
expect_dropped greylist
flood_class "SYN" syn
expect_dropped unproven_syn
flood_class "TCP segments of no connection" segment
expect_dropped unproven_segment
flood_class "later fragments" fragment
expect_dropped unproven_fragment
flood_class "re-INVITEs with a peer's address" reinvite "$BYSTANDER4"
expect_dropped unproven_dialog
flood_class "INVITEs with a peer's address" invite "$BYSTANDER4"
expect_dropped rate_source
expect "the floods earned nobody a ban" "$(ward ban list)" \
	test "$(ward ban list -j)" = "[ ]" -o "$(ward ban list -j)" = "[]"

printf '\n%d calls a second for 8 s; calls that succeeded, of %d:\n' "$RATE" "$CALLS"
printf '%-44s %9s %9s %12s\n' "" known newcomer packets
cat "$TABLE"
lab_end
