/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How the scanner looks at octets: eight a step (SWAR). Nothing here knows a header.
 * The octet that is looked for is mostly near: sip_seek*() take the first words inline, for a call
 * can cost as much as five words (return thunks); sip_find*() are functions of their own, which the
 * verifier walks once, and go on from there.
 *
 * A search starts at `pos`, never uses an octet at or behind `end`, and returns a position
 * <= end; `end` when it found nothing. Each has a reach, so that the verifier's work is bounded.
 * A search that must miss nothing goes through all of the longest header (SIP_REACH). Where less is
 * enough, a search that runs out stops before `end`, at an octet that is none of those it looks
 * for: "not found" is never said of octets that were not looked at. Callers keep pos <= end <=
 * length.
 */
#ifndef SIPWARD_BPF_SIP_SIP_LEX_H
#define SIPWARD_BPF_SIP_SIP_LEX_H

#include "sip/sip_msg.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/* A global function is verified once, with unknown arguments, instead of at each call. */
#ifdef __bpf__
#define SIP_GLOBAL __attribute__((noinline))
#else
#define SIP_GLOBAL static inline __attribute__((unused))
#endif

/* Reaches, in words of eight octets. */
#define SIP_REACH        (SW_HEADER_MAX / 8) /* one header, or start line */
#define SIP_REACH_SHORT  128                 /* white space, a host, a name */
#define SIP_REACH_INLINE 6

/* Blocks of four words in which a line is looked for at a time. */
#define SIP_BLOCKS_A_STEP 4

#define SIP_ONES    0x0101010101010101ull
#define SIP_TOPS    0x8080808080808080ull
#define SIP_EACH(c) (SIP_ONES * (__u64)(c))

/* Eight octets of a string literal from `i` on, as a little-endian word with zeros behind. */
#define SIP_OCTET(s, i) ((__u64)(__u8)(s)[(i) < sizeof(s) ? (i) : sizeof(s) - 1])
#define SIP_WORD_AT(s, i)                                                                          \
	(SIP_OCTET(s, (i)) | SIP_OCTET(s, (i) + 1) << 8 | SIP_OCTET(s, (i) + 2) << 16 |            \
	 SIP_OCTET(s, (i) + 3) << 24 | SIP_OCTET(s, (i) + 4) << 32 | SIP_OCTET(s, (i) + 5) << 40 | \
	 SIP_OCTET(s, (i) + 6) << 48 | SIP_OCTET(s, (i) + 7) << 56)
#define SIP_WORD(s) SIP_WORD_AT(s, 0)

/* Character classes, for what is too rare to be worth a word at a time. */
#define SIP_IN_TOKEN 0x01 /* RFC 3261 25.1: token */
#define SIP_IN_URI   0x02 /* any octet of a URI; '#' too, which phones dial unescaped */
#define SIP_IN_LWS   0x04

static const __u8 sip_class[256] = {
	['0' ... '9'] = SIP_IN_TOKEN | SIP_IN_URI,
	['A' ... 'Z'] = SIP_IN_TOKEN | SIP_IN_URI,
	['a' ... 'z'] = SIP_IN_TOKEN | SIP_IN_URI,
	['-'] = SIP_IN_TOKEN | SIP_IN_URI,
	['.'] = SIP_IN_TOKEN | SIP_IN_URI,
	['!'] = SIP_IN_TOKEN | SIP_IN_URI,
	['%'] = SIP_IN_TOKEN | SIP_IN_URI,
	['*'] = SIP_IN_TOKEN | SIP_IN_URI,
	['_'] = SIP_IN_TOKEN | SIP_IN_URI,
	['+'] = SIP_IN_TOKEN | SIP_IN_URI,
	['\''] = SIP_IN_TOKEN | SIP_IN_URI,
	['~'] = SIP_IN_TOKEN | SIP_IN_URI,
	['`'] = SIP_IN_TOKEN,
	['('] = SIP_IN_URI,
	[')'] = SIP_IN_URI,
	[';'] = SIP_IN_URI,
	['/'] = SIP_IN_URI,
	['?'] = SIP_IN_URI,
	[':'] = SIP_IN_URI,
	['@'] = SIP_IN_URI,
	['&'] = SIP_IN_URI,
	['='] = SIP_IN_URI,
	['$'] = SIP_IN_URI,
	[','] = SIP_IN_URI,
	['['] = SIP_IN_URI,
	[']'] = SIP_IN_URI,
	['#'] = SIP_IN_URI,
	[' '] = SIP_IN_LWS,
	['\t'] = SIP_IN_LWS,
	['\r'] = SIP_IN_LWS,
	['\n'] = SIP_IN_LWS,
};

