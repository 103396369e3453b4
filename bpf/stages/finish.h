/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The exit of the pipeline: counts every packet that is ours, tells user space what was refused,
 * and returns the verdict.
 */
#ifndef SIPWARD_BPF_STAGES_FINISH_H
#define SIPWARD_BPF_STAGES_FINISH_H

#include <linux/in.h>

#include "lib/counters.h"
#include "lib/events.h"
#include "lib/sampling.h"
#include "parse/fragments.h"
#include "rules/emergency.h"

/* A connection is only closed for what its own client sent, and never where that would end a call
 * or keep an emergency call out. */
static __always_inline int must_close(const struct packet *p)
{
	return policy.tcp_close && p->broke && p->proved && !p->in_dialog &&
	       p->message != SW_MESSAGE_RESPONSE &&
	       (packet_zone(p)->tcp == SW_TCP_CLOSE || p->broke == SW_REASON_LOGIN_REFUSED ||
		p->broke == SW_REASON_ACCOUNT_ATTACKED) &&
	       !is_emergency_call(packet_scratch(p));
}

static __always_inline void note_shadows(struct xdp_md *ctx, struct packet *p,
					 struct sw_counters *c)
{
	for (__u32 i = 0; i < SHADOWS_MAX; i++) {
		if (i >= p->shadow_count)
			break;
		count(c, SW_MODE_MONITOR, packet_shadow(p, i));
		tell(ctx, packet_scratch(p), packet_shadow(p, i), TELL_REPORT);
	}
	if (must_close(p))
		tell(ctx, packet_scratch(p), p->broke, TELL_TO_CLOSE);
}

_Static_assert(SHADOWS_MAX == sizeof(test_run.shadows), "a test run tells of every shadow");

static __always_inline void report_test_run(const struct packet *p, enum verdict v)
{
	test_run.verdict = v == VERDICT_NOT_OURS   ? SW_TEST_RUN_NOT_OURS :
			   v == VERDICT_DROP       ? SW_TEST_RUN_DROP :
			   v == VERDICT_WOULD_DROP ? SW_TEST_RUN_WOULD_DROP :
						     SW_TEST_RUN_PASS;
	test_run.reason = p->reason;
	test_run.shadow_count = p->shadow_count;
	for (__u32 i = 0; i < SHADOWS_MAX; i++)
		test_run.shadows[i] = packet_shadow(p, i);
	test_run.zone = p->zone_number;
	test_run.service = p->service;
	test_run.transport = p->transport;
	test_run.message = p->message;
	test_run.in_dialog = p->in_dialog;
	test_run.payload_offset = p->payload_offset;
	test_run.payload_length = p->payload_length;
	test_run.scanned = test_run_scanned;
	test_run_scanned = 0;
	test_run.searched = test_run_searched;
	test_run_searched = 0;
	test_run.grade = p->grade;
	test_run.emergency = p->emergency;
	test_run.patch = p->patch;
	if (policy.patch_count && p->patch) {
		const struct patching *m = &packet_scratch(p)->patching;
		__u32 i = (p->patch - 1) & (SW_PATCHES_MAX - 1);

		test_run.patch_offset = m->at[i];
		test_run.patch_length = m->length[i];
	}
	if (test_run.scanned)
		test_run_msg = packet_scratch(p)->msg;
}

static __always_inline int finish(struct xdp_md *ctx, struct packet *p, enum verdict v)
{
	__u32 zone = p->zone_number, reason = p->reason;
	struct sw_counters *c;

	if (in_test_run)
		report_test_run(p, v);
	if (policy.fragments_drop && p->fragment_first && v != VERDICT_DROP &&
	    v != VERDICT_CONSUMED)
		fragment_remember(p, v != VERDICT_NOT_OURS);
	if (v == VERDICT_NOT_OURS)
		return XDP_PASS;
	if (v == VERDICT_CONSUMED)
		return XDP_DROP;
	if (policy.observed && v == VERDICT_PASS && p->message <= SW_MESSAGE_OTHER &&
	    !p->in_dialog && p->may_be_spoofed)
		tally(SW_TALLY_REQUESTS);
	c = bpf_map_lookup_elem(&counters, &zone);
	if (!c)
		return v == VERDICT_DROP ? XDP_DROP : XDP_PASS;

	c->messages[p->message & (SW_MESSAGES_MAX - 1)]++;
	note_shadows(ctx, p, c);
	sample(ctx, p, v);
	if (v == VERDICT_DROP || v == VERDICT_WOULD_DROP) {
		enum sw_mode mode = v == VERDICT_DROP ? SW_MODE_ENFORCE : SW_MODE_MONITOR;

		count(c, mode, reason);
		if (!is_held_back(packet_scratch(p)))
			tell(ctx, packet_scratch(p), reason, mode);
		if (v == VERDICT_DROP)
			return XDP_DROP;
	}
	count(c, SW_MODE_ENFORCE, SW_REASON_NONE);
	return XDP_PASS;
}

#endif
