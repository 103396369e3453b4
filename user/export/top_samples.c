/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/top_samples.h"

#include <ctype.h>
#include <string.h>

#include "policy/prefix.h"

/* The compiler warns of a subscript that sip_clamp() makes impossible. */
#pragma GCC diagnostic ignored "-Warray-bounds"
#include "sip/sip_scan.h"

/* Of a called number: enough for a country and an area. A '+' is not counted. */
#define PREFIX_DIGITS 4

/* The message of the sample under work. */
static struct {
	struct sip_buf buf;
	struct sip_input in;
	struct sip_msg msg;
} scan;

/* False when the payload begins no SIP request. */
static bool read_request(const struct sw_sample *sample)
{
	memset(&scan, 0, sizeof(scan));
	if (!sample->octets)
		return false;
	memcpy(scan.buf.octets, sample->payload, sample->octets);
	scan.in.length = scan.in.datagram_length = sample->octets;
	/* A part of the message may be missing. */
	scan.in.flags = SIP_STREAM | SIP_FRAGMENT;
	sip_scan(&scan.buf, &scan.in, &scan.msg);
	return scan.msg.flags & SIP_START && !scan.msg.status;
}

static struct summary_text text_of_span(struct sip_span span)
{
	return summary_text(scan.buf.octets + span.offset, span.length);
}

static struct summary_text user_agent(void)
{
	static const char none[] = "(none)", behind[] = "(behind what is sampled)";
	struct sip_span span = scan.msg.value[SIP_USER_AGENT];

	if (span.length)
		return text_of_span(span);
	return scan.msg.flags & SIP_COMPLETE ? summary_text(none, sizeof(none) - 1) :
					       summary_text(behind, sizeof(behind) - 1);
}

/* As bans count it: an IPv4 address, or an IPv6 /64. */
static struct summary_text source_text(const struct sw_sample *sample)
{
	struct sw_addr addr = sample->src;
	char text[64];
	size_t used;

	if (!addr_is_ipv4(&addr))
		memset(addr.octets + SW_SUBSCRIBER_V6 / 8, 0, 16 - SW_SUBSCRIBER_V6 / 8);
	used = strlen(addr_text(&addr, text, sizeof(text)));
	if (!addr_is_ipv4(&addr))
		used += snprintf(text + used, sizeof(text) - used, "/%d", SW_SUBSCRIBER_V6);
	return summary_text(text, used);
}

/* "+4930*" of +49 (30) 123; false when it is no number with more digits than that. */
static bool prefix_of(const struct summary_text *user, struct summary_text *prefix)
{
	size_t digits = 0;

	*prefix = (struct summary_text){};
	for (size_t i = 0; i < user->size; i++) {
		char c = user->octets[i];

		if (c == '+' && !i)
			prefix->octets[prefix->size++] = c;
		else if (!isdigit((unsigned char)c) && !(c && strchr("-.()", c)))
			break;
		else if (isdigit((unsigned char)c) && digits++ < PREFIX_DIGITS)
			prefix->octets[prefix->size++] = c;
	}
	if (digits <= PREFIX_DIGITS)
		return false;
	prefix->octets[prefix->size++] = '*';
	return true;
}

static void add(struct summary *summary, const struct summary_text *key,
		const struct sw_sample *sample, const struct summary_text *note)
{
	struct summary_item *item = summary_add(summary, key, sample->weight);

	item->zone = sample->zone;
	if (note->size)
		item->note = *note;
	if (sample->verdict == SW_SAMPLED_PASS)
		return;
	item->reason = sample->reason;
	*(sample->verdict == SW_SAMPLED_DROP ? &item->drop : &item->would_drop) += sample->weight;
}

/* A call that begins. */
static void add_called(struct top *top, const struct sw_sample *sample,
		       const struct summary_text *source)
{
	struct summary_text user = text_of_span(scan.msg.uri_user), prefix;

	if (scan.msg.kind != SW_MESSAGE_INVITE || scan.msg.flags & SIP_TO_TAG || !user.size)
		return;
	add(&top->called, &user, sample, source);
	if (prefix_of(&user, &prefix))
		add(&top->prefixes, &prefix, sample, source);
}

void top_add_sample(struct top *top, const struct sw_sample *sample)
{
	struct summary_text source = source_text(sample), agent = {};
	bool is_request = read_request(sample);

	if (is_request)
		agent = user_agent();
	add(&top->sources, &source, sample, &agent);
	if (!is_request)
		return;
	add(&top->agents, &agent, sample, &source);
	add_called(top, sample, &source);
}
