/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/token.h"

#include <string.h>

#include "token.h"

uint64_t probe_token(const struct sw_meta *meta, const char *branch)
{
	struct sip_span span = {.length = strlen(branch)}, none = {};
	auto_free struct sip_buf *buf = xcalloc(1, sizeof(*buf));
	uint64_t seed[2] = {meta->seed[0], meta->seed[1]};

	memcpy(buf->octets, branch, span.length);
	return token_of((const volatile __u64 *)seed, TOKEN_PROBE, buf, span, none);
}
