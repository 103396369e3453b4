/* SPDX-License-Identifier: GPL-2.0-only */
#include "newcomers.h"

#include <bpf/libbpf.h>

static unsigned int fresh = 1000;

void spend_budget(struct rig *rig)
{
	struct endpoint caller = rig->from;
	char text[1024];
	bool in = true;

	rig->from.addr = address("203.0.113.99");
	for (int i = 0; i < 10 && in; i++) {
		size_t size = request(text, sizeof(text), "INVITE", fresh, NULL);

		rig->from.port = 1024 + fresh++;
		in = gets_in(rig, text, size);
	}
	assert_false(in);
	rig->from = caller;
}

uint32_t told_patience;

static int count_newcomer(void *context, void *data, size_t size)
{
	assert_int_equal(size, sizeof(struct sw_newcomer));
	told_patience = ((const struct sw_newcomer *)data)->patience;
	++*(int *)context;
	return 0;
}

int newcomers_told(const struct rig *rig)
{
	int count = 0;
	struct ring_buffer *ring = ring_buffer__new(rig->trial.state.fds[STATE_NEWCOMERS],
						    count_newcomer, &count, NULL);

	assert_non_null(ring);
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	return count;
}
