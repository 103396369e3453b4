/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the packet tests of the way out: messages that the server sends to an address.
 */
#ifndef SIPWARD_PACKETS_OUTBOUND_H
#define SIPWARD_PACKETS_OUTBOUND_H

#include <linux/pkt_cls.h>

#include "rig.h"

struct sent {
	const char *start;  /* NULL: an INVITE */
	const char *via;    /* NULL: a public address */
	const char *branch; /* NULL: z9hG4bK1 */
	const char *callee; /* NULL: <sip:alice@example.com> */
	const char *tag;    /* NULL: outside a dialog */
	const char *call;   /* NULL: 1@192.168.7.7 */
	const char *cseq;   /* NULL: INVITE */
	const char *headers;
	enum { UDP, TCP, TCP_OPENED } way; /* TCP_OPENED: on a connection that the server opened */
};

static inline uint32_t leaves(struct rig *rig, const char *to, const struct sent *what)
{
	struct endpoint peer = {.addr = address(to), .port = 5060}, server = rig->to;
	char text[12288];
	size_t size = snprintf(text, sizeof(text),
			       "%s\r\n"
			       "Via: SIP/2.0/UDP %s;branch=%s\r\n"
			       "From: <sip:bob@example.com>;tag=1\r\n"
			       "To: %s%s\r\n"
			       "Call-ID: %s\r\n"
			       "CSeq: 1 %s\r\n"
			       "%s"
			       "Content-Length: 0\r\n\r\n",
			       what->start ?: "INVITE sip:alice@carrier.example SIP/2.0",
			       what->via ?: "192.0.2.1:5060", what->branch ?: "z9hG4bK1",
			       what->callee ?: "<sip:alice@example.com>", what->tag ?: "",
			       what->call ?: "1@192.168.7.7", what->cseq ?: "INVITE",
			       what->headers ?: "");

	if (strchr(to, ':'))
		server.addr = address("2001:db8::1");
	if (what->way == TCP)
		peer.port = 40123;
	if (what->way == TCP_OPENED)
		server.port = 40123;
	assert_true(frame_message(&rig->frame, &server, &peer, what->way != UDP, text, size));
	sends_out_frame(rig);
	return rig->test_run.outbound_verdict;
}

/* It is dropped, and this reason is counted. */
static inline void dropped(struct rig *rig, const char *to, struct sent what, enum sw_reason reason)
{
	uint64_t before = counted(rig, SW_MODE_ENFORCE, reason);

	if (leaves(rig, to, &what) != TC_ACT_SHOT)
		fail_msg("%s %s: it leaves", what.start ?: "INVITE", what.headers ?: "-");
	assert_int_equal(counted(rig, SW_MODE_ENFORCE, reason), before + 1);
}

#endif
