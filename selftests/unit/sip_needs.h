/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Scans a message once with all work and once for each set of needs that a policy may have: the
 * judgement, and the parts that were asked for, must be the same.
 */
#ifndef SIPWARD_SELFTESTS_SIP_NEEDS_H
#define SIPWARD_SELFTESTS_SIP_NEEDS_H

static unsigned int needs;
#define SIP_NEEDS(what) (needs & (what))
#include "sip_exact.h"
#include "sip/sip_peek.h"

/* Findings that only callers get that need more than a judgement. */
#define UNTOLD (SIP_FROM_TAG | SIP_COOKIE | SIP_LOGINS | URGENT)
#define URGENT (SIP_FROM_URGENT | SIP_TO_URGENT)
#define JUDGED                                                                           \
	(SIP_PRESENT(VIA) | SIP_PRESENT(FROM) | SIP_PRESENT(TO) | SIP_PRESENT(CALL_ID) | \
	 SIP_PRESENT(CSEQ) | SIP_PRESENT(MAX_FORWARDS) | SIP_PRESENT(CONTENT_LENGTH))

/* The work that a policy may need without strict work. */
static const unsigned int lean[] = {
	0,
	SIP_NEED_PARTIES,
	SIP_NEED_VIA,
	SIP_NEED_TOKENS,
	SIP_NEED_LOGINS,
	SIP_NEED_VIA | SIP_NEED_TOKENS,
	SIP_NEED_VIA | SIP_NEED_TOKENS | SIP_NEED_PARTIES | SIP_NEED_LOGINS,
	SIP_NEED_VALUES,
	SIP_NEED_VALUES | SIP_NEED_LINES | SIP_NEED_PARTIES,
	SIP_NEED_ALL & ~SIP_NEED_STRICT,
};

static bool same_span(struct sip_span a, struct sip_span b)
{
	return a.length == b.length && (!a.length || a.offset == b.offset);
}

static bool same_party(const struct sip_party *a, const struct sip_party *b, unsigned int what)
{
	return (!(what & SIP_NEED_PARTIES) ||
		(same_span(a->user, b->user) && same_span(a->host, b->host))) &&
	       (!(what & (SIP_NEED_PARTIES | SIP_NEED_TOKENS)) || same_span(a->tag, b->tag));
}

static bool same_values(const struct sip_msg *a, const struct sip_msg *b, unsigned int what)
{
	for (unsigned int i = 0; i < SIP_HEADER_COUNT; i++)
		if (!same_span(a->value[i], b->value[i]))
			return false;
	for (unsigned int i = 0; i < SIP_MORE_ALL && what & SIP_NEED_LINES; i++)
		if (!same_span(a->more[i], b->more[i]))
			return false;
	return a->present == b->present && a->repeated == b->repeated && a->cseq == b->cseq &&
	       a->cseq_kind == b->cseq_kind && same_span(a->cseq_method, b->cseq_method) &&
	       a->max_forwards == b->max_forwards && a->max_breadth == b->max_breadth &&
	       a->content_length == b->content_length && a->lines == b->lines &&
	       a->route_count == b->route_count && a->record_route_count == b->record_route_count;
}

/* Each that was asked for. */
static bool same_told(const struct sip_msg *a, const struct sip_msg *b, unsigned int what)
{
	if (what & SIP_NEED_VIA &&
	    !(same_span(a->via_transport, b->via_transport) &&
	      same_span(a->via_sent_by, b->via_sent_by) && same_span(a->via_host, b->via_host) &&
	      same_span(a->via_branch, b->via_branch) &&
	      (a->flags & SIP_COOKIE) == (b->flags & SIP_COOKIE)))
		return false;
	if (what & SIP_NEED_VALUES && !same_values(a, b, what))
		return false;
	if (what & SIP_NEED_PARTIES &&
	    !(same_span(a->uri_user, b->uri_user) && same_span(a->uri_host, b->uri_host) &&
	      (a->flags & URGENT) == (b->flags & URGENT)))
		return false;
	if (what & SIP_NEED_TOKENS &&
	    !(same_span(a->value[SIP_CALL_ID], b->value[SIP_CALL_ID]) &&
	      same_span(a->nonce, b->nonce) && same_span(a->proxy_nonce, b->proxy_nonce)))
		return false;
	if (what & SIP_NEED_LOGINS &&
	    !(same_span(a->login, b->login) && same_span(a->proxy_login, b->proxy_login) &&
	      (a->kind == SW_MESSAGE_RESPONSE ?
		       a->cseq_kind == b->cseq_kind :
		       (a->flags & SIP_LOGINS) == (b->flags & SIP_LOGINS))))
		return false;
	return same_party(&a->from, &b->from, what) && same_party(&a->to, &b->to, what);
}

