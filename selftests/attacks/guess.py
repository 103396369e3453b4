#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Guesses passwords over one TCP connection, or from one UDP port, each with the nonce of the last
challenge. Prints how many answers it had."""

import argparse
import os
import socket

import sip

SERVER = os.environ["SERVER"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--own", required=True)
    parser.add_argument("--user", default="100")
    parser.add_argument("--udp", action="store_true")
    parser.add_argument("--count", type=int, default=40)
    options = parser.parse_args()

    answers, login = 0, ""
    kind = socket.SOCK_DGRAM if options.udp else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.settimeout(1)
        sock.bind((options.own, 0))
        sock.connect((SERVER, 5060))
        own = sock.getsockname()
        for _ in range(options.count):
            try:
                sock.sendall(sip.request("REGISTER", options.user, SERVER, own, login=login,
                                         transport="UDP" if options.udp else "TCP"))
                text = sock.recv(65536)
                while text and not text.startswith(b"SIP/2.0"):  # a probe
                    text = sock.recv(65536)
            except OSError:
                break
            answers += text.startswith(b"SIP/2.0")
            login = sip.credentials(sip.nonce(text), options.user)
    print(answers)


if __name__ == "__main__":
    main()
