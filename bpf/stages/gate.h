/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "gate": all that comes before SIP on its port: keepalives of every kind, STUN, empty
 * segments, the handshakes of TCP and TLS. None of those is ever an offence.
 */
#ifndef SIPWARD_BPF_STAGES_GATE_H
#define SIPWARD_BPF_STAGES_GATE_H

#include "lib/known.h"
#include "lib/packet.h"
#include "lib/payload.h"
#include "rules/limit.h"
#include "rules/unproven.h"
#include "sip/hello.h"

/* No SIP message fits in fewer: over half of the datagrams of one public measurement were
 * keepalives such as CRLF CRLF, NUL, "jaK". */
#define KEEPALIVE_BELOW 20

#define STUN_HEADER 20
#define STUN_COOKIE 0x2112a442
#define STUN_MAX    548 /* RFC 8489 6.1: of a message over a path that nobody measured */

/* RFC 8446 5.1 and 4: a record, and the first message in it. */
#define TLS_MAJOR 3

struct tls_start {
	__u8 type;
	__u8 major;
	__u8 minor;
	__u8 length[2];
	__u8 message;
	__u8 message_length[3];
};

struct stun_header {
	__be16 type;
	__be16 length;
	__be32 cookie;
};

/* 1 when one of the eight octets at pos is the slash of "SIP/2.0". */
__noinline int has_version_at(const struct sip_buf *buf, __u32 pos)
{
	if (!buf)
		return 1;
	for (__u32 i = 0; i < 8; i++) {
		__u64 word = sip_lower(sip_load(buf, sip_forget(pos + i - 3)));

		if ((word & sip_mask(7)) == SIP_WORD("sip/2.0"))
			return 1;
	}
	return 0;
}

/* 1 when "SIP/2.0" stands behind the cookie, without which no server takes a message for SIP. */
__noinline int has_version(const struct sip_buf *buf, __u32 length)
{
	if (!buf)
		return 1;
	for (__u32 pos = 8; pos < STUN_MAX; pos += 8) {
		if (pos >= length)
			break;
		if (sip_equal(sip_load(buf, pos), SIP_EACH('/')) && has_version_at(buf, pos))
			return 1;
	}
	return 0;
}

/* RFC 5389 6: two zero bits, the cookie, and a length that fits the datagram exactly. Eight octets
 * like these make a method to some servers: it is no STUN if it may be SIP. */
static __always_inline int is_stun(const struct packet *p, const struct scratch *scratch)
{
	const struct stun_header *stun = (const void *)scratch->buf.octets;
	__u32 length = bpf_ntohs(stun->length);

	return !(stun->type & bpf_htons(0xc000)) && stun->cookie == bpf_htonl(STUN_COOKIE) &&
	       length % 4 == 0 && length + STUN_HEADER == p->payload_length &&
	       p->payload_length <= STUN_MAX && !has_version(&scratch->buf, p->payload_length);
}

/* Keepalives and STUN pass as they are, but for their ceilings: first the one of all who proved
 * nothing. Global: they are not what most packets are. */
__noinline int judge_before_sip(struct scratch *scratch)
{
	enum verdict v = VERDICT_UNDECIDED;
	struct packet *p;
	int stun;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	stun = p->message == SW_MESSAGE_STUN;
	if (policy.admission)
		p->grade = known_grade(p);
	if (!p->grade)
		v = spend_ceiling(scratch, stun ? SW_UNPROVEN_STUN : SW_UNPROVEN_KEEPALIVE);
	if (v != VERDICT_UNDECIDED)
		return v;
	return stun ? limit_class(p, SW_RATE_STUN, SW_REASON_STUN_RATE) :
		      limit_class(p, SW_RATE_KEEPALIVE, SW_REASON_KEEPALIVE_RATE);
}

static __always_inline enum verdict gate_class(struct packet *p, enum sw_message message)
{
	enum verdict v;

	p->message = message;
	v = judge_before_sip(packet_scratch(p));
	return v == VERDICT_UNDECIDED ? VERDICT_PASS : v;
}

/* A segment that begins a handshake. Ciphertext in the middle of a record looks like one once in
 * 2^38 segments, and is then sent again. A hello beyond the first buffer is not looked for. */
static __always_inline int is_client_hello(const struct packet *p, const struct xdp_md *ctx)
{
	const struct tls_start *tls;
	__u32 offset = p->payload_offset;

	if (p->transport != SW_TLS || p->payload_length < sizeof(*tls) || offset > 0x7fff)
		return 0;
	tls = (const void *)(long)ctx->data + offset;
	return (const void *)(tls + 1) <= (const void *)(long)ctx->data_end &&
	       tls->type == HELLO_RECORD && tls->major == TLS_MAJOR && tls->minor <= 4 &&
	       tls->message == HELLO_TYPE && tls->message_length[0] == 0;
}

/* Whether the segment begins a handshake: it has the first octet of a connection, however few stand
 * behind it; or it looks like a hello, on a connection whose beginning is not known. */
static __always_inline int begins_handshake(const struct packet *p, const struct xdp_md *ctx)
{
	if (!(policy.limited & SW_RATE_BIT(TLS)) && !policy.have_service_limits)
		return 0;
	return (p->transport == SW_TLS && p->opening) || is_client_hello(p, ctx);
}

/* The first segment of a connection may be dropped: it is sent again, and nothing that was under
 * way dies. */
static __always_inline enum verdict gate_tcp(struct packet *p, struct xdp_md *ctx)
{
	enum verdict v = VERDICT_UNDECIDED;

	if (begins_handshake(p, ctx)) {
		v = limit_class(p, SW_RATE_TLS, SW_REASON_RATE_TLS);
		if (v == VERDICT_UNDECIDED)
			v = limit_service(p);
	}
	if (v == VERDICT_UNDECIDED && is_syn(p))
		return VERDICT_PASS;
	p->content_may_drop = 0; /* what is judged from here on is content */
	if (v != VERDICT_UNDECIDED)
		return v;
	if (!p->payload_length || p->transport == SW_TLS)
		return VERDICT_PASS;
	if (p->ban_waits || !opens_websocket(packet_scratch(p), p->payload_length))
		return VERDICT_UNDECIDED;
	p->message = SW_MESSAGE_WEBSOCKET;
	return VERDICT_PASS;
}

static __always_inline enum verdict stage_gate(struct packet *p, struct xdp_md *ctx)
{
	if (p->is_stream)
		return gate_tcp(p, ctx);
	if (p->fragment_first)
		return VERDICT_UNDECIDED;
	if (p->payload_length < KEEPALIVE_BELOW)
		return gate_class(p, SW_MESSAGE_KEEPALIVE);
	if (is_stun(p, packet_scratch(p)))
		return gate_class(p, SW_MESSAGE_STUN);
	return VERDICT_UNDECIDED;
}

#endif
