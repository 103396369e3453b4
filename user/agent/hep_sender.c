/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/hep_sender.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "export/event.h"
#include "export/hep.h"
#include "export/json.h"
#include "kernel/compile_rate.h"
#include "lib/gcra.h"
#include "policy/prefix.h"

/* --- where Homer is --- */

static void look_up(struct hep_lookup *lookup, int flags)
{
	struct addrinfo hints = {.ai_flags = flags, .ai_socktype = SOCK_DGRAM};
	struct addrinfo *found = NULL;
	char service[8];
	int error;

	snprintf(service, sizeof(service), "%u", lookup->port);
	error = getaddrinfo(lookup->host, service, &hints, &found);
	lookup->size = 0;
	lookup->error[0] = '\0';
	if (error) {
		snprintf(lookup->error, sizeof(lookup->error), "%s",
			 error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
		return;
	}
	memcpy(&lookup->address, found->ai_addr, found->ai_addrlen);
	lookup->size = found->ai_addrlen;
	freeaddrinfo(found);
}

static void close_socket(struct hep_sender *hep)
{
	close_fd(&hep->fd);
	hep->fd = -1;
}

static void connect_to(struct hep_sender *hep, const struct hep_lookup *found)
{
	if (hep->fd >= 0 && memcmp(&hep->address, &found->address, sizeof(hep->address)) == 0)
		return;
	close_socket(hep);
	hep->address = found->address;
	hep->fd = socket(found->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	hep->trouble[0] = '\0';
	if (hep->fd >= 0 &&
	    connect(hep->fd, (const struct sockaddr *)&found->address, found->size) == 0)
		return;
	snprintf(hep->trouble, sizeof(hep->trouble), "cannot be reached: %s", strerror(errno));
	close_socket(hep);
}

/* One that was found goes on being used when it is not found again. */
static void take_result(struct hep_sender *hep)
{
	const struct hep_lookup *lookup = &hep->lookup;

	if (lookup->port != hep->target.port || strcmp(lookup->host, hep->target.host) != 0)
		return;
	if (lookup->size)
		connect_to(hep, lookup);
	else if (hep->fd < 0)
		snprintf(hep->trouble, sizeof(hep->trouble), "its name is not found: %s",
			 lookup->error);
	hep->look_at = monotonic_ns() + (hep->fd >= 0 ? HEP_LOOK_AGAIN : HEP_TRY_AGAIN);
}

static void run(void *context)
{
	struct hep_sender *hep = context;

	look_up(&hep->lookup, 0);
}

static void done(void *context)
{
	take_result(context);
}

static void begin_lookup(struct hep_sender *hep)
{
	struct error e = {};

	if (hep->worker.busy)
		return;
	hep->lookup = (struct hep_lookup){.port = hep->target.port};
	memcpy(hep->lookup.host, hep->target.host, sizeof(hep->lookup.host));
	/* An address needs no thread. */
	look_up(&hep->lookup, AI_NUMERICHOST);
	if (hep->lookup.size) {
		take_result(hep);
		return;
	}
	if (!hep->worker.open && worker_open(&hep->worker, hep->loop, "sipward-hep", &e) < 0) {
		snprintf(hep->trouble, sizeof(hep->trouble), "%.255s", e.text);
		hep->look_at = monotonic_ns() + HEP_TRY_AGAIN;
		return;
	}
	hep->look_at = UINT64_MAX;
	worker_start(&hep->worker, run, done, hep);
}

void hep_follow(struct hep_sender *hep, const struct policy *policy)
{
	const struct hep_target *next = &policy->hep;
	bool moves = next->port != hep->target.port || strcmp(next->host, hep->target.host) != 0;

	hep->target = *next;
	hep->limit = compile_rate(&next->rate);
	if (!moves)
		return;
	close_socket(hep);
	hep->trouble[0] = '\0';
	hep->look_at = 0;
	if (next->port)
		begin_lookup(hep);
}

void hep_tick(struct hep_sender *hep)
{
	if (hep->target.port && monotonic_ns() >= hep->look_at)
		begin_lookup(hep);
}

void hep_close(struct hep_sender *hep)
{
	close_socket(hep);
	hep->target.port = 0;
	worker_close(&hep->worker);
}

/* --- events --- */

bool hep_admits(struct hep_sender *hep, uint64_t now)
{
	if (!hep->target.port)
		return false;
	if (gcra_admit(&hep->cell, &hep->limit, now))
		return true;
	hep->counts.suppressed++;
	return false;
}

/* Errors of one packet: Homer refuses (the send after it is told), there is no room, or a firewall
 * drops it. With any other one the socket may be of no use: its own address is the one that the
 * host had when it was made. */
static bool is_of_packet(int error)
{
	return error == ECONNREFUSED || error == EAGAIN || error == ENOBUFS || error == ENOMEM ||
	       error == EMSGSIZE || error == EPERM;
}

static bool send_packet(struct hep_sender *hep, const struct hep_packet *packet)
{
	uint8_t octets[HEP_PACKET_MAX];
	size_t size = hep_encode(packet, octets);
	int error;

	if (hep->fd < 0)
		return false;
	if (send(hep->fd, octets, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	error = errno;
	snprintf(hep->trouble, sizeof(hep->trouble), "the last packet was not sent: %s",
		 strerror(error));
	if (is_of_packet(error))
		return false;
	close_socket(hep);
	/* A lookup that runs says itself when the next one is due. */
	if (!hep->worker.busy)
		hep->look_at = monotonic_ns() + HEP_TRY_AGAIN;
	return false;
}

void hep_send(struct hep_sender *hep, const struct sw_event *event, const void *payload,
	      size_t size, struct json_object *json)
{
	const char *text = json_object_to_json_string_ext(json, JSON_STYLE);
	struct hep_packet packet = {
		.event = event,
		.time = event_wall_time(event->time),
		.id = hep->target.id,
		.correlation = hep_call_id(payload, size),
	};
	char source[64];
	bool sent = true;

	/* Homer's server refuses SIP without a Call-ID. */
	if (packet.correlation.size) {
		packet.type = HEP_SIP;
		packet.payload = (struct hep_text){payload, size};
		sent = send_packet(hep, &packet);
	} else {
		addr_text(&event->src, source, sizeof(source));
		packet.correlation = (struct hep_text){source, strlen(source)};
	}
	packet.type = HEP_LOG;
	packet.payload = (struct hep_text){text, strlen(text)};
	if (!send_packet(hep, &packet) || !sent) {
		hep->counts.failed++;
		return;
	}
	hep->counts.sent++;
	hep->trouble[0] = '\0';
}
