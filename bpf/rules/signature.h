/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Content rules about attack tools: by the name that they give in User-Agent; and, whatever
 * they call themselves, by how they build what no other client builds so. A message without a
 * User-Agent says nothing.
 */
#ifndef SIPWARD_BPF_RULES_SIGNATURE_H
#define SIPWARD_BPF_RULES_SIGNATURE_H

#include "lib/name_hash.h"
#include "rules/rule.h"

static __always_inline int is_letter(__u8 octet)
{
	return (__u8)((octet | 0x20) - 'a') < 26;
}

/* The list's action for the name with this hash. It is a function of its own, so that kernel 6.1
 * accepts the loop around it, whatever code the compiler makes of the loop. */
__noinline int agent_listed(__u64 hash)
{
	__u32 *action;

	if (!(policy.agent_filter[SW_AGENT_WORD(hash)] >> (hash & 63) & 1))
		return SW_ACTION_PASS;
	action = bpf_map_lookup_elem(&agents, &hash);
	return action ? *action : SW_ACTION_PASS;
}

/* Most User-Agents do not begin as any of the names does. */
static __always_inline int may_be_listed(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 hash = NAME_HASH_START;

	if (end - pos < SW_AGENT_BEGIN)
		return 0;
	for (int i = 0; i < SW_AGENT_BEGIN; i++)
		hash = name_hash_step(hash, sip_octet(buf, pos + i));
	return policy.agent_begins[SW_AGENT_WORD(hash)] >> (hash & 63) & 1;
}

/* The list's action for a User-Agent that begins with one of its names. No letter follows a name:
 * "sipcli" is a tool, "sipclient" is not. Of two names the shorter one decides. */
__noinline int agent_action(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u64 hash = NAME_HASH_START;
	__u32 action = SW_ACTION_PASS;

	if (!buf || !(policy.content & SW_CONTENT_AGENTS) || !may_be_listed(buf, pos, end))
		return SW_ACTION_PASS;
	for (__u32 i = 0; i < SW_AGENT_OCTETS; i++) {
		if (pos >= end)
			break;
		hash = name_hash_step(hash, sip_octet(buf, pos));
		pos = sip_forget(pos + 1);
		if (pos < end && is_letter(sip_octet(buf, pos)))
			continue;
		action = agent_listed(hash);
		if (action != SW_ACTION_PASS)
			break;
	}
	return action;
}

/* Of the first SIP_LINES_MAX lines, the worst. */
static __always_inline enum verdict judge_agent(struct scratch *scratch)
{
	struct content *content = &scratch->content;
	struct sip_span agent;
	__u32 action;

	if (scratch->msg.kind == SW_MESSAGE_RESPONSE)
		return VERDICT_UNDECIDED;
	content->worst = SW_ACTION_PASS;
	for (__u32 n = 0; n < SIP_LINES_MAX; n++) {
		if (n >= sip_line_count(&scratch->msg, SIP_USER_AGENT))
			break;
		agent = sip_line(&scratch->msg, SIP_USER_AGENT, n);
		if (!agent.length)
			continue;
		action = agent_action(&scratch->buf, agent.offset, agent.offset + agent.length);
		if (action > content->worst)
			content->worst = action;
	}
	action = content->worst;
	return act(&scratch->packet, action, SW_REASON_SCANNER);
}

/* Whether all of 1..32 octets are digits. */
__noinline int is_digits(const struct sip_buf *buf, __u32 pos, __u32 length)
{
	if (!buf || length - 1 >= 32)
		return 0;
	for (__u32 at = 0; at < 32; at += 8) {
		__u64 others;

		if (at >= length)
			break;
		others = sip_no_digits(sip_load(buf, pos + at) ^ SIP_EACH('0'));
		if (length - at < 8)
			others &= sip_mask(length - at);
		if (others)
			return 0;
	}
	return 1;
}

/* The first octet that is no hexadecimal digit in lower case. */
__noinline __u32 find_no_hex(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	if (!buf)
		return end;
	for (__u32 i = 0; i < SIP_REACH_SHORT; i++) {
		__u64 v, letters, others;

		if (pos >= end)
			return end;
		v = sip_load(buf, pos);
		letters = v ^ SIP_EACH(0x60); /* 1..6 in a letter */
		others = ((letters & ~SIP_TOPS) + SIP_EACH(0x79)) | letters |
			 sip_exactly(letters, 0);
		others &= sip_no_digits(v ^ SIP_EACH('0'));
		if (others) {
			pos += sip_lowest(others);
			return pos < end ? pos : end;
		}
		pos += 8;
	}
	return pos < end ? pos : end;
}

static __always_inline int is_hex(const struct sip_buf *buf, struct sip_span span)
{
	__u32 end = span.offset + span.length;

	return span.length && find_no_hex(buf, span.offset, end) == end;
}

