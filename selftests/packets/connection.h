/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Real TCP connections over the loopback of a network namespace, for what is looked up in the
 * kernel. After rig.h.
 */
#ifndef SIPWARD_PACKETS_CONNECTION_H
#define SIPWARD_PACKETS_CONNECTION_H

#include "rig.h"

/* Both ends of a connection, and what the next segment of its client carries. */
struct connection {
	int listener;
	int client;
	int server;
	uint32_t seq;
	uint32_t ack;
	uint8_t host; /* wanted: the client is 127.0.0.host; 0: the kernel chooses */
	bool half;    /* wanted: the server's kernel waits for the end of the handshake */
};

#define NO_CONNECTION                                      \
	{                                                  \
		.listener = -1, .client = -1, .server = -1 \
	}

void connect_ends(struct rig *rig, struct connection *connection, bool ipv6);
void connection_close(struct connection *connection);
#define auto_connection cleanup(connection_close)

/* Without a word to the server: its end goes too, and what its kernel knew. */
void connection_abort(struct connection *connection);

/* The client sends it for real: the server's kernel has taken it then. */
void client_sends(struct connection *connection, const void *text, size_t size);

/* A segment of the rig's endpoint, into its frame. */
void lay_data(struct rig *rig, uint32_t seq, uint32_t ack, const void *text, size_t size);
void lay_syn(struct rig *rig, uint32_t seq, const void *text, size_t size);

/* Of this network namespace: "0", "1" (under pressure) or "2" (always). */
void set_syncookies(const char *value);

/* A group's setup: a network namespace of its own. */
int own_network(void **state);

#endif
