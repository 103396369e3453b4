#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A VLAN sub-interface for kernels without 8021q: a TAP device whose frames go out of LINK
behind the given tags, outermost first, and that gets the frames which arrive there with them.

usage: vlan.py LINK NAME TPID:ID [TPID:ID]     e.g. vlan.py eth0 vlan42 0x8100:42"""

import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA, PACKET_OUTGOING = 0x0003, 263, 8, 4
VLAN_VALID, TPID_VALID = 1 << 4, 1 << 6


def open_tap(name):
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return tap


def receive(sock):
    """One frame as it was on the wire: the kernel moves the outer tag into the auxiliary data."""
    frame, auxiliary, _, address = sock.recvmsg(65536, 256)
    if address[2] == PACKET_OUTGOING:
        return None
    for level, kind, data in auxiliary:
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data[:20])
            if status & VLAN_VALID:
                tpid = tpid if status & TPID_VALID else 0x8100
                return frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
    return frame


def main():
    link, name = sys.argv[1], sys.argv[2]
    tags = b"".join(
        struct.pack("!HH", *(int(part, 0) for part in tag.split(":"))) for tag in sys.argv[3:]
    )
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as wire:
        wire.bind((link, ETH_P_ALL))
        wire.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        tap = open_tap(name)
        print("ready", flush=True)
        behind = 12 + len(tags)
        while True:
            for source in select.select([wire, tap], [], [])[0]:
                if source is tap:
                    frame = os.read(tap, 65536)
                    wire.send(frame[:12] + tags + frame[12:])
                    continue
                frame = receive(wire)
                # the next EtherType is no tag: exactly these tags, not more
                if (
                    frame
                    and frame[12:behind] == tags
                    and frame[behind : behind + 2] not in (b"\x81\x00", b"\x88\xa8")
                ):
                    try:
                        os.write(tap, frame[:12] + frame[behind:])
                    except OSError:
                        pass  # the device is not up yet


main()
