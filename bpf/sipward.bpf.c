// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data path. Each packet walks through the stages below, cheapest first, until one of
 * them decides; each stage is a header of its own and knows no other. A packet that no stage
 * refuses passes.
 */
#include "packet.h"

#include "link.h"
#include "network.h"
#include "fragment.h"
#include "transport.h"
#include "service.h"
#include "zone.h"
#include "ban.h"
#include "gate.h"
#include "message.h"
#include "limits.h"
#include "sanity.h"
#include "verdict.h"

#define STAGE(name)                         \
	do {                                \
		v = stage_##name(&p);       \
		if (v != VERDICT_UNDECIDED) \
			goto decided;       \
	} while (0)

static __always_inline int sipward(struct xdp_md *ctx)
{
	struct packet p = {
		.ctx = ctx,
		.cursor = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
		.transport = SW_TRANSPORT_COUNT,
		.message = SW_MESSAGE_OPAQUE,
		.zone = &policy.zones[SW_ZONE_PUBLIC],
	};
	enum verdict v;

	STAGE(link);      /* Ethernet, VLAN */
	STAGE(network);   /* IPv4, IPv6, extension headers */
	STAGE(fragment);  /* later fragments follow their first one */
	STAGE(transport); /* ports */
	STAGE(service);   /* for us? */
	STAGE(zone);      /* from whom? */
	STAGE(lists);     /* allow, deny */
	STAGE(ban);
	STAGE(gate);      /* UDP and TCP headers, keepalives, STUN */
	STAGE(message);   /* the scanner */
	STAGE(method);
	STAGE(limits);
	STAGE(sanity);
	v = VERDICT_PASS;
decided:
	return finish(&p, v);
}

/* One of the two is loaded. The name tells status and the next generation which. */
SEC("xdp.frags")
int sipward_xdp(struct xdp_md *ctx)
{
	return sipward(ctx);
}

/* For drivers that refuse a program which takes multi-buffer frames. */
SEC("xdp")
int sipward_linear(struct xdp_md *ctx)
{
	return sipward(ctx);
}

char LICENSE[] SEC("license") = "GPL";
