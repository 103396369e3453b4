#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The clients of feeds without a network and without sipward: what they make of an answer, and what a
child that somebody took over may tell its parent."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../scripts/integrations"))
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

for line in wrong:
    print(line)
sys.exit(1 if wrong else 0)
