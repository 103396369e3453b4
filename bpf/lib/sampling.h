/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Takes samples of packets while somebody wants them (<sipward/sample.h>). Only what happens at a
 * sample costs more than a few loads, and that is seldom.
 */
#ifndef SIPWARD_BPF_LIB_SAMPLING_H
#define SIPWARD_BPF_LIB_SAMPLING_H

#include <linux/in.h>

#include <sipward/sample.h>

#include "lib/gap.h"
#include "lib/packet.h"

/* The payload, also of a packet that was refused before its UDP header was judged. */
static __always_inline void sample_payload(struct xdp_md *ctx, const struct packet *p,
					   struct sw_sample *sample)
{
	__u32 offset = p->payload_offset, length = p->payload_length;

	if (!length && p->protocol == IPPROTO_UDP && p->transport_length > 8 && p->remaining > 8) {
		offset += 8;
		length = (p->transport_length < p->remaining ? p->transport_length : p->remaining) -
			 8;
	}
	sample->length = length > 0xffff ? 0xffff : length;
	sample->octets = 0;
	if (!length || p->transport == SW_TLS)
		return;
	if (length > SW_SAMPLE_OCTETS)
		length = SW_SAMPLE_OCTETS;
	if (!bpf_xdp_load_bytes(ctx, offset, sample->payload, copy_size(length, SW_SAMPLE_OCTETS)))
		sample->octets = length;
}

static __always_inline void sample_verdict(const struct packet *p, __u32 verdict,
					   struct sw_sample *sample)
{
	sample->reason = p->reason;
	sample->verdict = verdict == VERDICT_DROP       ? SW_SAMPLED_DROP :
			  verdict == VERDICT_WOULD_DROP ? SW_SAMPLED_WOULD_DROP :
							  SW_SAMPLED_PASS;
	if (sample->verdict != SW_SAMPLED_PASS)
		return;
	/* A rule in shadow, or the content of a stream: the first reason that was counted. */
	sample->reason = p->shadow_count ? packet_shadow(p, 0) : SW_REASON_NONE;
	if (p->shadow_count)
		sample->verdict = SW_SAMPLED_WOULD_DROP;
}

/* Readers see by the number whether a sample is whole. An exchange is a barrier. */
static __always_inline void write_sample(struct xdp_md *ctx, const struct scratch *scratch,
					 __u32 verdict, __u64 number)
{
	const struct packet *p = &scratch->packet;
	__u32 index = number & (SW_SAMPLES - 1);
	struct sw_sample *sample = bpf_map_lookup_elem(&samples, &index);

	if (!sample)
		return;
	__sync_lock_test_and_set(&sample->number, 0);
	sample->src = p->src;
	sample->weight = scratch->sample_weight;
	sample->sport = p->sport;
	sample->zone = p->zone_number;
	sample->transport = p->transport;
	sample_verdict(p, verdict, sample);
	sample_payload(ctx, p, sample);
	__sync_lock_test_and_set(&sample->number, number);
}

/* Draws the next gap; by the lower rate when this CPU took its share of the period. */
static __always_inline void draw_gap(struct scratch *scratch, const struct sw_sampling *wanted,
				     __u64 now)
{
	__u64 period = now >> SW_SAMPLE_PERIOD_BITS;
	int burst =
		scratch->sample_period != period || scratch->samples_in_period < SW_SAMPLE_BURST;
	__u32 scale = burst ? wanted->rate.scale : wanted->less.scale;

	if (scratch->sample_period != period)
		scratch->samples_in_period = 0;
	scratch->sample_period = period;
	scratch->sample_rate = wanted->rate.weight;
	scratch->sample_weight = burst ? wanted->rate.weight : wanted->less.weight;
	scratch->sample_gap = gap_draw(bpf_get_prandom_u32(), scale);
}

/* The gap is over, or another rate is wanted: then a new gap is drawn, which may begin anywhere. */
__noinline int take_sample(struct xdp_md *ctx, struct scratch *scratch, __u32 verdict)
{
	__u32 zero = 0;
	struct sw_sampling *wanted = bpf_map_lookup_elem(&sampling, &zero);
	__u64 now;

	if (!wanted || !scratch)
		return 0;
	now = packet_time(&scratch->packet);
	if (now >= wanted->until) {
		wanted->until = 0;
		return 0;
	}
	if (scratch->sample_rate != wanted->rate.weight) {
		draw_gap(scratch, wanted, now);
		if (scratch->sample_gap) {
			scratch->sample_gap--;
			return 0;
		}
	}
	scratch->samples_in_period++;
	write_sample(ctx, scratch, verdict, __sync_fetch_and_add(&wanted->taken, 1) + 1);
	draw_gap(scratch, wanted, now);
	return 0;
}

/* One load and a branch while nobody wants samples. */
static __always_inline void sample(struct xdp_md *ctx, struct packet *p, enum verdict v)
{
	__u32 zero = 0;
	const struct sw_sampling *wanted = bpf_map_lookup_elem(&sampling, &zero);
	struct scratch *scratch = packet_scratch(p);

	if (!wanted || !wanted->until)
		return;
	if (scratch->sample_gap && scratch->sample_rate == wanted->rate.weight)
		scratch->sample_gap--;
	else
		take_sample(ctx, scratch, v);
}

#endif