/* The verifier wants to see the bound at each access. A message of the largest size wraps
 * around at its very end, where what is read has no influence. */
static __always_inline __u64 sip_clamp(__u64 pos)
{
#ifdef __bpf__
	asm volatile("%0 &= %1" : "+r"(pos) : "i"(SW_MESSAGE_MAX - 1));
#endif
	return pos;
}

/* Makes the verifier forget how a position came about, so that it takes all ways to it for
 * one. Positions are below 2^15. */
static __always_inline __u64 sip_forget(__u64 pos)
{
#ifdef __bpf__
	asm volatile("%0 &= 0x7fff" : "+r"(pos));
#endif
	return pos;
}

static __always_inline __u64 sip_load(const struct sip_buf *buf, __u64 pos)
{
	__u64 v;

#ifdef __bpf__
	/* one unaligned load; memcpy would become eight */
	v = *(const __u64 *)(buf->octets + sip_clamp(pos));
#else
	__builtin_memcpy(&v, buf->octets + pos, sizeof(v));
#endif
	return v;
}

/* Four words at once: one bound for all. */
static __always_inline void sip_load_block(const struct sip_buf *buf, __u64 pos, __u64 v[4])
{
#ifdef __bpf__
	const __u64 *at = (const __u64 *)(buf->octets + sip_clamp(pos));

	v[0] = at[0];
	v[1] = at[1];
	v[2] = at[2];
	v[3] = at[3];
#else
	__builtin_memcpy(v, buf->octets + pos, 32);
#endif
}

static __always_inline __u8 sip_octet(const struct sip_buf *buf, __u64 pos)
{
	return buf->octets[sip_clamp(pos)];
}

/* Markers: bit 7 of each octet that is meant. sip_equal and sip_below are exact for the
 * lowest marker only (a borrow may light one above it), the others for all. */
static __always_inline __u64 sip_equal(__u64 v, __u64 each)
{
	v ^= each;
	return (v - SIP_ONES) & ~v & SIP_TOPS;
}

static __always_inline __u64 sip_below(__u64 v, __u8 c)
{
	return (v - SIP_EACH(c)) & ~v & SIP_TOPS;
}

static __always_inline __u64 sip_exactly(__u64 v, __u64 each)
{
	v ^= each;
	return ~(((v & ~SIP_TOPS) + ~SIP_TOPS) | v) & SIP_TOPS;
}

/* All that is no white space: tab and LF are neighbours, CR and space are told by a sum that has
 * its top bit for any other octet. Exact. */
static __always_inline __u64 sip_no_lws(__u64 v)
{
	__u64 low = v & ~SIP_TOPS;
	__u64 cr = (low ^ SIP_EACH('\r')) + ~SIP_TOPS, space = (low ^ SIP_EACH(' ')) + ~SIP_TOPS;
	__u64 from = low + SIP_EACH(0x80 - '\t'), behind = low + SIP_EACH(0x80 - '\n' - 1);

	return (((~from | behind) & cr & space) | v) & SIP_TOPS;
}

/* How many octets stand below the lowest marker; 0 when there is none. Not __builtin_ctzll:
 * clang 14 has none for BPF. */
static __always_inline __u32 sip_lowest(__u64 markers)
{
	markers >>= 7;
	return ((markers & -markers) * 0x0001020304050607ull) >> 56;
}

/* The lowest n octets of a word, n <= 7. */
static __always_inline __u64 sip_mask(__u32 n)
{
	return (1ull << ((8 * n) & 63)) - 1;
}

/* Whether the n octets from the start of a word are what a literal says. */
#define SIP_BEGINS(word, s) \
	(((word) & (sizeof(s) > 8 ? ~0ull : sip_mask((sizeof(s) - 1) & 7))) == SIP_WORD(s))

/* Markers of the octets that are no digits, in a word of digits less '0'. Exact. */
static __always_inline __u64 sip_no_digits(__u64 digits)
{
	return (((digits & ~SIP_TOPS) + SIP_EACH(0x76)) | digits) & SIP_TOPS;
}

