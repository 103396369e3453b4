#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Packets that Linux delivers and a shorter walk misses: VLAN tags, extension headers, fragments,
addresses of everybody. Prints a line for each case: its name, and the status of the server's answer
or `silent`."""

import argparse
import os
import random
import socket
import struct

import sip
from raw import (Wire, datagram, extension, ipv4, ipv6, octets, options, udp)

SERVER = os.environ["SERVER"]
PRIORITY, SERVICE = (0x8100, 0), (0x88A8, 0)
HOPOPTS, ROUTING, FRAGMENT, DSTOPTS = 0, 43, 44, 60


class Target:
    """Sends one request in a form of its own, and waits for its answer."""

    def __init__(self, options):
        self.wire = Wire()
        self.options = options
        self.own = (options.source, random.randrange(20000, 60000))

    def text(self, size=0):
        self.own = (self.options.source, random.randrange(20000, 60000))
        pad = "".join(f"X-Fill: {'x' * 400}\r\n" for _ in range(size // 410))
        return sip.request(self.options.method, "call", self.options.server, self.own,
                           headers=pad)

    def answer(self, seconds=0.4):
        for packet in self.wire.hear(seconds):
            at = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
            if packet[at:at + 4] == struct.pack("!HH", 5060, self.own[1]):
                text = packet[at + 8:]
                if text.startswith(b"SIP/2.0"):
                    return text.split()[1].decode()
        return "silent"

    def tell(self, name):
        print(name, self.answer(), sep="\t", flush=True)


def tags(target):
    for name, stack in {
        "no tag": [], "one priority tag": [PRIORITY], "two priority tags": [PRIORITY] * 2,
        "three priority tags": [PRIORITY] * 3, "four priority tags": [PRIORITY] * 4,
        "eight priority tags": [PRIORITY] * 8, "one service tag": [SERVICE],
        "service and priority tags in turns": [SERVICE, PRIORITY] * 2,
        "three tags of priority 7": [(0x8100, 0xE000)] * 3,
    }.items():
        text = target.text()
        target.wire.send(datagram(*(target.own[0], target.options.server), text, target.own[1]),
                         stack)
        target.tell(name)


def chain(target, headers, text):
    """An IPv6 packet with these extension headers, (type, content) each, before UDP."""
    payload = udp(target.own[0], target.options.server, text, target.own[1])
    following = socket.IPPROTO_UDP
    for kind, content in reversed(headers):
        payload = extension(following, content) + payload
        following = kind
    target.wire.send(ipv6(target.own[0], target.options.server, following, payload))


def extensions(target):
    long = options(2038)
    atomic = struct.pack("!HI", 0, 7)
    for name, headers in {
        "no extension header": [],
        "short destination options": [(DSTOPTS, options(6))],
        "one of 2040 octets": [(DSTOPTS, long)],
        "two of 2040 octets": [(DSTOPTS, long)] * 2,
        "three of 2040 octets": [(DSTOPTS, long)] * 3,
        "hop-by-hop options of 2040 octets": [(HOPOPTS, long)],
        "hop-by-hop and destination options": [(HOPOPTS, long), (DSTOPTS, long)],
        "an atomic fragment behind them": [(DSTOPTS, long), (FRAGMENT, atomic)],
        "nine short ones": [(DSTOPTS, options(6))] * 9,
        "twelve short ones": [(DSTOPTS, options(6))] * 12,
    }.items():
        chain(target, headers, target.text())
        target.tell(name)


def pieces(target, text, first, ident, order=None):
    """IPv4 fragments: `first` octets, then 512 each."""
    whole = udp(target.own[0], target.options.server, text, target.own[1])
    cuts = [0, *range(first, len(whole), 512)]
    parts = []
    for number, at in enumerate(cuts):
        end = cuts[number + 1] if number + 1 < len(cuts) else len(whole)
        parts.append(ipv4(target.own[0], target.options.server, socket.IPPROTO_UDP, whole[at:end],
                          ident=ident, offset=at, more=end < len(whole)))
    for part in order(parts) if order else parts:
        target.wire.send(part)


def cut(target):
    """A datagram in fragments, the first of them ever shorter."""
    for first in (8, 16, 24, 48, 400):
        for name, order in (("", None), (", backwards", lambda parts: parts[::-1])):
            pieces(target, target.text(), first, random.getrandbits(16), order)
            target.tell(f"a first fragment of {first} octets{name}")


def poison(target):
    """Tiny first fragments in the name of `source`, with `count` ids from `ident` on."""
    for number in range(target.options.count):
        target.wire.send(ipv4(target.own[0], target.options.server, socket.IPPROTO_UDP,
                              b"\x13\xc4\x13\xc4\0\x10\0\0", more=True,
                              ident=(target.options.ident + number) & 0xFFFF))
    print("poisoned", target.options.count, sep="\t")


def fragmented(target):
    """Good datagrams in fragments; how many were answered."""
    answered = 0
    for number in range(target.options.count):
        pieces(target, target.text(1500), 1200, (target.options.ident + number) & 0xFFFF)
        answered += target.answer() != "silent"
    print("answered", answered, sep="\t")


def everybody(target):
    """To addresses that mean every host of the network."""
    v6 = ":" in target.own[0]
    mac = b"\x33\x33\0\0\0\x01" if v6 else b"\xff" * 6
    for destination in (("ff02::1", "ff05::1", "ff0e::1") if v6 else
                        ("10.77.0.255", "255.255.255.255", "10.77.0.0", "224.0.0.1")):
        text = target.text()
        target.wire.send(datagram(target.own[0], destination, text, target.own[1]), peer=mac if v6
                         or destination[:3] != "224" else b"\x01\0\x5e\0\0\x01")
        target.tell(f"to {destination}")
    if not v6:
        text = target.text()
        target.wire.send(datagram(target.own[0], SERVER, text, target.own[1]), peer=b"\xff" * 6)
        target.tell("to its own address, in a broadcast frame")


COMMANDS = {"tags": tags, "extensions": extensions, "cut": cut, "poison": poison,
            "fragmented": fragmented, "everybody": everybody}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", default="198.51.100.66")
    parser.add_argument("--server", default=SERVER)
    parser.add_argument("--method", default="MESSAGE")
    parser.add_argument("--ident", type=int, default=4711)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("command", choices=COMMANDS)
    arguments = parser.parse_args()
    octets(arguments.source)
    COMMANDS[arguments.command](Target(arguments))


if __name__ == "__main__":
    main()
