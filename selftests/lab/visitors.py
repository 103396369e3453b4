#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Visitors that the exporter should not have: they hold connections open, a header line now and
then; or send as many requests as they can, many in one connection; or open more and more
connections. Prints how many connections were made, and how long the longest one lasted."""

import argparse
import selectors
import socket
import time

REQUEST = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


class Visitors:
    def __init__(self, options):
        self.options = options
        self.made = 0
        self.longest = 0.0
        self.since = {}
        self.wait = selectors.DefaultSelector()

    def connect(self):
        visitor = socket.socket()
        try:
            visitor.settimeout(1)
            visitor.connect((self.options.host, self.options.port))
        except OSError:
            visitor.close()
            return
        visitor.setblocking(False)
        self.made += 1
        self.since[visitor] = time.monotonic()
        self.wait.register(visitor, selectors.EVENT_READ)
        self.send(visitor, REQUEST * 16 if self.options.kind == "pipeline" else REQUEST[:-2])

    def send(self, visitor, text):
        try:
            visitor.send(text)
        except BlockingIOError:
            pass
        except OSError:
            self.drop(visitor)

    def drop(self, visitor):
        self.longest = max(self.longest, time.monotonic() - self.since.pop(visitor))
        self.wait.unregister(visitor)
        visitor.close()

    def read(self):
        for key, _ in self.wait.select(0.02):
            try:
                if key.fileobj.recv(65536):
                    continue
            except BlockingIOError:
                continue
            except OSError:
                pass
            self.drop(key.fileobj)

    def run(self):
        end = time.monotonic() + self.options.seconds
        line = 0.0
        while time.monotonic() < end:
            if self.options.kind == "many" or len(self.since) < self.options.count:
                self.connect()
            elif self.options.kind == "slow" and time.monotonic() > line:
                line = time.monotonic() + 1
                for visitor in list(self.since):
                    self.send(visitor, b"X: y\r\n")
            self.read()
        for visitor in list(self.since):
            self.drop(visitor)
        print(f"{self.made} {self.longest:.1f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["slow", "pipeline", "many"])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9538)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5)
    Visitors(parser.parse_args()).run()


if __name__ == "__main__":
    main()
