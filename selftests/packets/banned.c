/* SPDX-License-Identifier: GPL-2.0-only */
#include "banned.h"

#include <bpf/bpf.h>

/* As bans count it. */
static uint8_t source_length(const struct rig *rig)
{
	return addr_is_ipv4(&rig->from.addr) ? SW_SUBSCRIBER_V4 : SW_SUBSCRIBER_V6;
}

static struct sw_addr source_addr(const struct rig *rig)
{
	struct sw_addr addr = rig->from.addr;

	if (!addr_is_ipv4(&addr))
		addr.words[2] = addr.words[3] = 0;
	return addr;
}

void is_banned(struct rig *rig, enum sw_reason reason)
{
	struct bans rules = {.duration = 3600 * SECOND, .escalate = 1, .max = 3600 * SECOND};
	struct ban_order order = {.source = {.addr = source_addr(rig),
					     .length = source_length(rig)},
				  .reason = reason,
				  .evidence = 10,
				  .bans = &rules};
	struct sw_ban made;

	assert_int_equal(ban_sentence(&rig->test_run.state, &order, rig->test_run.now, &made),
			 BAN_MADE);
}

uint64_t hits(const struct rig *rig)
{
	struct sw_source key = {.addr = source_addr(rig), .length = source_length(rig)};
	struct sw_ban ban;

	assert_int_equal(bpf_map_lookup_elem(rig->test_run.state.fds[STATE_BANS], &key, &ban), 0);
	return ban.hits;
}

size_t message_of(char *text, size_t size, const struct message *m)
{
	static unsigned int branch;

	return snprintf(text, size,
			"%s\r\n"
			"Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK%u\r\n"
			"Max-Forwards: 70\r\n"
			"From: %s\r\n"
			"To: %s\r\n"
			"Call-ID: c@198.51.100.7\r\n"
			"CSeq: 1 %s\r\n"
			"Contact: <sip:bob@198.51.100.7>\r\n"
			"Content-Length: 0\r\n\r\n",
			m->line, ++branch, m->from ? m->from : "<sip:bob@example.com>;tag=f",
			m->to ? m->to : "<sip:alice@example.com>", m->cseq);
}
