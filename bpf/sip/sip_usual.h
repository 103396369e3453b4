/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Via, From and To in the form that nearly all have, each read by one function in one go: a call
 * costs as much as a search of some 40 octets. A value in any other form is left to sip_via() and
 * sip_party(), which find the same: nothing here may take a value that they would refuse or take
 * apart in another way.
 */
#ifndef SIPWARD_BPF_SIP_SIP_USUAL_H
#define SIPWARD_BPF_SIP_SIP_USUAL_H

#include "sip/sip_address.h"

/* Few, for the verifier walks each: words of a part, of a parameter's name, of its value; and
 * parameters of a Via. */
#define SIP_USUAL_WORDS  4
#define SIP_USUAL_NAME   2
#define SIP_USUAL_VALUE  6
#define SIP_USUAL_PARAMS 3

/* Where a part of a usual value ends: : ; < = > ? @, comma, and all below '#', which are white
 * space, controls, ! and the double quote. */
static __always_inline __u64 sip_usual_stops(__u64 v)
{
	return sip_punctuation(v) | sip_below(v, '#') | sip_equal(v, SIP_EACH(','));
}

/* The first of those. Where a part is longer than any usual one, another octet, which is none of
 * those, or `end`. */
static __always_inline __u32 sip_usual_end(const struct sip_buf *buf, __u32 pos, __u32 end,
					   __u32 words)
{
	for (__u32 i = 0; i < words && pos < end; i++) {
		__u64 stops = sip_usual_stops(sip_load(buf, pos));

		if (stops) {
			pos += sip_lowest(stops);
			break;
		}
		pos = sip_forget(pos + 8);
	}
	return sip_forget(pos < end ? pos : end);
}

/* Behind the quoted display name at pos and one space, if it has one; or `end`. */
static __always_inline __u32 sip_usual_name(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	pos = sip_forget(pos + 1);
	for (__u32 i = 0; i < SIP_USUAL_WORDS && pos < end; i++) {
		__u64 v = sip_load(buf, pos);
		__u64 stops = sip_equal(v, SIP_EACH('"')) | sip_equal(v, SIP_EACH('\\'));

		if (stops) {
			pos += sip_lowest(stops);
			break;
		}
		pos = sip_forget(pos + 8);
	}
	if (pos >= end || sip_octet(buf, pos) != '"')
		return end;
	pos += 1 + (sip_octet(buf, pos + 1) == ' ');
	return sip_forget(pos < end ? pos : end);
}

/* From or To: ["name"] <sip:user@host[:port]>[;tag=...]. 1 if it is one, and was read. */
SIP_GLOBAL int sip_usual_party(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end,
			       __u32 id)
{
	__u32 user, at, host, last, close, begin = 0;
	struct sip_party *party;

	if (!buf || !msg)
		return 0;
	if (sip_octet(buf, pos) == '"')
		pos = sip_usual_name(buf, pos, end);
	if (pos + 8 > end || !SIP_BEGINS(sip_lower(sip_load(buf, pos)), "<sip:"))
		return 0;
	user = sip_forget(pos + 5);
	at = sip_usual_end(buf, user, end, SIP_USUAL_WORDS);
	if (at == user || at >= end || sip_octet(buf, at) != '@')
		return 0;
	host = sip_forget(at + 1);
	last = close = sip_usual_end(buf, host, end, SIP_USUAL_WORDS);
	if (last == host || sip_octet(buf, host) == '[')
		return 0;
	if (close < end && sip_octet(buf, close) == ':')
		close = sip_usual_end(buf, sip_forget(close + 1), end, 1);
	if (close >= end || sip_octet(buf, close) != '>')
		return 0;
	close = sip_forget(close + 1);
	if (close != end) {
		if (!SIP_BEGINS(sip_lower(sip_load(buf, close)), ";tag="))
			return 0;
		begin = sip_forget(close + 5);
		if (begin >= end || sip_usual_end(buf, begin, end, SIP_USUAL_VALUE) != end ||
		    sip_octet(buf, end - 1) == '\\')
			return 0;
		msg->flags |= id == SIP_FROM ? SIP_FROM_TAG : SIP_TO_TAG;
	}
	party = id == SIP_FROM ? &msg->from : &msg->to;
	if (begin)
		party->tag = sip_span(begin, end);
	if (SIP_NEEDS(SIP_NEED_PARTIES)) {
		party->user = sip_span(user, at);
		party->host = sip_span(host, last);
	}
	return 1;
}

/* The parameters of the top Via from pos to end, of which the branch is noted; 0 where they have
 * another form. */
static __always_inline int sip_usual_branch(const struct sip_buf *buf, struct sip_msg *msg,
					    __u32 pos, __u32 end)
{
	__u32 begin = 0, last = 0;

	for (__u32 i = 0; i < SIP_USUAL_PARAMS && pos < end; i++) {
		__u64 word = sip_lower(sip_load(buf, pos));
		__u32 name = pos;

		if ((__u8)word != ';')
			return 0;
		pos = sip_usual_end(buf, sip_forget(pos + 1), end, SIP_USUAL_NAME);
		if (pos < end && sip_octet(buf, pos) == '=')
			pos = sip_usual_end(buf, sip_forget(pos + 1), end, SIP_USUAL_VALUE);
		if (begin || !SIP_BEGINS(word, ";branch"))
			continue;
		begin = sip_forget(name + 8);
		last = pos;
		if (begin >= last || word != SIP_WORD(";branch="))
			return 0;
	}
	if (pos < end)
		return 0;
	sip_top_branch(buf, msg, begin, last);
	return 1;
}

/* The top Via, when it is the only one of its line: "SIP/2.0/UDP host[:port][;param...]". 1 if it
 * is one, and was read. */
SIP_GLOBAL int sip_usual_via(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end)
{
	__u32 host, last, p;
	__u64 word;

	if (!buf || !msg || !SIP_NEEDS(SIP_NEED_VIA | SIP_NEED_STRICT))
		return 0;
	if (msg->flags & SIP_TOP_VIA || pos + 20 > end ||
	    sip_lower(sip_load(buf, pos)) != SIP_WORD("sip/2.0/"))
		return 0;
	word = sip_lower(sip_load(buf, pos + 8));
	if (!SIP_BEGINS(word, "udp ") && !SIP_BEGINS(word, "tcp ") && !SIP_BEGINS(word, "tls "))
		return 0;
	host = sip_forget(pos + 12);
	p = last = sip_usual_end(buf, host, end, SIP_USUAL_WORDS);
	if (last == host || sip_octet(buf, host) == '[' ||
	    sip_load(buf, host) == SIP_WORD("255.255."))
		return 0;
	if (p < end && sip_octet(buf, p) == ':') {
		p = sip_forget(p + 1);
		if (sip_octet(buf, p) <= ' ')
			return 0;
		p = sip_usual_end(buf, p, end, 1);
	}
	if (!sip_usual_branch(buf, msg, p, end))
		return 0;
	msg->via_count++;
	msg->flags |= SIP_TOP_VIA;
	msg->via_transport = sip_span(pos + 8, pos + 11);
	msg->via_sent_by = sip_span(host, p);
	msg->via_host = sip_span(host, last);
	return 1;
}

#endif
