/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The observer: reads what the server sends (TC egress) and notes what only the addressee can
 * know. It changes nothing and drops nothing; when it is taken off, the rules that need it
 * go inert.
 */
#ifndef SIPWARD_BPF_OBSERVER_H
#define SIPWARD_BPF_OBSERVER_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include "known.h"
#include "token.h"

/* Tokens stand in the first headers; what an answer carries behind them is not read. */
#define OBSERVED_MAX 2048

/* Timer C (RFC 3261 16.6) and some: a call rings for three minutes at most. */
#define PROOF_LIFE  (4 * 3600 * SW_NS_PER_SEC)
#define BRANCH_LIFE (200 * SW_NS_PER_SEC)

/* What the observer learned about one packet that leaves. Offsets count from the network
 * header: not every interface has a link header. */
struct departure {
	struct sw_addr dst;
	__u32 offset;  /* of the payload */
	__u32 length;
	__u16 sport;
};

static __always_inline int load_net(struct __sk_buff *skb, __u32 offset, void *to, __u32 size)
{
	return bpf_skb_load_bytes_relative(skb, offset, to, size, BPF_HDR_START_NET);
}

static __always_inline int departure_ipv4(struct __sk_buff *skb, struct departure *d)
{
	struct iphdr ip;

	if (load_net(skb, 0, &ip, sizeof(ip)) || ip.protocol != IPPROTO_UDP ||
	    ip.frag_off & bpf_htons(0x1fff))
		return 0;
	d->dst.words[2] = bpf_htonl(0xffff);
	d->dst.words[3] = ip.daddr;
	return ip.ihl * 4;
}

static __always_inline int departure_ipv6(struct __sk_buff *skb, struct departure *d)
{
	struct ipv6hdr ip;

	if (load_net(skb, 0, &ip, sizeof(ip)) || ip.nexthdr != IPPROTO_UDP)
		return 0;
	__builtin_memcpy(&d->dst, &ip.daddr, sizeof(d->dst));
	return sizeof(ip);
}

/* 1 when the packet leaves a port that is a service. */
static __always_inline int departs_from_service(struct __sk_buff *skb, struct departure *d)
{
	struct udphdr udp;
	int offset = 0;
	__u64 port;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		offset = departure_ipv4(skb, d);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		offset = departure_ipv6(skb, d);
	if (!offset || load_net(skb, offset, &udp, sizeof(udp)))
		return 0;
	d->sport = bpf_ntohs(udp.source);
	d->offset = offset + sizeof(udp);
	d->length = bpf_ntohs(udp.len) - sizeof(udp);
	port = d->sport;
	asm volatile("%0 &= 0xffff" : "+r"(port)); /* kernel 6.1 loses that it is 16 bits wide */
	return bpf_ntohs(udp.len) > sizeof(udp) &&
	       policy.udp_ports[port >> 6] >> (port & 63) & 1;
}

/* Binds a token to the address it goes to. A second address makes it worthless. */
static __always_inline void bind_token(__u64 token, const struct departure *d,
				       enum token_kind kind, __u64 now, __u64 life)
{
	struct sw_proof fresh = {.addr = d->dst, .expires = now + life, .kind = kind};
	struct sw_proof *proof;

	if (token == TOKEN_NONE)
		return;
	proof = bpf_map_lookup_elem(&proofs, &token);
	if (!proof) {
		bpf_map_update_elem(&proofs, &token, &fresh, BPF_ANY);
		return;
	}
	if (proof->addr.words[0] != d->dst.words[0] || proof->addr.words[1] != d->dst.words[1] ||
	    proof->addr.words[2] != d->dst.words[2] || proof->addr.words[3] != d->dst.words[3]) {
		if (!proof->shared)
			tally(SW_TALLY_SHARED);
		proof->shared = 1;
	}
	proof->expires = now + life;
}

