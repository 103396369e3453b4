/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/pressure.h"

/* Seconds on end: one may be a burst at its very end, or a pause of the server's. */
#define BEHIND_SECONDS 2

/* The requests of the second before this one, and the answers of both: an answer may take as long
 * as a second. Retransmissions count as requests, so a server that lost a moment is not blamed
 * for what it caught up with. */
static bool fell_behind(const struct pressure *p, uint64_t answers)
{
	return p->last_requests >= PRESSURE_REQUESTS &&
	       p->last_answers + answers < p->last_requests / 4;
}

static void listen_for_answers(struct pressure *p, uint64_t requests, uint64_t answers)
{
	if (answers) {
		p->answered = true;
		p->silent = p->seconds = 0;
		return;
	}
	p->silent += requests;
	if (p->silent && p->seconds < UNANSWERED_SECONDS)
		p->seconds++;
}

void pressure_step(struct pressure *p, uint64_t requests, uint64_t answers, bool seen)
{
	uint64_t new_requests = requests - p->requests, new_answers = answers - p->answers;

	p->requests = requests;
	p->answers = answers;
	if (!p->begun || !seen) {
		/* Nothing is known of this second. */
		p->last_requests = p->last_answers = p->silent = 0;
		p->seconds = p->behind = 0;
		p->answered &= p->begun;
		p->begun = true;
		return;
	}
	p->behind = fell_behind(p, new_answers) ? p->behind + 1 : 0;
	listen_for_answers(p, new_requests, new_answers);
	p->last_requests = new_requests;
	p->last_answers = new_answers;
}

bool pressure_unanswered(const struct pressure *p)
{
	return p->silent >= UNANSWERED_REQUESTS && p->seconds >= UNANSWERED_SECONDS;
}

/* A server that is not heard at all is perhaps heard elsewhere: that is no sign of load. */
bool pressure_falls_behind(const struct pressure *p)
{
	return p->answered && !pressure_unanswered(p) && p->behind >= BEHIND_SECONDS;
}
