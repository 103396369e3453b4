/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Headers in the form that nearly all have, for callers that ask for no strict work: sip_brief(). A
 * header in another form is left to sip_header(), which finds the same: nothing here may accept a
 * header that sip_header() would refuse, or count otherwise. A value that is to be taken apart is
 * read by the functions of sip_header(); only the search for the header's name is saved.
 */
#ifndef SIPWARD_BPF_SIP_SIP_BRIEF_H
#define SIPWARD_BPF_SIP_SIP_BRIEF_H

#include "sip/sip_credentials.h"
#include "sip/sip_usual.h"

/* The fewest octets of a header that is read here. Names and the octets behind them are looked at
 * without asking for the end. */
#define SIP_BRIEF_MIN 8

/* A number of n digits, 1..8, which are the lowest octets of `digits`, each less '0'. */
static __always_inline __u32 sip_digits(__u64 digits, __u32 n)
{
	const __u64 pairs = 0x000000ff000000ffull;
	__u64 v = digits << ((64 - 8 * n) & 63);

	v = v * 10 + (v >> 8);
	return ((v & pairs) * 0x000f424000000064ull + (v >> 16 & pairs) * 0x0000271000000001ull) >>
	       32;
}

/* Whether a value begins and ends at pos and end, as where one space stands before it. */
static __always_inline int sip_is_trim(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	return pos < end && sip_octet(buf, pos) > ' ' && sip_octet(buf, end - 1) > ' ';
}

/* Notes a header that stands for the first time, and its value where values are wanted. */
static __always_inline int sip_brief_note(int values, const struct sip_buf *buf,
					  struct sip_msg *msg, __u32 pos, __u32 end, __u32 id)
{
	if (values) {
		if (msg->present & 1u << id || !sip_is_trim(buf, pos, end))
			return 0;
		msg->value[id] = sip_span(pos, end);
	}
	msg->present |= 1u << id;
	return 1;
}

/* Likewise; at pos the space that stands before a value that is wanted. */
static __always_inline int sip_brief_spaced(int wanted, const struct sip_buf *buf,
					    struct sip_msg *msg, __u32 pos, __u32 end, __u32 id)
{
	return (!wanted || sip_octet(buf, pos) == ' ') &&
	       sip_brief_note(wanted, buf, msg, pos + 1, end, id);
}

/* The values behind the first one of a Via line: few have them. */
SIP_GLOBAL int sip_brief_vias(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end)
{
	if (!buf || !msg)
		return 0;
	sip_more_vias(buf, msg, pos, end);
	return 0;
}

/* "SIP/2.0/UDP host ..." at pos, and no second value. A host that may be the broadcast
 * address is for sip_via(). */
static __always_inline int sip_is_plain_via(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 transport, host;

	if (pos + 20 > end || sip_lower(sip_load(buf, pos)) != SIP_WORD("sip/2.0/"))
		return 0;
	transport = sip_lower(sip_load(buf, pos + 8));
	if (!SIP_BEGINS(transport, "udp ") && !SIP_BEGINS(transport, "tcp ") &&
	    !SIP_BEGINS(transport, "tls "))
		return 0;
	host = sip_load(buf, pos + 12);
	return (__u8)host > ' ' && host != SIP_WORD("255.255.") &&
	       sip_seek_octet(buf, pos + 12, end, ',') >= end;
}

static __always_inline int sip_brief_via(int values, const struct sip_buf *buf, struct sip_msg *msg,
					 __u32 pos, __u32 end)
{
	if (SIP_NEEDS(SIP_NEED_VIA)) {
		if (!sip_is_trim(buf, pos, end) ||
		    !sip_brief_note(values, buf, msg, pos, end, SIP_VIA))
			return 0;
		if (sip_usual_via(buf, msg, pos, end))
			return 1;
		pos = sip_via(buf, msg, pos, end);
		if (pos < end)
			sip_brief_vias(buf, msg, pos, end);
		return 1;
	}
	if (!sip_is_plain_via(buf, pos, end) ||
	    !sip_brief_note(values, buf, msg, pos, end, SIP_VIA))
		return 0;
	msg->via_count++;
	msg->flags |= SIP_TOP_VIA;
	return 1;
}

/* From or To at pos, taken apart. */
static __always_inline int sip_brief_party(int values, const struct sip_buf *buf,
					   struct sip_msg *msg, __u32 pos, __u32 end, __u32 id)
{
	if (!sip_is_trim(buf, pos, end) || !sip_brief_note(values, buf, msg, pos, end, id))
		return 0;
	if (!sip_usual_party(buf, msg, pos, end, id))
		sip_party(buf, msg, pos, end, id);
	return 1;
}

