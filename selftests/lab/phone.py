#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Phones behind one address: each registers from a port of its own, answers challenges, keeps its
nonce for the next time, and sends again what stays unanswered. Prints how many registrations
succeeded, and how many were tried."""

import argparse
import hashlib
import random
import re
import select
import socket
import time


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def digest(user, password, realm, nonce, uri):
    secret = md5(f"{user}:{realm}:{password}")
    return md5(f"{secret}:{nonce}:{md5(f'REGISTER:{uri}')}")


class Phone:
    """One registration at a time: start() it, feed it, and look at `state`."""

    def __init__(self, options, number):
        self.options = options
        self.user = str(options.first_user + number)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((options.own, options.sport + number if options.sport else 0))
        self.sock.connect((options.server, 5060))
        self.port = self.sock.getsockname()[1]
        self.call_id = f"{random.getrandbits(64):x}"
        self.nonce = None
        self.cseq = 0
        self.wrong = options.wrong
        self.state = "idle"

    def start(self):
        self.state = "waiting"
        self.challenges = 0
        self.send()

    def send(self):
        o = self.options
        uri = f"sip:{o.server}"
        self.cseq += 1
        self.branch = f"z9hG4bK{random.getrandbits(64):x}"
        login = ""
        if self.nonce:
            password = "wrong" if self.wrong > 0 else o.password
            self.wrong -= 1
            login = (
                f'Authorization: Digest username="{self.user}", realm="lab", '
                f'nonce="{self.nonce}", uri="{uri}", algorithm=MD5, '
                f'response="{digest(self.user, password, "lab", self.nonce, uri)}"\r\n'
            )
        self.text = (
            f"REGISTER {uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {o.own}:{self.port};branch={self.branch};rport\r\n"
            "Max-Forwards: 70\r\n"
            f"From: <sip:{self.user}@{o.server}>;tag={self.call_id[:8]}\r\n"
            f"To: <sip:{self.user}@{o.server}>\r\n"
            f"Call-ID: {self.call_id}\r\n"
            f"CSeq: {self.cseq} REGISTER\r\n"
            f"Contact: <sip:{self.user}@{o.own}:{self.port}>\r\n"
            f"Expires: 60\r\n{login}"
            "Content-Length: 0\r\n\r\n"
        ).encode()
        self.wait = 0.5
        self.transmit()

    def transmit(self):
        try:
            self.sock.send(self.text)
        except OSError:
            pass
        self.due = time.monotonic() + self.wait
        self.wait = min(self.wait * 2, 4)

    def tick(self, deadline):
        if self.state == "waiting" and time.monotonic() >= self.due:
            if time.monotonic() > deadline:
                self.state = "failed"
            else:
                self.transmit()

    def read(self):
        try:
            text = self.sock.recv(65536).decode(errors="replace")
        except OSError:
            return
        if self.options.answer and text.startswith("OPTIONS "):
            kept = "".join(re.findall(r"(?im)^(?:via|from|to|call-id|cseq):.*\r\n", text))
            kept = re.sub(r"(?im)^(to:.*)\r", rf"\1;tag={self.call_id[:8]}\r", kept)
            answer = f"SIP/2.0 200 OK\r\n{kept}Content-Length: 0\r\n\r\n"
            self.sock.send(answer.encode())
            return
        if not text.startswith("SIP/2.0 ") or self.state != "waiting" or self.branch not in text:
            return
        status = int(text.split()[1])
        if status == 401:
            self.nonce = re.search(r'nonce="([^"]*)"', text).group(1)
            self.challenges += 1
            # As phones do: once for the old nonce, once for the new, and again for a typist.
            if self.challenges > 2 + self.options.wrong:
                self.state = "failed"
            else:
                self.send()
        elif status >= 200:
            self.state = "good" if status < 300 else "failed"


def run(phones, seconds):
    deadline = time.monotonic() + seconds
    for phone in phones:
        phone.start()
    while any(phone.state == "waiting" for phone in phones):
        for sock in select.select([p.sock for p in phones], [], [], 0.05)[0]:
            next(p for p in phones if p.sock is sock).read()
        for phone in phones:
            phone.tick(deadline)
    return sum(phone.state == "good" for phone in phones)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--from", dest="own", required=True)
    parser.add_argument("--sport", type=int, default=0, help="port of the first one")
    parser.add_argument("--phones", type=int, default=1)
    parser.add_argument("--first-user", type=int, default=100)
    parser.add_argument("--password", default="secret")
    parser.add_argument("--wrong", type=int, default=0, help="wrong passwords before the right one")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--gap", type=float, default=0, help="seconds between rounds")
    parser.add_argument("--answer", action="store_true", help="answer OPTIONS, as phones do")
    parser.add_argument("--wait", type=float, default=8, help="seconds for a registration")
    parser.add_argument("server")
    options = parser.parse_args()

    phones = [Phone(options, number) for number in range(options.phones)]
    good = 0
    for number in range(options.rounds):
        if number:
            time.sleep(options.gap)
        good += run(phones, options.wait)
    print(good, options.rounds * options.phones)


if __name__ == "__main__":
    main()
