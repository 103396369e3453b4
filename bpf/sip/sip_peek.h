/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What an early scan is asked for, and no more: the method or the status, and the branch of the top
 * Via. Only of messages in the form that nearly all have: a start line and, right behind it, a Via
 * over UDP, without white space where none need be, quotes or a comma before the branch. There
 * it finds what sip_scan() finds, since that takes the first Via and the first branch in it: what
 * follows, a second copy of either too, changes neither. All else is left to sip_scan().
 */
#ifndef SIPWARD_BPF_SIP_SIP_PEEK_H
#define SIPWARD_BPF_SIP_SIP_PEEK_H

#include "sip/sip_headers.h"

/* Words that are looked at in a start line, and in a Via. */
#define SIP_PEEK_WORDS 32

/* The first octet below `below`, or one above 0xa0 before it; 0 when there is none. */
static __always_inline __u64 sip_peek_below(const struct sip_buf *buf, __u64 pos, __u64 length,
					    __u8 below)
{
	__u64 found;

	for (__u32 i = 0; i < SIP_PEEK_WORDS; i++) {
		pos = sip_forget(pos);
		if (pos >= length)
			return 0;
		found = (sip_load(buf, pos) - SIP_EACH(below)) & SIP_TOPS;
		if (found)
			return sip_forget(pos + sip_lowest(found));
		pos += 8;
	}
	return 0;
}

/* Markers of what may end a parameter; of octets from 0x80 on they say nothing. */
static __always_inline __u64 sip_peek_ends(__u64 v)
{
	return ((v - SIP_EACH(0x21)) | SIP_SEEM_EQUAL(v, SIP_EACH(';')) |
		SIP_SEEM_EQUAL(v, SIP_EACH(',')) | SIP_SEEM_EQUAL(v, SIP_EACH('"'))) &
	       SIP_TOPS;
}

/* Behind a Status-Line "SIP/2.0 200 OK", or 0. */
static __always_inline __u64 sip_peek_status(const struct sip_buf *buf, __u64 length,
					     struct sip_msg *msg)
{
	__u64 pos, word = sip_load(buf, 8);
	__u32 hundreds = (__u8)word - '1', tens = (__u8)(word >> 8) - '0';
	__u32 ones = (__u8)(word >> 16) - '0';

	if (hundreds > 5 || tens > 9 || ones > 9 || (__u8)(word >> 24) != ' ')
		return 0;
	msg->kind = SW_MESSAGE_RESPONSE;
	msg->status = (hundreds + 1) * 100 + tens * 10 + ones;
	pos = sip_peek_below(buf, 11, length, ' ');
	if (!pos || pos + 2 > length)
		return 0;
	return (__u16)sip_load(buf, pos) == 0x0a0d ? pos + 2 : 0;
}

/* Behind a Request-Line "INVITE sip:... SIP/2.0" with a method that has a name, or 0. */
static __always_inline __u64 sip_peek_request(const struct sip_buf *buf, __u64 length,
					      struct sip_msg *msg, __u64 word)
{
	__u64 second = sip_load(buf, 8), first = sip_equal(word, SIP_EACH(' '));
	__u64 pos, uri;

	uri = first ? sip_lowest(first) : 8 + sip_lowest(sip_equal(second, SIP_EACH(' ')));
	uri = sip_forget(uri);
	if (sip_octet(buf, uri) != ' ')
		return 0;
	msg->kind = sip_method_named(word, second, uri);
	msg->start = uri + 1;
	asm volatile("" ::: "memory"); /* or the verifier walks all below for each method */
	uri = msg->start;
	if (msg->kind == SW_MESSAGE_OTHER)
		return 0;
	pos = sip_peek_below(buf, uri, length, ' ' + 1);
	if (!pos || pos == uri || pos + 10 > length)
		return 0;
	if (sip_load(buf, pos) != SIP_WORD(" SIP/2.0") || (__u16)sip_load(buf, pos + 8) != 0x0a0d)
		return 0;
	msg->uri = sip_span(uri, pos);
	return pos + 10;
}

/* The bracket that closes the IPv6 reference at pos, which has 48 octets at most; or 0. */
static __always_inline __u64 sip_peek_reference(const struct sip_buf *buf, __u64 pos, __u64 length)
{
	for (__u32 i = 0; i < 6; i++) {
		__u64 v, found;

		pos = sip_forget(pos);
		if (pos >= length)
			return 0;
		v = sip_load(buf, pos);
		found = ((v - SIP_EACH(0x21)) | SIP_SEEM_EQUAL(v, SIP_EACH(']'))) & SIP_TOPS;
		if (found) {
			pos = sip_forget(pos + sip_lowest(found));
			return sip_octet(buf, pos) == ']' ? pos : 0;
		}
		pos += 8;
	}
	return 0;
}

/* The branch of the Via whose host begins at pos. 1 when it was found, and ends in the message. */
static __always_inline int sip_peek_branch(const struct sip_buf *buf, __u64 length,
					   struct sip_msg *msg, __u64 pos)
{
	__u64 found, word, branch = 0;
	__u8 octet;

	for (__u32 i = 0; i < SIP_PEEK_WORDS; i++) {
		pos = sip_forget(pos);
		branch = sip_forget(branch);
		length = sip_forget(length);
		if (pos >= length)
			return 0;
		found = sip_peek_ends(sip_load(buf, pos));
		if (!found) {
			pos += 8;
			continue;
		}
		pos = sip_forget(pos + sip_lowest(found));
		if (pos >= length)
			return 0;
		word = sip_lower(sip_load(buf, pos));
		octet = word;
		if (branch) {
			msg->via_branch = sip_span(branch, pos);
			return pos > branch && (octet == ';' || octet == '\r');
		}
		if (octet != ';')
			return 0;
		pos++;
		if (!SIP_BEGINS(word, ";branch"))
			continue;
		if (word != SIP_WORD(";branch="))
			return 0;
		branch = pos = pos + 7;
	}
	return 0;
}

/* 1 when the message is in that form. Then of *msg that much holds: kind, status, uri (without its
 * parts), via_branch, flags and violations of the start line and the top Via. */
SIP_GLOBAL int sip_peek(const struct sip_buf *buf, __u32 length, struct sip_msg *msg)
{
	__u64 pos, word;

	if (!buf || !msg || !SIP_NEEDS(SIP_NEED_VIA))
		return 0;
	msg->violations = 0;
	msg->flags = SIP_START | SIP_TOP_VIA;
	msg->status = 0;
	msg->uri = msg->uri_user = msg->via_branch = sip_span(0, 0);
	word = sip_load(buf, 0);
	pos = word == SIP_WORD("SIP/2.0 ") ? sip_peek_status(buf, length, msg) :
					     sip_peek_request(buf, length, msg, word);
	msg->next = pos;
	asm volatile("" ::: "memory"); /* or for each place where the line may end */
	pos = sip_forget(msg->next);
	length = sip_forget(length);
	if (!pos || pos + 17 > length || sip_lower(sip_load(buf, pos)) != SIP_WORD("via: sip") ||
	    sip_lower(sip_load(buf, pos + 8)) != SIP_WORD("/2.0/udp") ||
	    sip_octet(buf, pos + 16) != ' ')
		return 0;
	pos = sip_forget(pos + 17);
	if (pos < length && sip_octet(buf, pos) == '[')
		pos = sip_peek_reference(buf, pos, length);
	return pos && sip_peek_branch(buf, length, msg, pos);
}

#endif
