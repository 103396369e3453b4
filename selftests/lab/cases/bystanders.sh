# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Packets that are not for a service pass untouched, even where every source is on the deny list.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

policy nobody <<'END'
mode: enforce
lists: {deny: [0.0.0.0/0, "::/0"]}
zones:
  - name: public
    sources: [0.0.0.0/0, "::/0"]
END

no_ports() { # WHO FAMILY: datagrams that came to a port where nobody listens
	if [ "$2" = 4 ]; then
		"$1" cat /proc/self/net/snmp | awk '/^Udp:/ && $3 != "NoPorts" { print $3 }'
	else
		"$1" cat /proc/self/net/snmp6 | awk '$1 == "Udp6NoPorts" { print $2 }'
	fi
}

expect_delivered() { # NAME WHERE FAMILY SOURCE DESTINATION [options of flood]: all arrive
	local name=$1 where=$2 family=$3 before sent got
	before=$(no_ports "$where" "$family")
	sent=$(flood caller "${@:4}" --rate 300)
	got=$(($(no_ports "$where" "$family") - before))
	expect "$name" "$got of $sent arrived" test "${sent:-0}" -gt 0 -a "$got" = "${sent:-0}"
}

ward_start nobody || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_equal "SIP from a listed source is dropped, IPv4" 0 \
	"$(count_answers caller --from "$CALLER4" "$SERVER4" OPTIONS 3)"
expect_equal "SIP from a listed source is dropped, IPv6" 0 \
	"$(count_answers caller --from "$CALLER6" "$SERVER6" OPTIONS 3)"
expect_equal "the drops are counted under deny_list" 6 "$(counter public drops deny_list)"

ip -n "$CALLER" neighbour flush dev eth0
ip -n "$SERVER" neighbour flush dev eth0
pings() { caller ping -q -c 2 -i 0.2 -W 2 "$1" >/dev/null; }
expect "ARP and ICMP pass" "no answer to ping" pings "$SERVER4"
expect "ND and ICMPv6 pass" "no answer to ping" pings "$SERVER6"

spawn "$SERVER" "$TMP/ssh.log" "$PYTHON" -m http.server 22 --bind :: --directory "$LAB"
tcp_passes() { caller curl -sf --max-time 2 -o /dev/null "http://$1:22/lab.sh"; }
expect "TCP to another port passes, IPv4" "no connection" wait_until 5 tcp_passes "$SERVER4"
expect "TCP to another port passes, IPv6" "no connection" wait_until 5 tcp_passes "[$SERVER6]"

head -c 172 /dev/urandom >"$TMP/rtp"
expect_delivered "RTP passes, IPv4" server 4 "$CALLER4" "$SERVER4" \
	--what "$TMP/rtp" --sport 10000 --dport 20000
expect_delivered "RTP passes, IPv6" server 6 "$CALLER6" "$SERVER6" \
	--what "$TMP/rtp" --sport 10000 --dport 20000
expect_delivered "SIP to a port that is no service passes" server 4 "$CALLER4" "$SERVER4" \
	--what options --dport 20002

# --- transit: the server routes to a host behind it ---
ip -n "$BYSTANDER" address add 10.88.0.20/32 dev eth0
ip -n "$SERVER" route add 10.88.0.20/32 dev eth0
server sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 \
	net.ipv4.conf.eth0.send_redirects=0
expect_delivered "SIP in transit passes untouched" bystander 4 "$CALLER4" 10.88.0.20 --what invite
lab_end
