# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# `sipward explain`: captures of every link type, bare messages, damaged files; and that the
# live data path does not notice.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

"$PYTHON" "$LAB/make-captures.py" "$TMP" || die "the captures cannot be made"
policy strict <<'END'
mode: enforce
sanity: {profile: strict}
END
policy watching <<'END'
mode: monitor
END
policy paced <<'END'
mode: enforce
zones: [{name: public, rates: {source: {any: 1/s burst 1}}}]
END

explain() { # POLICY ARGUMENTS...
	ward explain -p "$TMP/$1.yaml" "${@:2}" 2>"$TMP/explain.err"
}

verdicts() { # likewise: verdict and reason of each packet
	explain "$1" -j "${@:2}" | jq -r '"\(.verdict):\(.reason)"' | tr '\n' ' '
}

for capture in ethernet vlan raw cooked1 cooked2 null loop; do
	expect_equal "explain reads a capture of link type $capture" \
		"pass:null pass:null drop:cseq_method " \
		"$(verdicts strict "$TMP/$capture.pcap")"
done
expect_equal "explain reads a pcapng" "pass:null pass:null drop:cseq_method " \
	"$(verdicts strict "$TMP/ethernet.pcapng")"
expect_equal "packets that the capture cut are not judged" "pass:null pass:null pass:null " \
	"$(verdicts strict "$TMP/cut.pcap")"
expect_equal "explain says that the capture cut these packets" "true true true " \
	"$(explain strict -j "$TMP/cut.pcap" | jq -r .truncated | tr '\n' ' ')"
expect_equal "packets that are no SIP are left alone" "pass:null pass:null pass:null " \
	"$(verdicts strict "$TMP/others.pcap")"
expect_equal "an empty capture says nothing" "" "$(verdicts strict "$TMP/empty.pcap")"
expect_equal "the capture's own times drive the limits" \
	"pass:null drop:rate_source drop:rate_source pass:null drop:rate_source pass:null " \
	"$(verdicts paced "$TMP/paced.pcap")"

expect_equal "explain reads a bare message" \
	'{"packet":1,"verdict":"drop","reason":"cseq_method","mode":"enforce","zone":"public","service":"udp/5060"}' \
	"$(explain strict -j "$TMP/bad.sip" | jq -c '{packet,verdict,reason,mode,zone,service}')"
expect_equal "in monitor mode the packet passes, and explain says that it would be dropped" \
	'{"verdict":"pass","would":"drop","reason":"cseq_method","mode":"monitor"}' \
	"$(explain watching -j "$TMP/bad.sip" | jq -c '{verdict,would,reason,mode}')"
expect_equal "content on TCP never drops a segment" \
	'{"verdict":"pass","would":"drop","service":"tcp/5060"}' \
	"$(explain strict -j --transport tcp "$TMP/bad.sip" | jq -c '{verdict,would,service}')"
expect_equal "a bare message from an IPv6 address" \
	pass:null\  "$(verdicts strict --from '[2001:db8::9]:5062' "$TMP/good.sip")"
explain strict "$TMP/bad.sip" >"$TMP/explain.out"
expect "the text output shows the wrong line" "$(cat "$TMP/explain.out")" \
	grep -q '7 | CSeq: 1 INVITE' "$TMP/explain.out"
expect "the text output marks the fault in the line" "$(cat "$TMP/explain.out")" \
	grep -qE '^ +\| +\^{6}$' "$TMP/explain.out"

expect_refused() { # NAME CODE PATTERN ARGUMENTS...
	local name=$1 code=$2 pattern=$3 got
	shift 3
	explain strict "$@" >/dev/null
	got=$?
	expect "$name" "exit code $got: $(cat "$TMP/explain.err")" \
		test "$got" = "$code" -a -n "$(grep -E "$pattern" "$TMP/explain.err")"
}
expect_refused "a damaged capture is named" 1 'damaged.pcap: .*damaged' "$TMP/damaged.pcap"
expect_refused "an unknown link type is named" 1 'unknown-link.pcap: .*link type' "$TMP/unknown-link.pcap"
head -c 100 /dev/zero | tr '\0' x >"$TMP/text.pcap"
expect_refused "a file with the name of a capture, which is none" \
	1 'text.pcap: the capture cannot be read' \
	"$TMP/text.pcap"
expect_refused "a file that is not there" 1 'none.pcap: cannot be read' "$TMP/none.pcap"
expect_refused "no file" 2 'name a file'
expect_refused "a wrong address" 2 '300.1.2.3' --from 300.1.2.3 "$TMP/good.sip"

# --- beside the live data path ---
ward_start paced || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
before=$(ward stats -j)
expect_equal "without -p explain uses the policy of the agent" "drop:rate_source" \
	"$(ward explain -j "$TMP/paced.pcap" 2>/dev/null | jq -r '"\(.verdict):\(.reason)"' | sed -n 2p)"
expect_equal "explain does not change the live counters" "$before" "$(ward stats -j)"

# It reads the file, and the agent may run another policy.
says_changed() {
	ward explain "$TMP/paced.pcap" 2>&1 >/dev/null | grep -q 'paced.yaml changed since the agent read it'
}
says_changed
expect_equal "no warning while the agent runs the policy of the file" 1 $?
echo '# changed' >>"$TMP/paced.yaml"
expect "a file that was changed since the agent read it is named" "it is not" says_changed

# --- frames of 9,000 octets ---
ward_stop
for name in $(ip -n "$WIRE" -j link show type veth | jq -r ".[].ifname"); do
	ip -n "$WIRE" link set "$name" mtu 9000
done
ip -n "$WIRE" link set "$(ip -n "$WIRE" -j link show type bridge | jq -r '.[0].ifname')" mtu 9000
for host in "$CALLER" "$SERVER"; do ip -n "$host" link set eth0 mtu 9000; done
policy jumbo <<'END'
mode: enforce
zones: [{name: public, methods: [OPTIONS]}]
END
ward_start jumbo || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_equal "at MTU 9000 the program runs in native mode" \
	native "$(ward status -j | jq -r '.interfaces[0].attach')"
expect_equal "a request of 8,000 octets in one frame is answered" 200 \
	"$(request caller --from "$CALLER4" --pad 8000 "$SERVER4" OPTIONS)"
expect_equal "a forbidden request of 8,000 octets is dropped" 0 \
	"$(count_answers caller --from "$CALLER4" --pad 8000 "$SERVER4" MESSAGE)"
expect_equal "the dropped request is counted" 1 "$(counter public drops method)"
lab_end
