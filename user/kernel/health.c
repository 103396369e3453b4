/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/health.h"

#include <pthread.h>

#include "kernel/state_values.h"

void health_change(const struct state *state, void (*change)(struct sw_health *, void *),
		   void *context)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct sw_health health = {};

	pthread_mutex_lock(&lock);
	state_health_read(state, &health);
	change(&health, context);
	state_health_write(state, &health);
	pthread_mutex_unlock(&lock);
}