/* ASCII letters become small; no other octet becomes a letter, a hyphen or a slash. */
static __always_inline __u64 sip_lower(__u64 v)
{
	return v | (v & SIP_EACH(0x40)) >> 1;
}

static __always_inline int sip_is_lws(__u8 c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static __always_inline struct sip_span sip_span(__u32 pos, __u32 end)
{
	struct sip_span s = {.offset = pos, .length = end > pos ? end - pos : 0};

	return s;
}

/* The loop of every forward search: `markers` is computed from the word v at pos. It goes on
 * behind the loop when it runs out. */
#define SIP_SEARCH(buf, pos, end, reach, markers)     \
	for (__u32 i_ = 0; i_ < (reach); i_++) {      \
		__u64 v, m_;                          \
                                                      \
		if (pos >= end)                       \
			return end;                   \
		v = sip_load(buf, pos);               \
		m_ = (markers);                       \
		if (m_) {                             \
			pos += sip_lowest(m_);        \
			return pos < end ? pos : end; \
		}                                     \
		pos += 8;                             \
	}

/* Likewise, inline, for the first words only; `far` goes on behind them. */
#define SIP_SEEK(buf, pos, end, markers, far)                    \
	__u32 i_;                                                \
                                                                 \
	for (i_ = 0; i_ < SIP_REACH_INLINE && pos < end; i_++) { \
		__u64 v = sip_load(buf, pos), m_ = (markers);    \
                                                                 \
		if (m_) {                                        \
			pos += sip_lowest(m_);                   \
			break;                                   \
		}                                                \
		pos += 8;                                        \
	}                                                        \
	if (i_ == SIP_REACH_INLINE)                              \
		pos = far;                                       \
	return sip_forget(pos < end ? pos : end)

/* The first of three octets, which are those of `set` from the lowest on. */
SIP_GLOBAL __u32 sip_find_any(const struct sip_buf *buf, __u32 pos, __u32 end, __u32 set)
{
	__u64 a = SIP_EACH((__u8)set), b = SIP_EACH((__u8)(set >> 8)), c = SIP_EACH(set >> 16);

	if (!buf)
		return end;
	SIP_SEARCH(buf, pos, end, SIP_REACH, sip_equal(v, a) | sip_equal(v, b) | sip_equal(v, c));
	return end;
}

/* The first of two octets, each given as SIP_EACH(octet). */
static __always_inline __u32 sip_find(const struct sip_buf *buf, __u32 pos, __u32 end, __u64 a,
				      __u64 b)
{
	return sip_find_any(buf, pos, end, (__u8)a | (__u8)b << 8 | (__u8)b << 16);
}

static __always_inline __u32 sip_seek(const struct sip_buf *buf, __u32 pos, __u32 end, __u64 a,
				      __u64 b)
{
	SIP_SEEK(buf, pos, end, sip_equal(v, a) | sip_equal(v, b), sip_find(buf, pos, end, a, b));
}

/* Markers for the octets that a block is searched for. They may be wrong for octets from 0x80 on:
 * without an and-not, exact markers would cost half as much again. */
/* clang-format off */
#define SIP_SEEM_CONTROL(v)     ((v) - SIP_EACH(0x20))
/* clang-format on */
#define SIP_SEEM_EQUAL(v, each) (((v) ^ (each)) - SIP_ONES)

/* Goes on to the first word that has a marker, of SIP_BLOCKS_A_STEP blocks of four at most: its
 * markers go to `found`, or 0. */
#define SIP_SEEK_BLOCKS(buf, pos, end, found, seem)              \
	do {                                                     \
		__u64 v[4];                                      \
                                                                 \
		found = 0;                                       \
		_Pragma("GCC unroll 4")                          \
		for (int i_ = 0; i_ < SIP_BLOCKS_A_STEP; i_++) { \
			if (pos >= end)                          \
				break;                           \
			sip_load_block(buf, pos, v);             \
			found = seem(v[0]) & SIP_TOPS;           \
			if (found)                               \
				break;                           \
			found = seem(v[1]) & SIP_TOPS;           \
			if (found) {                             \
				pos += 8;                        \
				break;                           \
			}                                        \
			found = seem(v[2]) & SIP_TOPS;           \
			if (found) {                             \
				pos += 16;                       \
				break;                           \
			}                                        \
			found = seem(v[3]) & SIP_TOPS;           \
			if (found) {                             \
				pos += 24;                       \
				break;                           \
			}                                        \
			pos += 32;                               \
		}                                                \
		pos = sip_forget(pos);                           \
	} while (0)

/* Where to look on behind a CR LF, whose CR is the lowest of the markers in the word at pos. Not
 * behind the LF but at the next word, unless there is more to see in this one: where the
 * search goes then hangs on no octet, and the processor need not wait for one line to end
 * before it looks into the next. */
static __always_inline __u64 sip_behind_line(__u64 pos, __u64 markers, __u64 behind)
{
	markers &= markers - 1;
	if (!markers) /* the LF is the next word's */
		return pos + 9;
	return markers & (markers - 1) ? behind : pos + 8;
}

/* The first of one octet; where it is as near as most are, with no call. */
static __always_inline __u32 sip_seek_octet(const struct sip_buf *buf, __u64 pos, __u64 end,
					    __u8 octet)
{
	__u64 found, near;

#define SIP_SEEM_OCTET(v) SIP_SEEM_EQUAL(v, SIP_EACH(octet))
	SIP_SEEK_BLOCKS(buf, pos, end, found, SIP_SEEM_OCTET);
#undef SIP_SEEM_OCTET
	if (pos >= end)
		return end;
	near = sip_forget(pos + sip_lowest(found));
	if (found && sip_octet(buf, near) == octet)
		return near < end ? near : end;
	return sip_find(buf, pos, end, SIP_EACH(octet), SIP_EACH(octet));
}

/* 0x3a..0x40, which are : ; < = > ? @. Exact. */
static __always_inline __u64 sip_punctuation(__u64 v)
{
	__u64 low = v & ~SIP_TOPS;

	return (low + SIP_EACH(0x80 - 0x3a)) & ~(low + SIP_EACH(0x80 - 0x41)) & ~v & SIP_TOPS;
}

/* The first octet that ends a host or a transport: white space, control, comma, : ; < = > ? @ */
static __always_inline __u64 sip_marks(__u64 v)
{
	return sip_punctuation(v) | sip_below(v, 0x21) | sip_equal(v, SIP_EACH(','));
}

SIP_GLOBAL __u32 sip_find_mark(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf)
		return end;
	SIP_SEARCH(buf, pos, end, SIP_REACH_SHORT, sip_marks(v));
	return pos;
}