/* "<...>" or "<...>;tag=..." at pos. */
static __always_inline int sip_brief_to(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos,
					__u32 end)
{
	__u32 behind = sip_seek_octet(buf, pos, end, '>') + 1;
	__u64 word;

	if (behind != end) {
		word = sip_lower(sip_load(buf, behind));
		if (behind + 6 > end || !SIP_BEGINS(word, ";tag="))
			return 0;
		/* The tag is not empty, and not quoted. */
		word = word >> 40 & 0xff;
		if (word <= '"' || word == ';' || word == ',')
			return 0;
		/* Nor is there more than it. */
		if (sip_find_end(buf, behind + 5, end) < end)
			return 0;
		msg->flags |= SIP_TO_TAG;
	}
	msg->present |= SIP_PRESENT(TO);
	return 1;
}

/* "21743 INVITE" at pos: the method is that of the request. The method that a response answers is
 * for sip_cseq(), where a caller asks for it. */
static __always_inline int sip_brief_cseq(int values, const struct sip_buf *buf,
					  struct sip_msg *msg, __u32 pos, __u32 end)
{
	__u64 word = sip_load(buf, pos), others = sip_no_digits(word ^ SIP_EACH('0')), differ;
	__u32 n = sip_lowest(others), length;

	if (values)
		return sip_brief_note(values, buf, msg, pos, end, SIP_CSEQ) &&
		       !sip_cseq(buf, msg, pos, end);
	if (!others || !n)
		return 0;
	pos += n;
	if (sip_octet(buf, pos) != ' ')
		return 0;
	pos++;
	length = end - pos;
	if (msg->kind == SW_MESSAGE_RESPONSE) {
		if (SIP_NEEDS(SIP_NEED_LOGINS))
			return 0;
	} else {
		if (length - 1 > 7 || length != msg->method.length)
			return 0;
		differ = sip_load(buf, pos) ^ sip_load(buf, msg->method.offset);
		if (differ << ((64 - 8 * length) & 63))
			return 0;
	}
	msg->present |= SIP_PRESENT(CSEQ);
	return 1;
}

/* A number of at most 8 digits from pos to end: its value, or ~0. */
static __always_inline __u32 sip_brief_number(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 digits = sip_load(buf, pos) ^ SIP_EACH('0');
	__u32 n = end - pos;

	if (n - 1 > 7 || sip_no_digits(digits) << ((64 - 8 * n) & 63))
		return ~0u;
	return sip_digits(digits, n);
}

static __always_inline int sip_brief_max_forwards(int values, const struct sip_buf *buf,
						  struct sip_msg *msg, __u32 pos, __u32 end)
{
	__u32 number = sip_brief_number(buf, pos, end);

	if (number > 255)
		return 0;
	msg->max_forwards = number;
	return sip_brief_note(values, buf, msg, pos, end, SIP_MAX_FORWARDS);
}

static __always_inline int sip_brief_content_length(int values, const struct sip_buf *buf,
						    struct sip_msg *msg, __u32 pos, __u32 end)
{
	__u32 number = sip_brief_number(buf, pos, end);

	if (number == ~0u)
		return 0;
	msg->content_length = number;
	return sip_brief_note(values, buf, msg, pos, end, SIP_CONTENT_LENGTH);
}

static __always_inline int sip_brief_call_id(int values, const struct sip_buf *buf,
					     struct sip_msg *msg, __u32 pos, __u32 end)
{
	return sip_brief_spaced(values || SIP_NEEDS(SIP_NEED_TOKENS), buf, msg, pos, end,
				SIP_CALL_ID);
}

/* "From:" or "To:" behind the name, where it stands for the first time. */
static __always_inline int sip_brief_from(int values, const struct sip_buf *buf,
					  struct sip_msg *msg, __u32 pos, __u32 end)
{
	if (msg->present & SIP_PRESENT(FROM))
		return 0;
	if (SIP_NEEDS(SIP_NEED_PARTIES | SIP_NEED_TOKENS))
		return sip_octet(buf, pos) == ' ' &&
		       sip_brief_party(values, buf, msg, pos + 1, end, SIP_FROM);
	return pos + 1 < end && sip_octet(buf, pos + 1) > ' ' && /* it is not empty */
	       sip_brief_spaced(values, buf, msg, pos, end, SIP_FROM);
}

/* Contact, Content-Type or User-Agent, of which nothing but the value is read; at pos the space
 * behind the colon. */
static __always_inline int sip_brief_text(int values, const struct sip_buf *buf,
					  struct sip_msg *msg, __u32 pos, __u32 end, __u32 id)
{
	return !values || sip_brief_spaced(values, buf, msg, pos, end, id);
}

/* Names that begin with C. */
static __always_inline int sip_brief_c(int values, const struct sip_buf *buf, struct sip_msg *msg,
				       __u64 word, __u32 pos, __u32 end)
{
	__u32 present = msg->present;

	if (SIP_BEGINS(word, "cseq: "))
		return !(present & SIP_PRESENT(CSEQ)) &&
		       sip_brief_cseq(values, buf, msg, pos + 6, end);
	if (word == SIP_WORD("contact:"))
		return sip_brief_text(values, buf, msg, pos + 8, end, SIP_CONTACT) &&
		       sip_contacts(buf, msg, pos + 8, end);
	if (word == SIP_WORD("call-id:") && !(present & SIP_PRESENT(CALL_ID)))
		return sip_brief_call_id(values, buf, msg, pos + 8, end);
	if (word != SIP_WORD("content-"))
		return 0;
	word = sip_lower(sip_load(buf, pos + 8));
	if (SIP_BEGINS(word, "type:"))
		return sip_brief_text(values, buf, msg, pos + 13, end, SIP_CONTENT_TYPE);
	return word == SIP_WORD("length: ") && !(present & SIP_PRESENT(CONTENT_LENGTH)) &&
	       sip_brief_content_length(values, buf, msg, pos + 16, end);
}

