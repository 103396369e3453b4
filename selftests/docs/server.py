#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A SIP server that answers each request with 200, for the commands of the documents."""

import socket

COPIED = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:")


def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("0.0.0.0", 5060))
        while True:
            data, peer = sock.recvfrom(65536)
            lines = data.split(b"\r\n")
            if lines[0].startswith(b"SIP/2.0"):
                continue
            answer = [b"SIP/2.0 200 OK"] + [line for line in lines[1:]
                                            if line.lower().startswith(COPIED)]
            sock.sendto(b"\r\n".join(answer + [b"Content-Length: 0", b"", b""]), peer)


if __name__ == "__main__":
    main()
