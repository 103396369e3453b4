#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The clients of feeds without a network and without sipward: what they make of an answer, and what a
child that somebody took over may tell its parent."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../scripts/integrations"))
import sipward_crowdsec as crowdsec  # noqa: E402
import sipward_feed as feed  # noqa: E402

feed.say = lambda text: None
wrong = []


def expect(name, wanted, got):
    if wanted != got:
        wrong.append(f"{name}: wanted {wanted}, got {got}")


# --- what a child says, whatever it is ---

def told(text):
    """What as_nobody makes of these octets from the child."""
    class Json:
        loads = staticmethod(json.loads)
        dumps = staticmethod(lambda answer: text)
    feed.json = Json
    try:
        return feed.as_nobody(lambda: None, 10)
    except feed.Trouble as trouble:
        return f"Trouble: {trouble}"
    finally:
        feed.json = json


UNREAD = "Trouble: the answer could not be read"
expect("a good answer", [1], told('{"good": [1]}'))
expect("a bad one", "Trouble: no?luck", told('{"bad": "no\\u001bluck"}'))
for text in ("", "{", "7", "null", '"bad"', '["bad"]', "[]", "{}", '{"other": 1}', "[" * 200000):
    expect(f"the answer {text[:10]}", UNREAD, told(text))

# --- bans of one network ---

class Sipward:
    """Its bans with the note, {network: seconds}."""

    def __init__(self):
        self.bans = {}

    def run(self, words, lines):
        if words[0] == "export":
            return [{"source": source, "note": crowdsec.NOTE} for source in self.bans]
        if words[0] == "import":
            for line in lines:
                address, left, _ = line.split(" ", 2)
                self.bans[feed.network(address)] = int(left[:-1])
            return {"written": len(lines)}
        return {"removed": sum(self.bans.pop(feed.network(line.strip()), 0) > 0 for line in lines)}


sipward = Sipward()
feed.run_sipward = sipward.run
feed.ban({"2001:db8::1": 50, "2001:db8::2": 7, "192.0.2.1": 9, "::ffff:192.0.2.1": 3, "x": 4}, "x")
expect("the longest of a network", {"2001:db8::/64": 50, "192.0.2.1": 9}, sipward.bans)


def decision(value, duration="1h", scope="Ip"):
    return {"duration": duration, "scope": scope, "type": "ban", "value": value}


def looks(*answers):
    """The bans after the first answer, which has all decisions, and the others. The child's work is
    done here, and its answer goes through JSON."""
    sipward.bans.clear()
    feed.as_nobody = lambda fetch, seconds: json.loads(json.dumps(fetch()))
    active = {}
    for i, (new, deleted) in enumerate(answers):
        feed.get_json = lambda *_: (200, {"new": new, "deleted": deleted})
        crowdsec.look("http://127.0.0.1/", "key", i == 0, active)
    return {source: round(left, -1) for source, left in sorted(sipward.bans.items())}


ONE, TWO, NET = decision("2001:db8::1"), decision("2001:db8::2"), decision("192.0.2.0/30", scope="Range")
ALL = {f"192.0.2.{i}": 3600 for i in range(4)}
expect("another address of the /64 goes on", {"2001:db8::/64": 3600}, looks(([ONE, TWO], None), ([], [TWO])))
expect("also in one answer", {"2001:db8::/64": 3600}, looks(([ONE, TWO], [TWO]),))
expect("also one that came later", {"2001:db8::/64": 3600}, looks(([TWO], None), ([ONE], [TWO])))
expect("the last of them ends it", {}, looks(([ONE, TWO], None), ([], [TWO]), ([], [ONE])))
expect("both end it", {}, looks(([ONE, TWO], None), ([], [TWO, ONE])))
expect("an address of a range", ALL, looks(([NET, decision("192.0.2.1")], None), ([], [decision("192.0.2.1")])))
expect("an address that outlives its range", {"192.0.2.1": 3600},
       looks(([NET, decision("192.0.2.1")], None), ([], [NET])))
expect("a range ends", {}, looks(([NET], None), ([], [NET])))
for first, second in ((ONE, decision("2001:db8::2", "90s")), (decision("2001:db8::2", "90s"), ONE),
                      (ONE, decision("2001:db8::1", "90s")), (decision("2001:db8::1", "90s"), ONE)):
    expect("the longest in one answer", {"2001:db8::/64": 3600}, looks(([first, second], None)))
    expect("the longest of two", {"2001:db8::/64": 3600}, looks(([first], None), ([second], [])))
expect("taken back and given again", {"192.0.2.1": 60},
       looks(([decision("192.0.2.1")], None), ([decision("192.0.2.1", "60s")], [decision("192.0.2.1")])))
expect("what is unknown is taken back", {}, looks(([], None), ([], [ONE])))
sources = crowdsec.SOURCES_MOST
crowdsec.SOURCES_MOST = 4
expect("too many for the memory", ALL, looks(([NET, ONE], None)))
crowdsec.SOURCES_MOST = sources

# --- a child that was taken over ---
for said in ({}, [], 7, None, {"new": 1, "deleted": [], "left_out": 0}, {"new": [[1]], "deleted": [], "left_out": 0},
             {"new": [["n", "x", ["192.0.2.1"]]], "deleted": [], "left_out": 0},
             {"new": [["n", float("inf"), ["192.0.2.1"]]], "deleted": [], "left_out": 0},
             {"new": [["n", 9, [7]]], "deleted": [], "left_out": 0},
             {"new": [], "deleted": [["n", [[]]]], "left_out": 0}, {"new": [], "deleted": []}):
    feed.as_nobody = lambda fetch, seconds: said
    try:
        crowdsec.look("http://127.0.0.1/", "key", True, {})
        wrong.append(f"the child says {said}: nothing is wrong")
    except feed.Trouble as trouble:
        expect(f"the child says {said}", "the answer could not be read", str(trouble))

for line in wrong:
    print(line)
sys.exit(1 if wrong else 0)
