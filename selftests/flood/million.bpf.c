/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Makes of each frame another one, from another source, and sends it out: run by million.c with
 * BPF_PROG_TEST_RUN. The kernel uses frames again as this program left them, so the checksums
 * are carried on from what is there (RFC 1624).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "million.h"

const volatile __u32 interface = 0;

static __always_inline __u64 carry_on(__u64 sum, __u64 was, __u64 is)
{
	return sum + (__u32)~was + (~was >> 32) + (__u32)is + (is >> 32);
}

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Eight letters of a to p for 32 random bits; returns the sum with them. */
static __always_inline __u64 put_letters(char *at, __u64 sum)
{
	__u64 *field = (__u64 *)at, was = *field, is = bpf_get_prandom_u32();

	is = (is | is << 16) & 0x0000ffff0000ffff;
	is = (is | is << 8) & 0x00ff00ff00ff00ff;
	is = (is | is << 4) & 0x0f0f0f0f0f0f0f0f;
	is += 0x6161616161616161;
	*field = is;
	return carry_on(sum, was, is);
}

SEC("xdp")
int million(struct xdp_md *ctx)
{
	struct million_frame *frame = (void *)(long)ctx->data;
	__u32 was, source;
	__u64 sum;

	if ((void *)(frame + 1) > (void *)(long)ctx->data_end)
		return XDP_DROP;
	was = frame->ip.saddr;
	source = (bpf_get_prandom_u32() & ~0xe0) | 0x40; /* of 64.0.0.0/3 */
	frame->ip.saddr = source;
	frame->ip.check = fold(carry_on((__u16)~frame->ip.check, was, source));
	sum = carry_on((__u16)~frame->udp.check, was, source);
	sum = put_letters(frame->branch, sum);
	sum = put_letters(frame->branch + 8, sum);
	sum = put_letters(frame->tag, sum);
	sum = put_letters(frame->call_id, sum);
	sum = put_letters(frame->call_id + 8, sum);
	frame->udp.check = fold(sum) ?: 0xffff;
	return bpf_redirect(interface, 0);
}

char _license[] SEC("license") = "GPL";
