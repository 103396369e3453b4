#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A phone that only listens: prints the nonce of every challenge that it gets."""

import argparse
import socket

import sip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--own", required=True)
    parser.add_argument("--port", type=int, default=5060)
    options = parser.parse_args()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((options.own, options.port))
        print("listening", flush=True)
        while True:
            text = sock.recv(65536)
            if text.startswith(b"SIP/2.0 401"):
                print(sip.nonce(text), flush=True)


if __name__ == "__main__":
    main()
