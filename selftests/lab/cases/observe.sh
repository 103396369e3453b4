# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A server whose answers leave by another interface than requests come in: what the observer sees
# there is a proof, and no answer to the server's own requests is called unsolicited.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

# A second cable from the server to the caller, the way back of everything.
# shellcheck disable=SC2015 # whichever fails
ip -n "$SERVER" link add eth1 type veth peer name eth1 netns "$CALLER" &&
ip -n "$SERVER" link set eth1 up && ip -n "$CALLER" link set eth1 up &&
ip -n "$SERVER" address add 10.78.0.2/24 dev eth1 &&
ip -n "$CALLER" address add 10.78.0.10/24 dev eth1 &&
in_ns "$CALLER" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0 ||
	die "no second cable"
back_by_eth1() {
	ip -n "$SERVER" route add "$CALLER4/32" via 10.78.0.10 dev eth1 src "$SERVER4"
}
back_by_eth1 || die "no way back"

policy observe <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 1000/s, probe: off}
    responses: expected
END
# sipp, where the server calls others, has a port of its own
sed -i 's/^services:.*/services: [{transport: udp, port: 5060}, {transport: udp, port: 5070}]/' \
	"$TMP/observe.yaml"

observed_on() { # INTERFACE
	server tc filter show dev "$1" egress 2>/dev/null | grep -q sipward_egress
}

# Calls from the server to the caller's sipp: INVITE, 180, 200, ACK, BYE, 200.
calls_out() { # NAME COUNT
	server sipp "$CALLER4:5066" -sn uac -i "$SERVER4" -p 5070 -m "$2" -r 50 -d 100 -recv_timeout 5000 \
		-timeout 60 -nostdin -trace_stat -stf "$TMP/$1.csv" -fd 1 >"$TMP/$1.out" 2>&1 </dev/null
	calls_good "$1"
}
spawn "$CALLER" "$TMP/uas.log" sipp -sn uas -i "$CALLER4" -p 5066 -nostdin

response() { # WHO BRANCH: one that nobody asked for, or somebody did
	"$1" "$PYTHON" - "$SERVER4" "$2" <<'END'
import socket, sys
text = ("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP %s:5060;branch=%s\r\nFrom: <sip:a@x>;tag=1\r\n"
        "To: <sip:b@x>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n")
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto((text % tuple(sys.argv[1:3])).encode(),
                                                        (sys.argv[1], 5060))
END
}

ward_start observe || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect "the interface that requests arrive on is observed" "it is not" observed_on eth0
expect "the interface that answers leave by is observed without a policy key" \
	"it is not" observed_on eth1
expect_equal "at first, rules that need the observer wait" warming_up "$(observer)"
response attacker z9hG4bK-nobody
expect_equal "while they wait, no response is called unsolicited" \
	0 "$(counter public drops unsolicited_response)"

expect_calls "registrations whose challenge leaves by the other interface" reg caller "$SERVER4" \
	"$CALLER4" 5 50 -sf "$LAB/sipp/register.xml"

expect "after three minutes, the observer is good" "$(ward status)" wait_until 5 observer_aged
expect_equal "status and gauge show that the observer is good" "good 1" \
	"$(observer) $(metric sipward_observer_state 'state="good"')"
response attacker z9hG4bK-nobody
expect_equal "a response that nobody asked for is dropped" 1 \
	"$(counter public drops unsolicited_response)"
expect_equal "calls of the server, out by one interface and back by the other" 50 "$(calls_out out 50)"
expect_equal "none of their answers is called unsolicited" 1 \
	"$(counter public drops unsolicited_response)"

# --- routes change ---
ip -n "$SERVER" route del "$CALLER4/32"
ip -n "$SERVER" link add eth2 type veth peer name eth2 netns "$CALLER"
ip -n "$SERVER" link set eth2 up && ip -n "$CALLER" link set eth2 up
ip -n "$SERVER" address add 10.79.0.2/24 dev eth2
expect "a new interface with a route is observed at once" "it is not" wait_until 2 observed_on eth2
expect_equal "a new observed interface is no gap" good "$(observer)"
expect_equal "calls go on by the first interface" 20 "$(calls_out again 20)"
server tc filter del dev eth2 egress
expect "the agent attaches a filter again that was removed" \
	"it stays away" wait_until 2 observed_on eth2
expect "after that gap the observer warms up again" \
	"$(ward status)" wait_until 2 observer_is warming_up

# --- a list that leaves out where the answers go ---
back_by_eth1
echo 'observe: [eth0]' >>"$TMP/observe.yaml"
expect "a reload with observe: [eth0]" "$(tail -n 1 "$WARD_LOG")" ward_reload
expect "observe: [eth0] takes the observer off other interfaces" "it is still there" \
	test "$(observed_on eth0 && ! observed_on eth1 && ! observed_on eth2 && echo only)" = only
expect "observe: [eth0] is in force for three minutes" "$(ward status)" wait_until 5 observer_aged
expect_equal "requests are answered by an interface that is not observed" \
	30 "$(count_answers caller --from "$CALLER4" "$SERVER4" OPTIONS 30)"
# A second in which the observer was not seen in its place begins the count anew.
unanswered() {
	request caller --wait 0.5 --from "$CALLER4" "$SERVER4" OPTIONS 5 >/dev/null
	observer_is unanswered
}
expect "status warns that answers leave by an unobserved interface" \
	"$(ward status)" wait_until 90 unanswered
expect "status explains that in words" \
	"$(ward status)" grep -q 'no answer left through an observed interface' \
	<(ward status)
response attacker z9hG4bK-nobody
expect_equal "then no response is called unsolicited" \
	1 "$(counter public drops unsolicited_response)"

# --- no agent ---
kill -9 "$WARD"
wait_until 5 gone "$WARD"
expect "without an agent, rules that need the observer stop" \
	"$(ward status)" wait_until 8 observer_is not_running
ward detach --yes >/dev/null
lab_end
