# SPDX-License-Identifier: GPL-2.0-only
"""What the clients of feeds share.

A feed is text from strangers. It is fetched and read by a child that runs as nobody and can only
answer through a pipe. The parent, which may call sipward, takes nothing but addresses and numbers
from that answer, and waits for it only so long."""

import encodings.idna  # noqa: F401 (before the child becomes nobody, who may not be able to read it)
import http.client
import ipaddress
import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

SIPWARD = os.environ.get("SIPWARD", "/usr/sbin/sipward")
NOBODY = 65534
ANSWER_MAX = 64 << 20   # octets, of the child
YEAR = 365 * 86400


class Trouble(Exception):
    """What went wrong, in words for the log."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def setting(name, fallback=None):
    value = os.environ.get(name, "").strip()
    if not value and fallback is None:
        raise Trouble(f"{name} is not set; write it into the file that the service reads")
    return value or fallback


def number(name, fallback, least, most):
    value = setting(name, str(fallback))
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise Trouble(f"{name} is '{value}': write a number from {least} to {most}")
    return int(value)


# --- the child: HTTP and JSON ----------------------------------------------------------------------

class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A key that goes with a request must not go to another server."""

    def redirect_request(self, *_):
        return None


def get_json(url, headers, most, timeout=20):
    """The status and the object of the answer, which may have `most` octets. No message has the
    address of the request, because a key may stand in it."""
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "sipward", **headers})
        opener = urllib.request.build_opener(NoRedirect)
        try:
            answer = opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            status, text = answer.status, answer.read(most + 1)
    except urllib.error.URLError as error:
        raise Trouble(f"no answer: {error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Trouble(f"no answer: {type(error).__name__}") from None
    if len(text) > most:
        raise Trouble(f"the answer has more than {most} octets")
    try:
        return status, json.loads(text)
    except (ValueError, RecursionError):
        raise Trouble(f"the answer is not JSON (status {status})") from None


def source(text):
    """The address as one line of sipward, or None when nobody on the network has it."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if getattr(address, "scope_id", None) or address.is_multicast or address.is_unspecified or \
            address.is_loopback or address.is_link_local or address.is_reserved:
        return None
    address = getattr(address, "ipv4_mapped", None) or address
    return str(address)


def as_nobody(fetch, seconds):
    """What fetch() returns, made by a child without rights, within so many seconds."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.close(out)
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            try:
                answer = {"good": fetch()}
            except Trouble as trouble:
                answer = {"bad": str(trouble)}
            with os.fdopen(into, "wb") as pipe:
                pipe.write(json.dumps(answer).encode())
        except BaseException as error:  # not one line of this process runs twice
            os.write(2, f"the child failed: {type(error).__name__}\n".encode())
            os._exit(1)
        os._exit(0)
    os.close(into)
    text = bytearray()
    end = time.monotonic() + seconds
    try:
        while len(text) <= ANSWER_MAX:
            left = end - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                raise Trouble(f"no whole answer within {seconds} s")
            part = os.read(out, 1 << 16)
            if not part:
                break
            text += part
    finally:
        os.close(out)
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(child, 0)
    try:
        answer = json.loads(bytes(text))
        if not isinstance(answer, dict) or "bad" not in answer:
            return answer["good"]
        bad = str(answer["bad"])
    except (ValueError, RecursionError, TypeError, KeyError):
        raise Trouble("the answer could not be read") from None
    raise Trouble("".join(c if c.isprintable() else "?" for c in bad)[:300])


# --- the parent: sipward ---------------------------------------------------------------------------

def run_sipward(words, lines):
    try:
        done = subprocess.run([SIPWARD, "ban", *words, "-j"], input="".join(lines), text=True,
                              capture_output=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Trouble(f"{SIPWARD} ban {words[0]}: {error}") from None
    if done.returncode:
        raise Trouble((done.stderr.strip() or f"{SIPWARD} ended with {done.returncode}")[:600])
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise Trouble(f"{SIPWARD} ban {words[0]}: its output is not JSON") from None


def ban(entries, note):
    """Bans {address: seconds}, of those in one network for the longest time; the number of those that
    sipward made."""
    longest = {}
    for text, seconds in entries.items():
        address = source(text)
        if address:
            of = network(address)
            longest[of] = max(longest.get(of, 1), min(int(seconds), YEAR))
    lines = [f"{host(of)} {seconds}s {note}\n" for of, seconds in longest.items()]
    if not lines:
        return 0
    done = run_sipward(["import", "-", "--skip"], lines)
    kept = [f"{done[key]} {what}" for key, what in (("spared", "allowed by hand"), ("peers", "in a zone with trust: peer"),
                                                    ("skipped", "that sipward cannot take"))
            if done.get(key)]
    if kept:
        say("left out: " + ", ".join(kept))
    return done["written"]


def unban(addresses, note):
    """Removes those bans of the addresses that have this note."""
    lines = [address + "\n" for address in addresses if source(address)]
    return run_sipward(["del", "-", "--note", note, "--skip"], lines)["removed"] if lines else 0


def banned(note):
    """The sources that have a ban with this note, an IPv6 one as its /64."""
    return {entry["source"] for entry in run_sipward(["export"], []) if entry["note"] == note}


def network(address):
    """The address as `banned` names it: what one ban is for."""
    return address if ":" not in address else \
        str(ipaddress.ip_network((address, 64), strict=False))


def host(of):
    """An address of such a network."""
    return of.partition("/")[0]
