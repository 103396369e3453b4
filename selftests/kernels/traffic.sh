# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The tasks that a kernel must be able to do: load the programs of every kind of policy, judge real
# packets as they say, learn from what the server answers, change the policy, and let go without a
# trace. A case of the lab; it runs on this host's kernel, too.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab/lab.sh"
lab_up

policy everything <<END
mode: enforce
fragments: drop
sanity: {profile: strict}
zones:
  - name: office
    sources: [$CALLER4, "$CALLER6"]
    newcomers: {rate: 100/s}
    rates: {zone: 1000/s, source: {any: 100/s, INVITE: 10/s, dialog: 100/s, response: 100/s,
      keepalive: 10/s, stun: 10/s}}
  - name: public
    methods: [INVITE, OPTIONS]
    newcomers: {rate: 100/s, probe: off}
lists: {deny: [10.77.0.128/25, 10.77.0.99], allow: [$BYSTANDER4]}
emergency: {numbers: ["112"], rate: 1/s}
shadow: [via_count]
END
policy monitor <<'END'
mode: monitor
END
sed 's/^mode: .*/mode: enforce/' "$ROOT/scripts/policies/example.yaml" >"$TMP/example.yaml"

send() { # WHO FILE: the message in it, lines ended by CR LF, as one datagram
	# shellcheck disable=SC2016
	"$1" bash -c 'sed "s/$/\r/" "$0" | dd bs=64k iflag=fullblock status=none >"/dev/udp/$1/5060"' \
		"$2" "$SERVER4"
}

# NAME STATUS WHO OWN-ADDRESS SERVER METHOD [options of request.py]
expect_answer() {
	expect_equal "$1" "$2" "$(request "$3" --wait 4 "${@:7}" --from "$4" "$5" "$6")"
}

reload_with() { # POLICY-NAME: into the running agent
	cp "$TMP/$1.yaml" "$TMP/running.yaml"
	expect "a reload loads policy $1" "$(tail -n 3 "$WARD_LOG")" ward_reload
}

# --- the embedded policy ---
WARD_LOG=$TMP/sipward-embedded.log
spawn "$SERVER" "$WARD_LOG" "$BUILD/sipward" run -i eth0
WARD=$SPAWNED
wait_until 60 ward_settled
expect "the agent loads the embedded policy" "$(tail -n 3 "$WARD_LOG")" alive "$WARD"
expect_answer "OPTIONS over IPv4" 200 attacker "$ATTACKER4" "$SERVER4" OPTIONS
expect_answer "OPTIONS over IPv6" 200 attacker "$ATTACKER6" "$SERVER6" OPTIONS
expect_equal "both OPTIONS are counted" 2 "$(counter public messages OPTIONS)"
expect_equal "nothing is dropped" 0 "$(counter_total drops)"
ward_stop
expect_equal "stop takes the program off" "" "$(program_id)"

# --- everything that a policy can switch on ---
cp "$TMP/everything.yaml" "$TMP/running.yaml"
ward_start running || die "it does not load with everything on: $(tail -n 3 "$WARD_LOG")"
ok "the agent loads a policy with everything on"
expect_equal "status -j shows the interface, native mode and enforce" "eth0 native enforce" \
	"$(ward status -j | jq -r '.interfaces[0] | "\(.name) \(.attach) \(.mode)"')"
expect_answer "OPTIONS of a newcomer" 200 caller "$CALLER4" "$SERVER4" OPTIONS
expect_answer "an INVITE in three fragments, IPv4" 200 \
	caller "$CALLER4" "$SERVER4" INVITE --pad 3000
expect_answer "an INVITE in three fragments, IPv6" 200 \
	caller "$CALLER6" "$SERVER6" INVITE --pad 3000
expect_answer "a request over TCP" 200 caller "$CALLER4" "$SERVER4" OPTIONS --tcp
expect_answer "OPTIONS of an allowed source" 200 bystander "$BYSTANDER4" "$SERVER4" OPTIONS
expect_equal "no packet of these requests was dropped" 0 "$(counter_total drops)"

cat >"$TMP/bad.sip" <<END
OPTIONS sip:server@$SERVER4 SIP/2.0
Via: SIP/2.0/UDP $ATTACKER4:5060;branch=z9hG4bK1
Max-Forwards: 70
From: <sip:a@$ATTACKER4>;tag=1
To: <sip:b@$SERVER4>
Call-ID: bad@$ATTACKER4
CSeq: 1 INVITE
Contact: <sip:a@$ATTACKER4>
Content-Length: 0

END
send attacker "$TMP/bad.sip"
cseq_dropped() { [ "$(counter public drops cseq_method)" = 1 ]; }
expect "a CSeq of another method is dropped" "$(ward stats)" wait_until 5 cseq_dropped
expect_equal "a method that is not allowed gets no answer" 0 \
	"$(count_answers attacker --from "$ATTACKER4" "$SERVER4" MESSAGE)"
expect_equal "the refused method is counted under method" 1 "$(counter public drops method)"
sed 's/OPTIONS sip:server/INVITE sip:112/' "$TMP/bad.sip" >"$TMP/emergency.sip"
send attacker "$TMP/emergency.sip"
emergency_passed() { [ "$(counter public messages INVITE)" = 1 ]; }
expect "an emergency call passes" "$(ward stats)" wait_until 5 emergency_passed

# --- what the observer learns from the server's answers ---
expect_calls "calls" calls caller "$SERVER4" "$CALLER4" 10 5 -oocsn ooc_default
expect "the calls make their endpoint known" "$(ward status)" test "$(ward status -j | jq .known)" -ge 1

# --- other policies, without a restart ---
generation=$(generation)
reload_with monitor
expect_equal "the new policy is the next generation" $((generation + 1)) "$(generation)"
expect_answer "with the new policy the refused method is answered" 202 attacker "$ATTACKER4" "$SERVER4" MESSAGE
expect_equal "the counters are kept" 1 "$(counter public drops method)"
reload_with example
expect_answer "OPTIONS with the example policy" 200 caller "$CALLER4" "$SERVER4" OPTIONS
ward explain -p "$TMP/everything.yaml" "$TMP/bad.sip" >"$TMP/explain.out" 2>&1
expect "explain runs a message through a policy beside it" "$(tail -n 2 "$TMP/explain.out")" \
	grep -q cseq_method "$TMP/explain.out"

# --- and off ---
ward_stop
expect "the pinned state stays after stop" "nothing is pinned" test -n "$(find "$SIPWARD_BPF_DIR" -type f)"
ward detach --yes >"$TMP/detach.out" 2>&1
expect_equal "detach succeeds" 0 $?
expect_equal "detach leaves no program" "" "$(program_id)"
expect_equal "detach leaves no observer" "" "$(server tc filter show dev eth0 egress)"
expect_equal "detach leaves nothing pinned" "" "$(find "$SIPWARD_BPF_DIR" -type f 2>/dev/null)"
lab_end
