/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The control socket, RUN_DIR/control: a command a line in, JSON lines out. Local root only.
 * It knows lines and connections; the agent knows the commands.
 */
#ifndef SIPWARD_AGENT_CONTROL_H
#define SIPWARD_AGENT_CONTROL_H

#include <json-c/json.h>

#include "agent/loop.h"

#define CONTROL_LINE_MAX 8192 /* a command with its arguments: a path, a value */

struct control_client {
	int fd;
	uint64_t number; /* of all that there were; never 0 */
	bool waits;      /* for an answer that a job will give */
	bool follows;    /* gets every event as it happens */
	bool reads;      /* gets the events that are kept, in parts: */
	bool stays;      /* it follows afterwards */
	uint64_t next;   /* the number of the next one */
	uint64_t end;    /* and of the first that it does not get; for one that does not stay */
	char line[CONTROL_LINE_MAX];
	size_t used;
};

struct control {
	struct loop *loop;
	int listener;
	struct control_client **clients;
	size_t client_count;
	uint64_t number; /* of the last client */
	/* Answers one command line by control_send(), or sets client->waits to do it later; false
	 * closes the connection. */
	bool (*command)(void *context, struct control_client *client, const char *line);
	void *context;
};

/* Listens; `control->command` and `context` are set by the caller first. */
int control_open(struct control *control, struct loop *loop, struct error *e);
void control_close(struct control *control);
/* Listens anew where somebody removed the socket. 1 when it had to, 0, or -1 and *e. */
int control_keep(struct control *control, struct error *e);

/* Writes one JSON line. A client that does not read is cut off rather than waited for: false. */
bool control_send(struct control_client *client, struct json_object *o);
/* Gives the one that waits its answer, and closes the connection. It may be gone. */
void control_answer(struct control *control, uint64_t number, struct json_object *o);
/* Once a second: an empty line to all that wait, so that they know that the agent is there. */
void control_tick(struct control *control);
/* Closes the connection. */
void control_drop(struct control *control, struct control_client *client);
/* Writes a line to all that follow. */
void control_publish(struct control *control, struct json_object *o);
bool control_has_followers(const struct control *control);

/* The client's side: sends one command line to the agent and returns a stream of its
 * answers, owned by the caller; NULL and EXIT_NOT_RUNNING when no agent listens. */
FILE *control_ask(const char *command, struct error *e);

#endif
