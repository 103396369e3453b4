# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Proofs that the attacker chose himself: an answer repeats the To-tag of its request (RFC 3261
# 8.2.6.2). All packets have the address of somebody who sent nothing.
# shellcheck source=selftests/attacks/attacks.sh
. "$(dirname "$0")/../attacks.sh"
lab_up

policy echo <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 1000/s}
    bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 30/60s, for: 10m}
END
fresh_start echo

tried "12 OPTIONS with random To-tags, one with a chosen tag, 35 malformed ones with the same pair"
strike attacker forge.py --victim "$CALLER4" echo >/dev/null
sleep 0.3
expect_tried "what reached the server" 13 "$(counter public pass)"
expect_unharmed "a To-tag that was echoed proves nothing, malformed requests" "$CALLER4"

fresh_start echo
tried "30 INVITEs with chosen To-tags for users who do not exist, and their ACKs"
strike attacker forge.py --victim "$CALLER4" nobody >/dev/null
sleep 0.3
expect_tried "what reached the server" 25 "$(counter public pass)"
expect_unharmed "a To-tag that was echoed proves nothing, INVITE and ACK" "$CALLER4"

fresh_start echo
tried "two packets each from 800 addresses, with To-tags of the attacker's"
strike attacker forge.py --victim "$CALLER4" crowd >/dev/null
sleep 0.3
expect_tried "what reached the server" 1000 "$(counter public pass)"
count=$(known_count)
came "$count of 800 addresses are in the table of known endpoints"
expect_equal "tags of the attacker make no endpoint known" 0 "$count"

fresh_start echo
tried "a nonce and a dialog of the attacker's own, used in another one's name"
strike attacker forge.py --own "$ATTACKER4" --victim "$CALLER4" replay >"$TMP/forged"
sleep 0.3
expect_tried "the attacker has a nonce" 1 "$(cut -d' ' -f2 "$TMP/forged")"
expect_unharmed "a value that was sent to one address proves nothing for another" "$CALLER4"

# --- a weaker proof never changes what a stronger one established ---
fresh_start echo
expect_calls "a phone becomes known by its answer to a probe" warm caller "$SERVER4" "$CALLER4" 10 20 \
	-p 5060 -oocsn ooc_default
before=$(known_table | grep "^$CALLER4 5060 ")
expect "the phone is in the table of known endpoints" "$(known_table | head -n 5)" test -n "$before"
tried "five packets with echoed tags in the name of a known endpoint, with TTL 57"
strike attacker forge.py --victim "$CALLER4" --ttl 57 overwrite >/dev/null
sleep 0.3
expect_tried "what reached the server" 35 "$(counter public pass)"
after=$(known_table | grep "^$CALLER4 5060 ")
came "its entry was: $before; it is: $after"
expect_equal "the path of the known endpoint stays the same" \
	"$(awk '{ print $3, $4 }' <<<"$before")" \
	"$(awk '{ print $3, $4 }' <<<"$after")"
flood attacker 0.0.0.0/0 "$SERVER4" --what invite --rate max --seconds 4 >/dev/null &
flooder=$!
sleep 0.5
sipp_run flooded caller "$SERVER4" "$CALLER4" 100 50 -p 5060 -oocsn ooc_default
wait "$flooder"
came "$(calls_good flooded) of its 100 calls succeeded in a flood that followed"
expect_equal "the known endpoint is served in a flood" 100 "$(calls_good flooded)"
lab_end
