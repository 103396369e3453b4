/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "bench.h"
#include "policy/prefix.h"

#define SERVER "192.0.2.1"
#define BRANCH "z9hG4bKPj7f3c1a90d24e4b5f"

static const char body[] =
	"v=0\r\no=- 3915104012 3915104012 IN IP4 192.0.2.10\r\ns=call\r\nc=IN IP4 192.0.2.10\r\n"
	"t=0 0\r\nm=audio 40376 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
	"a=ptime:20\r\na=sendrecv\r\n";

struct parts {
	const char *start;
	const char *sender; /* who is in the top Via */
	const char *cseq;
	const char *tag; /* of To */
	bool body;
};

static size_t sip_message(char *text, size_t room, const struct parts *m, const char *address)
{
	return snprintf(
		text, room,
		"%s\r\n"
		"Via: SIP/2.0/UDP %s:5060;rport;branch=" BRANCH "\r\n"
		"Max-Forwards: 70\r\n"
		"From: \"Reception\" <sip:100@sip.example.com>;tag=8e5a4c72f01b\r\n"
		"To: <sip:+4930123456@sip.example.com>%s%s\r\n"
		"Contact: <sip:100@%s:5060;ob>\r\n"
		"Call-ID: 4f2d9c8b7a6e4e0fb1c3@%s\r\n"
		"CSeq: 21743 %s\r\n"
		"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, PRACK, INFO, NOTIFY, REFER\r\n"
		"Supported: replaces, 100rel, timer, norefersub, outbound, path, gruu\r\n"
		"User-Agent: Desk Phone 2.14.1\r\n"
		"%sContent-Length: %zu\r\n\r\n%s",
		m->start, m->sender ? m->sender : address, m->tag ? ";tag=" : "",
		m->tag ? m->tag : "", m->sender ? m->sender : address, address, m->cseq,
		m->body ? "Content-Type: application/sdp\r\n" : "",
		m->body ? sizeof(body) - 1 : (size_t)0, m->body ? body : "");
}

#define TO  "sip:+4930123456@sip.example.com SIP/2.0"
#define TAG "as58f4201b"

static const struct parts texts[] = {
	[MESSAGE_INVITE] = {"INVITE " TO, NULL, "INVITE", NULL, true},
	[MESSAGE_REGISTER] = {"REGISTER sip:sip.example.com SIP/2.0", NULL, "REGISTER", NULL,
			      false},
	[MESSAGE_OPTIONS] = {"OPTIONS " TO, NULL, "OPTIONS", NULL, false},
	[MESSAGE_OK] = {"SIP/2.0 200 OK", SERVER, "INVITE", TAG, true},
	[MESSAGE_REINVITE] = {"INVITE " TO, NULL, "INVITE", TAG, true},
	[MESSAGE_ACK] = {"ACK " TO, NULL, "ACK", TAG, false},
	[MESSAGE_BYE] = {"BYE " TO, NULL, "BYE", TAG, false},
	[MESSAGE_OUT_INVITE] = {"INVITE " TO, SERVER, "INVITE", NULL, true},
	[MESSAGE_OUT_OK] = {"SIP/2.0 200 OK", NULL, "INVITE", TAG, false},
	[MESSAGE_OUT_MEDIA] = {},
};

bool message_outbound(enum message message)
{
	return message >= MESSAGE_OUT_INVITE;
}

/* RFC 8489: a binding request without attributes. */
static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1,  2,
				 3, 4, 5, 6, 7,    8,    9,    10,   11, 12};

/* A segment goes on in the middle of one. */
static const char header[] =
	"Supported: replaces, 100rel, timer, norefersub, outbound, path, gruu\r\n";

static size_t payload(char *text, size_t room, enum message message, const char *address)
{
	switch (message) {
	case MESSAGE_KEEPALIVE:
		memcpy(text, "\r\n\r\n", 4);
		return 4;
	case MESSAGE_STUN:
		memcpy(text, stun, sizeof(stun));
		return sizeof(stun);
	case MESSAGE_MEDIA:
	case MESSAGE_OUT_MEDIA:
		memset(text, 'x', 172);
		return 172;
	case MESSAGE_SEGMENT:
		for (size_t i = 0; i < 1200; i++)
			text[i] = header[(i + 7) % (sizeof(header) - 1)];
		return 1200;
	default:
		return sip_message(text, room, &texts[message], address);
	}
}

/* As chance has it: a number near 0 looks like that of a connection that begins there. */
static const uint8_t segment_sequence[4] = {0x9d, 0x3a, 0x51, 0xc6};

void message_frame(struct frame *frame, enum message message, const char *address)
{
	bool media = message == MESSAGE_MEDIA || message == MESSAGE_OUT_MEDIA;
	struct endpoint peer = {.port = 5060}, server = {.port = media ? 16384 : 5060};
	char text[2048];
	size_t size = payload(text, sizeof(text), message, address);

	if (media)
		peer.port = 20000;
	if (addr_parse(address, &peer.addr) < 0 || addr_parse(SERVER, &server.addr) < 0)
		die("%s is no address", address);
	memset(frame, 0, sizeof(*frame));
	if (message_outbound(message))
		frame_message(frame, &server, &peer, false, text, size);
	else
		frame_message(frame, &peer, &server, message == MESSAGE_SEGMENT, text, size);
	if (message == MESSAGE_SEGMENT)
		memcpy(frame->octets + frame->transport + 4, segment_sequence, 4);
}
