/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A data path for the chaos test, which starts an agent several hundred times: links, services,
 * zones, lists and bans are those of the real one. The code that reads SIP is left out, so that the
 * verifier is done in a moment. It has the same maps, and uses every table whose size a policy
 * chooses: which table a program uses is what that test asks.
 */
#include "lib/packet.h"

#include "parse/link.h"
#include "parse/network.h"
#include "parse/transport.h"

#include "stages/service.h"
#include "stages/zone.h"
#include "stages/lists.h"
#include "stages/ban.h"
#include "stages/finish.h"

#include <linux/pkt_cls.h>

#define STAGE(name, ...)                                        \
	do {                                                    \
		v = stage_##name(p __VA_OPT__(, ) __VA_ARGS__); \
		if (v != VERDICT_UNDECIDED)                     \
			goto decided;                           \
	} while (0)

/* A program uses a map that it refers to. */
static __always_inline void use_tables(void)
{
	struct sw_source source = {};
	__u64 token = 0;
	__u32 index = 0;

	bpf_map_lookup_elem(&known, &source);
	bpf_map_lookup_elem(&known_cells, &source);
	bpf_map_lookup_elem(&authenticated, &source);
	bpf_map_lookup_elem(&quotas, &source);
	bpf_map_lookup_elem(&dialers, &source);
	bpf_map_lookup_elem(&proofs, &token);
	bpf_map_lookup_elem(&sent_tags, &token);
	bpf_map_lookup_elem(&branches, &token);
	bpf_map_lookup_elem(&openings, &token);
	bpf_map_lookup_elem(&dialogs, &token);
	bpf_map_lookup_elem(&transactions, &token);
	bpf_map_lookup_elem(&asks, &token);
	bpf_map_lookup_elem(&loops, &token);
	bpf_map_lookup_elem(&greylist, &index);
	bpf_map_lookup_elem(&sources, &index);
	bpf_map_lookup_elem(&prefixes, &index);
	bpf_map_lookup_elem(&unproven_dialers, &index);
	bpf_map_lookup_elem(&meta, &index);
	bpf_map_lookup_elem(&zone_cells, &index);
	bpf_map_lookup_elem(&health, &index);
}

static __always_inline int judge(struct xdp_md *ctx)
{
	struct scratch *scratch = this_scratch();
	struct cursor c = {
		.ctx = ctx,
		.start = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	struct sw_fragment_key fragment = {};
	struct packet *p;
	enum verdict v;

	if (!scratch)
		return XDP_PASS;
	c.at = c.start;
	p = &scratch->packet;
	packet_begin(p);
	STAGE(link, &c);
	STAGE(network, &c);
	STAGE(transport, &c);
	STAGE(service);
	STAGE(zone);
	STAGE(lists);
	STAGE(ban, ctx);
	use_tables();
	bpf_map_lookup_elem(&fragments, &fragment);
	bpf_map_lookup_elem(&other_fragments, &fragment);
	v = VERDICT_PASS;
decided:
	return finish(ctx, p, v);
}

SEC("xdp.frags")
int sipward_xdp(struct xdp_md *ctx)
{
	return judge(ctx);
}

SEC("xdp")
int sipward_linear(struct xdp_md *ctx)
{
	return judge(ctx);
}

SEC("tc")
int sipward_egress(struct __sk_buff *skb)
{
	use_tables();
	return skb ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "GPL";
