# SPDX-License-Identifier: GPL-2.0-only
"""What an attacker with a raw socket sends: IPv4, IPv6, UDP and TCP of his own making, in Ethernet
frames of his own making. Any source address, TTL, VLAN tag, fragment and sequence number. Only for
the lab's namespaces: the device and the server's MAC address come from its scripts."""

import ipaddress
import os
import random
import socket
import struct
import time

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ETH_P_ALL = 3
OUTGOING = 4


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def octets(address):
    return ipaddress.ip_address(address).packed


def pseudo(src, dst, protocol, size):
    """The pseudo header of RFC 768, RFC 9293 3.1 and RFC 8200 8.1."""
    src, dst = octets(src), octets(dst)
    if len(src) == 4:
        return src + dst + struct.pack("!BBH", 0, protocol, size)
    return src + dst + struct.pack("!IHBB", size, 0, 0, protocol)


def udp(src, dst, payload, sport=5060, dport=5060):
    size = 8 + len(payload)
    header = struct.pack("!HHHH", sport, dport, size, 0)
    total = checksum(pseudo(src, dst, socket.IPPROTO_UDP, size) + header + payload) or 0xFFFF
    return header[:6] + struct.pack("!H", total) + payload


def tcp(src, dst, sport, dport, seq, ack, flags, payload=b""):
    header = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 5 << 4,
                         flags, 0xFFFF, 0, 0)
    total = checksum(pseudo(src, dst, socket.IPPROTO_TCP, 20 + len(payload)) + header + payload)
    return header[:16] + struct.pack("!H", total) + header[18:] + payload


def ipv4(src, dst, protocol, payload, ttl=64, ident=None, offset=0, more=False):
    ident = random.getrandbits(16) if ident is None else ident
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), ident,
                         (0x2000 if more else 0) | offset // 8, ttl, protocol, 0)
    header += octets(src) + octets(dst)
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(src, dst, protocol, payload, ttl=64):
    return (struct.pack("!IHBB", 6 << 28, len(payload), protocol, ttl) + octets(src) +
            octets(dst) + payload)


def ip(src, dst, protocol, payload, ttl=64):
    return (ipv6 if ":" in src else ipv4)(src, dst, protocol, payload, ttl)


def datagram(src, dst, payload, sport=5060, dport=5060, ttl=64):
    return ip(src, dst, socket.IPPROTO_UDP, udp(src, dst, payload, sport, dport), ttl)


def extension(following, content):
    """One IPv6 extension header that holds `content`, padded as options are (RFC 8200 4.2)."""
    room = -(len(content) + 2) % 8
    if room == 1:
        content += b"\0"
    elif room:
        content += struct.pack("!BB", 1, room - 2) + bytes(room - 2)
    return struct.pack("!BB", following, (len(content) + 2) // 8 - 1) + content


def options(size):
    """IPv6 options of `size` octets together, of a type that is to be skipped when it is not known:
    Linux takes eight of them in a header, and no long padding."""
    content = b""
    while size:
        part = min(size, 257)
        content += b"\0" if part == 1 else struct.pack("!BB", 0x1E, part - 2) + bytes(part - 2)
        size -= part
    return content


class Wire:
    """One Ethernet device, below all that the kernel checks."""

    def __init__(self, device="eth0", peer=None):
        self.peer = bytes.fromhex((peer or os.environ["SERVER_MAC"]).replace(":", ""))
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.sock.bind((device, ETH_P_ALL))
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.own = self.sock.getsockname()[4]

    def frame(self, packet, tags=(), peer=None):
        kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
        head = (peer or self.peer) + self.own
        for ethertype, control in tags:
            head += struct.pack("!HH", ethertype, control)
        return head + struct.pack("!H", kind) + packet

    def send(self, packet, tags=(), peer=None):
        self.sock.send(self.frame(packet, tags, peer))

    def hear(self, seconds):
        """The IPv4 and IPv6 packets that come in, until the time is over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.sock.settimeout(left)
            try:
                frame, address = self.sock.recvfrom(65536)
            except TimeoutError:
                return
            if address[2] != OUTGOING and address[1] in (0x0800, 0x86DD):
                yield frame[14:]


class Stream:
    """A TCP connection, segment by segment, from an address that this host need not have."""

    def __init__(self, wire, src, dst, sport=None, dport=5060):
        self.wire, self.src, self.dst, self.dport = wire, src, dst, dport
        self.sport = sport or random.randrange(20000, 60000)
        self.first = random.getrandbits(32)  # of the SYN
        self.theirs = 0
        self.received = b""

    def segment(self, at, flags, payload=b""):
        """`at` octets behind the first of the payload; -1 is the SYN."""
        self.wire.send(ip(self.src, self.dst, socket.IPPROTO_TCP,
                          tcp(self.src, self.dst, self.sport, self.dport, self.first + 1 + at,
                              self.theirs if flags & ACK else 0, flags, payload)))

    def open(self, seconds=1.0):
        self.segment(-1, SYN)
        for packet in self.wire.hear(seconds):
            segment = self.mine(packet)
            if segment and segment[13] & (SYN | ACK) == SYN | ACK:
                self.theirs = (struct.unpack("!I", segment[4:8])[0] + 1) & 0xFFFFFFFF
                self.segment(0, ACK)
                return True
        return False

    def data(self, at, payload):
        self.segment(at, ACK | PSH, payload)

    def mine(self, packet):
        """The TCP segment in a packet of this connection."""
        if packet[0] >> 4 == 4:
            size, protocol, source = (packet[0] & 15) * 4, packet[9], packet[12:16]
            packet = packet[:struct.unpack("!H", packet[2:4])[0]]
        else:
            size, protocol, source = 40, packet[6], packet[8:24]
        segment = packet[size:]
        if protocol != socket.IPPROTO_TCP or source != octets(self.dst) or len(segment) < 20:
            return None
        ports = struct.unpack("!HH", segment[:4])
        return segment if ports == (self.dport, self.sport) else None

    def listen(self, seconds, acknowledge=0):
        """What the server says; it is told that `acknowledge` octets were sent to it. Over as soon
        as there is an answer."""
        for packet in self.wire.hear(seconds):
            segment = self.mine(packet)
            if not segment:
                continue
            at = struct.unpack("!I", segment[4:8])[0]
            content = segment[(segment[12] >> 4) * 4:]
            if content and at == self.theirs:
                self.received += content
                self.theirs = (self.theirs + len(content)) & 0xFFFFFFFF
                self.segment(acknowledge, ACK)
                return self.received
        return self.received

    def reset(self, at):
        self.segment(at, RST | ACK)
