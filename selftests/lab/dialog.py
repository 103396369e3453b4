#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""One request of a call, over UDP or a connection of its own. INVITE begins one, acknowledges it, and prints its Call-ID,
From-tag and To-tag; any other method is sent inside the call that these three name. The status of
the answer is printed last, or `none`."""

import argparse
import random
import socket


def build(options, method, port, call, to_tag):
    branch = options.branch or f"{random.getrandbits(64):016x}"
    own = options.own
    transport = "TCP" if options.tcp else "UDP"
    return (
        f"{method} sip:{options.user}@{options.server}:5060 SIP/2.0\r\n"
        f"Via: SIP/2.0/{transport} {own}:{port};branch=z9hG4bK{branch}\r\n"
        "Max-Forwards: 70\r\n"
        f"From: <sip:caller@example.com>;tag={call[1]}\r\n"
        f"To: <sip:{options.user}@{options.server}>{';tag=' + to_tag if to_tag else ''}\r\n"
        f"Call-ID: {call[0]}\r\n"
        f"CSeq: 1 {'ACK' if method == 'ACK' else method}\r\n"
        f"Contact: <sip:caller@{own}:{port}>\r\n"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def answer(sock):
    """Status and To-tag of the first final answer, or None."""
    while True:
        try:
            lines = sock.recv(65536).decode(errors="replace").split("\r\n")
        except OSError:
            return None, ""
        status = lines[0].split()[1] if lines[0].startswith("SIP/2.0 ") else "0"
        if status < "200":
            continue
        to = [line for line in lines if line.lower().startswith("to:")]
        return status, to[0].partition(";tag=")[2] if to else ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tcp", action="store_true")
    parser.add_argument("--from", dest="own", required=True)
    parser.add_argument("--user", default="call")
    parser.add_argument("--branch", help="behind the cookie; else one at random")
    parser.add_argument("server")
    parser.add_argument("method")
    parser.add_argument("call", nargs="*", help="Call-ID, From-tag, To-tag")
    options = parser.parse_args()

    kind = socket.SOCK_STREAM if options.tcp else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind((options.own, 0))
        sock.settimeout(0.7)
        sock.connect((options.server, 5060))
        port = sock.getsockname()[1]
        token = f"{random.getrandbits(64):016x}"
        call = options.call or [f"{token}@{options.own}", token[:8], ""]
        sock.send(build(options, options.method, port, call, call[2]))
        status, tag = answer(sock)
        if options.method == "INVITE" and status == "200":
            sock.send(build(options, "ACK", port, call, tag))
        print(*call[:2], call[2] or tag or "-", status or "none")


if __name__ == "__main__":
    main()
