/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The observer: reads what the server sends (TC egress) and notes what only the addressee can
 * know. It changes nothing, and drops only what a zone must not be sent (egress.h); when it is
 * taken off, the rules that need it go inert.
 */
#ifndef SIPWARD_BPF_EGRESS_OBSERVER_H
#define SIPWARD_BPF_EGRESS_OBSERVER_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <sipward/health.h>

#include "egress/answer.h"
#include "lib/dialog.h"
#include "lib/known.h"
#include "rules/leak.h"
#include "lib/token.h"

/* Tokens stand in the first headers; what an answer carries behind them is not read. A rule wants
 * all of them, and To stands behind as many routes as there are. */
#define OBSERVED_MAX (OBSERVES_RULES ? 8192 : 2048)

#define PROOF_LIFE (4 * 3600 * SW_NS_PER_SEC)

struct fragment_header {
	__u8 nexthdr;
	__u8 reserved;
	__be16 offset;
	__be32 id;
};

static __always_inline int load_net(struct __sk_buff *skb, __u32 offset, void *to, __u32 size)
{
	return bpf_skb_load_bytes_relative(skb, offset, to, size, BPF_HDR_START_NET);
}

/* The payload, wherever the kernel keeps it: TCP's stands in pages, where the helper that counts
 * from the network header does not look. The other one counts from the link header, of which
 * only the length of all tells whether there is one. */
static __always_inline int load_payload(struct __sk_buff *skb, const struct departure *d, void *to,
					__u32 size)
{
	__u32 link = skb->len - d->end;

	return load_net(skb, d->offset, to, size) &&
	       bpf_skb_load_bytes(skb, link + d->offset, to, size);
}

/* Some rule judges what leaves, or remembers it. */
#define OBSERVES_RULES \
	(policy.egress || policy.to_tags || policy.guards & SW_GUARD_OBSERVED)
/* TCP is read only for such a rule, and where somebody's behaviour is watched. */
#define OBSERVES_TCP   ((policy.bans && policy.admission) || OBSERVES_RULES)

static __always_inline int is_observed(__u8 protocol)
{
	return protocol == IPPROTO_UDP || (OBSERVES_TCP && protocol == IPPROTO_TCP);
}

static __always_inline int departure_ipv4(struct __sk_buff *skb, struct departure *d)
{
	struct iphdr ip;

	if (load_net(skb, 0, &ip, sizeof(ip)) || !is_observed(ip.protocol) ||
	    ip.frag_off & bpf_htons(0x1fff))
		return 0;
	d->protocol = ip.protocol;
	d->dst.words[2] = bpf_htonl(0xffff);
	d->dst.words[3] = ip.daddr;
	d->end = bpf_ntohs(ip.tot_len);
	return ip.ihl * 4;
}

static __always_inline int departure_ipv6(struct __sk_buff *skb, struct departure *d)
{
	struct fragment_header fragment;
	struct ipv6hdr ip;

	if (load_net(skb, 0, &ip, sizeof(ip)))
		return 0;
	__builtin_memcpy(&d->dst, &ip.daddr, sizeof(d->dst));
	d->end = sizeof(ip) + bpf_ntohs(ip.payload_len);
	d->protocol = ip.nexthdr;
	if (is_observed(ip.nexthdr))
		return sizeof(ip);
	d->protocol = IPPROTO_UDP;
	if (ip.nexthdr != IPPROTO_FRAGMENT ||
	    load_net(skb, sizeof(ip), &fragment, sizeof(fragment)) ||
	    fragment.nexthdr != IPPROTO_UDP || fragment.offset & bpf_htons(0xfff8))
		return 0;
	return sizeof(ip) + sizeof(fragment);
}

/* Where the payload of a segment begins and ends. Segmentation is still to come (GSO): what is
 * here may be several segments, with several messages. What is read is the message that begins the
 * payload, if one does; of those behind it nothing is learned and nothing told. */
static __always_inline int departs_by_tcp(struct __sk_buff *skb, struct departure *d, int offset)
{
	__u8 words;

	if (load_net(skb, offset + 12, &words, sizeof(words)))
		return 0;
	d->offset = offset + (words >> 4) * 4;
	d->length = d->end - d->offset;
	return words >> 4 >= 5 && d->end > d->offset;
}

static __always_inline int departs_by_udp(struct departure *d, int offset, __u32 length)
{
	d->offset = offset + sizeof(struct udphdr);
	d->length = length - sizeof(struct udphdr);
	return length > sizeof(struct udphdr) && d->end > d->offset;
}

/* 1 when a segment leaves a port that is a service; or goes to one, on a connection that the
 * server opened. One to a port that its peer chose is not seen. */
