/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/calls.h"

#include <bpf/bpf.h>
#include <sipward/health.h>
#include <string.h>

#include "kernel/walk.h"

struct sweep {
	const struct state *state;
	const struct calls_over *over;
	uint64_t now;
};

/* The one place that writes it. The data path adds to the other two numbers at the same time. */
static void add_aged(const struct state *state, const struct sw_source *key)
{
	__u32 aged = 0;

	bpf_map_lookup_elem(state->fds[STATE_CALLS_AGED], key, &aged);
	aged++;
	bpf_map_update_elem(state->fds[STATE_CALLS_AGED], key, &aged, BPF_ANY);
}

static bool is_over(const struct sweep *sweep, const struct sw_call *call)
{
	switch (call->state) {
	case SW_CALL_ENDED:
		return call->seen + SW_CALL_OVER <= sweep->now;
	case SW_CALL_RINGS:
		if (call->seen + SW_RINGS_FOR <= sweep->now)
			return true;
	}
	return call->seen < sweep->over->before[call->source.zone % SW_ZONES_MAX];
}

static bool sweep_call(const void *key, void *value, void *context)
{
	const struct sweep *sweep = context;
	const struct sw_call *call = value;
	struct sw_source zone = {.zone = call->source.zone};
	struct sw_call last;

	if (!is_over(sweep, call))
		return true;
	/* As it was when it went: a BYE may come at the same time, and has counted it then. */
	if (bpf_map_lookup_and_delete_elem(sweep->state->fds[STATE_CALLS], key, &last) == 0 &&
	    last.state != SW_CALL_ENDED) {
		add_aged(sweep->state, &call->source);
		add_aged(sweep->state, &zone);
	}
	return true;
}

static bool sweep_count(const void *key, void *value, void *context)
{
	const struct sweep *sweep = context;
	const struct sw_call_count *count = value;

	if (count->seen + SW_CALLS_IDLE > sweep->now || calls_live(sweep->state, key))
		return true;
	bpf_map_delete_elem(sweep->state->fds[STATE_CALL_COUNTS], key);
	bpf_map_delete_elem(sweep->state->fds[STATE_CALLS_AGED], key);
	return true;
}

int calls_sweep(const struct state *state, const struct calls_over *over, uint64_t now,
		struct error *e)
{
	struct sweep sweep = {.state = state, .over = over, .now = now};

	return map_walk(state->fds[STATE_CALLS], sweep_call, &sweep, e) < 0 ||
			       map_walk(state->fds[STATE_CALL_COUNTS], sweep_count, &sweep, e) < 0 ?
		       -1 :
		       0;
}

uint32_t calls_live(const struct state *state, const struct sw_source *key)
{
	struct sw_call_count count = {};
	__u32 aged = 0;
	int32_t live;

	bpf_map_lookup_elem(state->fds[STATE_CALL_COUNTS], key, &count);
	bpf_map_lookup_elem(state->fds[STATE_CALLS_AGED], key, &aged);
	live = (int32_t)(count.begun - count.ended - aged);
	return live > 0 ? live : 0;
}
