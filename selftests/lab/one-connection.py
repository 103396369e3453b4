#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""CALLS calls over one TCP connection: sets all of them up, sends one MESSAGE in their midst,
then makes sure that every call still lives by ending it. Prints `up N`, `message STATUS`
(or `message none`) and `ended N`."""

import socket
import sys

SERVER, OWN, CALLS = sys.argv[1], sys.argv[2], int(sys.argv[3])
PORT = 5060


def host(address):
    return f"[{address}]" if ":" in address else address


def request(method, call, sequence, to_tag=""):
    return (
        f"{method} sip:call@{host(SERVER)}:{PORT} SIP/2.0\r\n"
        f"Via: SIP/2.0/TCP {host(OWN)};branch=z9hG4bK{method}{call}\r\n"
        "Max-Forwards: 70\r\n"
        f"From: <sip:caller@{host(OWN)}>;tag=c{call}\r\n"
        f"To: <sip:call@{host(SERVER)}>{to_tag}\r\n"
        f"Call-ID: one-connection-{call}@{host(OWN)}\r\n"
        f"CSeq: {sequence} {method}\r\n"
        f"Contact: <sip:caller@{host(OWN)};transport=tcp>\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


class Connection:
    def __init__(self):
        self.sock = socket.create_connection((SERVER, PORT), 5, (OWN, 0))
        # A message in a segment of its own: content is judged where a segment begins one.
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(3)
        self.buffer = b""

    def ask(self, data):
        """Sends a request; its final status and To-tag, or (None, '') when none comes."""
        try:
            self.sock.sendall(data)
            while True:
                while b"\r\n\r\n" not in self.buffer:
                    more = self.sock.recv(65536)
                    if not more:
                        return None, ""
                    self.buffer += more
                head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
                lines = head.decode().split("\r\n")
                status = int(lines[0].split()[1])
                to = next(line for line in lines if line.lower().startswith("to:"))
                if status >= 200:
                    return status, ";tag=" + to.split(";tag=")[1] if ";tag=" in to else ""
        except OSError:
            return None, ""

    def tell(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            pass


def main():
    connection, tags = Connection(), {}
    for call in range(CALLS):
        status, tag = connection.ask(request("INVITE", call, 1))
        if status != 200:
            break
        tags[call] = tag
        connection.tell(request("ACK", call, 1, tag))
    print("up", len(tags))
    print("message", connection.ask(request("MESSAGE", CALLS, 1))[0] or "none")
    ended = 0
    for call, tag in tags.items():
        if connection.ask(request("BYE", call, 2, tag))[0] != 200:
            break
        ended += 1
    print("ended", ended)


main()
