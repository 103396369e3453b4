/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Lines of session descriptions in the form that nearly all have, judged by words of eight octets.
 * sdp_plain() says 1 of a good line, and 0 of each that it cannot tell: that one is for sdp_step(),
 * which finds the same. A plain line ends with a control octet, at `last`, and has none before it,
 * so that digits, dots and spaces that are found from its start on are its own.
 */
#ifndef SIPWARD_BPF_SIP_SDP_PLAIN_H
#define SIPWARD_BPF_SIP_SDP_PLAIN_H

#include "sip/sdp.h"

/* Few, for the verifier walks each. */
#define SDP_LINES_A_CALL 4

/* Behind the digits at pos, of which there are 1 to 16; 0 when there are not. */
static __always_inline __u32 sdp_plain_number(const struct sip_buf *buf, __u32 pos)
{
	__u64 others = sip_no_digits(sip_load(buf, pos) ^ SIP_EACH('0'));
	__u32 begin = pos;

	if (!others) {
		pos = sip_forget(pos + 8);
		others = sip_no_digits(sip_load(buf, pos) ^ SIP_EACH('0'));
		if (!others)
			return 0;
	}
	pos += sip_lowest(others);
	return pos > begin ? sip_forget(pos) : 0;
}

/* An address of another form behind "IP4 " or "IP6 ". */
SIP_GLOBAL int sdp_other_address(const struct sip_buf *buf, struct sdp *sdp, __u32 pos, __u32 last)
{
	if (!buf || !sdp)
		return 0;
	return sdp_is_address(buf, sdp, pos, last, sip_octet(buf, pos - 2));
}

/* o=: where the address begins; 0 when it is not plain. */
static __always_inline __u32 sdp_plain_origin(const struct sip_buf *buf, __u64 word, __u32 pos,
					      __u32 last)
{
	__u64 spaces = sip_equal(word, SIP_EACH(' '));

	if (!spaces) {
		pos += 8;
		spaces = sip_equal(sip_load(buf, pos), SIP_EACH(' '));
	}
	pos = sip_forget(pos + sip_lowest(spaces));
	if (!spaces || pos >= last)
		return 0;
	pos = sdp_plain_number(buf, pos + 1);
	if (!pos || sip_octet(buf, pos) != ' ')
		return 0;
	pos = sdp_plain_number(buf, pos + 1);
	word = sip_load(buf, pos);
	return pos && (word == SIP_WORD(" IN IP4 ") || word == SIP_WORD(" IN IP6 ")) ? pos + 8 : 0;
}

/* b=: up to nine digits behind the colon. */
static __always_inline int sdp_plain_bandwidth(const struct sip_buf *buf, __u64 word, __u32 pos,
					       __u32 last)
{
	__u32 n = sip_lowest(sip_equal(word, SIP_EACH(':')));

	if (n < 3) /* or there is no colon */
		return 0;
	pos = sip_forget(pos + n + 1);
	return last - pos <= 9 && sdp_plain_number(buf, pos) == last;
}

/* v, o, s, c, t: each for the first time, and in their order. c= of the session, or of a media. */
static __always_inline int sdp_plain_order(struct sdp *sdp, __u32 rank)
{
	if (rank == SDP_C && sdp->medias && sdp->addresses < SDP_ADDRESSES_MAX) {
		sdp->unaddressed = 0;
		sdp->addresses++;
		return 1;
	}
	if (rank <= sdp->rank || (!sdp->rank && rank != SDP_V))
		return 0;
	sdp->seen |= 1u << rank;
	sdp->rank = rank;
	return 1;
}

static __always_inline int sdp_plain_media_order(struct sdp *sdp, int declined)
{
	const __u32 must = 1u << SDP_V | 1u << SDP_O | 1u << SDP_S | 1u << SDP_T;

	if ((sdp->seen & must) != must || sdp->unaddressed || sdp->medias >= SDP_MEDIAS_MAX)
		return 0;
	sdp->medias++;
	sdp->unaddressed = !declined && !(sdp->seen & 1u << SDP_C);
	sdp->attributes = sdp->addresses = 0;
	sdp->seen |= 1u << SDP_M;
	sdp->rank = SDP_M;
	return 1;
}