/* Names that begin with a letter of SIP_LETTERS_VALUES: true for those that nothing is known of.
 * `word` is in lower case, and the name is no letter alone. */
static __always_inline int sip_is_foreign(__u64 word)
{
	switch ((__u8)word) {
	case 'a':
		return word != SIP_WORD("authoriz") && word != SIP_WORD("alert-in");
	case 'd':
		return word != SIP_WORD("diversio");
	case 'e':
		return !SIP_BEGINS(word, "expires");
	case 'h':
		return word != SIP_WORD("history-");
	case 'p':
		return !SIP_BEGINS(word, "p-") && !SIP_BEGINS(word, "privacy") &&
		       word != SIP_WORD("proxy-au");
	case 'r':
		return !SIP_BEGINS(word, "route") && !SIP_BEGINS(word, "re");
	case 's':
		return !SIP_BEGINS(word, "server");
	case 'w':
		return word != SIP_WORD("www-auth");
	}
	return 0;
}

/* The first letters of those that are read, long and compact; in either case. */
#define SIP_LETTER(c) (1u << (31 & (c)))
#define SIP_LETTERS                                                                                \
	(SIP_LETTER('v') | SIP_LETTER('f') | SIP_LETTER('t') | SIP_LETTER('i') | SIP_LETTER('c') | \
	 SIP_LETTER('m') | SIP_LETTER('l'))
/* Authorization, Proxy-..., WWW-Authenticate. */
#define SIP_LETTERS_DIGEST (SIP_LETTER('a') | SIP_LETTER('p') | SIP_LETTER('w'))
/* All others that have a name in sip_msg.h. */
#define SIP_LETTERS_VALUES                                                          \
	(SIP_LETTERS_DIGEST | SIP_LETTER('b') | SIP_LETTER('d') | SIP_LETTER('e') | \
	 SIP_LETTER('h') | SIP_LETTER('r') | SIP_LETTER('s') | SIP_LETTER('u'))

static __always_inline __u32 sip_letters(int values)
{
	if (values)
		return SIP_LETTERS | SIP_LETTERS_VALUES;
	return SIP_NEEDS(SIP_NEED_TOKENS | SIP_NEED_LOGINS) ? SIP_LETTERS | SIP_LETTERS_DIGEST :
							      SIP_LETTERS;
}

/* The header [pos, end), whose first octet is the lowest of `word`: 1 if it was read, or has
 * nothing to read. One that stands twice is for sip_header(). `values` is what SIP_NEEDS() says
 * of SIP_NEED_VALUES, a constant of each copy. */
static __always_inline int sip_brief(int values, const struct sip_buf *buf, struct sip_msg *msg,
				     __u64 word, __u32 pos, __u32 end)
{
	if (!(sip_letters(values) >> (word & 31) & 1))
		return 1;
	if (end - pos - SIP_BRIEF_MIN > SIP_LONG - SIP_BRIEF_MIN) /* too short, or too long */
		return 0;
	word = sip_lower(sip_load(buf, pos));
	switch ((__u8)word) {
	case 'v':
		return SIP_BEGINS(word, "via: ") && sip_brief_via(values, buf, msg, pos + 5, end);
	case 'f':
		return SIP_BEGINS(word, "from:") && sip_brief_from(values, buf, msg, pos + 5, end);
	case 't':
		if (!SIP_BEGINS(word, "to: ") || (msg->present & SIP_PRESENT(TO)))
			return 0;
		if (values || SIP_NEEDS(SIP_NEED_PARTIES | SIP_NEED_TOKENS))
			return sip_brief_party(values, buf, msg, pos + 4, end, SIP_TO);
		return (__u8)(word >> 32) == '<' && sip_brief_to(buf, msg, pos + 4, end);
	case 'm':
		return word == SIP_WORD("max-forw") &&
		       !(msg->present & SIP_PRESENT(MAX_FORWARDS)) &&
		       SIP_BEGINS(sip_lower(sip_load(buf, pos + 8)), "ards: ") &&
		       sip_brief_max_forwards(values, buf, msg, pos + 14, end);
	case 'c':
		return sip_brief_c(values, buf, msg, word, pos, end);
	case 'u':
		if (word != SIP_WORD("user-age") ||
		    !SIP_BEGINS(sip_lower(sip_load(buf, pos + 8)), "nt:"))
			return 0;
		return sip_brief_text(values, buf, msg, pos + 11, end, SIP_USER_AGENT);
	}
	return (__u8)(word >> 8) > ':' && sip_is_foreign(word);
}

#endif
