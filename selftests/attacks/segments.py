#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Ways to cut, repeat, overlap and reorder the first payload of a TCP connection. Each is a
connection of its own; prints a line for each: its name, and the status of the server's answer, or
`silent`."""

import argparse
import concurrent.futures
import os
import random
import socket
import ssl
import time
import warnings

import sip
from raw import ACK, SYN, Stream, Wire, ip, tcp

SERVER = os.environ["SERVER"]
HALF = 40


def plain(stream, text):
    stream.data(0, text)


def cut_in_two(stream, text):
    stream.data(0, text[:HALF])
    time.sleep(0.05)
    stream.data(HALF, text[HALF:])


def cut_behind_one(stream, text):
    stream.data(0, text[:1])
    time.sleep(0.05)
    stream.data(1, text[1:])


def octet_by_octet(stream, text):
    for at in range(12):
        stream.data(at, text[at:at + 1])
    stream.data(12, text[12:])


def out_of_order(stream, text):
    """What was ahead comes again, as TCP sends it when nobody acknowledges it. Likewise below."""
    stream.data(HALF, text[HALF:])
    time.sleep(0.05)
    stream.data(0, text[:HALF])
    time.sleep(0.2)
    stream.data(HALF, text[HALF:])


def from_the_third(stream, text):
    """Of three pieces the last first, then the first, then the one between."""
    stream.data(2 * HALF, text[2 * HALF:])
    stream.data(0, text[:HALF])
    time.sleep(0.05)
    stream.data(HALF, text[HALF:2 * HALF])
    time.sleep(0.2)
    stream.data(2 * HALF, text[2 * HALF:])


def early(stream, text):
    """One octet before the first: it is the SYN's, and the kernel cuts it off."""
    stream.data(-1, b"x" + text)


def early_by_many(stream, text):
    stream.data(-20, b"x" * 20 + text)


def early_crlf(stream, text):
    stream.data(-1, b"\r\n" + text[1:])
    time.sleep(0.05)
    stream.data(-1, b"x" + text)


def behind_crlf(stream, text):
    stream.data(0, b"\r\n")
    time.sleep(0.05)
    stream.data(2, text)


def crlf_then_longer(stream, text):
    """A lone CR LF, and the same place again, longer."""
    stream.data(0, b"\r\n")
    stream.data(0, b"\r\n" + text)


def crlf_thrice_then_longer(stream, text):
    stream.data(0, b"\r\n\r\n")
    stream.data(4, b"\r\n")
    stream.data(2, b"\r\n\r\n" + text)


def overlap(stream, text):
    """The second segment begins inside the first."""
    stream.data(0, b"\r\n" + text[:HALF])
    time.sleep(0.05)
    stream.data(10, (b"\r\n" + text)[10:])


def later_first(stream, text):
    """The rest is there before the first octets."""
    stream.data(1, text[1:])
    stream.data(0, text[:1])
    time.sleep(0.2)
    stream.data(1, text[1:])


def six_line_ends(stream, text):
    stream.data(0, b"\r\n" * 6)
    time.sleep(0.05)
    stream.data(12, text)


def one_lf(stream, text):
    stream.data(0, b"\n")
    time.sleep(0.05)
    stream.data(1, text)


def one_space(stream, text):
    stream.data(0, b" ")
    time.sleep(0.05)
    stream.data(1, text)


def websocket_first(stream, text):
    head = b"GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
    stream.data(0, head)
    time.sleep(0.1)
    stream.data(len(head), text)


def proxy_first(stream, text):
    head = b"PROXY UNKNOWN\r\n"
    stream.data(0, head)
    time.sleep(0.05)
    stream.data(len(head), text)


