#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The two web services that scripts/integrations asks, as far as it asks them: APIBAN below /api/, and
CrowdSec's local API below /v1/. Answers have the form of the real ones. The file MODE says how they
go wrong: good, 500, html, garbage, wrong, slow, drip, million, redirect, stuck, taken.

feeds.py PORT MODE-FILE LOG"""

import http.server
import json
import sys
import time

KEY = "key0123456789"


def decision(value, duration="3h59m57.2s", scope="Ip", kind="ban"):
    return {"duration": duration, "id": 1, "origin": "cscli", "scenario": "manual 'ban'",
            "scope": scope, "type": kind, "value": value}


CROWDSEC = {
    "true": {"deleted": None, "new": [
        decision("192.0.2.1"), decision("192.0.2.2", "30s"), decision("2001:db8:7::9"),
        decision("10.77.0.20"),                      # a peer of the policy
        decision("192.0.2.9"),                       # allowed by hand
        decision("198.51.100.0/30", scope="Range"),
        decision("198.51.0.0/16", scope="Range"),    # more than sipward bans
        decision("192.0.2.3", kind="captcha"), decision("192.0.2.4", "-3s"),
        decision("127.0.0.1"), decision("0.0.0.0"), decision("x; reboot\n192.0.2.5"),
        decision("DE", scope="Country")]},
    "false": {"deleted": [decision("192.0.2.1", "-1s")], "new": [decision("192.0.2.6", "1h")]},
}
CROWDSEC_TAKEN = {"deleted": None, "new": [decision("192.0.2.6", "1h")]}
APIBAN = {
    "100": (200, {"ipaddress": [f"203.0.113.{i}" for i in range(1, 251)], "ID": "1700000250"}),
    "1700000250": (200, {"ipaddress": ["10.77.0.20", "203.0.114.1", "127.0.0.1", "rm -rf /", 7],
                         "ID": "1700000255"}),
}
APIBAN_END = (400, {"ipaddress": ["no new bans"], "ID": "none"})
APIBAN_KEY = (403, {"ipaddress": "none", "ID": "unauthorized"})


class Service(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        with open(sys.argv[3], "a", encoding="ascii") as log:
            log.write(self.path + "\n")

    def send(self, status, text, kind="application/json", headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode("latin-1"))

    def bad(self, mode):
        if mode == "500":
            self.send(500, '{"message": "broken"}')
        elif mode == "html":
            self.send(200, "<!DOCTYPE html><title>Log in to the hotel</title>", "text/html")
        elif mode == "garbage":
            self.send(200, "\x00\xff{[" * 1000)
        elif mode == "wrong":
            self.send(200, '{"new": 7, "deleted": {}, "ipaddress": {"a": 1}, "ID": "../../etc"}')
        elif mode == "redirect":
            self.send(302, "", headers=[("Location", "http://127.0.0.1:1/stolen")])
        elif mode == "slow":
            time.sleep(30)
        elif mode == "drip":
            self.send(200, "")
            for _ in range(30):
                self.wfile.write(b" ")
                time.sleep(1)

    def million(self):
        if self.path.startswith("/api/"):
            entries = ",".join(['"64.1.2.3"'] * 1000000)
            self.send(200, f'{{"ipaddress": [{entries}], "ID": "1700000300"}}')
        else:
            entries = ",".join([json.dumps(decision("64.1.2.3"))] * 1000000)
            self.send(200, f'{{"deleted": null, "new": [{entries}]}}')

    def crowdsec(self, mode):
        if self.headers.get("X-Api-Key") != KEY:
            self.send(403, '{"message":"access forbidden"}')
        else:
            self.send(200, json.dumps(CROWDSEC_TAKEN if mode == "taken" else
                                      CROWDSEC[self.path.rpartition("=")[2]]))

    def apiban(self, mode):
        _, _, key, _, last = self.path.split("/")
        status, answer = APIBAN.get(last, APIBAN_END) if key == KEY else APIBAN_KEY
        if mode == "stuck":
            answer = {"ipaddress": ["203.0.114.9"], "ID": last}
        self.send(200 if mode == "stuck" else status, json.dumps(answer))

    def do_GET(self):
        with open(sys.argv[2], encoding="ascii") as file:
            mode = file.read().strip()
        try:
            if mode == "million":
                self.million()
            elif mode not in ("good", "stuck", "taken"):
                self.bad(mode)
            elif self.path.startswith("/api/"):
                self.apiban(mode)
            else:
                self.crowdsec(mode)
        except (BrokenPipeError, ConnectionResetError):
            pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Service).serve_forever()
