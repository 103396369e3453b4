/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Sends events to Homer (export/hep.h), over UDP: nothing waits for it, and a Homer that is down
 * costs a failed send for each event within the budget. Its name is looked up by a thread of its
 * own, again from time to time.
 */
#ifndef SIPWARD_AGENT_HEP_SENDER_H
#define SIPWARD_AGENT_HEP_SENDER_H

#include <json-c/json.h>
#include <sys/socket.h>

#include "agent/worker.h"
#include "export/metrics.h"
#include "policy/model.h"

#define HEP_LOOK_AGAIN (300 * SW_NS_PER_SEC) /* the name may get another address */
#define HEP_TRY_AGAIN  (10 * SW_NS_PER_SEC)  /* it was not found, or its socket was closed */

/* One lookup. It belongs to the thread while that runs. */
struct hep_lookup {
	char host[256];
	uint16_t port;
	struct sockaddr_storage address;
	socklen_t size; /* 0: not found */
	char error[128];
};

struct hep_sender {
	struct loop *loop;
	struct hep_target target; /* port 0: nothing is sent */
	struct sw_limit limit;
	__u64 cell;
	int fd; /* connected, or -1 */
	struct sockaddr_storage address;
	struct worker worker;
	struct hep_lookup lookup;
	uint64_t look_at; /* monotonic ns */
	struct export_counts counts;
	char trouble[256]; /* why nothing can be sent now, or of the last send; empty: none */
};

#define HEP_SENDER_CLOSED                         \
	{                                         \
		.fd = -1, .worker = WORKER_CLOSED \
	}

void hep_follow(struct hep_sender *hep, const struct policy *policy);
void hep_close(struct hep_sender *hep);

/* True when an event may be sent now; it is debited. */
bool hep_admits(struct hep_sender *hep, uint64_t now);

/* Sends the event: its message, when it is SIP with a Call-ID, and what `sipward events -j` says of
 * it as a log of the same Call-ID. */
void hep_send(struct hep_sender *hep, const struct sw_event *event, const void *payload,
	      size_t size, struct json_object *json);

/* Once a second: looks the name up when that is due. */
void hep_tick(struct hep_sender *hep);

#endif
