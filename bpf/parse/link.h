/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "link": Ethernet and VLAN tags. Anything but IP is not ours: ARP must live, or the host
 * falls off the network.
 *
 * Linux takes off any number of tags with VID 0 (802.1p), and one with another VID for each VLAN
 * device that it has, of which it nests eight. A packet with more tags than are walked here is
 * refused: nobody needs them, and behind them anything could hide.
 */
#ifndef SIPWARD_BPF_PARSE_LINK_H
#define SIPWARD_BPF_PARSE_LINK_H

#include <linux/if_ether.h>

#include "parse/cursor.h"
#include "lib/packet.h"

#define VLAN_TAGS_NEAR 2 /* that are read where they are */
#define VLAN_TAGS_MAX  8

struct vlan_tag {
	__be16 control;
	__be16 ethertype;
};

static __always_inline int is_tag(__u16 ethertype)
{
	return ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD;
}

/* The packet's VLAN is that of its outermost tag with an id. Id 0 is a priority and no VLAN, and
 * in front of another tag must not hide that one. */
static __always_inline void take_tag(struct packet *p, __be16 control)
{
	if (!p->vlan)
		p->vlan = bpf_ntohs(control) & 0xfff;
	p->vlan_count++;
}

/* The tags behind the first ones, of which the next is at this offset. Returns the offset behind
 * them and the ethertype there, packed; 0 when there is nothing left to parse. Global, and by
 * copies: next to no packet has so many. */
__noinline __u64 skip_tags(struct xdp_md *ctx, struct packet *p, __u32 offset)
{
	struct vlan_tag tag;

	if (!p)
		return 0;
	for (int i = VLAN_TAGS_NEAR; i < VLAN_TAGS_MAX; i++) {
		__u16 ethertype;

		if (bpf_xdp_load_bytes(ctx, offset, &tag, sizeof(tag)))
			return 0;
		take_tag(p, tag.control);
		offset += sizeof(tag);
		ethertype = bpf_ntohs(tag.ethertype);
		if (!is_tag(ethertype))
			return (__u64)offset << 16 | ethertype;
	}
	p->broken = SW_REASON_VLAN_TAGS;
	return 0;
}

static __always_inline enum verdict stage_link(struct packet *p, struct cursor *c)
{
	struct ethhdr *eth = c->at;
	__u64 behind;

	if ((void *)(eth + 1) > c->end)
		return VERDICT_NOT_OURS;
	c->ethertype = bpf_ntohs(eth->h_proto);
	c->at = eth + 1;

	for (int i = 0; i < VLAN_TAGS_NEAR; i++) {
		struct vlan_tag *tag = c->at;

		if (!is_tag(c->ethertype) || (void *)(tag + 1) > c->end)
			break;
		take_tag(p, tag->control);
		c->ethertype = bpf_ntohs(tag->ethertype);
		c->at = tag + 1;
	}
	if (!is_tag(c->ethertype))
		return VERDICT_UNDECIDED;
	behind = skip_tags(c->ctx, p, cursor_offset(c));
	if (!behind)
		return p->broken ? VERDICT_UNDECIDED : VERDICT_NOT_OURS;
	c->ethertype = behind;
	move_cursor(c, behind >> 16);
	return VERDICT_UNDECIDED;
}

#endif
