/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Calls the scanner with the payload and the bounds of its zone, and notes what later stages ask
 * of the result.
 */
#ifndef SIPWARD_BPF_LIB_SCAN_H
#define SIPWARD_BPF_LIB_SCAN_H

#include <linux/in.h>
#include <linux/udp.h>

#include "lib/packet.h"

static __always_inline void scan_payload(const struct packet *p, struct scratch *scratch,
					 __u32 flags)
{
	const volatile struct sw_zone *zone = packet_zone(p);
	struct sip_input *input = &scratch->input;

	input->length = p->payload_length > SW_MESSAGE_MAX ? SW_MESSAGE_MAX : p->payload_length;
	input->datagram_length = p->payload_length;
	input->flags = flags;
	if (p->is_stream) {
		input->flags |= SIP_STREAM;
	} else if (p->fragment_first) {
		input->flags |= SIP_FRAGMENT;
		input->datagram_length = p->transport_length - sizeof(struct udphdr);
	}
	input->want = zone->watched;
	input->bounds = zone->bounds;
	if (in_test_run)
		test_run_scanned = 1;
	sip_scan(&scratch->buf, input, &scratch->msg);
}

/* Notes the results of the scan that later stages ask for, so that they need not look them up. */
static __always_inline void note_message(struct packet *p, const struct sip_msg *msg)
{
	p->found = msg->violations & packet_zone(p)->watched;
	p->in_dialog = sip_is_inside(msg);
}

#endif
