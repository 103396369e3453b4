#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""serve FILE: answers OPTIONS, and writes into FILE how many came from each address, when it is
told to end. send FROM SERVER PER_SECOND: sends OPTIONS until it is told to end, and prints how many
it sent and how many were answered."""

import signal
import socket
import sys
import time

ended = False


def end(*_):
    global ended
    ended = True


def request(own, server, number):
    return (f"OPTIONS sip:{server} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {own}:5060;branch=z9hG4bK{number:08x}\r\n"
            "Max-Forwards: 70\r\n"
            f"From: <sip:a@{own}>;tag=t{number}\r\nTo: <sip:{server}>\r\n"
            f"Call-ID: {number}@{own}\r\nCSeq: 1 OPTIONS\r\n"
            "Content-Length: 0\r\n\r\n").encode()


def answer(message):
    lines = message.decode().split("\r\n")
    kept = [line for line in lines[1:]
            if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
    kept = [line + ";tag=server" if line.startswith("To:") else line for line in kept]
    return "\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]).encode()


def serve(file):
    counts = {}
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.bind(("0.0.0.0", 5060))
    link.settimeout(0.1)
    while not ended:
        try:
            message, peer = link.recvfrom(4096)
        except TimeoutError:
            continue
        counts[peer[0]] = counts.get(peer[0], 0) + 1
        link.sendto(answer(message), peer)
    with open(file, "w", encoding="ascii") as out:
        for address, count in sorted(counts.items()):
            print(address, count, file=out)


def send(own, server, rate):
    sent = answered = 0
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.bind((own, 5060))
    due = time.monotonic()
    until = due + 1
    while time.monotonic() < until:
        if not ended and time.monotonic() >= due:
            sent += 1
            link.sendto(request(own, server, sent), (server, 5060))
            due += 1 / rate
            until = time.monotonic() + 1 # for the last answers
        link.settimeout(1 / rate)
        try:
            link.recv(4096)
            answered += 1
        except TimeoutError:
            pass
    print(sent, answered)


signal.signal(signal.SIGTERM, end)
if sys.argv[1] == "serve":
    serve(sys.argv[2])
else:
    send(sys.argv[2], sys.argv[3], float(sys.argv[4]))
