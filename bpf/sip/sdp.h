/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Session descriptions (RFC 8866): what a body of type application/sdp must look like, line by
 * line. Judged is what a parser may stumble over: lines, their order, numbers, addresses, and how
 * many there are of all. What an attribute means is not judged, nor the order of lines that phones
 * are free with (b, a, k, i, u, e, p, r, z). Pure C.
 */
#ifndef SIPWARD_BPF_SIP_SDP_H
#define SIPWARD_BPF_SIP_SDP_H

#include "sip/sip_strict.h"

#define SDP_LINES_MAX      2048 /* of a body */
#define SDP_LINE_MAX       2048 /* octets of a line */
#define SDP_MEDIAS_MAX     64
#define SDP_ATTRIBUTES_MAX 512 /* of one media, or of the session */
#define SDP_FORMATS_MAX    128 /* of one media: as many as there are payload types */
#define SDP_ADDRESSES_MAX  16  /* of one media: c= with layered multicast */

enum sdp_fault { SDP_LINE, SDP_ORDER, SDP_NUMBER, SDP_ADDRESS, SDP_BOUNDS, SDP_FAULTS };

/* Ranks of the lines whose order is judged; a bit for each in struct sdp.seen. */
enum sdp_rank { SDP_NONE, SDP_V, SDP_O, SDP_S, SDP_C, SDP_T, SDP_M };

/* All in memory: the verifier would tell apart all that it can be. */
struct sdp {
	__u32 pos, end; /* what is left of the body */
	__u32 found;    /* a bit for each enum sdp_fault */
	__u32 seen;
	__u32 rank; /* of the last line that has one */
	__u32 medias;
	__u32 attributes;            /* of this media, or of the session */
	__u32 addresses;             /* likewise, of the media */
	__u32 unaddressed;           /* this media is wanted, and no c= says where */
	__u32 empty;                 /* an empty line was there: nothing may follow */
	__u32 group, octets, groups; /* of an address under work */
};

static __always_inline void sdp_fault(struct sdp *sdp, enum sdp_fault fault)
{
	sdp->found |= 1u << fault;
}

/* The first control octet but TAB, in as many words; behind them when there is none. */
#define SDP_CONTROL_WORDS 33

SIP_GLOBAL __u32 sdp_near_control(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf)
		return end;
	SIP_SEARCH(buf, pos, end, SDP_CONTROL_WORDS,
		   (~(((v & ~SIP_TOPS) + SIP_EACH(0x60)) | v) & SIP_TOPS &
		    ~sip_exactly(v, SIP_EACH('\t'))) |
			   sip_exactly(v, SIP_EACH(0x7f)));
	return pos < end ? pos : end;
}

/* The first control octet but TAB of a line as long as it may be, or `end`. Two loops, so that the
 * verifier walks few steps. */
SIP_GLOBAL __u32 sdp_find_control(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 limit = pos + SDP_LINE_MAX + 8 < end ? pos + SDP_LINE_MAX + 8 : end;

	if (!buf)
		return end;
	for (__u32 i = 0; i < SDP_LINE_MAX / 8 / SDP_CONTROL_WORDS + 2; i++) {
		__u32 begin = pos;

		pos = sdp_near_control(buf, pos, limit);
		if (pos >= limit)
			return end;
		if (pos < begin + 8 * SDP_CONTROL_WORDS)
			return pos;
	}
	return end;
}

/* 1 when [pos, end) is a decimal number of at most `most`. */
SIP_GLOBAL int sdp_is_number(const struct sip_buf *buf, __u32 pos, __u32 end, __u64 most)
{
	__u64 value = 0;

	if (!buf || pos >= end)
		return 0;
	for (__u32 i = 0; i < 24; i++) {
		__u32 digit;

		if (pos >= end)
			return value <= most;
		digit = (__u32)sip_octet(buf, pos) - '0';
		pos++;
		if (digit > 9 || value > (~0ull - 9) / 10)
			return 0;
		value = value * 10 + digit;
	}
	return 0;
}

/* Dotted decimal. */
SIP_GLOBAL int sdp_is_ipv4(const struct sip_buf *buf, struct sdp *sdp, __u32 pos, __u32 end)
{
	if (!buf || !sdp)
		return 0;
	sdp->group = sdp->octets = sdp->groups = 0;
	for (__u32 i = 0; i < 16; i++) {
		__u32 digit;

		if (pos >= end)
			return sdp->groups == 3 && sdp->octets && sdp->group < 256;
		digit = (__u32)sip_octet(buf, pos) - '0';
		pos++;
		if (digit <= 9) {
			sdp->group = sdp->group * 10 + digit;
			sdp->octets++;
			continue;
		}
		if (digit != (__u32)'.' - '0' || !sdp->octets || sdp->group > 255)
			return 0;
		sdp->groups++;
		sdp->group = sdp->octets = 0;
	}
	return 0;
}

