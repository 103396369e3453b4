#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Spellings of what a zone forbids. Each goes to the server in one datagram, and the server says
what it read. Prints a line for each: whether it must not get in or must, from which port it was
sent, what the server read of it or `silent`, and its name."""

import argparse
import os
import select
import socket
import struct
import time

import sip

SERVER = os.environ["SERVER"]
FORBIDDEN, LEGAL, REFUSED = "forbidden", "legal", "refused"
CALLER, FRIEND = "+4930123", "+4330123"  # a number that the zone denies, and one that it allows
CALLEE = "+882130"
SMS = "application/vnd.3gpp.sms"
FAR = " " * 1030


def message(own, method="INVITE", caller="200", **part):
    """Header lines by name; `None` leaves one out. `before` and `lines` are octets of any kind."""
    call_id = sip.token()
    head = {
        "via": f"Via: SIP/2.0/UDP {own[0]}:{own[1]};branch=z9hG4bK{sip.token()}\r\n",
        "forwards": "Max-Forwards: 70\r\n",
        "from": f"From: <sip:{caller}@{SERVER}>;tag={sip.token(32)}\r\n",
        "to": f"To: <sip:call@{SERVER}>\r\n",
        "call": f"Call-ID: {call_id}\r\n",
        "cseq": f"CSeq: 1 {method}\r\n",
        "contact": f"Contact: <sip:a@{own[0]}:{own[1]}>\r\n",
        "lines": "",
    }
    body = part.pop("body", "")
    start = part.pop("start", f"{method} {part.pop('uri', f'sip:call@{SERVER}')} SIP/2.0\r\n")
    before = part.pop("before", "")
    length = part.pop("length", f"Content-Length: {len(body)}\r\n")
    head.update(part)
    text = before + start + "".join(head.values()) + length + "\r\n" + body
    return text.encode("latin-1")


def from_(spelling):
    return {"from": spelling.replace("URI", f"sip:{CALLER}@{SERVER}") + ";tag=1\r\n"}


def asserted(spelling, number=CALLER):
    return {"lines": spelling.replace("URI", f"sip:{number}@{SERVER}") + "\r\n"}


def like_stun(own):
    """A method of eight octets that is the head of a STUN message."""
    for fill in range(64):
        pad = f"X-Fill: {'x' * fill}\r\n"
        method = "0a\x01\x01!\x12\xa4B"
        length = len(message(own, method, lines=pad)) - 20
        if length % 4 == 0:
            method = "0a" + struct.pack("!H", length).decode("latin-1") + "!\x12\xa4B"
            return message(own, method, lines=pad)
    return b""


def callers(own):
    """A caller whom the zone denies."""
    yield FORBIDDEN, "a denied caller, as usual", "from", message(own, **from_("From: <URI>"))
    spellings = {
        "1030 spaces after From:": f"From:{FAR}<URI>",
        "1030 tabs after From:": "From:" + "\t" * 1030 + "<URI>",
        "1030 spaces before the colon of From": f"From{FAR}: <URI>",
        "500 folds after From:": "From:" + "\r\n " * 500 + "<URI>",
        "a space after the bracket": "From: < URI>",
        "40 spaces after the bracket": "From: <" + " " * 40 + "URI>",
        "a tab after the bracket": "From: <\tURI>",
        "a fold after the bracket": "From: <\r\n URI>",
        "1030 spaces behind a display name": f"From: \"a\"{FAR}<URI>",
        "a display name with a bracket in quotes": "From: \"<sip:200@a>\" <URI>",
        "a display name with an escaped quote": "From: \"a\\\" <sip:200@a>\" <URI>",
        "no brackets": "From: URI",
        "the compact form": "f: <URI>",
        "From in capitals and a tab": "FROM\t: <URI>",
    }
    for name, spelling in spellings.items():
        yield FORBIDDEN, f"a denied caller: {name}", "from", message(own, **from_(spelling))
    users = {"escaped": "%2B4930123", "all escaped": "%2b%34%39%330123", "separators":
             "+49(30)1-2.3", "a password": "+4930123:secret"}
    for name, user in users.items():
        yield FORBIDDEN, f"a denied caller: {name}", "from", message(own, caller=user)
    yield LEGAL, "another caller, with spaces, a fold and a tab", "from", message(
        own, **{"from": f"From  : \r\n \t <sip:200@{SERVER}>;tag=1\r\n"})
    yield LEGAL, "a display name that is a denied number", "from", message(
        own, **{"from": f"From: \"{CALLER}\" <sip:200@{SERVER}>;tag=1\r\n"})


def identities(own):
    name = "P-Asserted-Identity"
    spellings = {
        "as usual": f"{name}: <URI>",
        "1030 spaces before the colon": f"{name}{FAR}: <URI>",
        "1030 spaces after the colon": f"{name}:{FAR}<URI>",
        "a space after the bracket": f"{name}: < URI>",
        "behind another one": f"{name}: <sip:200@a>, <URI>",
        "a second line": f"{name}: <sip:200@a>\r\n{name}: <URI>",
        "a third line": f"{name}: <sip:200@a>\r\n{name}: <sip:201@a>\r\n{name}: <URI>",
        "a tel URI": f"{name}: <tel:{CALLER}>",
    }
    for what, spelling in spellings.items():
        yield FORBIDDEN, f"a denied identity: {what}", "asserted", message(
            own, **asserted(spelling))
    yield LEGAL, "another identity, with a space before the colon", "asserted", message(
        own, **asserted(f"{name} : <URI>", FRIEND))


def others(own):
    """What else a zone forbids."""
    agents = {"as usual": " ", "1030 spaces before it": FAR, "a fold before it": "\r\n ",
              "500 folds before it": "\r\n " * 500}
    for what, space in agents.items():
        yield FORBIDDEN, f"an attack tool by its name: {what}", "agent", message(
            own, lines=f"User-Agent:{space}friendly-scanner\r\n")
    yield LEGAL, "another name, with spaces", "agent", message(
        own, lines="User-Agent :   Telephone 1.5\r\n")
    for what, space in agents.items():
        yield FORBIDDEN, f"a call sent on to a denied number: {what}", "refer", message(
            own, "REFER", lines=f"Refer-To:{space}<sip:{CALLEE}@{SERVER}>\r\n")
    yield FORBIDDEN, "a call sent on to a denied number: a space after the bracket", "refer", \
        message(own, "REFER", lines=f"Refer-To: < sip:{CALLEE}@{SERVER}>\r\n")
    yield LEGAL, "a call sent on to another number", "refer", message(
        own, "REFER", lines=f"Refer-To: <sip:{FRIEND}@{SERVER}>\r\n")
    types = {"as usual": SMS, "90 spaces before the slash": SMS.replace("/", " " * 90 + "/"),
             "90 spaces behind the slash": SMS.replace("/", "/" + " " * 90),
             "90 spaces before it": " " * 90 + SMS, "1030 spaces before it": FAR + SMS,
             "a fold inside": SMS.replace("/", "\r\n /\r\n "), "capitals": SMS.upper(),
             "a parameter behind it": SMS + " ; a=b"}
    for what, text in types.items():
        yield FORBIDDEN, f"a body of a denied type: {what}", "type", message(
            own, body="body", lines=f"Content-Type: {text}\r\n")
    yield LEGAL, "a body of another type, with spaces", "type", message(
        own, body="body", lines="Content-Type: application  /  sdp\r\n")
    yield FORBIDDEN, "a denied callee: as usual", "callee", message(
        own, uri=f"sip:{CALLEE}@{SERVER}")
    yield FORBIDDEN, "a denied callee: escaped", "callee", message(
        own, uri=f"sip:%2b%388%32130@{SERVER}")
    yield FORBIDDEN, "a denied callee: with separators", "callee", message(
        own, uri=f"sip:+8-8.2(130)@{SERVER}")


def methods(own):
    """A method that the zone has not."""
    yield FORBIDDEN, "a method that is not allowed: as usual", "method", message(own, "MESSAGE")
    for octet in ("\x01", "\x08", "\x1f", "\x7f"):
        for order in (0, 1):
            lines = [f"To{octet}: <sip:call@{SERVER}>\r\n", f"To: <sip:call@{SERVER}>;tag=a\r\n"]
            yield REFUSED, f"To and 0x{ord(octet):02x} {'behind' if order else 'before'} a To " \
                "with a tag", "method", message(own, "MESSAGE",
                                                to="".join(lines[::-1] if order else lines))
        yield REFUSED, f"From and 0x{ord(octet):02x}", "from", message(
            own, **{"from": f"From{octet}: <sip:{CALLER}@{SERVER}>;tag=1\r\n"
                            f"From: <sip:200@{SERVER}>;tag=1\r\n"})
        yield REFUSED, f"Content-Length and 0x{ord(octet):02x}", "length", message(
            own, lines=f"Content-Length{octet}: 0\r\n", body="body")
    yield REFUSED, "a denied identity behind a bare CR", "asserted", message(
        own, lines=f"X-A: b\rP-Asserted-Identity: <sip:{CALLER}@{SERVER}>\r\n")
    yield REFUSED, "a denied identity behind a bare CR in a name", "asserted", message(
        own, lines=f"X-A\rP-Asserted-Identity: <sip:{CALLER}@{SERVER}>\r\n")
    for count in (2, 600, 1030, 1100, 2000):
        yield FORBIDDEN, f"a method that is not allowed behind {count} line ends", "method", \
            message(own, "MESSAGE", before="\r\n" * count)
    for what, octets in (("spaces", " "), ("tabs", "\t"), ("NULs", "\0")):
        yield FORBIDDEN, f"a method that is not allowed behind 40 {what}", "method", \
            message(own, "MESSAGE", before=octets * 40)
    yield FORBIDDEN, "a method that looks like a STUN header", "method", like_stun(own)
    yield LEGAL, "two line ends before the start line", "method", message(own, before="\r\n\r\n")
    yield LEGAL, "a To with a space before the colon", "method", message(
        own, to=f"To : <sip:call@{SERVER}>\r\n")


def empties(own):
    for name, key in (("From", "from"), ("To", "to"), ("Via", "via")):
        yield REFUSED, f"an empty {name}", key, message(own, **{key: f"{name}: \r\n"})
        yield REFUSED, f"an empty {name}, folded", key, message(own, **{key: f"{name}:\r\n \r\n"})
    yield LEGAL, "an empty Subject", "method", message(own, lines="Subject: \r\n")


def cases(own):
    for group in (callers, identities, others, methods, empties):
        yield from group(own)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--own", required=True)
    options = parser.parse_args()

    socks, results = [], []
    for number, case in enumerate(cases((options.own, 0))):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((options.own, 0))
        own = sock.getsockname()
        case = [*cases(own)][number]
        sock.sendto(case[3], (SERVER, 5060))
        socks.append(sock)
        results.append([*case, own[1], b""])
        time.sleep(0.01)
    end = time.monotonic() + 1
    while (left := end - time.monotonic()) > 0:
        for sock in select.select(socks, [], [], left)[0]:
            text = sock.recv(65536)
            if text.startswith(b"SIP/2.0"):
                results[socks.index(sock)][5] = text
    for kind, name, read, _, port, text in results:
        seen = repr(sip.header(text, f"X-{read.title()}")[:40]) if text else "silent"
        print(kind, port, seen, name, sep="\t")


if __name__ == "__main__":
    main()