/* Compares the head of this call's tag with that of the call before. */
static __always_inline void watch_tags(const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;
	struct sip_span none = {}, head = msg->to.tag;
	struct sw_tag_habit *habit;
	__u64 call, token;
	__u32 zero = 0;

	if (head.length > 16)
		head.length = 16;
	habit = bpf_map_lookup_elem(&tag_habit, &zero);
	call = token_of(policy.seed, TOKEN_DIALOG, &scratch->buf, msg->value[SIP_CALL_ID], none);
	token = token_of(policy.seed, TOKEN_TAG_HEAD, &scratch->buf, head, none);
	if (!habit || habit->call == call)
		return;
	if (habit->head == token)
		habit->alike++;
	else if (habit->call)
		habit->different++;
	habit->head = token;
	habit->call = call;
}

static __always_inline void observe_response(const struct departure *d, struct scratch *scratch,
					     __u64 now)
{
	const struct sip_msg *msg = &scratch->msg;
	struct sip_span none = {};

	tally(SW_TALLY_ANSWERS);
	if (msg->flags & SIP_TO_TAG) {
		watch_tags(scratch);
		bind_token(token_of(policy.seed, TOKEN_DIALOG, &scratch->buf,
				    msg->value[SIP_CALL_ID], msg->to.tag),
			   d, TOKEN_DIALOG, now, PROOF_LIFE);
	}
	/* A proxy that forked may pass on challenges of both kinds (RFC 3261 16.7, step 7). */
	if (msg->status == 401 || msg->status == 407) {
		bind_token(token_of(policy.seed, TOKEN_NONCE, &scratch->buf, msg->nonce, none), d,
			   TOKEN_NONCE, now, PROOF_LIFE);
		bind_token(token_of(policy.seed, TOKEN_NONCE, &scratch->buf, msg->proxy_nonce, none), d,
			   TOKEN_NONCE, now, PROOF_LIFE);
	}
}

static __always_inline void observe_request(const struct departure *d, struct scratch *scratch,
					    __u64 now)
{
	const struct sip_msg *msg = &scratch->msg;
	struct sip_span none = {};

	bind_token(token_of(policy.seed, TOKEN_BRANCH, &scratch->buf, msg->via_branch, none), d,
		   TOKEN_BRANCH, now, BRANCH_LIFE);
	/* The other side names the server by the server's own tag from here on. */
	bind_token(token_of(policy.seed, TOKEN_DIALOG, &scratch->buf, msg->value[SIP_CALL_ID],
			    msg->from.tag), d, TOKEN_DIALOG, now, PROOF_LIFE);
}

static __always_inline int observe(struct __sk_buff *skb)
{
	struct departure d = {};
	struct scratch *scratch = this_scratch();
	__u32 zero = 0, length;
	struct sw_health *state = bpf_map_lookup_elem(&health, &zero);
	__u64 now;

	if (!scratch || !departs_from_service(skb, &d) || d.length < 20)
		return TC_ACT_UNSPEC;
	length = d.length > OBSERVED_MAX ? OBSERVED_MAX : d.length;
	if (load_net(skb, d.offset, scratch->buf.octets, copy_size(length, OBSERVED_MAX)))
		return TC_ACT_UNSPEC;
	now = on_trial ? trial_now : bpf_ktime_get_ns();
	if (state && (__s64)(now - state->last_observed) > (__s64)SW_NS_PER_SEC)
		state->last_observed = now;
	tally(SW_TALLY_OBSERVED);
	scratch->input.length = length;
	scratch->input.datagram_length = d.length;
	scratch->input.flags = SIP_STREAM;
	scratch->input.want = 0;
	sip_scan(&scratch->buf, &scratch->input, &scratch->msg);
	if (scratch->msg.kind == SW_MESSAGE_RESPONSE)
		observe_response(&d, scratch, now);
	else if (scratch->msg.flags & SIP_START)
		observe_request(&d, scratch, now);
	return TC_ACT_UNSPEC;
}

#endif
