/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where in the frame the parser is. Every read is preceded by `at + n > end`. Octets that a driver
 * left outside the linear part, or that a sender pushed there behind options, are read by copies.
 */
#ifndef SIPWARD_BPF_PARSE_CURSOR_H
#define SIPWARD_BPF_PARSE_CURSOR_H

#include "lib/packet.h"

struct cursor {
	struct xdp_md *ctx;
	void *start; /* of the frame; kept as a pointer, or clang cuts it to the 32 bits of ctx */
	void *at;    /* first octet not yet parsed */
	void *end;   /* of the linear part */
	__u16 ethertype; /* host order, behind all tags */
};

/* Octets from the start of the frame to the cursor. The barrier keeps the difference of the
 * two pointers in 64 bits: the verifier allows no other. */
static __always_inline __u32 cursor_offset(const struct cursor *c)
{
	__u64 offset = c->at - c->start;

	asm volatile("" : "+r"(offset));
	return offset;
}

/* Puts the cursor this many octets into the frame, which may be beyond its linear part. Everything
 * that is parsed lies within 32 KiB, which the verifier must be told. */
static __always_inline void move_cursor(struct cursor *c, __u64 offset)
{
	asm volatile("%0 &= 0x7fff" : "+r"(offset));
	c->at = c->start + offset;
}

/* True when the frame, the fragments of a multi-buffer one included, holds `length` octets
 * from the cursor on. */
static __always_inline int frame_holds(const struct cursor *c, __u32 length)
{
	__u64 left = c->end - c->at;

	asm volatile("" : "+r"(left)); /* as above */
	if ((__s64)length <= (__s64)left)
		return 1;
	return bpf_xdp_get_buff_len(c->ctx) >= (__u64)cursor_offset(c) + length;
}

/* Parsing ends here: stage "bad_ip" refuses the packet. */
static __always_inline enum verdict broken(struct packet *p, enum sw_reason reason)
{
	p->broken = reason;
	return VERDICT_UNDECIDED;
}

#endif
