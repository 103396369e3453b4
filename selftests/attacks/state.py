#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Reads a dump of the table of known endpoints (bpftool -j) on standard input, and prints address,
port, TTL, VLAN and grade of each."""

import ipaddress
import json
import struct
import sys


def address(octets):
    if octets[:12] == bytes(10) + b"\xff\xff":
        return ipaddress.IPv4Address(octets[12:])
    return ipaddress.IPv6Address(octets)


def main():
    text = sys.stdin.read().strip()
    for entry in json.loads(text) if text else []:
        key, value = (bytes(int(octet, 16) for octet in entry[part]) for part in ("key", "value"))
        port = struct.unpack("!H", key[16:18])[0]
        vlan, ttl, grade = struct.unpack("=HBB", value[16:20])
        print(address(key[:16]), port, ttl, vlan, grade)


if __name__ == "__main__":
    main()