static __always_inline int is_tcp_service(struct departure *d, __u64 sport, __u64 dport)
{
	if (policy.tcp_ports[sport >> 6] >> (sport & 63) & 1)
		return 1;
	d->opened = OBSERVES_RULES &&
		    policy.tcp_ports[dport >> 6] >> (dport & 63) & 1;
	return d->opened;
}

/* 1 when the packet leaves a port that is a service, or over TCP goes to one. */
static __always_inline int departs_from_service(struct __sk_buff *skb, struct departure *d)
{
	struct udphdr udp; /* the ports stand where TCP has them */
	int offset = 0;
	__u64 port, peer;

	if (skb->protocol == bpf_htons(ETH_P_IP))
		offset = departure_ipv4(skb, d);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		offset = departure_ipv6(skb, d);
	if (!offset || load_net(skb, offset, &udp, sizeof(udp)))
		return 0;
	d->sport = bpf_ntohs(udp.source);
	d->dport = bpf_ntohs(udp.dest);
	port = d->sport;
	peer = bpf_ntohs(udp.dest);
	asm volatile("%0 &= 0xffff" : "+r"(port)); /* kernel 6.1 loses that it is 16 bits wide */
	asm volatile("%0 &= 0xffff" : "+r"(peer));
	if (d->protocol == IPPROTO_TCP)
		return is_tcp_service(d, port, peer) && departs_by_tcp(skb, d, offset);
	return policy.udp_ports[port >> 6] >> (port & 63) & 1 &&
	       departs_by_udp(d, offset, bpf_ntohs(udp.len));
}

/* Where it leaves from, as the IP header says. */
static __always_inline void departure_source(struct __sk_buff *skb, struct sw_addr *src)
{
	if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		load_net(skb, 8, src->octets, 16);
		return;
	}
	src->words[2] = bpf_htonl(0xffff);
	load_net(skb, 12, &src->words[3], 4);
}

/* As in stage "service": an address of the i-th service, or of this host. */
static __always_inline int departs_from(const struct sw_addr *src, const struct departure *d,
					__u32 i)
{
	const volatile struct sw_service *service = &policy.services[i];
	struct sw_service_addr key = {.addr = *src, .service = i};

	if ((service->transport == SW_UDP) != (d->protocol == IPPROTO_UDP) ||
	    (!d->opened && (d->sport < service->port_first || d->sport > service->port_last)))
		return 0;
	if (bpf_map_lookup_elem(&service_addrs, &key))
		return 1;
	return (service->any_address || d->opened) &&
	       (!policy.check_local || bpf_map_lookup_elem(&local_addrs, &key.addr));
}

/* What is only on its way through this host is none of ours. */
__noinline int departs_from_here(struct __sk_buff *skb, const struct departure *d)
{
	struct sw_addr src = {};

	if (!d)
		return 0;
	departure_source(skb, &src);
	for (__u32 i = 0; i < SW_SERVICES_MAX; i++) {
		if (i >= policy.service_count)
			break;
		if (departs_from(&src, d, i))
			return 1;
	}
	return 0;
}

/* Lets the stages that know zones and lists see who gets the answer. */
static __always_inline void watch_answer(const struct departure *d, struct scratch *scratch,
					 __u64 now)
{
	struct packet *p = &scratch->packet;

	__builtin_memset(p, 0, sizeof(*p));
	p->src = d->dst;
	p->ipv6 = !(d->dst.words[0] == 0 && d->dst.words[1] == 0 &&
		    d->dst.words[2] == bpf_htonl(0xffff));
	p->now = now;
	judge_answer(scratch);
}

/* A proxy that forked may pass on challenges of both kinds (RFC 3261 16.7, step 7). */
static __always_inline void bind_challenge(const struct departure *d, struct scratch *scratch,
					   __u64 now)
{
	const struct sip_msg *msg = &scratch->msg;
	struct sip_span none = {};

	if (msg->status != 401 && msg->status != 407)
		return;
	bind_token(&proofs, token_of(policy.seed, TOKEN_NONCE, &scratch->buf, msg->nonce, none),
		   &d->dst, now, PROOF_LIFE);
	bind_token(&proofs,
		   token_of(policy.seed, TOKEN_NONCE, &scratch->buf, msg->proxy_nonce, none),
		   &d->dst, now, PROOF_LIFE);
}

/* The tag by which the other side names this end of the dialog. */
static __always_inline void bind_tag(const struct departure *d, struct scratch *scratch,
				     struct sip_span tag, __u64 now)
{
	bind_token(&sent_tags,
		   token_of(policy.seed, TOKEN_DIALOG, &scratch->buf,
			    scratch->msg.value[SIP_CALL_ID], tag), &d->dst, now, PROOF_LIFE);
}