/* m=<media> <port> <proto> <format>... */
static __always_inline int sdp_plain_media(const struct sip_buf *buf, struct sdp *sdp, __u64 word,
					   __u32 pos, __u32 last)
{
	__u64 spaces = sip_equal(word, SIP_EACH(' ')), others;
	__u32 n = sip_lowest(spaces);
	int declined;

	if (n < 3) /* or there is no space */
		return 0;
	pos = sip_forget(pos + n + 1);
	word = sip_load(buf, pos);
	others = sip_no_digits(word ^ SIP_EACH('0'));
	n = sip_lowest(others);
	if (pos >= last || !n || n > 5 || (n == 5 && __builtin_bswap64(word) >> 24 > 0x3635353335))
		return 0;
	declined = n == 1 && (__u8)word == '0';
	pos = sip_forget(pos + n);
	if (sip_octet(buf, pos) != ' ')
		return 0;
	pos++;
	word = sip_load(buf, pos);
	if (word == SIP_WORD("RTP/AVP ")) {
		pos += 7;
	} else {
		n = sdp_word(buf, pos, last);
		if (n == pos)
			return 0;
		pos = n;
	}
	/* Formats stand behind the space at pos, and no space behind them. */
	if (pos >= last || sip_octet(buf, last - 1) == ' ' || last - pos > SDP_FORMATS_MAX)
		return 0;
	return sdp_plain_media_order(sdp, declined);
}

/* `word` holds the first octets. */
static __always_inline int sdp_plain(const struct sip_buf *buf, struct sdp *sdp, __u64 word,
				     __u32 pos, __u32 last)
{
	__u32 address = 0, rank;

	if (sdp->empty || (__u8)(word >> 8) != '=' || (__u8)(word - 'a') > 25)
		return 0;
	switch ((__u8)word) {
	case 'a':
		if (!sdp->rank || sdp->attributes >= SDP_ATTRIBUTES_MAX)
			return 0;
		sdp->attributes++;
		return 1;
	case 'v':
		if (last != pos + 3 || (__u8)(word >> 16) != '0')
			return 0;
		rank = SDP_V;
		break;
	case 'o':
		address = sdp_plain_origin(buf, word, pos, last);
		if (!address)
			return 0;
		rank = SDP_O;
		break;
	case 's':
		rank = SDP_S;
		break;
	case 'c':
		if ((word != SIP_WORD("c=IN IP4") && word != SIP_WORD("c=IN IP6")) ||
		    sip_octet(buf, pos + 8) != ' ')
			return 0;
		address = pos + 9;
		rank = SDP_C;
		break;
	case 't':
		if (last != pos + 5 || !SIP_BEGINS(word, "t=0 0"))
			return 0;
		rank = SDP_T;
		break;
	case 'm':
		return sdp_plain_media(buf, sdp, word, pos, last);
	case 'b':
		return sdp->rank && sdp_plain_bandwidth(buf, word, pos, last);
	default:
		return sdp->rank != 0;
	}
	rank = sip_forget(rank); /* the verifier takes all of them for one */
	if (address && sip_behind_ipv4(buf, sip_forget(address)) != last &&
	    !sdp_other_address(buf, sdp, sip_forget(address), last))
		return 0;
	return sdp_plain_order(sdp, rank);
}

/* Control octets, DEL and all from 0x80 on; exact for the lowest one. */
/* clang-format off */
#define SDP_SEEM_ODD(v) (((v) - SIP_EACH(0x20)) | ((v) + SIP_ONES))
/* clang-format on */

/* Some lines from sdp->pos on. 1 when that was all. `at` is where the end of the line is looked
 * for: between it and `pos` there is none (sip_behind_line). */
SIP_GLOBAL int sdp_lines(const struct sip_buf *buf, struct sdp *sdp)
{
	__u64 pos, at, end, last, found;
	__u16 two;

	if (!buf || !sdp)
		return 1;
	pos = at = sip_forget(sdp->pos);
	end = sdp->end;
	for (__u32 i = 0; i < SDP_LINES_A_CALL; i++) {
		end = sip_forget(end);
		if (pos >= end)
			break;
		SIP_SEEK_BLOCKS(buf, at, end, found, SDP_SEEM_ODD);
		last = sip_forget(at + sip_lowest(found));
		two = found && last + 1 < end ? sip_load(buf, last) : 0;
		if ((two == 0x0a0d || (__u8)two == '\n') &&
		    sdp_plain(buf, sdp, sip_load(buf, pos), pos, last)) {
			if (two == 0x0a0d) {
				pos = sip_forget(last + 2);
				at = sip_forget(sip_behind_line(at, found, pos));
			} else {
				pos = at = sip_forget(last + 1);
			}
			continue;
		}
		sdp->pos = pos;
		if (sdp_step(buf, sdp))
			return 1;
		pos = at = sip_forget(sdp->pos);
	}
	sdp->pos = pos;
	return pos >= end;
}

/* The faults of the description from sdp->pos to sdp->end; all else is 0. */
static __always_inline __u32 sdp_judge(const struct sip_buf *buf, struct sdp *sdp)
{
	for (__u32 i = 0; i < SDP_LINES_MAX / SDP_LINES_A_CALL; i++) {
		if (sdp_lines(buf, sdp))
			break;
	}
	return sdp_finish(sdp);
}

#endif
