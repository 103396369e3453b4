/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The frame that million.c hands to the kernel, and million.bpf.c makes another one of each time:
 * an INVITE with a body, as phones send it.
 */
#ifndef SIPWARD_FLOOD_MILLION_H
#define SIPWARD_FLOOD_MILLION_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#define BEFORE_BRANCH                                \
	"INVITE sip:call@server.example SIP/2.0\r\n" \
	"Via: SIP/2.0/UDP flood.example:5060;rport;branch=z9hG4bK"
#define BEFORE_TAG                 \
	"\r\nMax-Forwards: 70\r\n" \
	"From: \"Flood\" <sip:flood@flood.example>;tag="
#define BEFORE_CALL_ID                          \
	"\r\nTo: <sip:call@server.example>\r\n" \
	"Call-ID: "
#define SDP                                                                                \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"        \
	"m=audio 6000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n" \
	"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"
#define BEHIND_CALL_ID                                                               \
	"@flood.example\r\n"                                                         \
	"CSeq: 1 INVITE\r\n"                                                         \
	"Contact: <sip:flood@flood.example:5060>\r\n"                                \
	"User-Agent: Telephone 1.5\r\n"                                              \
	"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REFER, NOTIFY, UPDATE, PRACK\r\n" \
	"Supported: replaces, 100rel, timer\r\n"                                     \
	"Content-Type: application/sdp\r\n"                                          \
	"Content-Length: 201\r\n\r\n" SDP

_Static_assert(sizeof(SDP) - 1 == 201, "the Content-Length above");

struct million_frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	char before_branch[sizeof(BEFORE_BRANCH) - 1];
	char branch[16];
	char before_tag[sizeof(BEFORE_TAG) - 1];
	char tag[8];
	char before_call_id[sizeof(BEFORE_CALL_ID) - 1];
	char call_id[16];
	char behind_call_id[sizeof(BEHIND_CALL_ID) - 1];
} __attribute__((packed));

/* Checksums are of words that begin where the UDP header does. */
_Static_assert(__builtin_offsetof(struct million_frame, branch) % 2 == 0, "a whole word");
_Static_assert(__builtin_offsetof(struct million_frame, tag) % 2 == 0, "a whole word");
_Static_assert(__builtin_offsetof(struct million_frame, call_id) % 2 == 0, "a whole word");

#endif
