# SPDX-License-Identifier: GPL-2.0-only
"""A CrowdSec bouncer: the decisions of a local API become bans of sipward, with the note `crowdsec`.

The environment has CROWDSEC_API_KEY, CROWDSEC_API_URL (http://127.0.0.1:8080/), and INTERVAL, the
seconds between two looks (10). `--once` looks once: exit code 1 when that failed."""

import ipaddress
import re
import sys
import time
from urllib.parse import urljoin

import sipward_feed as feed

NOTE = "crowdsec"
MOST = 100000        # decisions of one answer
RANGE_MOST = 256     # sources of a decision about a range
SLOWEST = 300        # seconds between two looks after errors
UNITS = {"h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
PART = re.compile(r"([0-9]+(?:\.[0-9]*)?)(h|ms|m|s|us|µs|ns)")


def seconds(text):
    """A duration as Go writes it, 3h59m8.5s; 0 when it is over, or is none."""
    if not isinstance(text, str) or len(text) > 40 or not re.fullmatch(f"({PART.pattern})+", text):
        return 0
    return sum(float(amount) * UNITS[unit] for amount, unit in PART.findall(text))


def sources(decision):
    """The addresses of a decision; none when it is not a ban, or its range is too large."""
    if not isinstance(decision, dict) or str(decision.get("type")).lower() != "ban":
        return []
    value, scope = decision.get("value"), str(decision.get("scope")).lower()
    if not isinstance(value, str) or scope not in ("ip", "range"):
        return []
    try:
        of = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return []
    if of.num_addresses == 1:
        return [value.partition("/")[0]]
    if of.version == 4 and of.num_addresses <= RANGE_MOST:
        return [str(address) for address in of]
    if of.version == 6 and of.prefixlen >= 56:
        return [str(part[0]) for part in (of.subnets(new_prefix=64) if of.prefixlen < 64 else [of])]
    return []


def decisions(url, key, startup):
    """What the API says, as {"ban": {address: seconds}, "unban": [address], "left_out": number}."""
    status, answer = feed.get_json(
        urljoin(url, f"v1/decisions/stream?startup={'true' if startup else 'false'}"),
        {"X-Api-Key": key}, feed.ANSWER_MAX)
    if status == 403:
        raise feed.Trouble("403: the API does not know the key; make one: cscli bouncers add sipward")
    if status != 200 or not isinstance(answer, dict) or not {"new", "deleted"} <= answer.keys():
        raise feed.Trouble(f"status {status}: this is not an answer of CrowdSec's local API")
    new, old = answer["new"] or [], answer["deleted"] or []
    if not isinstance(new, list) or not isinstance(old, list):
        raise feed.Trouble("this is not an answer of CrowdSec's local API")
    bans, left_out = {}, max(0, len(new) - MOST)
    for decision in new[:MOST]:
        found = list(filter(None, map(feed.source, sources(decision))))
        left_out += not found
        for address in found:
            bans[address] = max(bans.get(address, 0), seconds(decision.get("duration")))
    ended = {address for decision in old for address in map(feed.source, sources(decision)) if address}
    return {"ban": {address: left for address, left in bans.items() if left >= 1},
            "unban": sorted(ended - bans.keys()), "left_out": left_out}


def look(url, key, startup):
    answer = feed.as_nobody(lambda: decisions(url, key, startup), 60)
    ended = set(answer["unban"])
    if startup:  # what was taken back while nobody looked
        wanted = {feed.network(address) for address in answer["ban"]}
        ended |= {source.partition("/")[0] for source in feed.banned(NOTE) - wanted}
    removed = feed.unban(sorted(ended), NOTE)
    made = feed.ban(answer["ban"], NOTE)
    if made or removed or answer["left_out"]:
        feed.say(f"{made} bans, {removed} taken back" +
                 (f", {answer['left_out']} decisions left out: they are no ban, have no address, "
                  "or a large range" if answer["left_out"] else ""))


def main():
    once = sys.argv[1:] == ["--once"]
    if sys.argv[1:] and not once:
        print("usage: sipward_crowdsec.py [--once]", file=sys.stderr)
        return 2
    try:
        key = feed.setting("CROWDSEC_API_KEY")
        url = feed.setting("CROWDSEC_API_URL", "http://127.0.0.1:8080/").rstrip("/") + "/"
        interval = feed.number("INTERVAL", 10, 1, 3600)
    except feed.Trouble as trouble:
        print(f"sipward_crowdsec: {trouble}", file=sys.stderr)
        return 2
    startup, wait, before = True, interval, None
    while True:
        try:
            look(url, key, startup)
            if before:
                feed.say("it works again")
            startup, wait, before = False, interval, None
        except feed.Trouble as trouble:
            # The API tells each decision once: after an error all of them are needed again.
            startup, wait = True, min(2 * wait, SLOWEST)
            if str(trouble) != before:
                feed.say(str(trouble))
            before = str(trouble)
        if once:
            return 1 if before else 0
        time.sleep(wait)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
