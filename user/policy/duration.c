/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/duration.h"

#include <string.h>

#include "policy/decimal.h"
#include "policy/model.h"

#define DURATION_MAX (10 * 365 * 24 * 3600 * SW_NS_PER_SEC)

int duration_parse(const char *text, uint64_t *ns, const char **why)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		/* clang-format off */
		{"ms", SW_NS_PER_SEC / 1000},
		{"s", SW_NS_PER_SEC},
		{"m", 60 * SW_NS_PER_SEC},
		{"h", 3600 * SW_NS_PER_SEC},
		{"d", 24 * 3600 * SW_NS_PER_SEC},
		/* clang-format on */
	};
	uint64_t count;

	*why = "a duration is a number and ms, s, m, h or d, as in 90s or 10m";
	if (decimal(&text, DURATION_MAX, &count) < 0)
		return -1;
	for (size_t i = 0; i < array_size(units); i++) {
		if (strcmp(text, units[i].name) != 0)
			continue;
		*why = "a duration must be within 1ms..10 years";
		if (!count || count > DURATION_MAX / units[i].ns)
			return -1;
		*ns = count * units[i].ns;
		*why = NULL;
		return 0;
	}
	return -1;
}
