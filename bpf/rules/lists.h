/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The allow list and the deny list of the policy. Stage "lists" asks for the source of a packet,
 * the observer for the addressee of an answer.
 */
#ifndef SIPWARD_BPF_RULES_LISTS_H
#define SIPWARD_BPF_RULES_LISTS_H

#include "lib/zone.h"
#include "rules/ban.h"

/* A single host is more special than any prefix; among prefixes the longest wins. */
static __always_inline enum verdict judge_lists(struct packet *p)
{
	struct sw_addr source = p->src; /* on the stack: 6.1 wants the keys of lookups there */
	__u32 *list = 0;

	if (policy.have_list_hosts)
		list = bpf_map_lookup_elem(&list_hosts, &source);
	if (!list && policy.have_list_prefixes)
		list = longest_prefix(p, &lists_v4, &lists_v6);
	if (!list)
		return VERDICT_UNDECIDED;
	if (*list == SW_LIST_DENY && !allowed_by_hand(p))
		return refuse(p, SW_REASON_DENY_LIST);
	p->allowed = 1;
	return VERDICT_UNDECIDED;
}

#endif
