/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The operator's own rules (<sipward/patch.h>): a text in a header, in the Request-URI or in the
 * body of a request. Header and body are searched as octets, without a look at their grammar: a
 * flaw is mostly in how somebody reads that.
 *
 * A request whose rest is somewhere else (a first fragment, or more octets than are read), or that
 * has more header lines than are read, may match behind that: each rule says what is done then.
 */
#ifndef SIPWARD_BPF_RULES_PATCH_H
#define SIPWARD_BPF_RULES_PATCH_H

#include "rules/emergency.h"
#include "rules/rule.h"

#define PATCH_BODY SW_PATCHES_MAX /* added to the number of a rule: the text for its body */

/* A to Z become small letters, and no other octet changes. */
static __always_inline __u64 patch_small(__u64 v)
{
	__u64 low = v & ~SIP_TOPS;
	__u64 from_a = low + SIP_EACH(0x80 - 'A'), behind_z = low + SIP_EACH(0x80 - 'Z' - 1);

	return v | (from_a & ~behind_z & ~v & SIP_TOPS) >> 2;
}

static __always_inline const volatile struct sw_patch_text *patch_text(__u32 which)
{
	const volatile struct sw_patch *patch = &policy.patches[which & (SW_PATCHES_MAX - 1)];

	return which & PATCH_BODY ? &patch->body : &patch->value;
}

/* Whether the text stands at pos; the caller knows that it may end where it would. */
__noinline int patch_stands(const struct sip_buf *buf, __u32 pos, __u32 which)
{
	const volatile struct sw_patch_text *text;
	__u64 differ = 0;

	if (!buf || !policy.patch_count)
		return 0;
	text = patch_text(which);
	for (__u32 i = 0; i < SW_PATCH_TEXT / 8; i++) {
		__u64 v = sip_load(buf, pos + 8 * i);

		if (text->any_case)
			v = patch_small(v);
		differ |= (v ^ text->words[i]) & text->masks[i];
	}
	return !differ;
}

struct patch_search {
	const struct sip_buf *buf;
	__u64 first; /* the text's first octet, eight times, */
	__u64 second;
	__u32 pos;
	__u32 end;
	__u32 which;
	__u32 length;
	__u32 any_case;
	__u32 behind; /* behind where it was found; 0: it was not */
};

/* Eight places at a time, of which few have the first two octets. */
static long patch_word(__u32 n __attribute__((unused)), struct patch_search *search)
{
	__u32 pos = search->pos;
	__u64 v, next, marks;

	if (pos >= search->end)
		return 1;
	v = sip_load(search->buf, pos);
	next = sip_load(search->buf, pos + 1);
	if (search->any_case) {
		v = patch_small(v);
		next = patch_small(next);
	}
	search->pos = pos + 8;
	marks = sip_exactly(v, search->first) & sip_exactly(next, search->second);
	for (__u32 i = 0; marks && i < 8; i++, marks >>= 8) {
		if (!(marks & 0x80))
			continue;
		if (pos + i + search->length > search->end)
			return 1;
		if (patch_stands(search->buf, pos + i, search->which)) {
			search->behind = pos + i + search->length;
			return 1;
		}
	}
	return 0;
}

/* Looks for a text in [pos, end); the position behind it, or 0. */
__noinline __u32 patch_find(struct scratch *scratch, __u32 pos, __u32 end, __u32 which)
{
	struct patch_search search = {};
	const volatile struct sw_patch_text *text;

	if (!scratch || !policy.patch_count || pos >= end || end > SW_MESSAGE_MAX)
		return 0;
	text = patch_text(which);
	search.buf = &scratch->buf;
	search.first = SIP_EACH((__u8)text->words[0]);
	search.second = SIP_EACH((__u8)(text->words[0] >> 8));
	search.pos = pos;
	search.end = end;
	search.which = which;
	search.length = text->length;
	search.any_case = text->any_case;
	bpf_loop(SW_MESSAGE_MAX / 8, patch_word, &search, 0);
	return search.behind;
}