def response_first(stream, text):
    """A response, which is let through, and the request behind it."""
    head = (b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a;branch=z9hG4bKa\r\nFrom: <sip:a@a>;tag=1\r\n"
            b"To: <sip:a@a>;tag=2\r\nCall-ID: a\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
    stream.data(0, head)
    time.sleep(0.05)
    stream.data(len(head), text)


def dialog_first(stream, text):
    """A request inside a dialog, which is let through, and the other behind it."""
    head = sip.request("OPTIONS", "call", SERVER, (stream.src, stream.sport), to_tag="a",
                       transport="TCP")
    stream.data(0, head)
    time.sleep(0.05)
    stream.data(len(head), text)


def empty_and_push(stream, text):
    stream.segment(0, ACK)
    stream.data(0, b"")
    stream.data(0, text)


def second_syn(stream, text):
    """The same connection again with another sequence number: the kernel keeps the first one, and
    answers with a challenge ACK (RFC 5961 4)."""
    stream.wire.send(ip(stream.src, stream.dst, socket.IPPROTO_TCP,
                        tcp(stream.src, stream.dst, stream.sport, stream.dport,
                            random.getrandbits(32), 0, SYN)))
    time.sleep(0.05)
    stream.data(0, text)


def second_syn_before(stream, text):
    """Likewise, but many of them."""
    for _ in range(50):
        second_syn(stream, b"")
    stream.data(0, text)


def far_ahead(stream, text):
    """A hole is left open, and filled last by one octet."""
    stream.data(len(text), b"\r\n\r\n")
    stream.data(1, text[1:])
    time.sleep(0.05)
    stream.data(0, text[:2])
    time.sleep(0.2)
    stream.data(1, text[1:])


def forgotten(stream, text):
    """So many SYNs from elsewhere that a table of 65536 forgets this connection."""
    frames = []
    for number in range(90000):
        source = f"100.{64 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
        frames.append(stream.wire.frame(
            ip(source, stream.dst, socket.IPPROTO_TCP,
               tcp(source, stream.dst, 5000, stream.dport, number, 0, SYN))))
    for frame in frames:
        stream.wire.sock.send(frame)
    stream.data(0, text)


def patient(stream, text):
    """Longer than anybody waits for the first payload."""
    time.sleep(123)
    stream.data(0, text)


SHORT = (plain, cut_in_two, cut_behind_one, octet_by_octet, out_of_order, from_the_third, early,
         early_by_many, early_crlf, behind_crlf, crlf_then_longer, crlf_thrice_then_longer, overlap,
         later_first, six_line_ends, one_lf, one_space, websocket_first, proxy_first,
         response_first, dialog_first, empty_and_push, second_syn, second_syn_before, far_ahead)
LONG = (patient,)


def client_hello(old):
    """That of a client which is happy with TLS 1.1, and offers nothing newer when `old`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    if old:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    out = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), out).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def run(wire, options, way):
    stream = Stream(wire, options.source, SERVER, dport=options.port)
    if not stream.open():
        return "no connection"
    text = sip.request("OPTIONS", "call", SERVER, (stream.src, stream.sport), transport="TCP")
    if options.payload != "sip":
        text = client_hello(options.payload == "old-hello")
    way(stream, text)
    answer = b""
    for _ in range(4):
        answer = stream.listen(0.35, len(text))
        if b" 200 " in answer.partition(b"\r\n")[0] or answer[:1] == b"\x16":
            break
    for at in range(len(text) + 64):  # wherever the server is
        stream.reset(at)
    if answer.startswith(b"SIP/2.0"):
        return answer.split()[1].decode()
    return "handshake" if answer[:1] == b"\x16" else "silent"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", default="198.51.100.66")
    parser.add_argument("--port", type=int, default=5060)
    parser.add_argument("--payload", choices=("sip", "hello", "old-hello"), default="sip")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--way", action="append", help="by name; all short ones otherwise")
    options = parser.parse_args()
    ways = [globals()[name] for name in options.way] if options.way else SHORT
    ways = list(ways) * options.times
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for way, came in zip(ways, pool.map(lambda way: run(Wire(), options, way), ways)):
            print(way.__name__, came, sep="\t", flush=True)


if __name__ == "__main__":
    main()
