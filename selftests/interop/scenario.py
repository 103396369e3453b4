#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes a scenario for sipp: what a phone does in one call. `scenario.py NAME OWN OTHER` prints the
XML for the user OWN, who calls OTHER or is called by him. Messages are spelled as phones spell them,
so that a strict policy has nothing to refuse."""

import sys
from xml.sax.saxutils import quoteattr

OWN, OTHER = "own", "other"
SDP = """
v=0
o=- 20518 20518 IN IP[media_ip_type] [media_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio 6000 RTP/AVP 0 8 101
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a={direction}
"""
FRAGMENT = "\nSIP/2.0 {status}\n"
ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, REFER, NOTIFY, SUBSCRIBE, MESSAGE, INFO"
LOGIN = "[authentication username={own} password=secret]"
ECHO = ["[last_Via:]", "[last_Record-Route:]", "[last_From:]", "[last_To:]", "[last_Call-ID:]", "[last_CSeq:]"]

steps = []


def message(lines, body="", kind="application/sdp", retransmit=False, goto=None):
    if body:
        lines = lines + [f"Content-Type: {kind}"]
    lines = lines + ["Content-Length: [len]" if body else "Content-Length: 0"]
    text = "\n".join(lines) + "\n" + (body or "\n")
    text = text.replace("{own}", OWN).replace("{other}", OTHER)
    timer = ' retrans="500"' if retransmit else ""
    timer += f' next="{goto}"' if goto else ""
    steps.append(f"<send{timer}>\n<![CDATA[\n{text}\n]]>\n</send>")


def receive(what, optional=False, goto=None, routes=False, auth=False, action=""):
    kind = "response" if what.isdigit() else "request"
    text = f"<recv {kind}={quoteattr(what)}"
    text += ' optional="true"' if optional else ""
    text += ' rrs="true"' if routes else ""
    text += ' auth="true"' if auth else ""
    text += f' next="{goto}"' if goto else ""
    steps.append(text + (f">\n{action}\n</recv>" if action else "/>"))


def label(number):
    steps.append(f'<label id="{number}"/>')


def pause(milliseconds):
    steps.append(f'<pause milliseconds="{milliseconds}"/>')


def keep(header, variable):
    return (
        f'<action><ereg regexp=".*" search_in="hdr" header="{header}" check_it="true" '
        f'assign_to="{variable}"/></action>'
    )


def first(method, cseq, body="", login=False, headers=(), uri="sip:{other}@[remote_ip]", to=None,
          kind="application/sdp"):
    """A request that begins something. Its branch is of its CSeq: ACK and CANCEL write it again."""
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=z9hG4bK[pid]x[call_number]x{cseq}",
        "Max-Forwards: 70",
        "From: <sip:{own}@[remote_ip]>;tag=[pid]c[call_number]",
        f"To: <{to or 'sip:{other}@[remote_ip]'}>",
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
        "Contact: <sip:{own}@[local_ip]:[local_port];transport=[transport]>",
        f"Allow: {ALLOW}",
        "User-Agent: Desk phone 4.2",
        *headers,
    ]
    if login:
        lines.append(LOGIN)
    message(lines, body, kind, retransmit=True)


def of_branch(method, cseq, to="[last_To:]"):
    """ACK of a refusal, and CANCEL: to the first hop, in the transaction of the INVITE."""
    lines = [
        f"{method} sip:{{other}}@[remote_ip] SIP/2.0",
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=z9hG4bK[pid]x[call_number]x{cseq}",
        "Max-Forwards: 70",
        "From: <sip:{own}@[remote_ip]>;tag=[pid]c[call_number]",
        to,
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
    ]
    message(lines, retransmit=method == "CANCEL")


def inside(method, cseq, body="", headers=(), kind="application/sdp", ack_of=None, callee=False, uri="[next_url]",
           routes="[routes]", to=None):
    """A request inside the dialog."""
    own = "From: <sip:{own}@[remote_ip]>;tag=[pid]c[call_number]"
    other = to or "To: <sip:{other}@[remote_ip]>[peer_tag_param]"
    if callee:
        own, other = "From: [$5]", "To: [$6]"
        own = own.replace("[$5]", "<sip:{own}@[remote_ip]>;tag=[pid]s[call_number]")
    lines = [
        f"{method} {uri} SIP/2.0",
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;"
        f"branch=z9hG4bK[pid]x[call_number]x{cseq}{method[0]}",
        *([routes] if routes else []),
        "Max-Forwards: 70",
        own,
        other,
        "Call-ID: [call_id]",
        f"CSeq: {ack_of or cseq} {method}",
    ]
    if method not in ("ACK", "BYE"):
        lines.append("Contact: <sip:{own}@[local_ip]:[local_port];transport=[transport]>")
    lines += headers
    if method != "ACK":
        lines += ["User-Agent: Desk phone 4.2", *([] if callee else [LOGIN])]
    message(lines, body, kind, retransmit=method != "ACK")


def answer(status, body="", headers=(), echo=None, contact=True, retransmit=False, tag=False, goto=None):
    lines = [f"SIP/2.0 {status}", *(echo or ECHO), *headers]
    if tag:
        lines = [line + ";tag=[pid]s[call_number]" if line == "[last_To:]" else line for line in lines]
    if contact:
        lines += ["Contact: <sip:{own}@[local_ip]:[local_port];transport=[transport]>"]
    lines.append(f"Allow: {ALLOW}")
    message(lines, body, retransmit=retransmit, goto=goto)


def challenged(method, ack=None):
    """The server's challenge: 401 of a registrar or a B2BUA, 407 of a proxy."""
    receive("100", optional=True)
    receive("401", optional=True, auth=True, goto=ack or 1)
    receive("407", auth=True)
    label(ack or 1)
    if ack:
        of_branch("ACK", ack)


def progress():
    for status in ("100", "180", "181", "182", "183"):
        receive(status, optional=True)


def sdp(direction="sendrecv"):
    return SDP.replace("{direction}", direction)


# --- callers -----------------------------------------------------------------------------------


def invited(headers=(), body=None):
    """From the first INVITE to the second one, which has credentials."""
    first("INVITE", 1, body or sdp(), headers=headers)
    challenged("INVITE", ack=1)
    first("INVITE", 2, body or sdp(), login=True, headers=headers)


def established(headers=(), body=None):
    invited(headers, body)
    progress()
    receive("200", routes=True)
    inside("ACK", 2)


def hang_up(cseq):
    inside("BYE", cseq)
    receive("100", optional=True)
    receive("200")


def call(talk=300, **options):
    established(**options)
    pause(talk)
    hang_up(3)


def bye_from_callee():
    established()
    receive("BYE")
    answer("200 OK", contact=False)


def reinvite(cseq, direction):
    inside("INVITE", cseq, sdp(direction))
    progress()
    receive("200")
    inside("ACK", cseq)


def hold(talk=200):
    established()
    pause(talk)
    reinvite(3, "sendonly")
    pause(talk)
    reinvite(4, "sendrecv")
    pause(talk)
    hang_up(5)


def patient_hold():
    """On a bad line: what comes next waits until a lost ACK was made up for."""
    hold(talk=3500)


def long_hold():
    """A call that is old when something happens; then it is held, taken back and ended."""
    established()
    pause(9000)
    reinvite(3, "sendonly")
    reinvite(4, "sendrecv")
    hang_up(5)


def long_ago():
    """A phone that registered a while ago: what it sends next is a call, with the old credentials."""
    register()
    pause(7000)
    first("INVITE", 3, sdp(), login=True)
    challenged("INVITE", ack=3)
    first("INVITE", 4, sdp(), login=True)
    progress()
    receive("200", routes=True)
    inside("ACK", 4)
    pause(300)
    hang_up(5)


def update():
    established(headers=["Supported: timer", "Session-Expires: 1800"])
    pause(200)
    inside("UPDATE", 3, headers=["Supported: timer", "Session-Expires: 1800;refresher=uac"])
    receive("100", optional=True)
    receive("200")
    pause(200)
    hang_up(4)


def timer():
    """Session timers: an interval that is too small is refused with 422; then the caller refreshes."""
    longer = ["Supported: timer", "Session-Expires: 90;refresher=uac", "Min-SE: 90"]
    invited(headers=["Supported: timer", "Session-Expires: 60"])
    progress()
    receive("422")
    of_branch("ACK", 2)
    first("INVITE", 3, sdp(), headers=longer)
    challenged("INVITE", ack=3)
    first("INVITE", 4, sdp(), login=True, headers=longer)
    progress()
    receive("200", routes=True)
    inside("ACK", 4)
    pause(200)
    inside("INVITE", 5, sdp(), headers=longer)
    progress()
    receive("200")
    inside("ACK", 5)
    pause(200)
    hang_up(6)


def timer_of_callee():
    """Session timers: the phone that is called refreshes."""
    established(headers=["Supported: timer", "Session-Expires: 90"])
    receive("UPDATE")
    answer("200 OK", headers=["Require: timer", "Session-Expires: 90;refresher=uac"])
    pause(200)
    hang_up(3)


def prack():
    """A provisional answer that wants a PRACK: early media that is reliable."""
    invited(headers=["Supported: 100rel"])
    receive("100", optional=True)
    receive("180", optional=True)
    receive("183", routes=True, action=keep("RSeq:", 1))
    inside("PRACK", 3, headers=["RAck: [$1] 2 INVITE"])
    receive("200")
    receive("200")
    inside("ACK", 4, ack_of=2)
    pause(200)
    hang_up(5)


def early():
    invited()
    receive("100", optional=True)
    receive("180", optional=True)
    receive("183")
    receive("200", routes=True)
    inside("ACK", 2)
    pause(200)
    hang_up(3)


def cancel():
    invited()
    receive("100", optional=True)
    receive("180")
    pause(200)
    of_branch("CANCEL", 2, to="To: <sip:{other}@[remote_ip]>")
    # Two workers of the proxy answer: the 487 may be the first.
    receive("487", optional=True, goto=2)
    receive("200")
    receive("487")
    of_branch("ACK", 2)
    steps.append('<nop next="3"/>')
    label(2)
    of_branch("ACK", 2)
    receive("200")
    label(3)
    pause(10)


def busy():
    invited()
    progress()
    receive("486")
    of_branch("ACK", 2)


def redirected():
    """Forwarded by the phone that is called. A B2BUA may follow that by itself."""
    invited()
    progress()
    receive("302", optional=True, goto=2)
    receive("200", routes=True)
    inside("ACK", 2)
    hang_up(3)
    steps.append('<nop next="3"/>')
    label(2)
    of_branch("ACK", 2)
    label(3)
    pause(10)


def refer():
    established()
    pause(200)
    inside("REFER", 3, headers=["Refer-To: <sip:{other}@[remote_ip]>", "Referred-By: <sip:{own}@[remote_ip]>"])
    receive("100", optional=True)
    receive("202")
    # As many NOTIFYs as the other end likes; after the last one the phone hangs up.
    over = (
        '<action><ereg regexp="Subscription-[Ss]tate: *terminated" search_in="msg" assign_to="1"/>'
        "</action>"
    )
    for _ in range(5):
        receive("NOTIFY", action=over)
        answer("200 OK", goto=2)
        steps[-1] = steps[-1].replace('next="2"', 'next="2" test="1"')
    label(2)
    hang_up(4)


def forked():
    """Two phones answer at once: two dialogs, of which one is ended."""
    invited()
    progress()
    for n, ack in ((1, 8), (2, 9)):
        both = keep("To:", n).replace("</action>", "") + (
            '<ereg regexp="sip:[^&gt;]*" search_in="hdr" header="Contact:" check_it="true" '
            f'assign_to="{n + 2}"/></action>'
        )
        receive("200", routes=True, action=both)
        inside("ACK", ack, ack_of=2, to=f"To:[${n}]", uri=f"[${n + 2}]")
    for n in (2, 1):
        inside("BYE", 5 - n, to=f"To:[${n}]", uri=f"[${n + 2}]")
        receive("200")


def register(headers=(), expires=3600):
    own = dict(uri="sip:[remote_ip]", to="sip:{own}@[remote_ip]")
    life = [f"Expires: {expires}", *headers]
    first("REGISTER", 1, headers=life, **own)
    challenged("REGISTER")
    first("REGISTER", 2, login=True, headers=life, **own)
    receive("100", optional=True)
    receive("200")


def register_wrong():
    """A phone with a wrong password: it is refused, and succeeds here when it is told so."""
    own = dict(uri="sip:[remote_ip]", to="sip:{own}@[remote_ip]")
    first("REGISTER", 1, headers=["Expires: 3600"], **own)
    challenged("REGISTER")
    first("REGISTER", 2, login=True, headers=["Expires: 3600"], **own)
    steps[-1] = steps[-1].replace("password=secret", "password=wrong")
    receive("100", optional=True)
    receive("401")


def subscribe():
    event = ["Event: dialog", "Accept: application/dialog-info+xml"]
    first("SUBSCRIBE", 1, headers=[*event, "Expires: 300"])
    challenged("SUBSCRIBE")
    first("SUBSCRIBE", 2, login=True, headers=[*event, "Expires: 300"])
    receive("100", optional=True)
    receive("200", routes=True)
    receive("NOTIFY")
    answer("200 OK")
    pause(200)
    inside("SUBSCRIBE", 3, headers=[*event, "Expires: 0"])
    receive("100", optional=True)
    # Where a nonce is good for one request only.
    receive("401", optional=True, auth=True, goto=4)
    receive("200")
    steps.append('<nop next="5"/>')
    label(4)
    inside("SUBSCRIBE", 4, headers=[*event, "Expires: 0"])
    receive("100", optional=True)
    receive("200")
    label(5)
    receive("NOTIFY")
    answer("200 OK")


def text():
    first("MESSAGE", 1, "\nGood morning.\n", kind="text/plain")
    challenged("MESSAGE")
    first("MESSAGE", 2, "\nGood morning.\n", login=True, kind="text/plain")
    receive("100", optional=True)
    receive("202", optional=True, goto=2)
    receive("200")
    label(2)
    pause(10)


def outbound():
    """An outbound proxy: a Route that names the server, in each request that begins something."""
    call(headers=["Route: <sip:[remote_ip];lr>"])


def register_outbound():
    register(headers=["Route: <sip:[remote_ip];lr>"])


def large(talk=300):
    """An INVITE in fragments."""
    call(talk, body=sdp() + "".join(f"a=x-candidate:{n} 1 UDP 2130706431 192.0.2.{n} 6000 typ host\n"
                              for n in range(1, 36)))


def patient_large():
    large(talk=3500)


# --- the phones that are called ------------------------------------------------------------------

INVITE_KEPT = (
    '<action><ereg regexp=".*" search_in="hdr" header="Via:" check_it="true" assign_to="1"/>'
    '<ereg regexp=".*" search_in="hdr" header="CSeq:" check_it="true" assign_to="2"/>'
    '<ereg regexp=".*" search_in="hdr" header="From:" check_it="true" assign_to="3"/></action>'
)
OF_INVITE = ["Via:[$1]", "From:[$3]", "[last_To:]", "[last_Call-ID:]", "CSeq:[$2]"]


def rung(method="INVITE", kept=False):
    """What comes first is a call, or a ping of the server or of sipward."""
    receive("OPTIONS", optional=True, goto=9)
    action = INVITE_KEPT if kept else '<action><ereg regexp=".*" search_in="hdr" header="From:" assign_to="3"/></action>'
    receive(method, routes=True, action=action)


def pinged():
    steps.append('<nop next="10"/>')
    label(9)
    answer("200 OK", tag=True)
    label(10)
    pause(10)


def picked_up(ring=150, headers=()):
    answer("180 Ringing", tag=True)
    pause(ring)
    answer("200 OK", sdp(), tag=True, headers=headers, retransmit=True)
    receive("ACK")


def hung_up():
    receive("BYE")
    answer("200 OK", contact=False)


def callee_inside(method, cseq, **options):
    """A request of the callee: its From is the To of the call."""
    inside(method, cseq, callee=True, **options)
    steps[-1] = steps[-1].replace("[$6]", "[$3]").replace("To: [$3]", "To:[$3]")


def phone():
    rung()
    picked_up()
    hung_up()
    pinged()


def phone_hangs_up():
    rung()
    picked_up()
    pause(300)
    callee_inside("BYE", 1)
    receive("200")
    pinged()


def phone_held():
    rung()
    picked_up()
    for direction in ("recvonly", "sendrecv"):
        receive("INVITE")
        answer("200 OK", sdp(direction), retransmit=True)
        receive("ACK")
    hung_up()
    pinged()


def phone_updated():
    rung()
    picked_up()
    receive("UPDATE", optional=True, goto=4)
    receive("BYE", goto=5)
    label(4)
    answer("200 OK", headers=["Session-Expires: 1800;refresher=uac", "Require: timer"])
    receive("BYE")
    label(5)
    answer("200 OK", contact=False)
    pinged()


def phone_timer():
    """A B2BUA judges and refreshes by itself: then this phone sees one INVITE, which is right."""
    refreshed = ["Require: timer", "Session-Expires: 90;refresher=uac"]
    rung()
    steps[-1] = steps[-1].replace("<action>", (
        '<action><ereg regexp="^ *60" search_in="hdr" header="Session-Expires:" assign_to="4"/>'
    )).replace("<recv ", '<recv next="4" test="4" ', 1)
    steps.append('<nop next="5"/>')
    label(4)
    answer("422 Session Interval Too Small", headers=["Min-SE: 90"], contact=False, tag=True,
           retransmit=True)
    receive("ACK")
    receive("INVITE", routes=True)
    label(5)
    picked_up(headers=refreshed)
    receive("INVITE", optional=True, goto=6)
    receive("BYE", goto=7)
    label(6)
    answer("200 OK", sdp(), headers=refreshed, retransmit=True)
    receive("ACK")
    receive("BYE")
    label(7)
    answer("200 OK", contact=False)
    pinged()


def phone_refreshes():
    rung()
    picked_up(headers=["Require: timer", "Session-Expires: 90;refresher=uas"])
    pause(200)
    callee_inside("UPDATE", 1, headers=["Supported: timer", "Session-Expires: 90;refresher=uac"])
    receive("200")
    hung_up()
    pinged()


def phone_prack():
    rung(kept=True)
    answer("183 Session Progress", sdp(), tag=True, headers=["Require: 100rel", "RSeq: 4711"], retransmit=True)
    receive("PRACK")
    answer("200 OK")
    pause(300)
    answer("200 OK", echo=OF_INVITE, retransmit=True)
    receive("ACK")
    hung_up()
    pinged()


def phone_early():
    rung()
    answer("183 Session Progress", sdp(), tag=True)
    pause(200)
    answer("200 OK", sdp(), tag=True, retransmit=True)
    receive("ACK")
    hung_up()
    pinged()


def phone_rings():
    rung(kept=True)
    answer("180 Ringing", tag=True)
    receive("CANCEL")
    answer("200 OK", contact=False, tag=True)
    message(["SIP/2.0 487 Request Terminated", *OF_INVITE[:2], "[last_To:];tag=[pid]s[call_number]", *OF_INVITE[3:]],
            retransmit=True)
    receive("ACK")
    pinged()


def phone_busy():
    rung()
    answer("486 Busy Here", contact=False, tag=True, retransmit=True)
    receive("ACK")
    pinged()


def phone_forwards():
    rung()
    message(["SIP/2.0 302 Moved Temporarily", ECHO[0], ECHO[2], "[last_To:];tag=[pid]s[call_number]", *ECHO[4:],
             "Contact: <sip:900@[remote_ip]>"], retransmit=True)
    receive("ACK")
    pinged()


def phone_referred():
    rung()
    picked_up()
    # A B2BUA transfers by itself: this phone then only hears a BYE.
    receive("BYE", optional=True, goto=4)
    receive("REFER")
    answer("202 Accepted")
    pause(300)
    for cseq, state, status in ((1, "active;expires=60", "100 Trying"), (2, "terminated;reason=noresource", "200 OK")):
        callee_inside("NOTIFY", cseq, headers=["Event: refer", f"Subscription-State: {state}"],
                      body=FRAGMENT.replace("{status}", status), kind="message/sipfrag")
        receive("200")
        pause(200)
    receive("BYE")
    answer("200 OK", contact=False)
    steps.append('<nop next="10"/>')
    label(4)
    answer("200 OK", contact=False)
    pinged()


def phone_forked():
    rung()
    answer("200 OK", sdp(), tag=True, retransmit=True)
    receive("CANCEL", optional=True, goto=4)
    receive("ACK", goto=5)
    label(4)
    answer("200 OK", contact=False)
    receive("ACK")
    label(5)
    hung_up()
    pinged()


def phone_watched():
    rung("SUBSCRIBE")
    answer("200 OK", headers=["Expires: 300"], tag=True)
    pause(250)
    callee_inside("NOTIFY", 1, headers=["Event: dialog", "Subscription-State: active;expires=300"])
    receive("200")
    receive("SUBSCRIBE")
    answer("200 OK", headers=["Expires: 0"])
    pause(250)
    callee_inside("NOTIFY", 2, headers=["Event: dialog", "Subscription-State: terminated;reason=timeout"])
    receive("200")
    pinged()


def phone_reads():
    rung("MESSAGE")
    answer("200 OK", contact=False, tag=True)
    pinged()


def main():
    global OWN, OTHER
    name, OWN, OTHER = sys.argv[1:4]
    globals()[name.replace("-", "_")]()
    print('<?xml version="1.0" encoding="UTF-8"?>')
    print(f'<scenario name="{name}">')
    print("\n".join(steps))
    used = [str(n) for n in range(1, 7) if f'assign_to="{n}"' in "".join(steps)]
    if used:
        print(f'<Reference variables="{",".join(used)}"/>')
    print("</scenario>")


if __name__ == "__main__":
    main()