/* Markers of the hexadecimal digits. Exact. */
static __always_inline __u64 sdp_hex(__u64 v)
{
	__u64 low = v & ~SIP_TOPS, small = low | SIP_EACH(0x20);
	__u64 digits = (low + SIP_EACH(0x80 - '0')) & ~(low + SIP_EACH(0x80 - '9' - 1));
	__u64 letters = (small + SIP_EACH(0x80 - 'a')) & ~(small + SIP_EACH(0x80 - 'f' - 1));

	return (digits | letters) & ~v & SIP_TOPS;
}

/* How many bits are set, of 48. */
static __always_inline __u32 sdp_bits(__u64 v)
{
	v -= v >> 1 & 0x5555555555555555ull;
	v = (v & 0x3333333333333333ull) + (v >> 2 & 0x3333333333333333ull);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return v * SIP_ONES >> 56;
}

#define SDP_IPV6_MAX 46 /* octets, of which the rest is let be */

/* Groups of hexadecimal digits, with "::" once at most; a dotted part at the end is let be. A bit
 * for each octet. */
SIP_GLOBAL int sdp_is_ipv6(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 colons = 0, hex = 0, stop, gaps;
	__u32 length = end - pos, groups;

	if (!buf || pos >= end)
		return 0;
	for (__u32 i = 0; i < (SDP_IPV6_MAX + 7) / 8 && 8 * i < length; i++) {
		__u64 v = sip_load(buf, pos + 8 * i);

		colons |= (__u64)sip_bits(sip_exactly(v, SIP_EACH(':'))) << 8 * i;
		hex |= (__u64)sip_bits(sdp_hex(v)) << 8 * i;
	}
	stop = 1ull << (length < SDP_IPV6_MAX ? length : SDP_IPV6_MAX);
	stop |= ~(colons | hex);
	stop &= -stop; /* the first octet that is none of them, or behind the last */
	colons &= stop - 1;
	hex &= stop - 1;
	groups = sdp_bits(colons);
	if (hex & hex >> 1 & hex >> 2 & hex >> 3 & hex >> 4)
		return 0;
	pos += sdp_bits(stop - 1);
	if (pos < end) /* too long a text has no dot there that counts */
		return stop < 1ull << SDP_IPV6_MAX && sip_octet(buf, pos) == '.' && groups <= 7 &&
		       sip_find(buf, pos, end, SIP_EACH(':'), SIP_EACH('/')) >= end;
	gaps = colons & colons >> 1;
	if (!gaps)
		return groups == 7;
	return !(gaps & (gaps - 1)) && groups >= 2 && groups <= 8;
}

/* An address of the type, a name, or for multicast an address with "/ttl" or "/number" behind. */
static __always_inline int sdp_is_address(const struct sip_buf *buf, struct sdp *sdp, __u32 pos,
					  __u32 end, __u32 version)
{
	__u32 host;

	if (pos >= end)
		return 0;
	host = sip_forget(sip_find(buf, pos, end, SIP_EACH('/'), SIP_EACH('/')));
	if (host == pos)
		return 0;
	if (version == '6' && sip_find(buf, pos, host, SIP_EACH(':'), SIP_EACH(':')) < host)
		return sdp_is_ipv6(buf, pos, host);
	if ((__u8)(sip_octet(buf, host - 1) - '0') <= 9)
		return sdp_is_ipv4(buf, sdp, pos, host);
	return sip_is_all(buf, pos, host, SIP_IN_TOKEN);
}

/* The end of the word at pos. */
static __always_inline __u32 sdp_word(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	return sip_forget(sip_find(buf, pos, end, SIP_EACH(' '), SIP_EACH(' ')));
}

/* "IN IP4 192.0.2.1": the rest of c= and of o= (RFC 8866 5.2, 5.7). */
static __always_inline void sdp_connection(const struct sip_buf *buf, struct sdp *sdp, __u32 pos,
					   __u32 end)
{
	__u64 word;
	__u32 last;

	word = sip_load(buf, pos);
	last = pos + 7 < end ? sip_trimmed(buf, pos + 7, end) : 0;
	if (last <= pos + 7 || (word & sip_mask(5)) != SIP_WORD("IN IP") ||
	    (word >> 48 & 0xff) != ' ' ||
	    ((word >> 40 & 0xff) != '4' && (word >> 40 & 0xff) != '6') ||
	    !sdp_is_address(buf, sdp, pos + 7, last, word >> 40 & 0xff))
		sdp_fault(sdp, SDP_ADDRESS);
}

