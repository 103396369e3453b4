#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""make-captures.py DIRECTORY: the same packets as captures of every link type that `explain`
reads, and some that are damaged. Written by hand, octet by octet: no library decides."""
import socket
import struct
import sys

SIP = (
    "OPTIONS sip:alice@example.com SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK%d\r\n"
    "Max-Forwards: 70\r\n"
    "From: <sip:bob@example.com>;tag=1\r\n"
    "To: <sip:alice@example.com>\r\n"
    "Call-ID: %d@198.51.100.7\r\n"
    "CSeq: 1 %s\r\n"
    "Content-Length: 0\r\n\r\n"
)


def ipv4(payload):
    udp = struct.pack("!HHHH", 5060, 5060, 8 + len(payload), 0) + payload
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                       socket.inet_aton("198.51.100.7"), socket.inet_aton("192.0.2.1")) + udp


def ipv6(payload):
    udp = struct.pack("!HHHH", 5060, 5060, 8 + len(payload), 0) + payload
    return struct.pack("!IHBB16s16s", 6 << 28, len(udp), 17, 64,
                       socket.inet_pton(socket.AF_INET6, "2001:db8::7"),
                       socket.inet_pton(socket.AF_INET6, "2001:db8::1")) + udp


# How each link type wraps a packet of an ethertype; the numbers are those of the pcap format.
LINKS = {
    "ethernet": (1, lambda p, t: bytes(12) + struct.pack("!H", t) + p),
    "vlan": (1, lambda p, t: bytes(12) + struct.pack("!HHH", 0x8100, 42, t) + p),
    "raw": (101, lambda p, t: p),
    "cooked1": (113, lambda p, t: struct.pack("!HHH8sH", 0, 1, 6, bytes(8), t) + p),
    "cooked2": (276, lambda p, t: struct.pack("!HHIHBB8s", t, 0, 2, 1, 0, 6, bytes(8)) + p),
    "null": (0, lambda p, t: struct.pack("<I", 2 if t == 0x800 else 10) + p),
    "loop": (108, lambda p, t: struct.pack("!I", 2 if t == 0x800 else 24) + p),
}


def pcap(path, link, packets, cut=None):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link))
        for time, octets in packets:
            kept = octets[:cut] if cut else octets
            out.write(struct.pack("<IIII", int(time), int(time % 1 * 1e6), len(kept), len(octets)))
            out.write(kept)


def block(kind, body):
    body += bytes(-len(body) % 4)
    size = 12 + len(body)
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def pcapng(path, link, packets):
    with open(path, "wb") as out:
        out.write(block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
        out.write(block(1, struct.pack("<HHI", link, 0, 65535)))
        for time, octets in packets:
            stamp = int(time * 1e6)
            out.write(block(6, struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF,
                                           len(octets), len(octets)) + octets))


def main(directory):
    good = (SIP % (1, 1, "OPTIONS")).encode()
    bad = (SIP % (2, 2, "INVITE")).encode()
    both = [(1000.0, ipv4(good), 0x800), (1000.1, ipv6(good), 0x86DD), (1000.2, ipv4(bad), 0x800)]
    for name, (link, wrap) in LINKS.items():
        pcap(f"{directory}/{name}.pcap", link, [(t, wrap(p, e)) for t, p, e in both])
    link, wrap = LINKS["ethernet"]
    packets = [(t, wrap(p, e)) for t, p, e in both]
    pcapng(f"{directory}/ethernet.pcapng", link, packets)
    pcap(f"{directory}/cut.pcap", link, packets, cut=100)
    pcap(f"{directory}/unknown-link.pcap", 147, packets)
    pcap(f"{directory}/empty.pcap", link, [])
    with open(f"{directory}/ethernet.pcap", "rb") as whole:
        octets = whole.read()
    with open(f"{directory}/damaged.pcap", "wb") as out:
        out.write(octets[:-10])
    arp = bytes(12) + struct.pack("!H", 0x806) + bytes(28)
    pcap(f"{directory}/others.pcap", link, [(1, arp), (2, arp[:20]), (3, b"x")])
    # one a second: the times of the capture decide, not the speed of the run
    paced = [(2000 + t, wrap(ipv4((SIP % (n, n, "OPTIONS")).encode()), 0x800))
             for n, t in enumerate((0, 0.1, 0.2, 1.3, 1.4, 9))]
    pcap(f"{directory}/paced.pcap", link, paced)
    for name, octets in ("good", good), ("bad", bad):
        with open(f"{directory}/{name}.sip", "wb") as out:
            out.write(octets)


main(sys.argv[1])
