/* SPDX-License-Identifier: GPL-2.0-only */
#include "client.h"

#include <linux/in.h>

uint32_t sequence;

void lay_segment(struct rig *rig, uint8_t flags, const void *payload, size_t size)
{
	struct frame *f = &rig->frame;

	memset(f, 0, sizeof(*f));
	frame_ethernet(f, addr_is_ipv4(&rig->from.addr) ? 0x0800 : 0x86dd);
	frame_ip(f, &rig->from.addr, &rig->to.addr, IPPROTO_TCP);
	frame_tcp(f, rig->from.port, rig->to.port, flags);
	for (int i = 0; i < 4; i++)
		f->octets[f->transport + 4 + i] = sequence >> (24 - 8 * i);
	assert_true(frame_append(f, payload, size));
	frame_finish(f);
}

void segment(struct rig *rig, uint8_t flags, const void *payload, size_t size,
	     enum sw_reason reason)
{
	lay_segment(rig, flags, payload, size);
	sends_frame(rig, reason);
}

void connects(struct rig *rig)
{
	rig->from.port++;
	sequence = 0xfffffff0 + rig->from.port % 64; /* it may wrap around */
	segment(rig, SYN, "", 0, SW_REASON_NONE);
	sequence++;
	segment(rig, ACK, "", 0, SW_REASON_NONE);
}

void says(struct rig *rig, const void *payload, size_t size, enum sw_reason reason)
{
	segment(rig, ACK, payload, size, reason);
	if (reason == SW_REASON_NONE)
		sequence += size;
}

void opens(struct rig *rig, const void *payload, size_t size, enum sw_reason reason)
{
	connects(rig);
	says(rig, payload, size, reason);
	if (reason != SW_REASON_NONE)
		says(rig, payload, size, reason);
	sequence += reason != SW_REASON_NONE ? size : 0;
	says(rig, "whatever follows, it is nothing for this stage\r\n", 48,
	     reason != SW_REASON_NONE ? SW_REASON_TCP_ORDER : SW_REASON_NONE);
}

size_t hello(uint8_t *to, unsigned int record, unsigned int legacy, unsigned int newest)
{
	static const uint8_t extension[] = {0, 0, 0, 4, 'a', 'b', 'c', 'd'};
	size_t at = 0, length;

	memset(to, 0, 512);
	to[at++] = 22;
	to[at++] = record >> 8;
	to[at++] = record;
	at += 2;
	to[at++] = 1;
	at += 3;
	to[at++] = legacy >> 8;
	to[at++] = legacy;
	at += 32;
	to[at++] = 32; /* session id */
	at += 32;
	to[at++] = 0;
	to[at++] = 4; /* cipher suites */
	at += 4;
	to[at++] = 1; /* compression */
	at++;
	length = sizeof(extension) + (newest ? 9 : 0);
	to[at++] = length >> 8;
	to[at++] = length;
	memcpy(to + at, extension, sizeof(extension));
	at += sizeof(extension);
	if (newest) {
		const uint8_t versions[] = {0, 43, 0, 5, 4, 0x7a, 0x7a, newest >> 8, newest};

		memcpy(to + at, versions, sizeof(versions)); /* one is GREASE */
		at += sizeof(versions);
	}
	to[3] = (at - 5) >> 8;
	to[4] = at - 5;
	to[7] = (at - 9) >> 8;
	to[8] = at - 9;
	return at;
}

void opens_hello(struct rig *rig, unsigned int record, unsigned int legacy, unsigned int newest,
		 enum sw_reason reason)
{
	uint8_t text[512];

	opens(rig, text, hello(text, record, legacy, newest), reason);
}
