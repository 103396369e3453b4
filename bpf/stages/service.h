/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "service": is the packet for something that is protected? All else leaves here.
 */
#ifndef SIPWARD_BPF_STAGES_SERVICE_H
#define SIPWARD_BPF_STAGES_SERVICE_H

#include "lib/packet.h"

static __always_inline int is_group_or_broadcast(const struct packet *p)
{
	if (p->ipv6)
		return (p->dst.words[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000);
	return (p->dst.words[3] & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000) ||
	       p->dst.words[3] == ~0u;
}

/* Transit through this host to somebody else's SIP server is not ours. Subnet broadcasts are
 * in the table; an AnyIP or transparent-proxy address must be named by its service. */
static __always_inline int for_this_host(const struct packet *p)
{
	return !policy.check_local || bpf_map_lookup_elem(&local_addrs, &p->dst) ||
	       is_group_or_broadcast(p);
}

static __always_inline int service_matches(const struct packet *p, __u32 i)
{
	const volatile struct sw_service *service = &policy.services[i];
	struct sw_service_addr key = {.addr = p->dst, .service = i};

	if (SW_IS_STREAM(service->transport) != p->is_stream || p->dport < service->port_first ||
	    p->dport > service->port_last)
		return 0;
	if (service->any_address)
		return for_this_host(p);
	return bpf_map_lookup_elem(&service_addrs, &key) != 0;
}

static __always_inline enum verdict stage_service(struct packet *p)
{
	for (__u32 i = 0; i < SW_SERVICES_MAX; i++) {
		if (i >= policy.service_count)
			break;
		if (service_matches(p, i)) {
			p->service = i;
			p->transport = policy.services[i].transport;
			return VERDICT_UNDECIDED;
		}
	}
	return VERDICT_NOT_OURS;
}

#endif
