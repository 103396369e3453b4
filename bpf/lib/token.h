/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tokens: keyed hashes of what a message says, short enough to be a map key. The key is
 * random per host, so nobody outside can choose two texts with the same token.
 *
 * SipHash-1-3 (Aumasson, Bernstein: SipHash, a fast short-input PRF), over octets of the
 * scanner's buffer. Pure C.
 */
#ifndef SIPWARD_BPF_LIB_TOKEN_H
#define SIPWARD_BPF_LIB_TOKEN_H

#include <sipward/offence.h>
#include <sipward/policy.h>

#include "sip/sip_scan.h"

#define TOKEN_TEXT_MAX 256 /* octets; nothing longer makes a token */
#define TOKEN_NONE     0

/* The kind of value that a token stands for. It is the first word that is hashed. */
enum token_kind {
	TOKEN_DIALOG = 1, /* Call-ID and the tag that a message from the server had */
	TOKEN_BRANCH,     /* of a request that the server sent */
	TOKEN_NONCE,      /* of a challenge that the server sent */
	TOKEN_GREYLIST,   /* source and branch of a newcomer's request */
	TOKEN_PROBE,      /* branch of a request that the agent sent to prove a newcomer */
	TOKEN_ATTEMPT,    /* source and branch of a request that is watched */
	TOKEN_LOGIN,      /* source and username of credentials */
	TOKEN_USER,       /* who is asked for */
	TOKEN_PARTY,      /* Call-ID and the tag of one side */
	TOKEN_INVITE,     /* branch and Call-ID of an INVITE that the server answers */
	TOKEN_INSIDE,     /* branch of a request inside a dialog that the server sent */
	TOKEN_REQUEST,    /* Call-ID and From-tag; branch */
	TOKEN_CALLEE,     /* user of a Request-URI */
	TOKEN_ASKED,      /* Call-ID and From-tag of a request that the server sent */
	TOKEN_CONNECTION, /* addresses and ports of a TCP connection */
	TOKEN_BEGINS,     /* source and branch of a request without a To-tag */
	TOKEN_TARGET,     /* a Request-URI */
	TOKEN_CALL,       /* Call-ID */
	TOKEN_REPORT,     /* address and reason */
	TOKEN_ACCOUNT     /* a username, wherever it comes from */
};

struct token {
	__u64 v[4];
};

static __always_inline __u64 token_rotate(__u64 x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static __always_inline void token_round(struct token *t)
{
	t->v[0] += t->v[1];
	t->v[1] = token_rotate(t->v[1], 13) ^ t->v[0];
	t->v[0] = token_rotate(t->v[0], 32);
	t->v[2] += t->v[3];
	t->v[3] = token_rotate(t->v[3], 16) ^ t->v[2];
	t->v[0] += t->v[3];
	t->v[3] = token_rotate(t->v[3], 21) ^ t->v[0];
	t->v[2] += t->v[1];
	t->v[1] = token_rotate(t->v[1], 17) ^ t->v[2];
	t->v[2] = token_rotate(t->v[2], 32);
}

static __always_inline void token_word(struct token *t, __u64 word)
{
	t->v[3] ^= word;
	token_round(t);
	t->v[0] ^= word;
}

static __always_inline void token_start(struct token *t, const volatile __u64 seed[2],
					enum token_kind kind)
{
	t->v[0] = seed[0] ^ 0x736f6d6570736575ull;
	t->v[1] = seed[1] ^ 0x646f72616e646f6dull;
	t->v[2] = seed[0] ^ 0x6c7967656e657261ull;
	t->v[3] = seed[1] ^ 0x7465646279746573ull;
	token_word(t, kind);
}

static __always_inline void token_addr(struct token *t, const struct sw_addr *addr)
{
	token_word(t, (__u64)addr->words[0] << 32 | addr->words[1]);
	token_word(t, (__u64)addr->words[2] << 32 | addr->words[3]);
}

/* Absorbs the octets of a span, and its length. The rest, less than a word, is absorbed behind the
 * loop: with a branch for it in the loop the verifier of 6.1 walks each length anew. The state
 * stands in registers meanwhile: in memory each round would wait for the stores of the one before.
 */
SIP_GLOBAL int token_text(struct token *t, const struct sip_buf *buf, __u32 offset, __u32 length)
{
	struct token state;
	__u32 last;

	if (!t || !buf || length > TOKEN_TEXT_MAX)
		return 0;
	state = *t;
	last = offset + (length & ~7u);
	for (__u32 i = 0; i < TOKEN_TEXT_MAX / 8 && offset < last; i++) {
		token_word(&state, sip_load(buf, offset));
		offset += 8;
	}
	if (length & 7)
		token_word(&state, sip_load(buf, offset) & sip_mask(length & 7));
	token_word(&state, (__u64)length << 56 | 0xff);
	*t = state;
	return 0;
}

/* Never TOKEN_NONE. */
static __always_inline __u64 token_end(struct token *t)
{
	__u64 result;

	t->v[2] ^= 0xff;
	token_round(t);
	token_round(t);
	token_round(t);
	result = t->v[0] ^ t->v[1] ^ t->v[2] ^ t->v[3];
	return result ? result : 1;
}

/* The token of one or two spans (`second` may be empty); TOKEN_NONE when the first is empty or
 * one of them is too long to trust. */
static __always_inline __u64 token_of(const volatile __u64 seed[2], enum token_kind kind,
				      const struct sip_buf *buf, struct sip_span first,
				      struct sip_span second)
{
	struct token t;

	if (!first.length || first.length > TOKEN_TEXT_MAX || second.length > TOKEN_TEXT_MAX)
		return TOKEN_NONE;
	token_start(&t, seed, kind);
	token_text(&t, buf, first.offset, first.length);
	if (second.length)
		token_text(&t, buf, second.offset, second.length);
	return token_end(&t);
}

/* Absorbs what is there of a span, an empty or a very long one too: for keys that must exist. */
static __always_inline void token_some(struct token *t, const struct sip_buf *buf,
				       struct sip_span span)
{
	if (span.length > TOKEN_TEXT_MAX)
		span.length = TOKEN_TEXT_MAX;
	token_text(t, buf, span.offset, span.length);
}

/* The token of an address with a span. */
static __always_inline __u64 token_at(const volatile __u64 seed[2], enum token_kind kind,
				      const struct sw_addr *addr, const struct sip_buf *buf,
				      struct sip_span span)
{
	struct token t;

	token_start(&t, seed, kind);
	token_addr(&t, addr);
	token_some(&t, buf, span);
	return token_end(&t);
}

/* A username by its first octets, NULs behind it. Some servers take BOB for bob, and some bob@x for
 * bob: these are one account. Bit 5 is set in each octet that has bit 6, and an at sign ends it. */
static __always_inline __u64 token_account(const volatile __u64 seed[2],
					   const char name[SW_LOGIN_NAME])
{
	__u64 word, at, ends = 0;
	struct token t;

	token_start(&t, seed, TOKEN_ACCOUNT);
	for (int i = 0; i < SW_LOGIN_NAME; i += 8) {
		__builtin_memcpy(&word, name + i, sizeof(word));
		at = sip_equal(word, SIP_EACH('@'));
		if (ends)
			word = 0;
		else if (at)
			word &= (at & -at) / 0x80 - 1;
		ends |= at;
		token_word(&t, word | (word & SIP_EACH(0x40)) >> 1);
	}
	return token_end(&t);
}

#endif
