/* SPDX-License-Identifier: GPL-2.0-only
 *
 * libFuzzer target of the policy reader: any text gives a policy or a message, never a crash,
 * a leak, or both. From the root of the tree:
 *   clang -g -O1 -std=gnu11 -D_GNU_SOURCE -Iinclude -Iuser -fsanitize=fuzzer,address,undefined \
 *     selftests/fuzz/fuzz_policy.c user/policy/?*.c user/policy/embedded.S \
 *     user/base/?*.c -lyaml -lmd -o fuzz_policy
 *   ./fuzz_policy -max_len=4096 NEW selftests/fuzz/seeds/policy selftests/policies/good \
 *     selftests/policies/bad
 * Its findings go into the folder NEW, the first one.
 */
#include <string.h>

#include "policy/model.h"
#include "policy/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct policy nothing;
	auto_policy struct policy p = {0};
	struct error e = {0};

	if (policy_parse("fuzz", (const char *)data, size, &p, &e) == 0) {
		if (e.code != EXIT_OK || p.zone_count == 0 || p.service_count == 0)
			abort();
		return 0;
	}
	/* The message about a line of a list file begins with that file's name instead. */
	if (e.code != EXIT_POLICY || (strncmp(e.text, "fuzz:", 5) != 0 && !strchr(e.text, '/')))
		abort();
	if (memcmp(&p, &nothing, sizeof(p)) != 0)
		abort();
	return 0;
}
