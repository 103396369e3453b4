# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lab: alone
#
# Further attacks in the name of a victim: spend the victim's limits, make it look like a fraudster,
# end its calls and connections, and use the agent's probes.
# shellcheck source=selftests/attacks/attacks.sh
. "$(dirname "$0")/../attacks.sh"
lab_up

# A server that takes UPDATE and SUBSCRIBE, too: its answers repeat the To-tag.
sed 's/^	if (is_method("MESSAGE"))/	if (is_method("UPDATE|SUBSCRIBE")) {\n		sl_send_reply("200", "OK");\n		exit;\n	}\n&/' \
	"$LAB/kamailio.cfg" >"$TMP/kamailio.cfg"
kamailio_with "$TMP/kamailio.cfg"

dialog() { # WHO, then as dialog.py
	"$1" "$PYTHON" "$LAB/dialog.py" "${@:2}"
}

# --- what is his to spend ---
policy limits <<END
mode: enforce
zones:
  - {name: phones, sources: [$CALLER4], newcomers: {rate: 500/s}, fraud: {destinations: 5/1m}}
  - {name: public, newcomers: {rate: 500/s}, rates: {source: {syn: 5/s burst 10, any: 40/s, INVITE: 10/s}}}
END
fresh_start limits
# A SYN carries no proof: while somebody spends the ceiling of an address, it opens no connection.
# Its open connections live on, and the harm ends with the flood.
tried "1000 SYNs a second in another one's name, where one source has 5, while he is connected"
strike bystander victims.py --victim "$BYSTANDER4" --sport 40124 --seconds 3 hold >"$TMP/hold" &
holder=$!
sleep 0.7
strike attacker victims.py --victim "$BYSTANDER4" --seconds 3 syns >/dev/null
wait "$holder"
sleep 1.2
got=$(request bystander --tcp --from "$BYSTANDER4" --wait 2 "$SERVER4" OPTIONS)
came "on his connection he was answered $(cat "$TMP/hold"); afterwards a new one was answered \
${got:-not at all}"
expect_equal "SYNs in the victim's name end no connection" "200 200" "$(cat "$TMP/hold")"
expect_equal "the victim connects when the SYNs are over" 200 "$got"

# Only a proof keeps apart what is whose: the path of a known phone, or a connection.
sipp_run fraud caller "$SERVER4" "$CALLER4" 10 5 -p 5060 -oocsn ooc_default
expect "a phone that may call 5 numbers in a minute is known" "$(known_table)" \
	test "$(known_count "$CALLER4" 5060)" = 1
tried "calls to 60 numbers in its name, by another path"
before=$(counter phones drops toll_fraud_destinations)
strike attacker victims.py --victim "$CALLER4" --ttl 57 numbers >/dev/null
expect_tried "calls that were one too many" 30 \
	"$(($(counter phones drops toll_fraud_destinations) - before))"
got=$(request caller --from "$CALLER4" --sport 5060 --user 0049301 --wait 0.5 "$SERVER4" INVITE)
tcp=$(request caller --tcp --from "$CALLER4" --user 0049302 --wait 0.5 "$SERVER4" INVITE)
came "its own call was answered ${got:-not at all}, over TCP ${tcp:-not at all}"
expect_equal "spoofed calls do not spend the numbers of a known phone" 404 "$got"
expect_equal "spoofed calls do not spend the numbers of a caller over TCP" 404 "$tcp"

sipp_run warm bystander "$SERVER4" "$BYSTANDER4" 10 5 -p 5060 -oocsn ooc_default
expect "a phone is known" "$(known_table)" test "$(known_count "$BYSTANDER4" 5060)" = 1
# A sender that knows address, port, TTL and VLAN counts as the endpoint where no proof is asked.
tried "INVITEs with a known phone's address and port and each TTL from 30 to 128, as many as go"
strike attacker victims.py --victim "$BYSTANDER4" --seconds 5 every-ttl >"$TMP/sweep" &
flooder=$!
sleep 0.5
sipp_run swept bystander "$SERVER4" "$BYSTANDER4" 12 3 -p 5060 -oocsn ooc_default -nr
wait "$flooder"
sleep 1.2
sipp_run after bystander "$SERVER4" "$BYSTANDER4" 20 4 -p 5060 -oocsn ooc_default -nr
came "$(cat "$TMP/sweep") packets; $(calls_good swept) of his 12 calls succeeded without \
retransmission, and $(calls_good after) of 20 afterwards"
expect_equal "all calls of the phone succeed after the attack" 20 "$(calls_good after)"

