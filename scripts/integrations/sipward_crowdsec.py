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
SOURCES_MOST = 1000000  # of one answer, for the memory that they take
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


def networks(decision):
    """What is banned for a decision, as sipward names it."""
    return sorted({feed.network(address) for address in map(feed.source, sources(decision)) if address})


def name(decision):
    """Tells one decision that bans from another."""
    of = ipaddress.ip_network(decision["value"], strict=False)
    return f"{decision['scope'].lower()} {of}"


def decisions(url, key, startup):
    """What the API says, as {"new": [[name, seconds, networks]], "deleted": [[name, networks]],
    "left_out": number}."""
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
    said, room = {"new": [], "deleted": [], "left_out": max(0, len(new) - MOST)}, SOURCES_MOST
    for decision in new[:MOST]:
        found = networks(decision)
        if not found or len(found) > room:
            said["left_out"] += 1
        elif seconds(decision.get("duration")) >= 1:
            said["new"].append([name(decision), seconds(decision["duration"]), found])
            room -= len(found)
    for decision in old:
        found = networks(decision)
        if found:
            said["deleted"].append([name(decision), found])
    return said


def take(active, answer, now):
    """Brings {network: {name: its end}} up to date: the seconds of each network to ban, of the decision
    that lasts longest, and the networks of which no decision is left."""
    ended, grown = set(), set()
    for of, found in answer["deleted"]:
        for network in found:
            active.get(network, {}).pop(of, None)
            ended.add(network)
    for of, left, found in answer["new"]:
        for network in found:
            ends = active.setdefault(network, {})
            ends[of] = max(ends.get(of, 0), now + left)
            grown.add(network)
    left = {network: max(active.get(network, {}).values(), default=0) - now
            for network in ended | grown}
    gone = sorted(network for network in ended if left[network] <= 0)
    for network in gone:
        active.pop(network, None)
    return {network: round(left[network], 3) for network in grown}, gone


def look(url, key, startup, active):
    answer = feed.as_nobody(lambda: decisions(url, key, startup), 60)
    if startup:
        active.clear()
    try:
        bans, ended = take(active, answer, time.monotonic())
        bans = {feed.host(network): int(left) for network, left in bans.items()}
        left_out = int(answer["left_out"])
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        raise feed.Trouble("the answer could not be read") from None
    if startup:  # what was taken back while nobody looked
        ended = feed.banned(NOTE) - active.keys() | set(ended)
    removed = feed.unban(sorted(map(feed.host, ended)), NOTE)
    made = feed.ban(bans, NOTE)
    if made or removed or left_out:
        feed.say(f"{made} bans, {removed} taken back" +
                 (f", {left_out} decisions left out: they are no ban, have no address, "
                  "or a large range" if left_out else ""))


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
    startup, wait, before, active = True, interval, None, {}
    while True:
        try:
            look(url, key, startup, active)
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
