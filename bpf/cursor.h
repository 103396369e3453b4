/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where in the frame the parser is. Every read is preceded by `at + n > end`.
 */
#ifndef SIPWARD_BPF_CURSOR_H
#define SIPWARD_BPF_CURSOR_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct cursor {
	struct xdp_md *ctx;
	void *at;   /* first octet not yet parsed */
	void *end;  /* of the linear part */
	__u16 ethertype; /* host order, behind all tags */
};

/* Octets from the start of the frame to the cursor. The barrier keeps the difference of the
 * two pointers in 64 bits: the verifier allows no other. */
static __always_inline __u32 cursor_offset(const struct cursor *c)
{
	__u64 offset = c->at - (void *)(long)c->ctx->data;

	asm volatile("" : "+r"(offset));
	return offset;
}

/* True when the frame, the fragments of a multi-buffer one included, holds `length` octets
 * from the cursor on. */
static __always_inline int frame_holds(const struct cursor *c, __u32 length)
{
	if (length <= c->end - c->at)
		return 1;
	return bpf_xdp_get_buff_len(c->ctx) >= (__u64)cursor_offset(c) + length;
}

#endif