static __always_inline __u32 sip_seek_mark(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	SIP_SEEK(buf, pos, end, sip_marks(v), sip_find_mark(buf, pos, end));
}

/* The first semicolon, comma or double quote. */
static __always_inline __u64 sip_separators(__u64 v)
{
	return sip_equal(v, SIP_EACH(';')) | sip_equal(v, SIP_EACH(',')) |
	       sip_equal(v, SIP_EACH('"'));
}

static __always_inline __u32 sip_find_separator(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	return sip_find_any(buf, pos, end, ';' | ',' << 8 | '"' << 16);
}

static __always_inline __u32 sip_seek_separator(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	SIP_SEEK(buf, pos, end, sip_separators(v), sip_find_separator(buf, pos, end));
}

/* Likewise, or white space: where a value ends that stands in no quotes. */
static __always_inline __u64 sip_value_ends(__u64 v)
{
	return sip_separators(v) | (sip_no_lws(v) ^ SIP_TOPS);
}

SIP_GLOBAL __u32 sip_find_end(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf)
		return end;
	SIP_SEARCH(buf, pos, end, SIP_REACH, sip_value_ends(v));
	return end;
}

static __always_inline __u32 sip_seek_end(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	SIP_SEEK(buf, pos, end, sip_value_ends(v), sip_find_end(buf, pos, end));
}

/* The first octet that is no white space (folds included). More of it than its reach is found by
 * sip_long() beforehand. */
SIP_GLOBAL __u32 sip_skip_lws(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf)
		return end;
	SIP_SEARCH(buf, pos, end, SIP_REACH_SHORT, sip_no_lws(v));
	return pos < end ? pos : end;
}

/* The first octet outside a class. */
SIP_GLOBAL __u32 sip_find_outside(const struct sip_buf *buf, __u32 pos, __u32 end, __u32 class)
{
	if (!buf)
		return end;
	for (__u32 i = 0; i < SIP_REACH_SHORT; i++) {
		__u64 v;

		if (pos >= end)
			return end;
		v = sip_load(buf, pos);
		_Pragma("GCC unroll 8")
		for (__u32 j = 0; j < 8; j++, v >>= 8) {
			if (!(sip_class[(__u8)v] & class))
				return pos + j < end ? pos + j : end;
		}
		pos += 8;
	}
	return pos < end ? pos : end;
}

