#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Hosts that are really there, in several networks: they prove as many endpoints as they can, by
answers to probes, by nonces and by tags that the server sent them. Prints what they did."""

import argparse
import os
import random
import struct
import time

import sip
from raw import Wire, datagram

SERVER = os.environ["SERVER"]


def endpoint(number, networks):
    return f"198.{51 + number % networks}.100.{1 + number // networks % 200}", 10000 + number


class Hosts:
    def __init__(self, options):
        self.options = options
        self.wire = Wire()
        self.counts = {"requests": 0, "probes": 0, "nonces": 0}
        self.pending = {endpoint(n, options.networks): n for n in range(options.endpoints)}

    def send(self, own, text):
        self.wire.send(datagram(own[0], SERVER, text, own[1]))

    def ask(self, own):
        self.counts["requests"] += 1
        self.send(own, sip.request("REGISTER", "100", SERVER, own))

    def hear(self, packet):
        if packet[0] >> 4 != 4 or packet[9] != 17:
            return
        own = (".".join(map(str, packet[16:20])), struct.unpack("!H", packet[22:24])[0])
        text = packet[28:]
        if own not in self.pending:
            return
        if text.startswith(b"OPTIONS"):
            self.counts["probes"] += 1
            for more in range(self.options.reuse):
                self.send((own[0], own[1] + more), sip.answer(text, 200, "OK"))
            self.pending.pop(own)
        elif not self.options.quiet and text.startswith(b"SIP/2.0 401") and sip.nonce(text):
            self.counts["nonces"] += 1
            self.send(own, sip.request("REGISTER", "100", SERVER, own,
                                       login=sip.credentials(sip.nonce(text)), cseq="2 REGISTER"))

    def run(self):
        end = time.monotonic() + self.options.seconds
        while self.pending and time.monotonic() < end:
            for own in random.sample(list(self.pending), min(8, len(self.pending))):
                self.ask(own)
            for packet in self.wire.hear(0.1):
                self.hear(packet)
        print(", ".join(f"{count} {name}" for name, count in self.counts.items()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoints", type=int, default=320)
    parser.add_argument("--networks", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--reuse", type=int, default=1, help="ports that answer one probe")
    parser.add_argument("--quiet", action="store_true", help="answer no challenge")
    Hosts(parser.parse_args()).run()


if __name__ == "__main__":
    main()