/* Judges a header's value, or the Request-URI, by the rule's first part. */
__noinline int patch_value(struct scratch *scratch, __u32 number, __u32 from, __u32 to)
{
	__u32 length, behind = 0, i = number & (SW_PATCHES_MAX - 1);
	const volatile struct sw_patch *patch = &policy.patches[i];

	if (!scratch || !policy.patch_count)
		return 0;
	length = patch->value.length;
	if (patch->test == SW_PATCH_PRESENT)
		behind = to;
	else if (patch->test == SW_PATCH_LONGER)
		behind = sip_trim(&scratch->buf, from, to) > from + patch->longer ? to : 0;
	else if (patch->test == SW_PATCH_CONTAINS)
		behind = patch_find(scratch, from, to, i);
	else if (from + length <= to && patch_stands(&scratch->buf, from, i))
		behind = from + length;
	if (!behind)
		return 0;
	if (patch->test == SW_PATCH_CONTAINS)
		from = behind - length;
	scratch->patching.matched |= 1u << i;
	scratch->patching.at[i] = from;
	scratch->patching.length[i] = behind - from;
	return 0;
}

/* Whether the header in [from, to) has the rule's name; the position of its value, or 0. */
static __always_inline __u32 patch_named(const struct sip_buf *buf, const __u64 words[4],
					 const volatile struct sw_patch *patch, __u32 from,
					 __u32 to)
{
	__u64 differ = 0;
	__u32 pos;

	for (__u32 i = 0; i < SW_PATCH_NAME / 8; i++)
		differ |= (words[i] ^ patch->name[i]) & patch->name_masks[i];
	if (!differ)
		pos = from + patch->name_length;
	else if (patch->compact && (__u8)words[0] == patch->compact)
		pos = from + 1;
	else
		return 0;
	pos = sip_skip(buf, pos, to);
	if (pos >= to || sip_octet(buf, pos) != ':')
		return 0;
	return pos + 1;
}

/* Judges one header, with its folded lines, by the rules that did not match yet. */
__noinline int patch_header(struct scratch *scratch, __u32 from, __u32 to)
{
	struct patching *m;
	__u64 words[SW_PATCH_NAME / 8];

	if (!scratch || !policy.patch_count)
		return 0;
	m = &scratch->patching;
	for (__u32 i = 0; i < SW_PATCH_NAME / 8; i++)
		words[i] = patch_small(sip_load(&scratch->buf, from + 8 * i));
	for (__u32 i = 0; i < SW_PATCHES_MAX; i++) {
		__u32 pos;

		if (i >= policy.patch_count)
			break;
		if (!(m->open & ~m->matched & policy.patch_headers & 1u << i))
			continue;
		pos = patch_named(&scratch->buf, words, &policy.patches[i], from, to);
		if (!pos)
			continue;
		pos = sip_skip(&scratch->buf, pos, to);
		if (pos < to && sip_is_lws(sip_octet(&scratch->buf, pos)))
			m->unread |= 1u << i; /* more white space than is skipped */
		patch_value(scratch, i, pos, to);
	}
	return 0;
}

struct patch_lines {
	struct scratch *scratch;
	__u32 pos;
	__u32 end;
	__u32 header; /* where the header begins that the line before belongs to */
	__u32 begun;  /* 1: some rule may read it */
	__u32 lost;   /* a line is longer than is read */
};

static long patch_line(__u32 n __attribute__((unused)), struct patch_lines *lines)
{
	struct scratch *scratch = lines->scratch;
	__u32 pos = sip_forget(lines->pos), next;
	__u8 octet;

	if (pos >= lines->end)
		return 1;
	octet = sip_octet(&scratch->buf, pos);
	if (octet != ' ' && octet != '\t') {
		if (lines->begun)
			patch_header(scratch, lines->header, pos);
		lines->header = pos;
		/* Few headers begin as the name of one that a rule reads. */
		lines->begun = policy.patch_letters >> (octet & 31) & 1;
	}
	next = sip_seek(&scratch->buf, pos, lines->end, SIP_EACH('\n'), SIP_EACH('\n'));
	lines->lost = next - pos > SW_HEADER_MAX;
	lines->pos = next + 1;
	return lines->lost;
}

static __always_inline void patch_headers(struct scratch *scratch, __u32 end)
{
	struct patching *m = &scratch->patching;
	struct patch_lines lines = {
		.scratch = scratch,
		.pos = scratch->msg.begin,
		.end = end,
	};

	bpf_loop(SW_PATCH_HEADERS, patch_line, &lines, 0);
	if (lines.lost || lines.pos < end)
		m->unread |= m->open & policy.patch_headers;
	else if (lines.begun)
		patch_header(scratch, lines.header, end);
}

