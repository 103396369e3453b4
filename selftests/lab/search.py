#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Asks for users from 200 on, none of whom is there: over one TCP connection, or over UDP, with the
credentials that it registered with before. Prints how many of the questions were answered."""

import argparse
import random
import re
import socket

from phone import digest


class Asker:
    def __init__(self, options):
        self.options = options
        kind = socket.SOCK_STREAM if options.tcp else socket.SOCK_DGRAM
        self.transport = "TCP" if options.tcp else "UDP"
        self.sock = socket.socket(socket.AF_INET, kind)
        self.sock.settimeout(0.5)
        self.sock.bind((options.own, 0))
        self.sock.connect((options.server, 5060))
        self.port = self.sock.getsockname()[1]

    def ask(self, method, uri, to, login=""):
        """The answer, or nothing when none came."""
        own, branch = self.options.own, f"z9hG4bK{random.getrandbits(64):x}"
        text = (
            f"{method} {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/{self.transport} {own}:{self.port};branch={branch};rport\r\n"
            "Max-Forwards: 70\r\n"
            f"From: <sip:{self.options.user}@{self.options.server}>;tag={branch[-8:]}\r\n"
            f"To: <{to}>\r\n"
            f"Call-ID: {branch[7:]}\r\n"
            f"CSeq: 1 {method}\r\n"
            f"Contact: <sip:{self.options.user}@{own}:{self.port}>\r\n"
            f"Expires: 60\r\n{login}"
            "Content-Length: 0\r\n\r\n"
        )
        try:
            self.sock.send(text.encode())
            while True:
                answer = self.sock.recv(65536).decode(errors="replace")
                if branch in answer:
                    return answer
        except OSError:
            return ""

    def register(self):
        """The credentials that were taken."""
        o = self.options
        uri, to = f"sip:{o.server}", f"sip:{o.user}@{o.server}"
        challenge = self.ask("REGISTER", uri, to)
        nonce = re.search(r'nonce="([^"]*)"', challenge).group(1)
        login = (
            f'Authorization: Digest username="{o.user}", realm="lab", nonce="{nonce}", '
            f'uri="{uri}", algorithm=MD5, '
            f'response="{digest(o.user, "secret", "lab", nonce, uri)}"\r\n'
        )
        if not self.ask("REGISTER", uri, to, login).startswith("SIP/2.0 200"):
            raise SystemExit("not registered")
        return login


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="own", required=True)
    parser.add_argument("--tcp", action="store_true")
    parser.add_argument("--user", default="100")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("server")
    options = parser.parse_args()

    asker = Asker(options)
    login = "" if options.tcp else asker.register()
    answered = 0
    for number in range(200, 200 + options.count):
        uri = f"sip:{number}@{options.server}"
        answered += asker.ask("OPTIONS", uri, uri, login).startswith("SIP/2.0 404")
    print(answered)


if __name__ == "__main__":
    main()
