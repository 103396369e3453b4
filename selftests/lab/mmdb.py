#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes a MaxMind DB file of IPv4: mmdb.py FILE PREFIX=COUNTRY..."""
import ipaddress
import sys


def text(value):
    return bytes([2 << 5 | len(value)]) + value.encode()


def number(kind, value, size):
    return bytes([kind << 5 | size]) + value.to_bytes(size, "big")


def main():
    nodes, data = [[None, None]], b""
    for word in sys.argv[2:]:
        prefix, country = word.split("=")
        net = ipaddress.ip_network(prefix)
        node = 0
        for depth in range(net.prefixlen):
            bit = int(net.network_address) >> (31 - depth) & 1
            if depth + 1 == net.prefixlen:
                nodes[node][bit] = ("data", len(data))
            elif not isinstance(nodes[node][bit], int):
                nodes.append([nodes[node][bit]] * 2)
                nodes[node][bit] = len(nodes) - 1
            node = nodes[node][bit] if isinstance(nodes[node][bit], int) else None
        data += bytes([7 << 5 | 1]) + text("country") + bytes([7 << 5 | 1])
        data += text("iso_code") + text(country)
    tree = b""
    for node in nodes:
        for record in node:
            value = len(nodes) if record is None else \
                record if isinstance(record, int) else len(nodes) + 16 + record[1]
            tree += value.to_bytes(3, "big")
    metadata = b"\xab\xcd\xefMaxMind.com" + bytes([7 << 5 | 4])
    metadata += text("binary_format_major_version") + number(5, 2, 2)
    metadata += text("ip_version") + number(5, 4, 2)
    metadata += text("node_count") + number(6, len(nodes), 4)
    metadata += text("record_size") + number(5, 24, 2)
    with open(sys.argv[1], "wb") as file:
        file.write(tree + bytes(16) + data + metadata)


if __name__ == "__main__":
    main()
