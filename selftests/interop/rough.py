#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A bad line between two interfaces: frames are lost, or come late and so behind those that were sent
after them. `rough.py ONE OTHER --loss 5 --late 20` relays both ways until it is stopped. ARP and
neighbour discovery are spared. It prints now and then how many frames that were."""

import argparse
import heapq
import random
import select
import socket
import time

OUTGOING = 4  # PACKET_OUTGOING: what this relay sent itself
ALL = 3  # ETH_P_ALL


def spared(frame):
    kind = frame[12:14]
    return kind == b"\x08\x06" or kind == b"\x86\xdd" and frame[20] == socket.IPPROTO_ICMPV6


def opened(name):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    sock.bind((name, 0))
    return sock


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--loss", type=float, default=0, help="percent of the frames, each way")
    parser.add_argument("--late", type=float, default=0, help="percent that come late")
    parser.add_argument("--delay", type=float, default=0.04, help="seconds that they are late")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("interfaces", nargs=2)
    options = parser.parse_args()

    chance = random.Random(options.seed)
    one, other = (opened(name) for name in options.interfaces)
    across = {one: other, other: one}
    counts = {"relayed": 0, "lost": 0, "late": 0}
    waiting, number = [], 0
    print("ready", flush=True)
    said = time.monotonic()
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, sock, frame = heapq.heappop(waiting)
            sock.send(frame)
        if now > said + 0.5:
            print(", ".join(f"{count} {name}" for name, count in counts.items()), flush=True)
            said = now
        for sock in select.select([one, other], [], [], 0.005)[0]:
            frame, address = sock.recvfrom(65536)
            if address[2] == OUTGOING:
                continue
            if not spared(frame) and chance.random() * 100 < options.loss:
                counts["lost"] += 1
            elif not spared(frame) and chance.random() * 100 < options.late:
                counts["late"] += 1
                number += 1
                heapq.heappush(waiting, (time.monotonic() + options.delay, number, across[sock], frame))
            else:
                counts["relayed"] += 1
                across[sock].send(frame)


main()
