# SPDX-License-Identifier: GPL-2.0-only
"""A client of APIBAN: addresses that attacked its honeypots become bans of sipward, for 7 days, with
the note `apiban`. A timer starts it every few minutes; it fetches what is new, at most PAGES (5)
pages of 250, because a key may ask only so often.

The environment has APIBAN_KEY, APIBAN_URL (https://apiban.org/api/), PAGES, and STATE_DIRECTORY,
where the file `id` says how far it came."""

import os
import sys

import sipward_feed as feed

NOTE = "apiban"
SECONDS = 7 * 86400   # for so long an address stays on the list
PAGE_MOST = 1 << 20   # octets of one page; 250 addresses are 10,000
FIRST = "100"         # an ID before all others
REFUSED = {403: "the key is not good", 404: "the key is not good", 429: "the key asked too often"}


def is_id(text):
    return isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 20


def page(url, key, last):
    """{"ban": [address], "id": the next ID, None at the end, "left_out": number}."""
    status, answer = feed.get_json(f"{url}{key}/banned/{last}", {}, PAGE_MOST)
    said = answer if isinstance(answer, dict) else {}
    addresses, following = said.get("ipaddress"), said.get("ID")
    if following == "none" and addresses in (["no new bans"], "no new bans"):
        return {"ban": [], "id": None, "left_out": 0}
    if status in REFUSED or following == "unauthorized":
        raise feed.Trouble(f"status {status}: {REFUSED.get(status, 'the key is not good')}")
    if status != 200 or not isinstance(addresses, list) or not is_id(following):
        raise feed.Trouble(f"status {status}: this is not an answer of APIBAN")
    bans = sorted(set(filter(None, map(feed.source, filter(
        lambda item: isinstance(item, str), addresses)))))
    return {"ban": bans, "id": following, "left_out": len(addresses) - len(bans)}


def read_id(path):
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            text = file.read(64).strip()
    except FileNotFoundError:
        return FIRST
    except OSError as error:
        raise feed.Trouble(f"{path}: {error.strerror}") from None
    return text if is_id(text) else FIRST


def write_id(path, text):
    """Whole or not at all."""
    try:
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.rename(path + ".new", path)
    except OSError as error:
        raise feed.Trouble(f"{path}: {error.strerror}; the next run fetches the same page again") \
            from None


def fetch(url, key, pages, path):
    last, made, left_out = read_id(path), 0, 0
    for _ in range(pages):
        answer = feed.as_nobody(lambda: page(url, key, last), 60)
        made += feed.ban(dict.fromkeys(answer["ban"], SECONDS), NOTE)
        left_out += answer["left_out"]
        if answer["id"] is None:
            break
        if answer["id"] == last:
            raise feed.Trouble(f"the page behind {last} names itself as the next one")
        last = answer["id"]
        write_id(path, last)
    if made or left_out:
        feed.say(f"{made} bans" + (f", {left_out} entries left out" if left_out else ""))


def main():
    if sys.argv[1:]:
        print("usage: sipward_apiban.py, with APIBAN_KEY in the environment", file=sys.stderr)
        return 2
    try:
        key = feed.setting("APIBAN_KEY")
        if not key.isascii() or not key.isalnum():
            raise feed.Trouble("APIBAN_KEY has characters that no key has")
        url = feed.setting("APIBAN_URL", "https://apiban.org/api/").rstrip("/") + "/"
        pages = feed.number("PAGES", 5, 1, 1000)
        path = os.path.join(feed.setting("STATE_DIRECTORY", "/var/lib/sipward-apiban"), "id")
    except feed.Trouble as trouble:
        print(f"sipward_apiban: {trouble}", file=sys.stderr)
        return 2
    try:
        fetch(url, key, pages, path)
    except feed.Trouble as trouble:
        feed.say(str(trouble))
        return 1
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
