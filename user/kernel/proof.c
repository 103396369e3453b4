/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/proof.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "kernel/walk.h"
#include "lib/token.h"

int proof_expect(const struct state *state, const struct sw_meta *meta, const char *branch,
		 const struct sw_addr *addr, uint64_t expires, uint64_t *token, struct error *e)
{
	struct sw_proof proof = {.addr = *addr, .expires = expires};
	struct sip_span span = {.length = strlen(branch)}, none = {};
	auto_free struct sip_buf *buf = xcalloc(1, sizeof(*buf));

	memcpy(buf->octets, branch, span.length);
	*token = token_of(meta->seed, TOKEN_PROBE, buf, span, none);
	if (bpf_map_update_elem(state->fds[STATE_PROBES], token, &proof, BPF_ANY) < 0)
		return fail(e, EXIT_FAILED, "map probes cannot be written: %s", strerror(errno));
	return 0;
}

void proof_forget(const struct state *state, uint64_t token)
{
	bpf_map_delete_elem(state->fds[STATE_PROBES], &token);
}

static bool forget_one(const void *key, void *value, void *context)
{
	const int *fd = context;

	(void)value;
	bpf_map_delete_elem(*fd, key);
	return true;
}

int proof_forget_all(const struct state *state, struct error *e)
{
	int fd = state->fds[STATE_PROBES];

	return map_walk(fd, forget_one, &fd, e);
}