/* White space is mostly one space or none: only more of it costs a call. */
static __always_inline __u32 sip_skip(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (pos < end && sip_octet(buf, pos) == ' ')
		pos++;
	if (pos < end && sip_octet(buf, pos) <= ' ')
		pos = sip_skip_lws(buf, pos, end);
	return sip_forget(pos);
}

/* The end of [pos, end) without the white space before it, of which up to 64 octets are taken:
 * sip_is_trimmed() tells whether there was more. */
SIP_GLOBAL __u32 sip_trim(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf)
		return end;
	for (__u32 i = 0; i < 64; i++) {
		if (end <= pos || !sip_is_lws(sip_octet(buf, end - 1)))
			break;
		end--;
	}
	return end;
}

static __always_inline __u32 sip_trimmed(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (end > pos && sip_octet(buf, end - 1) <= ' ')
		end = sip_trim(buf, pos, end);
	return end;
}

static __always_inline int sip_is_trimmed(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	return end <= pos || !sip_is_lws(sip_octet(buf, end - 1));
}

/* Exact markers of a word as eight bits, the first octet's the lowest. */
static __always_inline __u32 sip_bits(__u64 markers)
{
	return markers * 0x0002040810204081ull >> 56;
}

/* Which octets of a word are escaped, bit by bit: those behind a run of backslashes of odd
 * length. Bit 0 of *carry: the first octet is, by the word before; then: the next word's. The
 * addition makes each run that begins at an odd octet flip what an even one would say. */
static __always_inline __u32 sip_escaped(__u32 backslashes, __u32 *carry)
{
	__u32 behind, sum;

	backslashes &= ~*carry;
	behind = backslashes << 1 | *carry;
	sum = backslashes + (backslashes & 0xaa & ~behind);
	*carry = sum >> 8 & 1;
	return ((sum << 1) ^ 0x55) & behind;
}

/* `pos` is behind an opening quote; the result is the position of the closing one, or end. The
 * octet behind a backslash is escaped, whatever it is (RFC 3261 25.1: quoted-pair). */
SIP_GLOBAL __u32 sip_find_quote(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 quotes = 0, carry = 0;

	if (!buf)
		return end;
	for (__u32 i = 0; i < SIP_REACH && pos < end; i++) {
		__u64 v = sip_load(buf, pos);

		quotes = sip_bits(sip_exactly(v, SIP_EACH('"')));
		quotes &= ~sip_escaped(sip_bits(sip_exactly(v, SIP_EACH('\\'))), &carry);
		if (quotes)
			break;
		pos += 8;
	}
	quotes &= -quotes;
	if (!quotes)
		return end;
	pos += !!(quotes & 0xaa) + 2 * !!(quotes & 0xcc) + 4 * !!(quotes & 0xf0);
	return pos < end ? pos : end;
}

/* 1 if n octets at a and at b are the same; more than 128 are not. */
SIP_GLOBAL int sip_same(const struct sip_buf *buf, __u32 a, __u32 b, __u32 n)
{
	if (!buf)
		return 0;
	for (__u32 i = 0; i < 128; i += 8) {
		__u64 differ;

		if (i >= n)
			return 1;
		differ = sip_load(buf, a + i) ^ sip_load(buf, b + i);
		if (n - i < 8)
			differ &= sip_mask(n - i);
		if (differ)
			return 0;
	}
	return n <= 128;
}

/* A decimal number of at most 19 digits, more than which no 64-bit number holds: its value in
 * bits 0..39, saturated at 2^32, and the position behind it in the bits from 40 on. */
#define SIP_NUMBER_MAX      (1ull << 32)
#define SIP_NUMBER_VALUE(r) ((r) & ((1ull << 40) - 1))
#define SIP_NUMBER_END(r)   ((__u32)((r) >> 40))

static __always_inline __u64 sip_number(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 value = 0;

	for (__u32 i = 0; i < 19; i++) {
		__u32 digit;

		if (pos >= end)
			break;
		digit = (__u32)sip_octet(buf, pos) - '0';
		if (digit > 9)
			break;
		value = value * 10 + digit;
		pos++;
	}
	if (value > SIP_NUMBER_MAX)
		value = SIP_NUMBER_MAX;
	return value | (__u64)sip_forget(pos) << 40;
}

#endif