# --- his connection and his calls ---
policy rules <<END
mode: enforce
zones:
  - {name: caller, sources: [$CALLER4], tcp: close, methods: [OPTIONS, INVITE, BYE], teardown: strict}
  - {name: public, teardown: strict, to_tag: proven, methods: [OPTIONS, UPDATE, SUBSCRIBE]}
END
fresh_start rules
tried "segments of another one's connection with guessed numbers and a method that he may not use"
strike caller victims.py --sport 40123 --seconds 2 hold >"$TMP/hold" &
holder=$!
sleep 0.7
strike attacker victims.py --sport 40123 blind >/dev/null
wait "$holder"
came "his two requests were answered $(cat "$TMP/hold")"
expect_equal "spoofed segments do not close a connection" "200 200" "$(cat "$TMP/hold")"

tried "an UPDATE from elsewhere inside another one's call, then a BYE: its answer makes a party of him"
read -ra call <<<"$(dialog caller --from "$CALLER4" "$SERVER4" INVITE)"
expect_equal "a call is answered" 200 "${call[3]}"
read -ra update <<<"$(dialog attacker --from "$ATTACKER4" "$SERVER4" UPDATE "${call[@]:0:3}")"
read -ra forged <<<"$(dialog attacker --from "$ATTACKER4" "$SERVER4" BYE "${call[@]:0:3}")"
came "the UPDATE was answered ${update[3]}, the BYE ${forged[3]}"
expect_equal "an UPDATE makes the attacker no party of the call" none "${forged[3]}"

expect "the observer knows all dialogs" "$(ward status)" wait_until 5 observer_aged
# A MESSAGE, which the zone has not: an INVITE could be refused by `teardown`, too.
tried "a SUBSCRIBE with a made-up To-tag, which the answer repeats, then a MESSAGE with the same"
read -ra first <<<"$(dialog attacker --from "$ATTACKER4" "$SERVER4" SUBSCRIBE made-up a b)"
read -ra forged <<<"$(dialog attacker --from "$ATTACKER4" "$SERVER4" MESSAGE made-up a b)"
came "the SUBSCRIBE was answered ${first[3]}, the MESSAGE ${forged[3]}"
expect_equal "an answer that repeats a To-tag begins no dialog" none "${forged[3]}"

tried "likewise with an INVITE in the name of a phone of a zone that is believed, and with answers that \
nobody gave"
for what in inside answer "answer --status 180"; do
	# shellcheck disable=SC2086 # its options are words
	strike attacker victims.py --victim "$CALLER4" --call "made${what//[^a-z0-9]/}" a b $what >/dev/null
	read -ra forged <<<"$(dialog attacker --from "$ATTACKER4" "$SERVER4" MESSAGE \
		"made${what//[^a-z0-9]/}" a b)"
	came "by $what the MESSAGE was answered ${forged[3]}"
	expect_equal "a message to another zone begins no dialog here: $what" none "${forged[3]}"
done

# --- the agent's probes ---
policy probes <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 1000/s}
END
fresh_start probes
tried "newcomers with addresses of the server itself, of every host, and of none"
spawn "$SERVER" "$TMP/heard" "$PYTHON" -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 7777))
while True:
    text, source = s.recvfrom(4096)
    print(source[0], text[:40], flush=True)'
strike attacker victims.py --victim 224.0.0.1 --seconds 2 count-probes >"$TMP/multicast" &
listener=$!
sleep 0.5
strike attacker victims.py --sport 7777 \
	--source "127.0.0.1,$SERVER4,10.77.0.255,255.255.255.255,224.0.0.1,0.0.0.0" probed >/dev/null
wait "$listener"
sleep 0.3
came "a service of the server's own heard: $(sort "$TMP/heard" | uniq -c | tr '\n' ';'); others: \
$(cut -d' ' -f1 "$TMP/multicast") probes"
expect "no probe goes to the server's own services" "$(cat "$TMP/heard")" test ! -s "$TMP/heard"
expect_equal "no probe goes to a broadcast or multicast address" "0 0" "$(cat "$TMP/multicast")"

tried "2000 requests in 2 s from as many ports of another one: each newcomer is probed"
strike caller victims.py --seconds 4 count-probes >"$TMP/probes" &
listener=$!
sleep 0.3
read -r packets octets <<<"$(strike attacker victims.py --victim "$CALLER4" reflected)"
wait "$listener"
read -r probes came <<<"$(cat "$TMP/probes")"
came "$packets packets with $octets octets; he got $probes probes with $came octets"
expect "probes are no amplifier" "$came octets for $octets" test "$came" -lt "$((octets / 4))"
expect "there are probes" "there are $probes" test "$probes" -ge 1
lab_end
