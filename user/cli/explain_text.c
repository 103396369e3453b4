/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/explain_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <linux/if_ether.h>
#include <string.h>

#include "cli/explain.h"
#include "cli/explain_live.h"
#include "policy/names.h"

#define LINE_MAX_SHOWN 120

#define SIP_NOWHERE     ((struct sip_span){})
#define SIP_FIRST_OCTET ((struct sip_span){.offset = msg->begin, .length = 1})

/* The part of the message that a reason is about; length 0 when it is about none. */
static struct sip_span offending(const struct sip_msg *msg, enum sw_reason reason)
{
	switch (reason) {
#define WHERE(reason, span)      \
	case SW_REASON_##reason: \
		return span;
#include <sipward/rules.def>
	default:
		return SIP_NOWHERE;
	}
}

/* Prints octets of the wire so that they are harmless on a terminal. */
static void print_octets(const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		putchar(isprint(octets[i]) ? octets[i] : '.');
}

/* The line around a span, and a marker under the span. */
static void print_line(const uint8_t *text, size_t size, struct sip_span span)
{
	size_t start = span.offset, end = span.offset, number = 1;

	while (start > 0 && text[start - 1] != '\n')
		start--;
	while (end < size && text[end] != '\n' && text[end] != '\r')
		end++;
	if (span.offset - start > LINE_MAX_SHOWN / 2)
		start = span.offset - LINE_MAX_SHOWN / 2;
	if (end - start > LINE_MAX_SHOWN)
		end = start + LINE_MAX_SHOWN;
	for (size_t i = 0; i < start; i++)
		number += text[i] == '\n';
	printf("  %6zu | ", number);
	print_octets(text + start, end - start);
	printf("\n         | %*s", (int)(span.offset - start), "");
	for (size_t i = span.offset; i < span.offset + span.length && i < end; i++)
		putchar('^');
	putchar('\n');
}

static struct sip_span patched(const struct sw_test_run *outcome)
{
	return (struct sip_span){.offset = outcome->patch_offset, .length = outcome->patch_length};
}

/* The rule that matched, or may have. */
static void print_patch(const struct explanation *x)
{
	const struct patch *patch = explained_patch(x);

	if (!patch)
		return;
	printf("  rule     %s (%s:%u:%u)\n", patch->name, x->policy->file, patch->at.line,
	       patch->at.column);
	if (!x->outcome.patch_length)
		puts("  the rule may match in a part of the message that was not read");
}

static void print_offence(const struct explanation *x, enum sw_reason reason)
{
	const struct sip_msg *msg = test_run_message(x->test_run);
	const struct sw_test_run *outcome = &x->outcome;
	struct sip_span span = {};

	if (!outcome->scanned ||
	    outcome->payload_offset + outcome->payload_length > x->captured->size)
		return;
	span = reason == SW_REASON_PATCH ? patched(outcome) : offending(msg, reason);
	if (span.length && (uint32_t)span.offset + span.length <= outcome->payload_length)
		print_line(x->captured->octets + outcome->payload_offset, outcome->payload_length,
			   span);
}

static void print_ends(const struct explanation *x)
{
	const uint8_t *frame = x->captured->octets;
	uint32_t size = x->captured->size, at = ETH_HLEN;
	char src[INET6_ADDRSTRLEN] = "?", dst[INET6_ADDRSTRLEN] = "?";
	uint16_t type = 0;

	if (size >= ETH_HLEN)
		type = frame[12] << 8 | frame[13];
	while ((type == ETH_P_8021Q || type == ETH_P_8021AD) && size >= at + 4) {
		type = frame[at + 2] << 8 | frame[at + 3];
		at += 4;
	}
	if (type == ETH_P_IP && size >= at + 20) {
		inet_ntop(AF_INET, frame + at + 12, src, sizeof(src));
		inet_ntop(AF_INET, frame + at + 16, dst, sizeof(dst));
	} else if (type == ETH_P_IPV6 && size >= at + 40) {
		inet_ntop(AF_INET6, frame + at + 8, src, sizeof(src));
		inet_ntop(AF_INET6, frame + at + 24, dst, sizeof(dst));
	}
	printf("%s, packet %lu: %s to %s, %u octets\n", printable(x->file).text, x->packet, src,
	       dst, size);
}

static void print_steps(const struct explanation *x)
{
	const struct zone *zone = explained_zone(x);
	char service[32];

	printf("  service  %s\n", explained_service(x, service, sizeof(service)) ?: "none");
	printf("  zone     %s (trust %s, %s)\n", zone->name,
	       zone->trust == SW_TRUST_PEER ? "peer" : "none", mode_name(zone->mode));
	printf("  message  %s%s, %u octets\n", message_name(x->outcome.message),
	       x->outcome.in_dialog ? ", inside a dialog" : "", x->outcome.payload_length);
}

void explain_text(const struct explanation *x)
{
	enum sw_reason reason = explained_reason(x);

	print_ends(x);
	if (x->captured->cut) {
		printf("  not judged: the capture left out %u octets of it\n", x->captured->cut);
		return;
	}
	if (x->outcome.verdict == SW_TEST_RUN_NOT_OURS) {
		puts("  PASS: not for a protected service");
		return;
	}
	print_steps(x);
	if (!reason) {
		puts("  PASS: no rule refuses it");
		if (x->live)
			print_live(x->live);
		return;
	}
	printf("  %s: %s: %s (%s)\n",
	       x->outcome.verdict == SW_TEST_RUN_DROP ? "DROP" : "PASS, but would be dropped",
	       reason_name(reason), reason_text(reason), reason_rfc(reason));
	if (x->outcome.verdict != SW_TEST_RUN_DROP)
		printf("  why it passes: %s\n",
		       explained_zone(x)->mode == SW_MODE_MONITOR ? "monitor mode" :
		       x->outcome.transport == SW_TCP ? "content on TCP never drops a segment" :
		       x->outcome.in_dialog           ? "inside a dialog: its call goes on" :
							"the rule only reports, or is in shadow");
	if (reason == SW_REASON_PATCH)
		print_patch(x);
	print_offence(x, reason);
	if (x->live)
		print_live(x->live);
}
