# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lab: alone
#
# Good callers who must not be hurt by our own defences: calls for help from an address that is
# banned for somebody else's behaviour, and the patient ones.
# shellcheck source=selftests/attacks/attacks.sh
. "$(dirname "$0")/../attacks.sh"
lab_up

policy callers <<'END'
mode: enforce
emergency: {numbers: ["112"]}
zones:
  - name: public
    newcomers: {rate: 100/s, probe: off}
    bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 30/60s, for: 10m}
END

calls_112() { # WHO OWN: whether the server answered; it says that 112 is busy
	request "$1" --from "$2" --user 112 --wait 1 "$SERVER4" INVITE | head -n 1
}

guesses() { # at three users: then it is the address
	strike caller logins.py --own "$CALLER4" a.wrong:101:20 b.wrong:102:20 c.wrong:103:20 >/dev/null
	sleep 0.3
}

fresh_start callers
tried "somebody behind the same address guesses passwords until it is banned, then calls 112"
guesses
expect "the address is banned for behaviour" "$(ward ban list)" \
	grep -q "^$CALLER4 .*auth_failures" <(ward ban list)
got=$(calls_112 caller "$CALLER4")
came "the call for help was answered ${got:-not at all}"
expect_equal "a call for help passes a ban for behaviour" 486 "$got"
got=$(request caller --from "$CALLER4" --wait 0.5 "$SERVER4" INVITE)
expect "a call to an ordinary user does not pass the ban" "it was answered $got" test -z "$got"
ward allow del "$CALLER4" >/dev/null 2>&1
ward ban del "$CALLER4" >/dev/null
ward ban add "$CALLER4" --for 10m >/dev/null
got=$(calls_112 caller "$CALLER4")
came "after a ban by hand it was answered ${got:-not at all}"
expect "a ban by hand holds for calls for help, too" "it was answered $got" test -z "$got"
ward ban del "$CALLER4" >/dev/null
tried "200 calls for help a second from a banned address: the budget for them is spent, no more"
guesses
got=$(request caller --from "$CALLER4" --user 112 --gap 0.001 --wait 1 "$SERVER4" INVITE 500 | wc -l)
came "$got of 500 were answered"
expect "calls for help from a banned address get only their budget" \
	"$got of 500" test "$got" -le 300

# --- patience ---
tried "a client that sends its INVITE as timer A wants it (RFC 3261 17.1.1.2), beside INVITEs from random \
addresses that are all sent again as often"
fresh_start callers
flood attacker 0.0.0.0/0 "$SERVER4" --what invite --rate max --seconds 6 --repeat-after 500 \
	--repeats 3 >/dev/null &
flooder=$!
sleep 0.3
strike bystander patient.py --own "$BYSTANDER4" >"$TMP/patient"
wait "$flooder"
came "$(cat "$TMP/patient")"
expect "a patient client gets in" "$(cat "$TMP/patient")" grep -q '^answered at' "$TMP/patient"
policy strict <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 100/s, probe: off, greylist: always}
END
fresh_start strict
# A client that retransmits after 8 or 16 s has retransmitted sooner before (RFC 3261 17.1.1.2). The
# first packets may be lost on the way, and so may all answers.
for times in 0,4,12 ${LONG:+0,4,12,28}; do
	tried "a client of which only what it sends after ${times//,/, } s arrives, as timer A has it, and \
whose answers are lost but for the last"
	strike bystander patient.py --own "$BYSTANDER4" --user 999 --last --at "$times" >"$TMP/patient"
	came "$(cat "$TMP/patient")"
	expect_equal "what is sent at ${times//,/, } s is a retransmission to the last" \
		"answered at ${times##*,}.0 s" "$(cat "$TMP/patient")"
done
lab_end