/* Text in hexadecimal, 01, and a decimal number of 1..10 digits in hexadecimal again. */
__noinline int is_text_and_number(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 digits = 0, first = 0, second = 0;

	if (!buf || pos + 6 > end || (end - pos) & 1)
		return 0;
	for (__u32 i = 0; i < 11; i++) {
		end -= 2;
		first = sip_octet(buf, end);
		second = sip_octet(buf, end + 1);
		if (first != '3' || second - '0' > 9 || pos + 4 > end)
			break;
		digits++;
	}
	return digits - 1 < 10 && first == '0' && second == '1' &&
	       find_no_hex(buf, pos, end) == end;
}

#define SIGNATURE_COOKIE SIP_WORD("z9hG4bK-")

/* SIPVicious (svmap, svwar, svcrack): branch, Call-ID and tag are random numbers; the tag has
 * what the tool wants to find again in the answer before it, and where it has not, Contact
 * tells, which stands without <>. */
static __always_inline int is_sipvicious(const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;
	const struct sip_buf *buf = &scratch->buf;
	struct sip_span branch = msg->via_branch, call = msg->value[SIP_CALL_ID];
	struct sip_span tag = msg->from.tag, contact = msg->value[SIP_CONTACT];

	if (branch.length < 9 || branch.length > 18 ||
	    sip_load(buf, branch.offset) != SIGNATURE_COOKIE ||
	    !is_digits(buf, branch.offset + 8, branch.length - 8) ||
	    !is_digits(buf, call.offset, call.length))
		return 0;
	if (is_text_and_number(buf, tag.offset, tag.offset + tag.length))
		return 1;
	return contact.length > 4 && tag.length <= 10 && is_digits(buf, tag.offset, tag.length) &&
	       (sip_load(buf, contact.offset) & sip_mask(4)) == SIP_WORD("sip:");
}

/* sipcli: the branch is the Call-ID behind the cookie, both 32 hexadecimal digits. */
static __always_inline int is_sipcli(const struct scratch *scratch)
{
	struct sip_span branch = scratch->msg.via_branch, call = scratch->msg.value[SIP_CALL_ID];

	return call.length == 32 && branch.length == 40 &&
	       sip_load(&scratch->buf, branch.offset) == SIGNATURE_COOKIE &&
	       sip_same(&scratch->buf, branch.offset + 8, call.offset, 32) &&
	       is_hex(&scratch->buf, call);
}

/* sippts: 71 octets of branch without the cookie, and 32 hexadecimal digits of Call-ID. */
static __always_inline int is_sippts(const struct scratch *scratch)
{
	return !(scratch->msg.flags & SIP_COOKIE) && scratch->msg.via_branch.length == 71 &&
	       scratch->msg.value[SIP_CALL_ID].length == 32 &&
	       is_hex(&scratch->buf, scratch->msg.value[SIP_CALL_ID]);
}

/* nmap -sV: its one message asks for sip:nm. */
static __always_inline int is_nmap(const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;

	return msg->uri.length == 6 && msg->via_branch.length == 3 &&
	       (sip_load(&scratch->buf, msg->uri.offset) & sip_mask(6)) == SIP_WORD("sip:nm") &&
	       (sip_load(&scratch->buf, msg->via_branch.offset) & sip_mask(3)) == SIP_WORD("foo");
}

/* nmap's SIP scripts: words of one length each, without a host behind the Call-ID, and a session
 * whose first requests are 1234 and 1235. The Call-ID has 60 octets in nmap 7.93, and had 20
 * before, when sip-call-spoof wrote "nil" for it. */
static __always_inline int is_nmap_script(const struct scratch *scratch)
{
	const struct sip_msg *msg = &scratch->msg;
	struct sip_span call = msg->value[SIP_CALL_ID];
	__u32 end = call.offset + call.length;

	return msg->cseq - 1234 <= 1 && msg->flags & SIP_COOKIE && msg->via_branch.length == 32 &&
	       msg->from.tag.length == 20 &&
	       (call.length == 60 || call.length == 20 || call.length == 3) &&
	       sip_find(&scratch->buf, call.offset, end, SIP_EACH('@'), SIP_EACH('@')) >= end;
}

/* The scanners of the Metasploit framework: the branch that sipsak makes, and always one tag. */
static __always_inline int is_metasploit(const struct scratch *scratch)
{
	struct sip_span branch = scratch->msg.via_branch, tag = scratch->msg.from.tag;

	return branch.length == 16 && tag.length == 8 &&
	       sip_load(&scratch->buf, branch.offset) == SIP_WORD("z9hG4bK.") &&
	       sip_load(&scratch->buf, tag.offset) == SIP_WORD("70c00e8c");
}

__noinline int judge_structure(struct scratch *scratch)
{
	if (!scratch || !(policy.content & SW_CONTENT_STRUCTURE) ||
	    scratch->msg.kind == SW_MESSAGE_RESPONSE)
		return VERDICT_UNDECIDED;
	if (!is_sipvicious(scratch) && !is_sipcli(scratch) && !is_sippts(scratch) &&
	    !is_nmap(scratch) && !is_nmap_script(scratch) && !is_metasploit(scratch))
		return VERDICT_UNDECIDED;
	return act(&scratch->packet, policy.structure, SW_REASON_SCANNER_STRUCTURE);
}

#endif
