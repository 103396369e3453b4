/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Judges the server by its counts of requests and answers, second by second: that it falls
 * behind, or that its answers leave where nobody looks. Knows no map and no clock.
 */
#ifndef SIPWARD_AGENT_PRESSURE_H
#define SIPWARD_AGENT_PRESSURE_H

#include <stdbool.h>
#include <stdint.h>

/* The server falls behind when in two seconds on end it left most of at least so many requests
 * without any answer, a provisional one too, and had a second more for it. Fewer are no load. */
#define PRESSURE_REQUESTS 50

/* Nobody sees the answers when so many requests in a row got none for so long. */
#define UNANSWERED_REQUESTS 20
#define UNANSWERED_SECONDS  40

struct pressure {
	uint64_t requests; /* sums at the last step */
	uint64_t answers;
	uint64_t last_requests; /* in the second before it */
	uint64_t last_answers;
	uint64_t silent;      /* requests since the last answer */
	unsigned int seconds; /* since the first of them */
	unsigned int behind;  /* seconds on end in which the server fell behind */
	bool begun;
	bool answered; /* an answer was seen since the observers are in place */
};

/* Once a second, with how many requests outside a dialog were let in and how many responses left
 * since ever. `seen`: all observers were in place in this second; without them nothing follows
 * from a missing answer. */
void pressure_step(struct pressure *pressure, uint64_t requests, uint64_t answers, bool seen);

bool pressure_falls_behind(const struct pressure *pressure);
/* Requests come in, and no answer leaves where somebody looks: they take another way, or the
 * server is dead. */
bool pressure_unanswered(const struct pressure *pressure);

#endif
