/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "link": Ethernet and up to two VLAN tags. Anything but IP is not ours: ARP must
 * live, or the host falls off the network.
 */
#ifndef SIPWARD_BPF_LINK_H
#define SIPWARD_BPF_LINK_H

#include <linux/if_ether.h>

#include "cursor.h"
#include "packet.h"

#define VLAN_TAGS_MAX 2

struct vlan_tag {
	__be16 control;
	__be16 ethertype;
};

static __always_inline enum verdict stage_link(struct packet *p, struct cursor *c)
{
	struct ethhdr *eth = c->at;

	if ((void *)(eth + 1) > c->end)
		return VERDICT_NOT_OURS;
	c->ethertype = bpf_ntohs(eth->h_proto);
	c->at = eth + 1;

	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		struct vlan_tag *tag = c->at;

		if (c->ethertype != ETH_P_8021Q && c->ethertype != ETH_P_8021AD)
			break;
		if ((void *)(tag + 1) > c->end)
			return VERDICT_NOT_OURS;
		if (!i)
			p->vlan = bpf_ntohs(tag->control) & 0xfff;
		c->ethertype = bpf_ntohs(tag->ethertype);
		c->at = tag + 1;
		p->vlan_count++;
	}
	return VERDICT_UNDECIDED;
}

#endif