static __always_inline void observe_response(const struct departure *d, struct scratch *scratch,
					     __u64 now)
{
	const struct sip_msg *msg = &scratch->msg;

	if (d->protocol == IPPROTO_UDP)
		tally(SW_TALLY_ANSWERS);
	if (!policy.admission || d->opened) /* what came by that connection was not judged */
		return;
	if (d->protocol == IPPROTO_UDP && msg->flags & SIP_TO_TAG)
		bind_tag(d, scratch, msg->to.tag, now);
	bind_challenge(d, scratch, now);
	if (policy.bans && msg->status >= 200)
		watch_answer(d, scratch, now);
}

/* What no token can be made of is said, so that nobody waits for it in vain. */
static __always_inline void note_branch(const struct departure *d, struct scratch *scratch,
					struct sw_observed *self, __u64 now)
{
	struct sip_span none = {};
	__u64 token =
		token_of(policy.seed, TOKEN_BRANCH, &scratch->buf, scratch->msg.via_branch, none);

	if (token == TOKEN_NONE)
		self->nameless = now;
	bind_token(&branches, token, &d->dst, now, SW_BRANCH_LIFE);
}

static __always_inline void observe_request(const struct departure *d, struct scratch *scratch,
					    struct sw_observed *self, __u64 now)
{
	const struct sip_msg *msg = &scratch->msg;

	if (msg->kind != SW_MESSAGE_ACK) /* nothing answers it */
		note_branch(d, scratch, self, now);
	if (!policy.admission)
		return;
	/* The other side names the server by the server's own tag from here on. */
	bind_tag(d, scratch, msg->from.tag, now);
}

/* What of the message is here; 0 when it is none of a service. */
static __always_inline __u32 departing_length(struct __sk_buff *skb, struct departure *d)
{
	__u32 length;

	if (!departs_from_service(skb, d) || d->length < 20)
		return 0;
	length = d->end - d->offset;
	if (length > d->length)
		length = d->length;
	return length > OBSERVED_MAX ? OBSERVED_MAX : length;
}

#include "egress/rules.h"
#include "stages/in_dialog.h"

/* What the rules want of it: some remember, some judge. */
static __always_inline int observe_rules(struct __sk_buff *skb, struct departure *d,
					 struct scratch *scratch, __u64 now)
{
	const struct sip_msg *msg = &scratch->msg;

	int noted = 1;

	if (policy.to_tags && msg->kind == SW_MESSAGE_RESPONSE)
		noted = answers_beginning(&d->dst, scratch);
	if (policy.to_tags && noted)
		note_tag(&d->dst, scratch, now);
	if (policy.to_tags && msg->kind != SW_MESSAGE_RESPONSE)
		noted = goes_on(scratch);
	if (noted && (policy.guards & SW_GUARD_TEARDOWN || policy.egress & SW_EGRESS_DIALOGS ||
		      policy.to_tags))
		note_dialog(&d->dst, scratch, now);
	if (policy.guards & SW_GUARD_DIGEST_LEAK && msg->kind <= SW_MESSAGE_OTHER &&
	    msg->flags & SIP_TO_TAG)
		note_inside(&d->dst, scratch, now);
	if ((policy.egress || policy.guards & SW_GUARD_PRIVACY) && msg->flags & SIP_START)
		return judge_departure(skb, d, scratch, now);
	return TC_ACT_UNSPEC;
}

static __always_inline int observe(struct __sk_buff *skb)
{
	struct scratch *scratch = this_scratch();
	struct sw_observed *self;
	struct departure *d;
	__u32 zero = 0, length;
	__u64 now;

	self = bpf_map_lookup_elem(&observed, &zero);
	if (!scratch || !self)
		return TC_ACT_UNSPEC;
	d = &scratch->departure;
	__builtin_memset(d, 0, sizeof(*d));
	length = departing_length(skb, d);
	if (!length || !departs_from_here(skb, d))
		return TC_ACT_UNSPEC;
	if (load_payload(skb, d, scratch->buf.octets, copy_size(length, OBSERVED_MAX)))
		return TC_ACT_UNSPEC;
	now = on_trial ? trial_now : bpf_ktime_get_ns();
	if (d->protocol == IPPROTO_UDP && (__s64)(now - self->last) > (__s64)SW_NS_PER_SEC)
		self->last = now;
	if (d->protocol == IPPROTO_UDP)
		tally(SW_TALLY_OBSERVED);
	scratch->input.length = length;
	scratch->input.datagram_length = d->length;
	scratch->input.flags = SIP_STREAM;
	scratch->input.want = 0;
	sip_scan(&scratch->buf, &scratch->input, &scratch->msg);
	if (scratch->msg.kind == SW_MESSAGE_RESPONSE)
		observe_response(d, scratch, now);
	else if (d->protocol == IPPROTO_UDP && scratch->msg.flags & SIP_START)
		observe_request(d, scratch, self, now);
	return OBSERVES_RULES ? observe_rules(skb, d, scratch, now) : TC_ACT_UNSPEC;
}

#endif
