# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The senders that may end a call under pbx.yaml: not an attacker who has learned its Call-ID, or
# one tag beside it. The parties may, wherever they moved to.
# shellcheck source=selftests/attacks/attacks.sh
. "$(dirname "$0")/../attacks.sh"
lab_up

# Says 100 to an INVITE, as servers with transactions do, and lets one user ring. It answers any BYE
# and CANCEL with 200, as a server does that compares nothing but the Call-ID.
# shellcheck disable=SC2016 # the dollars are Kamailio's
sed 's/^\t\tif (\$rU == "call") {/\t\tsl_send_reply("100", "Trying");\n\t\tif ($rU == "ring") {\n\t\t\texit;\n\t\t}\n&/' \
	"$LAB/kamailio.cfg" >"$TMP/kamailio.cfg"
kamailio_with "$TMP/kamailio.cfg"
# The caller's phone, behind another address of its NAT.
MOVED4=10.77.0.40
ip -n "$CALLER" address add "$MOVED4/24" dev eth0

sed "s/^mode: .*/mode: enforce/" "$ROOT/scripts/policies/pbx.yaml" >"$TMP/pbx.yaml"
fresh_start pbx
expect "the observer has seen all dialogs" "$(ward status)" wait_until 5 observer_aged

dialog() { # WHO, then as dialog.py
	"$1" "$PYTHON" "$LAB/dialog.py" "${@:2}"
}

drops() {
	counter public drops teardown
}

call() { # ARGUMENT...: sets CALL to its Call-ID, From-tag and To-tag, and how it was answered
	read -ra CALL <<<"$(dialog caller --from "$CALLER4" "$@" "$SERVER4" INVITE)"
	CALL_STATUS=${CALL[3]}
	CALL=("${CALL[@]:0:3}")
}

forge() { # CALL-ID FROM-TAG TO-TAG [METHOD]: how the attacker is answered
	local answer
	read -ra answer <<<"$(dialog attacker --from "$ATTACKER4" "$SERVER4" "${4:-BYE}" "${@:1:3}")"
	printf '%s\n' "${answer[3]}"
}

for round in 1 2; do
	call
	expect_equal "a call is answered" 200 "$CALL_STATUS"
	tried "to end it from elsewhere: with its Call-ID alone, with the caller's tag, with the callee's"
	before=$(drops)
	got="$(forge "${CALL[0]}" x y) $(forge "${CALL[0]}" "${CALL[1]}" y) $(forge "${CALL[0]}" x "${CALL[2]}")"
	got+=" $(forge "${CALL[0]}" "${CALL[1]}" y INVITE)"
	came "the server answered $got; dropped: $(($(drops) - before))"
	expect_equal "an attacker who does not know both tags ends no call" \
		"none none none none 4" \
		"$got $(($(drops) - before))"
	if [ "$round" = 1 ]; then
		read -ra bye <<<"$(dialog caller --from "$CALLER4" "$SERVER4" BYE "${CALL[@]}")"
		expect_equal "the caller ends the call" 200 "${bye[3]}"
	else
		read -ra bye <<<"$(dialog caller --from "$MOVED4" "$SERVER4" BYE "${CALL[@]}")"
		expect_equal "a caller whose address changed ends the call, and is counted" \
			"200 1" \
			"${bye[3]} $(counter public would_drops teardown)"
	fi
done

call --user ring --branch ringing
expect_equal "a call rings" none "$CALL_STATUS"
tried "to cancel it from elsewhere, with its Call-ID and the caller's tag"
before=$(drops)
read -ra answer <<<"$(dialog attacker --from "$ATTACKER4" --user ring "$SERVER4" CANCEL "${CALL[@]:0:2}" "")"
came "the server answered ${answer[3]}; dropped: $(($(drops) - before))"
expect_equal "an attacker who does not know the branch cancels no INVITE" \
	"none 1" "${answer[3]} $(($(drops) - before))"
read -ra answer <<<"$(dialog caller --from "$MOVED4" --user ring --branch ringing "$SERVER4" CANCEL \
	"${CALL[@]:0:2}" "")"
expect_equal "the caller cancels it from another address, too" 200 "${answer[3]}"

# Nobody may be kept from ending a call that is older than sipward.
ward_stop
ward detach --yes >/dev/null 2>&1
call
fresh_start pbx
wait_until 5 observer_aged
read -ra answer <<<"$(dialog caller --from "$MOVED4" "$SERVER4" BYE "${CALL[@]}")"
expect_equal "a call that is older than sipward is ended from another address" 200 "${answer[3]}"
lab_end
