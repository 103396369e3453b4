#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Homer's end of HEP3: hep.py ADDRESS PORT prints a line of JSON for each packet that comes, and hands
the packet on to port 9060 of the loopback, for another reader. A packet that is none ends it."""

import ipaddress
import json
import socket
import struct
import sys

NUMBERS = {0x01: "family", 0x02: "protocol", 0x07: "source_port", 0x08: "destination_port",
           0x09: "seconds", 0x0a: "microseconds", 0x0b: "type", 0x0c: "id"}
ADDRESSES = {0x03: "source", 0x04: "destination", 0x05: "source", 0x06: "destination"}
TEXTS = {0x0f: "payload", 0x11: "correlation"}


def decode(packet):
    magic, size = struct.unpack_from("!4sH", packet)
    assert magic == b"HEP3" and size == len(packet), packet
    found, at = {}, 6
    while at < size:
        vendor, kind, length = struct.unpack_from("!HHH", packet, at)
        value = packet[at + 6:at + length]
        assert vendor == 0 and length >= 6 and at + length <= size, packet
        if kind in NUMBERS:
            found[NUMBERS[kind]] = int.from_bytes(value, "big")
        elif kind in ADDRESSES:
            found[ADDRESSES[kind]] = str(ipaddress.ip_address(value))
        else:
            found[TEXTS[kind]] = value.decode(errors="replace")
        at += length
    return found


def main():
    family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
    onward = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        sock.bind((sys.argv[1], int(sys.argv[2])))
        while True:
            packet = sock.recv(65536)
            print(json.dumps(decode(packet)), flush=True)
            onward.sendto(packet, ("127.0.0.1", 9060))


if __name__ == "__main__":
    main()
