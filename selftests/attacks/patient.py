#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A client that sends one INVITE until it is answered, as timer A wants it: after 0.5 s, then after
twice as long as before, without a cap, until 32 s are over (RFC 3261 17.1.1.2). Prints behind which
transmission the answer came. With --last, answers before that to the last one are lost."""

import argparse
import os
import socket
import time

import sip

SERVER = os.environ["SERVER"]


def hears(sock, until):
    """Whether an answer comes before that time."""
    sock.settimeout(max(0.05, until - time.monotonic()))
    try:
        return sock.recv(65536).startswith(b"SIP/2.0")
    except TimeoutError:
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--own", required=True)
    parser.add_argument("--at", default="0,0.5,1.5,3.5,7.5,15.5,31.5", help="seconds")
    parser.add_argument("--user", default="call")
    parser.add_argument("--last", action="store_true")
    options = parser.parse_args()

    times = [float(at) for at in options.at.split(",")]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((options.own, 0))
        text = sip.request("INVITE", options.user, SERVER, sock.getsockname())
        start = time.monotonic()
        for number, at in enumerate(times):
            time.sleep(max(0, start + at - time.monotonic()))
            sock.sendto(text, (SERVER, 5060))
            until = times[number + 1] if number + 1 < len(times) else at + 1
            if hears(sock, start + until) and (not options.last or number + 1 == len(times)):
                print(f"answered at {at} s")
                return
    print(f"no answer to {len(times)} transmissions")


if __name__ == "__main__":
    main()
