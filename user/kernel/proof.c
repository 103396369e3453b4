/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/proof.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "token.h"

int proof_expect(const struct state *state, const struct sw_meta *meta, const char *branch,
		 const struct sw_addr *addr, uint64_t expires, struct error *e)
{
	struct sw_proof proof = {.addr = *addr, .expires = expires, .kind = TOKEN_PROBE};
	struct sip_span span = {.length = strlen(branch)}, none = {};
	auto_free struct sip_buf *buf = xcalloc(1, sizeof(*buf));
	uint64_t token;

	memcpy(buf->octets, branch, span.length);
	token = token_of(meta->seed, TOKEN_PROBE, buf, span, none);
	if (bpf_map_update_elem(state->fds[STATE_PROOFS], &token, &proof, BPF_ANY) < 0)
		return fail(e, EXIT_FAILED, "map proofs cannot be written: %s", strerror(errno));
	return 0;
}
