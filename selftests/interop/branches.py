#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A proxy upstream forks one call to many users of this server: the same Call-ID, From and CSeq, with
a branch and a Request-URI of each. Prints how many branches were answered, and how many there were.
A branch without an answer is sent again, as RFC 3261 17.1.1.2 says; each refusal gets its ACK."""

import random
import re
import socket
import sys
import time

own, server, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((own, 5060))
call = f"{random.getrandbits(64):x}"


def request(method, number, to=""):
    user = 300 + number
    return (
        f"{method} sip:{user}@{server} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {own}:5060;rport;branch=z9hG4bK{call}{number:02}\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bKup{call}\r\n"
        f"Max-Forwards: 69\r\n"
        f"From: <sip:upstream@{own}>;tag={call[:8]}\r\n"
        f"To: {to or f'<sip:hunt@{own}>'}\r\n"
        f"Call-ID: {call}\r\nCSeq: 1 {method}\r\n"
        f"Contact: <sip:upstream@{own}:5060>\r\nContent-Length: 0\r\n\r\n"
    ).encode()


answered, sent = set(), time.monotonic()
due, wait = 0, 0.5
while time.monotonic() < sent + 6 and len(answered) < count:
    if time.monotonic() >= sent + due:
        for number in range(count):
            if number not in answered:
                sock.sendto(request("INVITE", number), (server, 5060))
                time.sleep(0.002)
        due, wait = due + wait, wait * 2
    sock.settimeout(0.05)
    try:
        text, peer = sock.recvfrom(65536)
    except TimeoutError:
        continue
    text = text.decode(errors="replace")
    if text.startswith("OPTIONS"):
        kept = re.findall(r"(?im)^(?:via|from|to|call-id|cseq):.*\r\n", text)
        sock.sendto(f"SIP/2.0 200 OK\r\n{''.join(kept)}Content-Length: 0\r\n\r\n".encode(), peer)
        continue
    branch = re.search(rf"z9hG4bK{call}(\d\d)", text)
    if branch:
        answered.add(int(branch.group(1)))
        if int(text.split()[1]) >= 200:
            to = re.search(r"(?im)^to: *(.*)\r", text).group(1)
            sock.sendto(request("ACK", int(branch.group(1)), to), (server, 5060))
print(len(answered), count)