/* `a` was found where all is needed. */
static bool same_violations(uint64_t a, uint64_t b)
{
	return ((a ^ b) & ~SIP_WHERE_READ) == 0 && (b & ~a) == 0;
}

static bool same_judged(const struct sip_msg *a, const struct sip_msg *b)
{
	return same_violations(a->violations, b->violations) &&
	       (a->flags & ~UNTOLD) == (b->flags & ~UNTOLD) &&
	       ((a->present ^ b->present) & JUDGED) == 0 && a->kind == b->kind &&
	       a->status == b->status && a->headers == b->headers && a->via_count == b->via_count &&
	       a->contact_count == b->contact_count && a->body_offset == b->body_offset;
}

/* Scanned whole, or as far as the top Via and from there on: that too changes nothing. False when
 * two pads gave two results. */
static bool scan(const uint8_t *octets, const struct sip_input *in, unsigned int what, bool halves,
		 unsigned int n, struct sip_msg *msg)
{
	struct sip_input part = *in;

	needs = what;
	part.flags |= halves ? SIP_EARLY : 0;
	if (!sip_scan_exact(octets, &part, n, msg))
		return false;
	part.flags = in->flags | SIP_RESUME;
	return !halves || sip_scan_exact(octets, &part, n, msg);
}

/* The needs in which a message is judged, or told, otherwise than where all is needed; ~0: none.
 * Odd `n` scans in halves. */
static unsigned int needs_that_differ(const uint8_t *octets, size_t size, uint32_t flags,
				      unsigned int n)
{
	struct sip_input in = sip_exact_input(size, flags, SW_SANITY_DEFAULT);
	struct sip_msg all = {0};

	if (!scan(octets, &in, SIP_NEED_ALL, false, n, &all))
		return SIP_NEED_ALL;
	for (size_t i = 0; i < sizeof(lean) / sizeof(lean[0]); i++) {
		struct sip_msg brief = {0};

		if (!scan(octets, &in, lean[i], n & 1, n, &brief) || !same_judged(&all, &brief) ||
		    !same_told(&all, &brief, lean[i]))
			return lean[i];
	}
	return ~0u;
}

/* What sip_peek() finds must be what an early scan finds. */
enum peeked { PEEK_LEFT, PEEK_SAME, PEEK_DIFFERS };

static enum peeked peek(const uint8_t *octets, size_t size, unsigned int n)
{
	struct sip_input in = sip_exact_input(size, SIP_EARLY, SW_SANITY_DEFAULT);
	struct sip_msg scanned = {0}, peeked;
	uint8_t *block = malloc(size + SIP_PAD);
	int found;

	needs = SIP_NEED_ALL & ~SIP_NEED_STRICT;
	memset(&peeked, 0xff, sizeof(peeked));
	if (size)
		memcpy(block, octets, size);
	for (size_t i = 0; i < SIP_PAD; i++)
		block[size + i] = sip_pads[n % SIP_PADS][i % 8];
	found = sip_peek((const struct sip_buf *)block, size, &peeked);
	free(block);
	if (!found)
		return PEEK_LEFT;
	sip_scan_exact(octets, &in, n, &scanned);
	return scanned.flags & SIP_START && scanned.flags & SIP_TOP_VIA &&
			       !(scanned.violations & SW_SANITY_BIT(START_LINE)) &&
			       scanned.kind == peeked.kind && scanned.status == peeked.status &&
			       same_span(scanned.uri, peeked.uri) && !peeked.uri_user.length &&
			       same_span(scanned.via_branch, peeked.via_branch) &&
			       peeked.flags == (SIP_START | SIP_TOP_VIA) && !peeked.violations ?
		       PEEK_SAME :
		       PEEK_DIFFERS;
}

#endif
