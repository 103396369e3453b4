/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The data path. Each packet walks through the stages below, cheapest first, until one of
 * them decides; each stage is a header of its own in stages/ and knows no other. A packet that no
 * stage refuses passes.
 *
 * Rooms: parse/ reads frames, rules/ holds what several stages or both directions judge by, egress/
 * reads what the server sends, lib/ has packet, maps and tables, sip/ is the scanner. Includes
 * point one way, which selftests/rooms checks:
 *   sipward.bpf.c -> stages, egress -> rules -> lib -> sip;  stages -> parse -> lib
 *
 * It has two halves. parse() sees every packet of the interface, media included, and lets go
 * of most. judge() sees what may be for a service.
 */
#include "lib/packet.h"

#include "parse/foreign.h"
#include "parse/link.h"
#include "parse/network.h"
#include "parse/transport.h"

#include "stages/bad_ip.h"
#include "stages/fragment.h"
#include "stages/service.h"
#include "stages/zone.h"
#include "stages/lists.h"
#include "stages/ban.h"
#include "stages/header.h"
#include "stages/stream.h"
#include "stages/unproven.h"
#include "stages/syn.h"
#include "stages/first_payload.h"
#include "stages/not_sip.h"
#include "stages/payload.h"
#include "stages/gate.h"
#include "stages/known.h"
#include "stages/start.h"
#include "stages/connection.h"
#include "stages/probe.h"
#include "stages/responses.h"
#include "stages/emergency.h"
#include "stages/spared.h"
#include "stages/admission.h"
#include "stages/message.h"
#include "stages/belonging.h"
#include "stages/in_dialog.h"
#include "stages/require.h"
#include "stages/method.h"
#include "stages/limits.h"
#include "stages/refused.h"
#include "stages/violation.h"
#include "stages/sanity.h"
#include "stages/malformed_rate.h"
#include "stages/patch.h"
#include "stages/body.h"
#include "stages/content.h"
#include "stages/guard.h"
#include "stages/begins.h"
#include "stages/attempt.h"
#include "stages/finish.h"

#include "egress/observer.h"

#define STAGE(name, ...)                                        \
	do {                                                    \
		v = stage_##name(p __VA_OPT__(, ) __VA_ARGS__); \
		if (v != VERDICT_UNDECIDED)                     \
			goto decided;                           \
	} while (0)

/* The stages that every packet of the interface passes. */
static __always_inline int parse(struct xdp_md *ctx, struct packet *p)
{
	struct cursor c = {
		.ctx = ctx,
		.start = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	enum verdict v;

	c.at = c.start;
	STAGE(link, &c);      /* Ethernet, VLAN */
	STAGE(network, &c);   /* IPv4, IPv6, extension headers */
	STAGE(transport, &c); /* ports */
	v = VERDICT_UNDECIDED;
decided:
	return v;
}

static __always_inline int judge(struct xdp_md *ctx)
{
	int foreign = is_foreign(ctx);
	struct scratch *scratch;
	struct packet *p;
	enum verdict v;

	if (foreign && !in_test_run)
		return XDP_PASS;
	scratch = this_scratch();
	if (!scratch)
		return XDP_PASS;
	p = &scratch->packet;
	packet_begin(p);
	v = foreign ? VERDICT_NOT_OURS : parse(ctx, p);
	if (v != VERDICT_UNDECIDED)
		goto decided;
	STAGE(bad_ip);   /* headers that contradict themselves */
	STAGE(fragment); /* later fragments follow their first one */
	STAGE(service);  /* for us? */
	STAGE(zone);     /* from whom? */
	STAGE(lists);    /* allow, deny */
	STAGE(ban, ctx);
	STAGE(header);             /* UDP and TCP */
	STAGE(stream, ctx);        /* TCP of banned sources */
	STAGE(unproven, ctx);      /* TCP that belongs to no connection */
	STAGE(syn);                /* how many connections? */
	STAGE(first_payload, ctx); /* the first payload of a connection */
	STAGE(not_sip, ctx);       /* what begins like no message */
	STAGE(payload, ctx);       /* copied once, multi-buffer frames included */
	STAGE(gate, ctx);          /* keepalives, STUN, TCP and TLS handshakes */
	STAGE(known);              /* is its sender one that proved itself? */
	STAGE(start);              /* the scanner, up to the top Via */
	STAGE(connection, ctx);    /* TCP: does it fit one that is established? */
	STAGE(probe);              /* an answer to the agent's own request */
	STAGE(responses);          /* did the server ask for it? */
	STAGE(emergency);          /* urn:service:sos, 112, ... */
	STAGE(spared);             /* of banned sources nothing else goes on */
	STAGE(admission, ctx);     /* newcomers share a budget */
	STAGE(message);            /* the scanner, to the end of the header section */
	STAGE(belonging, ctx);     /* does it go on with something? */
	STAGE(in_dialog);          /* is there such a dialog? */
	STAGE(require);            /* plain SIP from a zone that must not */
	STAGE(method);
	STAGE(limits);
	STAGE(refused);   /* a username that was guessed too often from there */
	STAGE(violation); /* told, before it is refused */
	STAGE(sanity);
	STAGE(malformed_rate); /* malformed messages that sanity lets through */
	STAGE(patch);          /* the operator's own rules */
	STAGE(body);           /* is a session description one? */
	STAGE(content);        /* what this zone may not say */
	STAGE(guard);          /* what came before it */
	STAGE(begins);         /* may its answer begin a dialog? */
	STAGE(attempt);        /* noted until the server answers */
	v = VERDICT_PASS;
decided:
	return finish(ctx, p, v);
}

/* One of the two is loaded. The name tells status and the next generation which. */
SEC("xdp.frags")
int sipward_xdp(struct xdp_md *ctx)
{
	return judge(ctx);
}

/* For drivers that refuse a program which takes multi-buffer frames. */
SEC("xdp")
int sipward_linear(struct xdp_md *ctx)
{
	return judge(ctx);
}

SEC("tc")
int sipward_egress(struct __sk_buff *skb)
{
	return observe(skb);
}

/* For whoever chains programs with libxdp (xdp-loader), which reads this in the type data: run
 * early, and others behind what passes. No instruction comes of it. */
#define RUNS_BEFORE_OTHERS(program)   \
	struct {                      \
		__uint(priority, 10); \
		__uint(XDP_PASS, 1);  \
	} _##program SEC(".xdp_run_config")

RUNS_BEFORE_OTHERS(sipward_xdp);
RUNS_BEFORE_OTHERS(sipward_linear);

char LICENSE[] SEC("license") = "GPL";
