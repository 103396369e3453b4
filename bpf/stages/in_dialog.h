/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Stage "in_dialog": what has a To-tag says that it is inside a dialog, and is spared what would
 * end a call. Anybody can write one. With `to_tag: proven` a zone believes only a dialog that the
 * server was seen to begin, or to go on with; any other request is judged as one that has none.
 *
 * A tag that the server gave is not enough: each refusal has one, so who asks for anything gets
 * one. It is a dialog from the first provisional answer with a tag, from a 2xx, or from a request
 * of the server's own on (RFC 3261 12.1, RFC 6665 4.4.1).
 *
 * In doubt a request is inside. Doubt is: an observer that is not good; one that is not there for
 * as long as a call may say nothing (SW_DIALOG_LIFE, for a call was there before it); a table
 * that may have forgotten some; a source that the server serves (`good`: to be known is not
 * enough, which one refusal makes anybody); and TCP, where nothing is dropped. One case is left:
 * a call that another host began, whose address this one took over. Nobody here can know it. So the
 * default is `any`, and `proven` is for hosts that take over no calls.
 */
#ifndef SIPWARD_BPF_STAGES_IN_DIALOG_H
#define SIPWARD_BPF_STAGES_IN_DIALOG_H

#include <linux/in.h>
#include <sipward/health.h>

#include "lib/dialog.h"

/* 1 when every dialog that is under way is known. */
static __always_inline int are_dialogs_known(struct packet *p)
{
	__u32 zero = 0;
	const struct sw_health *state = bpf_map_lookup_elem(&health, &zero);
	const struct sw_observed *self = bpf_map_lookup_elem(&observed, &zero);
	__u64 now = packet_time(p);

	return state && self && sw_observer_state(state, now) == SW_OBSERVER_GOOD &&
	       (__s64)(now - sw_dialogs_known_from(state, self)) >= 0;
}

__noinline int judge_inside(struct scratch *scratch)
{
	enum side from;

	if (!scratch || !policy.to_tags)
		return 0;
	if (!is_dialog_known(scratch, dialog_key(scratch, &from)) &&
	    are_dialogs_known(&scratch->packet))
		scratch->packet.in_dialog = 0;
	return 0;
}

static __always_inline enum verdict stage_in_dialog(struct packet *p)
{
	if (policy.to_tags && packet_zone(p)->to_tag == SW_TO_TAG_PROVEN && p->in_dialog &&
	    p->grade != SW_GRADE_GOOD && p->may_be_spoofed &&
	    !(1u << p->message & SW_METHODS_ALWAYS))
		judge_inside(packet_scratch(p));
	return VERDICT_UNDECIDED;
}

#endif
