#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Logins over TCP by several who share an address. A step is CONNECTION.good:USER, the right
password, CONNECTION.wrong:USER[:COUNT], or CONNECTION.spray:USER:COUNT, one wrong password for each
of COUNT users from this one on. CONNECTION.branch:USER:COUNT has one branch for all wrong passwords,
and CONNECTION.decoy:USER:COUNT has the credentials of the good user 101 before them, in another realm;
behind each fifth one the good user logs in, with the name of the other before its own.
CONNECTION.crowd:USER:COUNT is one wrong password from each of COUNT addresses, 100 and more behind
the network of the own one. A connection is opened when it is used first, or was closed. Each
step prints how many logins the server answered, and how many it accepted."""

import argparse
import hashlib
import os
import socket

import sip

SERVER = os.environ["SERVER"]


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def login(nonce, user, password, realm="lab"):
    uri = f"sip:{SERVER}"
    secret = md5(f"{user}:{realm}:{password}")
    response = md5(f"{secret}:{nonce}:{md5(f'REGISTER:{uri}')}")
    return (f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", '
            f'uri="{uri}", response="{response}"\r\n')


class Line:
    """One connection."""

    def __init__(self, own):
        self.own, self.sock = own, None

    def ask(self, user, credentials="", branch=None):
        """The status of the answer, 0 when there is none, and its nonce."""
        try:
            if not self.sock:
                self.sock = socket.socket()
                self.sock.settimeout(0.7)
                self.sock.bind((self.own, 0))
                self.sock.connect((SERVER, 5060))
            self.sock.sendall(sip.request("REGISTER", user, SERVER, self.sock.getsockname(),
                                          from_user=user, uri=f"sip:{SERVER}", transport="TCP",
                                          login=credentials, branch=branch))
            text = self.sock.recv(65536)
        except OSError:
            text = b""
        if not text:
            self.sock.close()
            self.sock = None
            return 0, ""
        return int(text.split()[1]), sip.nonce(text)

    def tries(self, user, password):
        _, nonce = self.ask(user)
        return self.ask(user, login(nonce, user, password))[0] if nonce else 0

    def hides(self, kind, user, number):
        """A wrong password in one of the ways that would not be counted."""
        _, nonce = self.ask(user)
        if not nonce:
            return 0
        if kind == "branch":
            return self.ask(user, login(nonce, user, "wrong"), "z9hG4bKalways")[0]
        if number % 5 == 4:
            self.ask("101", login(nonce, user, "wrong", "other") + login(nonce, "101", "secret"))
        return self.ask(user, login(nonce, "101", "x", "other") + login(nonce, user, "wrong"))[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--own", required=True)
    parser.add_argument("steps", nargs="+")
    options = parser.parse_args()

    lines = {}
    for step in options.steps:
        name, what = step.split(".")
        kind, user, *count = what.split(":")
        line = lines.setdefault(name, Line(options.own))
        statuses = []
        for number in range(int(count[0]) if count else 1):
            one = str(int(user) + number) if kind == "spray" else user
            if kind == "crowd":
                line = Line(options.own.rsplit(".", 1)[0] + f".{100 + number}")
            statuses.append(line.hides(kind, one, number) if kind in ("branch", "decoy") else
                            line.tries(one, "secret" if kind == "good" else "wrong"))
            if not statuses[-1] and kind not in ("good", "crowd"):
                break
        print(step, sum(s > 0 for s in statuses), sum(s == 200 for s in statuses))


if __name__ == "__main__":
    main()
