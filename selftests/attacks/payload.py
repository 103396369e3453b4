#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints a payload for the flooder."""

import struct
import sys

PAYLOADS = {
    "keepalive": b"\r\n\r\n",
    "stun": struct.pack("!HHI", 1, 0, 0x2112A442) + b"0123456789abcdef"[:12],
}


def main():
    sys.stdout.buffer.write(PAYLOADS[sys.argv[1]])


if __name__ == "__main__":
    main()
