# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The findings of `sipward doctor` about interfaces that are as they should be, and about others.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

findings() { # IFACE LEVEL: their texts
	ward doctor -i "$1" -j | jq -r --arg about "$1" --arg level "$2" \
		'.[] | select(.about == $about and .level == $level) | .finding'
}

expect_finding() { # WHAT IFACE LEVEL PATTERN
	expect "$1" "$(ward doctor -i "$2")" grep -Eq "$4" <(findings "$2" "$3")
}

policy doctor <<'END'
mode: enforce
END
expect_finding "a good interface has no problem" eth0 ok 'nothing prevents sipward'
expect_equal "doctor finds nothing bad about a good interface" "" "$(findings eth0 bad)"
ward_start doctor || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_finding "doctor shows native mode" eth0 ok 'attached in native mode'
expect_equal "without -i doctor looks at attached interfaces" eth0 \
	"$(ward doctor -j | jq -r '[.[].about | select(. != "host")] | unique[]')"
ward_stop

ip -n "$SERVER" link add veth9 type veth peer name veth8
expect_finding "an interface that is down" veth9 bad 'it is down'
expect_equal "doctor prints the command that helps" "ip link set veth9 up" \
	"$(ward doctor -i veth9 -j | jq -r '.[] | select(.level == "bad") | .fix')"
ward doctor -i veth9 >/dev/null
expect_equal "doctor ends with exit code 1" 1 $?
ip -n "$SERVER" link set veth9 up mtu 9000
expect_finding "large frames" veth9 note 'MTU 9000: .*multi-buffer'
expect_finding "no such interface" nothing bad 'no such interface: nothing'
if ip -n "$SERVER" link add link veth9 name veth9.7 type vlan id 7 2>/dev/null; then
	ip -n "$SERVER" link set veth9.7 up
	expect_finding "a VLAN interface" veth9.7 note 'it is a VLAN of veth9'
fi
printf 'version: 1\ntables: {known: 16777216, sources: 16777216, bans: 16777216, proofs: 16777216, greylist: 16777216, fragments: 16777216}\n' >"$TMP/big.yaml"
if [ "$(awk '/MemTotal/ { print $2 }' /proc/meminfo)" -lt 30000000 ]; then
	expect "tables beyond the memory" "$(ward doctor -p "$TMP/big.yaml")" \
		grep -q 'bad .*big.yaml:2:.*write' <(ward doctor -p "$TMP/big.yaml")
	ward check "$TMP/big.yaml" >"$TMP/check.out" 2>&1
	expect_equal "check refuses tables beyond the memory" 3 $?
	ward_refused big
	expect_equal "run refuses tables beyond the memory" 3 "$WARD_STATUS"
fi
lab_end