static __always_inline void patch_uris(struct scratch *scratch)
{
	struct sip_span uri = scratch->msg.uri;

	for (__u32 i = 0; i < SW_PATCHES_MAX; i++) {
		if (i >= policy.patch_count)
			break;
		if (scratch->patching.open & policy.patch_uris & 1u << i)
			patch_value(scratch, i, uri.offset, uri.offset + uri.length);
	}
}

/* A rule with a text for the body matches when its first part did, and that is there. */
__noinline int patch_bodies(struct scratch *scratch, __u32 begin, __u32 cut)
{
	struct patching *m;

	if (!scratch || !policy.patch_count)
		return 0;
	m = &scratch->patching;
	for (__u32 i = 0; i < SW_PATCHES_MAX; i++) {
		__u32 bit = 1u << i, behind;

		if (i >= policy.patch_count)
			break;
		if (!((m->matched | m->unread) & policy.patch_bodies & bit))
			continue;
		behind = begin ? patch_find(scratch, begin, scratch->input.length, i | PATCH_BODY) :
				 0;
		if (!behind) {
			m->matched &= ~bit;
			m->unread = cut ? m->unread | bit : m->unread & ~bit;
		} else if (!((policy.patch_headers | policy.patch_uris) & bit)) {
			m->length[i] = policy.patches[i].body.length;
			m->at[i] = behind - m->length[i];
		}
	}
	return 0;
}

/* Finds the rules that match, and those that may. */
static __always_inline void match_patches(struct scratch *scratch)
{
	const struct packet *p = &scratch->packet;
	struct patching *m = &scratch->patching;
	__u32 complete = scratch->msg.flags & SIP_COMPLETE, cut;

	cut = !p->is_stream && (p->fragment_first || p->payload_length > SW_MESSAGE_MAX);
	m->matched = m->open & ~(policy.patch_headers | policy.patch_uris);
	m->unread = cut && !complete ? m->open & policy.patch_headers : 0;
	if (m->open & policy.patch_headers)
		patch_headers(scratch, complete ? scratch->msg.body_offset : scratch->input.length);
	if (m->open & policy.patch_uris)
		patch_uris(scratch);
	m->unread &= ~m->matched;
	if (m->open & policy.patch_bodies)
		patch_bodies(scratch, complete ? scratch->msg.body_offset : 0, cut);
}

static __always_inline enum sw_action patch_action(const struct patching *m, __u32 i)
{
	const volatile struct sw_patch *patch = &policy.patches[i];

	return m->matched >> i & 1 ? patch->action :
	       m->unread >> i & 1  ? patch->unread :
				     SW_ACTION_PASS;
}

/* Which rule, and whether it refused the request. */
static __always_inline void note_patch(struct packet *p, __u32 i, int refused)
{
	struct patching *m = &packet_scratch(p)->patching;
	__u32 number = policy.patches[i].number;
	struct sw_patch_name *name = bpf_map_lookup_elem(&patch_names, &number);

	p->patch = i + 1;
	if (!(m->matched >> i & 1))
		m->at[i] = m->length[i] = 0;
	if (name)
		__sync_fetch_and_add(refused ? &name->refused : &name->reported, 1);
}

/* Of all rules that match, the first that refuses decides; else the first is told. A rule refuses
 * nothing inside a dialog unless the operator says so, for that may end a call; and nothing that
 * may be about an emergency call. */
__noinline int judge_patches(struct scratch *scratch)
{
	__u32 refuses = SW_PATCHES_MAX, reports = SW_PATCHES_MAX;
	struct packet *p;
	enum verdict v;

	if (!scratch || !policy.patch_count)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	match_patches(scratch);
	for (__u32 i = 0; i < SW_PATCHES_MAX; i++) {
		enum sw_action action = patch_action(&scratch->patching, i);

		if (action != SW_ACTION_PASS && reports == SW_PATCHES_MAX)
			reports = i;
		if (action == SW_ACTION_DENY && refuses == SW_PATCHES_MAX &&
		    (!p->in_dialog || policy.patches[i].dialogs))
			refuses = i;
	}
	if (reports == SW_PATCHES_MAX)
		return VERDICT_UNDECIDED;
	if (refuses < SW_PATCHES_MAX && !is_emergency_call(scratch) &&
	    !belongs_to_emergency(p, scratch)) {
		v = refuse(p, SW_REASON_PATCH);
		note_patch(p, refuses, v == VERDICT_DROP);
		return v;
	}
	report(p, SW_REASON_PATCH);
	note_patch(p, reports, 0);
	return VERDICT_UNDECIDED;
}

#endif
