# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Code that the groups of attacks share. Each attack prints its method and its effect, in comments
# before its result. The result is `ok` when no harm was done.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"

ATTACKS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Networks that only the attacker has: the server routes them to him, as all it does not know.
RAW4=198.51.100.66
export PYTHONDONTWRITEBYTECODE=1

tried() {
	printf '# tried: %s\n' "$1"
}

came() {
	printf '# came of it: %s\n' "$1"
}

# WHO TOOL.py ARGUMENT...: a tool of this folder, in the namespace of one who has a raw socket
strike() {
	"$1" env SERVER="$SERVER4" SERVER_MAC="$(server_mac)" timeout 200 \
		"$PYTHON" "$ATTACKS/$2" "${@:3}"
}

ban_of() { # ADDRESS: the reason of its ban, or nothing
	ward ban list -j | jq -r --arg source "$1" '.[] | select(.source == $source) | .reason'
}

# The known endpoints, a line each: address, port, TTL, VLAN, grade.
known_table() {
	bpftool -j map dump pinned "$SIPWARD_BPF_DIR/known" 2>/dev/null | "$PYTHON" "$ATTACKS/state.py"
}

known_count() { # [ADDRESS [PORT]]
	known_table | awk -v address="${1:-}" -v port="${2:-}" '
		(address == "" || $1 == address) && (port == "" || $2 == port) { n++ }
		END { print n + 0 }'
}

fresh_start() { # POLICY: nobody is banned, nobody known
	ward_stop
	ward detach --yes >/dev/null 2>&1
	ward_start "$1" || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
}

# TEST-NAME ADDRESS: it is neither banned nor known
expect_unharmed() {
	local ban known
	ban=$(ban_of "$2") known=$(known_count "$2")
	came "$2: ban: ${ban:-none}; entries in the table of known endpoints: $known"
	expect "$1: no ban" "$2 is banned: $ban" test -z "$ban"
	expect "$1: it is not known" "$2 has $known entries in the table of known endpoints" \
		test "$known" = 0
}

# WHAT LEAST GOT: an attack that did not take place shows nothing
expect_tried() {
	expect "the attack took place: $1" "there were $3" test "${3:-0}" -ge "$2"
}

kamailio_with() { # FILE: the server begins anew with this configuration
	stop_process "$KAMAILIO"
	KAMAILIO_CFG=$1 kamailio_start || die "Kamailio does not answer: $(tail -n 1 "$TMP/kamailio.log")"
}

lab_mtu() { # OCTETS: of every cable
	local ns
	for ns in caller attacker bystander server; do
		wire ip link set "$ns" mtu "$1" || return
	done
	wire ip link set br0 mtu "$1" || return
	for ns in "$CALLER" "$ATTACKER" "$BYSTANDER" "$SERVER"; do
		ip -n "$ns" link set eth0 mtu "$1" || return
	done
}
