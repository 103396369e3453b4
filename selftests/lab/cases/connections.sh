# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# TCP connections that are closed for what they carry, and sources that have too many.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

policy closing <<END
mode: enforce
metrics: {listen: 127.0.0.1:9538}
zones:
  - {name: carrier, sources: [$BYSTANDER4], trust: peer, methods: [INVITE, OPTIONS]}
  - {name: public, methods: [INVITE, OPTIONS], tcp: close, connections: 5}
END

# WHO OWN METHOD...: sends requests on one connection, a second apart, and prints the status of each
# answer, or `reset`
talk() {
	"$1" "$PYTHON" - "$SERVER4" "${@:2}" <<'END'
import socket, sys, time
server, own, methods = sys.argv[1], sys.argv[2], sys.argv[3:]
sock = socket.create_connection((server, 5060), 3, (own, 0))
sock.settimeout(1)
for number, method in enumerate(methods):
    try:
        sock.send((f"{method} sip:call@{server} SIP/2.0\r\nVia: SIP/2.0/TCP {own};branch=z9hG4bK{time.monotonic_ns()}\r\n"
                   f"Max-Forwards: 70\r\nFrom: <sip:a@{own}>;tag=1\r\nTo: <sip:call@{server}>\r\n"
                   f"Call-ID: {time.monotonic_ns()}\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n").encode())
        data = sock.recv(4096)
        print(data.split()[1].decode() if data else "end", end=" ")
    except (ConnectionError, BrokenPipeError):
        print("reset", end=" ")
        break
    except TimeoutError:
        print("silence", end=" ")
    time.sleep(0.3)
END
}

# WHO OWN COUNT: holds so many connections, one after the other, and prints how many were accepted
hold() {
	"$1" "$PYTHON" - "$SERVER4" "${@:2}" <<'END'
import socket, sys, time
held = []
for i in range(int(sys.argv[3])):
    try:
        held.append(socket.create_connection((sys.argv[1], 5060), 0.5, (sys.argv[2], 0)))
    except TimeoutError:
        pass
    time.sleep(1.2 if i >= 4 else 0)
print(len(held))
END
}

ward_start closing || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_equal "allowed requests are answered on TCP" \
	"200 200 " "$(talk attacker "$ATTACKER4" OPTIONS OPTIONS)"
got=$(talk attacker "$ATTACKER4" OPTIONS MESSAGE OPTIONS)
expect "a method that is not allowed ends the connection" "got $got" \
	grep -qE '^200 (202 )?reset' <<<"$got"
expect_equal "the closed connection is counted by its reason" 1 \
	"$(ward status -j | jq '.agent.tcp_close.closed.method // 0')"
expect_equal "the closed connection is in the metrics" \
	1 "$(metric sipward_connections_closed_total 'reason="method"')"
expect "status shows the closed connection" \
	"$(ward status)" grep -q 'connections were closed for method' <(ward status)
expect_equal "no segment was dropped" 0 "$(counter_total drops)"
expect_equal "a peer's connection is not closed" "200 202 200 " \
	"$(talk bystander "$BYSTANDER4" OPTIONS MESSAGE OPTIONS)"

held=$(hold attacker "$ATTACKER4" 8)
expect "of eight connections of one source about five are accepted, as they are counted once a second" \
	"$held" test "$held" -ge 5 -a "$held" -le 6
expect "the refused connections are counted" "$(counter public drops connections)" \
	test "$(counter public drops connections)" -ge 2
expect_equal "a peer has as many connections as it wants" 8 "$(hold bystander "$BYSTANDER4" 8)"
sleep 1.5
expect_equal "new connections are accepted when the old ones are closed" \
	"200 " "$(talk attacker "$ATTACKER4" OPTIONS)"
lab_end
