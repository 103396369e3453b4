/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Data that the server should not send to a zone: an asserted identity (RFC 3325), charging
 * (RFC 7315), private addresses and names of the inside. egress/rules.h acts on the findings.
 */
#ifndef SIPWARD_BPF_RULES_PRIVACY_H
#define SIPWARD_BPF_RULES_PRIVACY_H

#include "lib/packet.h"

#define PRIVACY_VALUES_MAX 8 /* of one line of Contact or Record-Route */

/* Whether a host is an address of RFC 1918, or a unique local one (RFC 4193). */
static __always_inline int is_private_host(const struct sip_buf *buf, struct sip_span host)
{
	__u64 word = sip_lower(sip_load(buf, host.offset));
	__u32 c;

	if (host.length < 4)
		return 0;
	if (sip_octet(buf, host.offset) == '[')
		return (word >> 8 & 0xff) == 'f' &&
		       ((word >> 16 & 0xff) == 'c' || (word >> 16 & 0xff) == 'd') &&
		       (word >> 40 & 0xff) == ':';
	/* Not of a name that begins so. */
	c = (__u32)sip_octet(buf, host.offset + host.length - 1) - '0';
	if (c > 9)
		return 0;
	if ((word & sip_mask(3)) == SIP_WORD("10."))
		return 1;
	if (word == SIP_WORD("192.168."))
		return 1;
	if ((word & sip_mask(4)) != SIP_WORD("172.") || (word >> 48 & 0xff) != '.')
		return 0;
	c = ((word >> 32 & 0xff) - '0') * 10 + ((word >> 40 & 0xff) - '0');
	return c >= 16 && c <= 31;
}

/* Whether a host is one of the names of the policy, or inside it. */
static __always_inline int is_inner_name(const struct sip_buf *buf, struct sip_span host)
{
	__u32 end = host.offset + host.length;

	for (__u32 i = 0; i < SW_HOSTS_MAX; i++) {
		const volatile struct sw_host *name = &policy.hosts[i];
		__u64 differ = 0;
		__u32 begin;

		if (i >= policy.host_count)
			break;
		if (host.length < name->length)
			continue;
		begin = end - name->length;
		for (__u32 w = 0; w < SW_HOST_WORDS; w++)
			differ |= (sip_lower(sip_load(buf, begin + 8 * w)) ^ name->words[w]) &
				  name->masks[w];
		if (!differ && (host.length == name->length || sip_octet(buf, begin - 1) == '.'))
			return 1;
	}
	return 0;
}

__noinline int judge_host(const struct scratch *scratch, __u32 offset, __u32 length)
{
	struct sip_span host = {.offset = offset, .length = length};
	int found = 0;

	if (!scratch || !length)
		return 0;
	if (is_private_host(&scratch->buf, host))
		found |= SW_PRIVACY_ADDRESSES;
	if (is_inner_name(&scratch->buf, host))
		found |= SW_PRIVACY_HOSTS;
	return found;
}

/* The hosts of one URI in a list of name-addr. */
__noinline int judge_uri(const struct scratch *scratch, __u32 pos, __u32 end)
{
	struct sip_span user = {}, host = {};

	if (!scratch)
		return 0;
	sip_uri(&scratch->buf, pos, end, &user, &host);
	return judge_host(scratch, host.offset, host.length);
}

__noinline int judge_uris(const struct scratch *scratch, __u32 pos, __u32 end)
{
	int found = 0;

	if (!scratch)
		return 0;
	for (__u32 i = 0; i < PRIVACY_VALUES_MAX && pos < end; i++) {
		__u32 begin = sip_find(&scratch->buf, pos, end, SIP_EACH('<'), SIP_EACH('<')), last;

		if (begin >= end) /* an addr-spec */
			return i ? found : judge_uri(scratch, pos, end);
		last = sip_find(&scratch->buf, begin, end, SIP_EACH('>'), SIP_EACH('>'));
		found |= judge_uri(scratch, begin + 1, last);
		pos = sip_forget(last + 1);
	}
	return found;
}

/* 1 when Privacy says "id" (RFC 3325 9.3), or has more values than there are. */
static __always_inline int withholds_identity(const struct scratch *scratch)
{
	struct sip_span privacy = scratch->msg.value[SIP_PRIVACY];
	__u32 pos = privacy.offset, end = pos + privacy.length;

	for (__u32 i = 0; i < 8 && pos < end; i++) {
		__u32 next;

		pos = sip_skip(&scratch->buf, pos, end);
		next = sip_find_separator(&scratch->buf, pos, end);
		if ((sip_lower(sip_load(&scratch->buf, pos)) & sip_mask(2)) == SIP_WORD("id") &&
		    sip_skip(&scratch->buf, pos + 2, end) >= next)
			return 1;
		pos = sip_forget(next + 1);
	}
	return pos < end;
}

/* The hosts of the first SIP_LINES_MAX lines of a header, PRIVACY_VALUES_MAX of each; headers that
 * the server writes have no more. */
static __always_inline void judge_lines(struct scratch *scratch, enum sip_header id)
{
	struct sip_span line;
	__u32 found;

	for (__u32 n = 0; n < SIP_LINES_MAX; n++) {
		if (n >= sip_line_count(&scratch->msg, id))
			break;
		line = sip_line(&scratch->msg, id, n);
		if (!line.length)
			continue;
		found = judge_uris(scratch, line.offset, line.offset + line.length);
		scratch->content.seen |= found;
	}
}

/* SW_PRIVACY_ bits of what a message tells. The Vias of a response are the other side's own. */
__noinline int find_told(struct scratch *scratch)
{
	const struct sip_msg *msg;
	__u32 found = 0;

	if (!scratch)
		return 0;
	msg = &scratch->msg;
	if (msg->present & SIP_PRESENT(P_ASSERTED_IDENTITY))
		found |= withholds_identity(scratch) ? SW_PRIVACY_IDENTITY | SW_PRIVACY_WITHHELD :
						       SW_PRIVACY_IDENTITY;
	if (msg->present & SIP_PRESENT(P_CHARGING_VECTOR))
		found |= SW_PRIVACY_CHARGING;
	if (msg->kind != SW_MESSAGE_RESPONSE)
		found |= judge_host(scratch, msg->via_host.offset, msg->via_host.length);
	scratch->content.seen = found;
	judge_lines(scratch, SIP_CONTACT);
	judge_lines(scratch, SIP_RECORD_ROUTE);
	return scratch->content.seen;
}

#endif