/* o=<username> <sess-id> <sess-version> IN IP4 <address>: where "IN" is, or 0. */
static __always_inline __u32 sdp_origin(const struct sip_buf *buf, struct sdp *sdp, __u32 pos,
					__u32 end)
{
	__u32 id, version, last;

	id = sdp_word(buf, pos, end);
	version = sdp_word(buf, sip_forget(id + 1), end);
	last = sdp_word(buf, sip_forget(version + 1), end);
	if (last >= end) {
		sdp_fault(sdp, SDP_LINE);
		return 0;
	}
	if (!sdp_is_number(buf, sip_forget(id + 1), version, ~0ull) ||
	    !sdp_is_number(buf, sip_forget(version + 1), last, ~0ull))
		sdp_fault(sdp, SDP_NUMBER);
	return sip_forget(last + 1);
}

/* t=<start> <stop> */
SIP_GLOBAL int sdp_time(const struct sip_buf *buf, struct sdp *sdp, __u32 pos, __u32 end)
{
	__u32 stop;

	if (!buf || !sdp)
		return 0;
	end = sip_trimmed(buf, pos, end);
	stop = sdp_word(buf, pos, end);
	if (!sdp_is_number(buf, pos, stop, ~0ull) ||
	    !sdp_is_number(buf, sip_forget(stop + 1), end, ~0ull))
		sdp_fault(sdp, SDP_NUMBER);
	return 0;
}

/* b=<type>:<kilobits> */
SIP_GLOBAL int sdp_bandwidth(const struct sip_buf *buf, struct sdp *sdp, __u32 pos, __u32 end)
{
	__u32 colon;

	if (!buf || !sdp)
		return 0;
	end = sip_trimmed(buf, pos, end);
	colon = sip_forget(sip_find(buf, pos, end, SIP_EACH(':'), SIP_EACH(':')));
	if (colon == pos || !sdp_is_number(buf, colon + 1, end, ~0u))
		sdp_fault(sdp, SDP_NUMBER);
	return 0;
}

/* The formats of a media: as many words as there are from pos on. */
SIP_GLOBAL int sdp_formats(const struct sip_buf *buf, struct sdp *sdp, __u32 pos, __u32 end)
{
	if (!buf || !sdp)
		return 0;
	for (__u32 i = 0; i < SDP_FORMATS_MAX; i++) {
		pos = sip_forget(sdp_word(buf, pos, end) + 1);
		if (pos >= end)
			return 0;
	}
	sdp_fault(sdp, SDP_BOUNDS);
	return 0;
}

/* m=<media> <port>[/<number>] <proto> <format>... */
static __always_inline int sdp_media(const struct sip_buf *buf, struct sdp *sdp, __u32 pos,
				     __u32 end)
{
	__u32 port, proto, formats, slash;

	end = sip_trimmed(buf, pos, end);
	port = sdp_word(buf, pos, end);
	proto = sdp_word(buf, sip_forget(port + 1), end);
	formats = sdp_word(buf, sip_forget(proto + 1), end);
	if (port == pos || formats >= end || formats == proto + 1) {
		sdp_fault(sdp, SDP_LINE);
		return 0;
	}
	port = sip_forget(port + 1);
	slash = sip_forget(sip_find(buf, port, proto, SIP_EACH('/'), SIP_EACH('/')));
	if (!sdp_is_number(buf, port, slash, 65535) ||
	    (slash < proto && !sdp_is_number(buf, slash + 1, proto, 65535)))
		sdp_fault(sdp, SDP_NUMBER);
	/* Port 0 declines the media: nobody needs to know where. */
	if (!(sdp->seen & 1u << SDP_C) && (sip_octet(buf, port) != '0' || slash != port + 1))
		sdp->unaddressed = 1;
	/* A word and its space take an octet at least. */
	if (end - formats <= SDP_FORMATS_MAX)
		return 0;
	return sdp_formats(buf, sdp, sip_forget(formats + 1), end);
}

static __always_inline enum sdp_rank sdp_rank_of(__u8 letter)
{
	switch (letter) {
	case 'v':
		return SDP_V;
	case 'o':
		return SDP_O;
	case 's':
		return SDP_S;
	case 'c':
		return SDP_C;
	case 't':
		return SDP_T;
	case 'm':
		return SDP_M;
	default:
		return SDP_NONE;
	}
}

