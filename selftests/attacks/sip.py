# SPDX-License-Identifier: GPL-2.0-only
"""SIP messages as the attacks write them: every part can be chosen."""

import random
import re


def token(bits=64):
    return f"{random.getrandbits(bits):0{bits // 4}x}"


def host(address):
    return f"[{address}]" if ":" in address else address


def request(method, user, server, own, **part):
    """A request of `own` (address, port) to `user` at the server. Parts that may be chosen: branch,
    call_id, from_tag, to_tag, from_user, to_user, cseq, login, contact, headers, body, transport,
    uri."""
    address, port = own
    call_id = part.get("call_id") or token()
    to_tag = f";tag={part['to_tag']}" if part.get("to_tag") else ""
    body = part.get("body", "")
    from_user = part.get("from_user", "caller")
    contact = part.get("contact") or f"<sip:{from_user}@{host(address)}:{port}>"
    return (
        f"{method} {part.get('uri') or f'sip:{user}@{host(server)}'} SIP/2.0\r\n"
        f"Via: SIP/2.0/{part.get('transport', 'UDP')} {host(address)}:{port}"
        f";branch={part.get('branch') or 'z9hG4bK' + token()}\r\n"
        "Max-Forwards: 70\r\n"
        f"From: <sip:{from_user}@{host(server)}>;tag={part.get('from_tag') or token(32)}\r\n"
        f"To: <sip:{part.get('to_user', user)}@{host(server)}>{to_tag}\r\n"
        f"Call-ID: {call_id}\r\n"
        f"CSeq: {part.get('cseq') or f'1 {method}'}\r\n"
        f"Contact: {contact}\r\n"
        f"{part.get('login', '')}{part.get('headers', '')}"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def credentials(nonce, user="100", server="10.77.0.2", header="Authorization"):
    """Wrong ones."""
    return (f'{header}: Digest username="{user}", realm="lab", nonce="{nonce}", '
            f'uri="sip:{server}", response="{token(128)}"\r\n')


def answer(text, status, reason, **part):
    """The answer to a request: its Via, From, Call-ID and CSeq, and a To-tag that may be chosen."""
    lines = text.decode(errors="replace").split("\r\n")
    kept = []
    for line in lines[1:]:
        name = line.split(":")[0].strip().lower()
        if name in ("to", "t") and "tag=" not in line:
            line += f";tag={part.get('to_tag') or token()}"
        if name in ("via", "v", "from", "f", "to", "t", "call-id", "i", "cseq", "record-route"):
            kept.append(line)
    return (f"SIP/2.0 {status} {reason}\r\n" + "\r\n".join(kept) +
            f"\r\n{part.get('headers', '')}Content-Length: 0\r\n\r\n").encode()


def header(text, name):
    found = re.search(rf"^{name}[ \t]*:[ \t]*(.*?)\r?$", text.decode(errors="replace"),
                      re.MULTILINE | re.IGNORECASE)
    return found.group(1) if found else ""


def branch(text):
    found = re.search(r"branch=([^;,\s]+)", header(text, "Via"))
    return found.group(1) if found else ""


def nonce(text):
    found = re.search(rb'nonce="([^"]*)"', text)
    return found.group(1).decode() if found else ""
