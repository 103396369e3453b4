#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints the source port of each UDP packet for port 5060 that got past what is in front of the
kernel: what XDP dropped is not seen here."""

import socket
import struct

ETH_P_IP = 0x0800


def main():
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind(("eth0", ETH_P_IP))
    print("listening", flush=True)
    while True:
        packet = sock.recv(65536)
        size = (packet[0] & 15) * 4
        if packet[9] == socket.IPPROTO_UDP and len(packet) >= size + 8:
            source, target = struct.unpack("!HH", packet[size:size + 4])
            if target == 5060:
                print(source, flush=True)


if __name__ == "__main__":
    main()
