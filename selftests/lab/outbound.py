#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the server sends: `send` makes a SIP message of its own, from a port of the server's; `hear`
is the other end, which prints the Call-ID of each message that arrives, over UDP or TCP."""

import argparse
import re
import selectors
import socket


def build(options):
    response = options.start.startswith("SIP/2.0 ")
    start = options.start if response else f"{options.start} sip:device@{options.to} SIP/2.0"
    lines = [
        start,
        f"Via: SIP/2.0/UDP {options.own}:{options.port};branch=z9hG4bK{options.call}",
        "Max-Forwards: 70",
        "From: <sip:server@example.com>;tag=s1",
        f"To: <sip:device@example.com>{';tag=' + options.tag if options.tag else ''}",
        f"Call-ID: {options.call}",
        f"CSeq: 1 {'INVITE' if response else options.start}",
        *options.header,
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def send(options):
    kind = socket.SOCK_STREAM if options.tcp else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not options.tcp:
            sock.bind((options.own, options.port))
        sock.settimeout(2)
        sock.connect((options.to, options.port))
        sock.sendall(build(options))


def hear(options):
    selector = selectors.DefaultSelector()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener = socket.create_server((options.own, options.port))
    datagrams.bind((options.own, options.port))
    selector.register(datagrams, selectors.EVENT_READ)
    selector.register(listener, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                selector.register(listener.accept()[0], selectors.EVENT_READ)
                continue
            data = key.fileobj.recv(65536)
            if not data and key.fileobj is not datagrams:
                selector.unregister(key.fileobj)
                key.fileobj.close()
            for call in re.findall(rb"^Call-ID: (\S+)", data, re.M):
                print(call.decode(), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="own", required=True)
    parser.add_argument("--port", type=int, default=5070)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("send")
    one.add_argument("--tcp", action="store_true")
    one.add_argument("--tag", help="of To")
    one.add_argument("--header", action="append", default=[])
    one.add_argument("to")
    one.add_argument("call", help="Call-ID")
    one.add_argument("start", help="a method, or a status line")
    one.set_defaults(run=send)
    commands.add_parser("hear").set_defaults(run=hear)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