/* v, o, s, [c], t..., and then media, each with its own c (RFC 8866 9). */
SIP_GLOBAL int sdp_order(struct sdp *sdp, __u32 rank)
{
	const __u32 must = 1u << SDP_V | 1u << SDP_O | 1u << SDP_S | 1u << SDP_T;

	if (!sdp)
		return 0;
	if (rank == SDP_M) {
		if ((sdp->seen & must) != must || sdp->unaddressed)
			sdp_fault(sdp, SDP_ORDER);
		if (++sdp->medias > SDP_MEDIAS_MAX)
			sdp_fault(sdp, SDP_BOUNDS);
		sdp->unaddressed = sdp->attributes = sdp->addresses = 0;
	} else if (rank == SDP_C && sdp->medias) {
		sdp->unaddressed = 0;
		if (++sdp->addresses > SDP_ADDRESSES_MAX)
			sdp_fault(sdp, SDP_BOUNDS);
		return 0;
	} else if (rank < sdp->rank || (rank == sdp->rank && rank != SDP_T)) {
		sdp_fault(sdp, SDP_ORDER);
	}
	sdp->seen |= 1u << (rank & 31);
	sdp->rank = rank;
	return 0;
}

/* `clean`: no control octet stands in it. */
static __always_inline int sdp_line(const struct sip_buf *buf, struct sdp *sdp, __u32 pos,
				    __u32 end, int clean)
{
	__u32 rank, value = pos + 2, connection = 0;
	__u8 letter;

	letter = sip_octet(buf, pos);
	if (end < value || (__u8)(letter - 'a') > 25 || sip_octet(buf, pos + 1) != '=' || !clean) {
		sdp_fault(sdp, SDP_LINE);
		return 0;
	}
	if (end - pos > SDP_LINE_MAX) {
		sdp_fault(sdp, SDP_BOUNDS);
		return 0;
	}
	if (letter == 'a' && ++sdp->attributes > SDP_ATTRIBUTES_MAX)
		sdp_fault(sdp, SDP_BOUNDS);
	rank = sdp_rank_of(letter);
	if (!sdp->rank && rank != SDP_V)
		sdp_fault(sdp, SDP_ORDER);
	if (rank != SDP_NONE)
		sdp_order(sdp, rank);
	if (letter == 'v' &&
	    (sip_trimmed(buf, value, end) != value + 1 || sip_octet(buf, value) != '0'))
		sdp_fault(sdp, SDP_NUMBER);
	if (letter == 'o')
		connection = sdp_origin(buf, sdp, value, end);
	if (letter == 'c')
		connection = value;
	if (connection)
		sdp_connection(buf, sdp, sip_forget(connection), end);
	if (letter == 't')
		sdp_time(buf, sdp, value, end);
	if (letter == 'b')
		sdp_bandwidth(buf, sdp, value, end);
	if (letter == 'm')
		sdp_media(buf, sdp, value, end);
	return 0;
}

/* 1 when the control octet at pos ends a line: LF, or CR before LF. */
static __always_inline int sdp_ends_line(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 two = sip_load(buf, pos) & 0xffff;

	return pos < end && ((two & 0xff) == '\n' || (two == ('\r' | '\n' << 8) && pos + 1 < end));
}

/* The next line, which ends with LF or CR LF, or where the body does. 1 when that was all. The
 * first control octet of a good line is its end, so that it is looked through once. */
SIP_GLOBAL int sdp_step(const struct sip_buf *buf, struct sdp *sdp)
{
	__u32 pos, end, last;
	int clean;

	if (!buf || !sdp)
		return 1;
	pos = sip_forget(sdp->pos);
	end = sip_forget(sdp->end);
	if (pos >= end)
		return 1;
	last = sip_forget(sdp_find_control(buf, pos, end));
	clean = sdp_ends_line(buf, last, end);
	if (!clean)
		last = sip_forget(sip_find(buf, pos, end, SIP_EACH('\n'), SIP_EACH('\n')));
	sdp->pos = last + 1;
	if (clean)
		sdp->pos += sip_octet(buf, last) == '\r';
	else if (last < end && last > pos && sip_octet(buf, last - 1) == '\r')
		last--;
	/* Empty ones may stand at the end, but nowhere else. */
	if (last == pos) {
		sdp->empty = 1;
		return 0;
	}
	if (sdp->empty)
		sdp_fault(sdp, SDP_LINE);
	if (!clean)
		clean = sdp_find_control(buf, sip_forget(pos + 2), last) >= last;
	sdp_line(buf, sdp, pos, last, clean);
	return 0;
}

/* The faults of the whole description, when its lines were read. */
static __always_inline __u32 sdp_finish(struct sdp *sdp)
{
	const __u32 must = 1u << SDP_V | 1u << SDP_O | 1u << SDP_S | 1u << SDP_T;

	if (sdp->pos < sdp->end)
		sdp_fault(sdp, SDP_BOUNDS);
	if ((sdp->seen & must) != must || sdp->unaddressed)
		sdp_fault(sdp, SDP_ORDER);
	return sdp->found;
}

#endif
