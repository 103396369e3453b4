#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Calls 112 over TCP. --hold SECONDS: sets one call up, waits, and ends it (prints `up`, `ended`).
--guess SECONDS: sets calls up, prints `call` for each, and then guesses on their connections, in
each way that might hide a guess; prints `guess` and the answer where one came. --knock SECONDS:
opens five connections a second, asks something else on each, and prints what was answered."""

import argparse
import random
import select
import socket
import time


def request(options, method, uri, to, branch, extra=""):
    return (
        f"{method} {uri} SIP/2.0\r\n"
        f"Via: SIP/2.0/TCP {options.own};branch=z9hG4bK{branch}\r\n"
        "Max-Forwards: 70\r\n"
        f"From: <sip:caller@{options.own}>;tag={branch[:8]}\r\n"
        f"To: {to}\r\n"
        f"Call-ID: {branch}@{options.own}\r\n"
        f"CSeq: 1 {method}\r\n"
        f"Contact: <sip:caller@{options.own};transport=tcp>\r\n{extra}"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def token():
    return f"{random.getrandbits(64):016x}"


def connect(options, patience):
    sock = socket.socket()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(patience)
    sock.bind((options.own, 0))
    sock.connect((options.server, 5060))
    return sock


def answer(sock, patience):
    """All that comes within that time."""
    text, end = b"", time.monotonic() + patience
    while select.select([sock], [], [], max(0, end - time.monotonic()))[0]:
        data = sock.recv(65536)
        if not data:
            break
        text += data
    return text


def call(options, sock):
    """Sets one up: what the server calls itself in To, or nothing."""
    branch, uri = token(), f"sip:112@{options.server}"
    sock.sendall(request(options, "INVITE", uri, f"<{uri}>", branch))
    for line in answer(sock, 1).split(b"\r\n"):
        if line.startswith(b"To:") and b"tag=" in line:
            to = line[3:].strip().decode()
            sock.sendall(request(options, "ACK", uri, to, branch))
            return to
    return ""


def hold(options):
    sock = connect(options, 5)
    to = call(options, sock)
    if not to:
        return
    print("up", flush=True)
    time.sleep(options.hold)
    sock.sendall(request(options, "BYE", f"sip:112@{options.server}", to, token()))
    if b"SIP/2.0 200" in answer(sock, 2):
        print("ended", flush=True)


def guess(options):
    end = time.monotonic() + options.guess
    while time.monotonic() < end:
        for way in range(4):
            user = random.randrange(200, 999)
            text = request(options, "OPTIONS", f"sip:{user}@{options.server}",
                           f"<sip:{user}@{options.server}>", token())
            try:
                sock = connect(options, 4)
                to = call(options, sock)
                if not to:
                    continue
                print("call", flush=True)
                if way == 1:
                    text = request(options, "BYE", "sip:112@a", to, token()) + text
                pieces = [text]
                if way == 2:
                    at = text.index(b"IP/2.0")
                    pieces = [text[:at], text[at:]]
                if way == 3:
                    pieces = [text[:10], text[10:]]
                for piece in pieces:
                    sock.sendall(piece)
                    time.sleep(0.05)
                got = answer(sock, 0.5)
                if b"OPTIONS" in got:
                    print("guess", way, got.split(b"\r\n")[0], flush=True)
            except OSError:
                pass


def knock(options):
    end, held = time.monotonic() + options.knock, []
    while time.monotonic() < end:
        sock = socket.socket()
        sock.setblocking(False)
        sock.bind((options.own, 0))
        sock.connect_ex((options.server, 5060))
        held.append(sock)
        for other in held[-40:]:
            try:
                other.send(request(options, "OPTIONS", f"sip:100@{options.server}",
                                   f"<sip:100@{options.server}>", token()))
                print(other.recv(65536).split(b"\r\n")[0], flush=True)
            except OSError:
                pass
        if len(held) > 500:
            held.pop(0).close()
        time.sleep(0.2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="own", required=True)
    parser.add_argument("--hold", type=float)
    parser.add_argument("--guess", type=float)
    parser.add_argument("--knock", type=float)
    parser.add_argument("server")
    options = parser.parse_args()
    if options.hold is not None:
        hold(options)
    elif options.guess is not None:
        guess(options)
    else:
        knock(options)


main()
