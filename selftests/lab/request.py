#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sends well-formed SIP requests outside of any dialog, once each and without retransmission,
and prints the status code of every answer that comes back, one a line."""

import argparse
import random
import select
import socket
import time


def host(address):
    return f"[{address}]" if ":" in address else address


def padding(size):
    """Header lines of about `size` octets together, none of them long."""
    return "".join(f"X-Padding-{i}: {'x' * 500}\r\n" for i in range(size // 500))


def build(options, transport, port, number):
    token = f"{random.getrandbits(64):016x}"
    user = f"{options.user}@" if options.user else ""
    return (
        f"{options.method} sip:{user}{host(options.server)}:{options.port} SIP/2.0\r\n"
        f"Via: SIP/2.0/{transport} {host(options.own)}:{port};branch=z9hG4bK{token}\r\n"
        "Max-Forwards: 70\r\n"
        f"From: <sip:caller@{host(options.own)}>;tag={token[:8]}\r\n"
        f"To: <sip:{user}{host(options.server)}>\r\n"
        f"Call-ID: {token}@{host(options.own)}\r\n"
        f"CSeq: {number} {options.method}\r\n"
        f"Contact: <sip:caller@{host(options.own)}:{port}>\r\n"
        f"{padding(options.pad)}"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="own", required=True)
    parser.add_argument("--sport", type=int, default=0)
    parser.add_argument("--port", type=int, default=5060)
    parser.add_argument("--user", default="call")
    parser.add_argument("--wait", type=float, default=0.7, help="seconds, after the last request")
    parser.add_argument("--gap", type=float, default=0.002, help="seconds between requests")
    parser.add_argument("--pad", type=int, default=0, help="octets of padding headers")
    parser.add_argument("--tcp", action="store_true")
    parser.add_argument("server")
    parser.add_argument("method")
    parser.add_argument("count", type=int, nargs="?", default=1)
    options = parser.parse_args()

    family = socket.AF_INET6 if ":" in options.server else socket.AF_INET
    kind = socket.SOCK_STREAM if options.tcp else socket.SOCK_DGRAM
    with socket.socket(family, kind) as sock:
        sock.bind((options.own, options.sport))
        sock.settimeout(options.wait)
        try:
            sock.connect((options.server, options.port))
        except OSError:
            return
        port = sock.getsockname()[1]
        for number in range(1, options.count + 1):
            try:
                sock.send(build(options, "TCP" if options.tcp else "UDP", port, number))
            except OSError:
                pass  # an ICMP error for an earlier one; answers are what counts
            time.sleep(options.gap)
        answered, end = 0, time.monotonic() + options.wait
        while answered < options.count:
            left = end - time.monotonic()
            if left <= 0 or not select.select([sock], [], [], left)[0]:
                break
            try:
                data = sock.recv(65536)
            except OSError:
                continue
            if not data:
                break
            for line in data.split(b"\r\n"):
                if line.startswith(b"SIP/2.0 "):
                    answered += 1
                    print(line.split()[1].decode(), flush=True)


if __name__ == "__main__":
    main()
