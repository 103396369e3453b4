/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/duration.h"

#include <string.h>
#include <time.h>

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

/* ".500" before the rest; 0 without it. */
static unsigned int milliseconds(const char **rest)
{
	unsigned int ms = 0;

	if (**rest != '.' || strspn(*rest + 1, "0123456789") != 3)
		return 0;
	for (int i = 1; i <= 3; i++)
		ms = ms * 10 + (*rest)[i] - '0';
	*rest += 4;
	return ms;
}

int moment_parse(const char *text, uint64_t *ns, const char **why)
{
	struct tm parts = {}, again;
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M", &parts);
	unsigned int ms;
	time_t seconds;

	*why = NULL;
	if (rest && *rest == ':')
		rest = strptime(rest, ":%S", &parts);
	ms = rest ? milliseconds(&rest) : 0;
	if (!rest || strcmp(rest, "Z") != 0)
		return -1;
	/* 31 February is 3 March to timegm(). */
	again = parts;
	seconds = timegm(&again);
	*why = "there is no such day or time";
	if (again.tm_mday != parts.tm_mday || again.tm_sec != parts.tm_sec)
		return -1;
	*why = "a time must be within the years 1970..2500";
	if (seconds < 0 || again.tm_year > 2500 - 1900)
		return -1;
	*ns = (uint64_t)seconds * SW_NS_PER_SEC + ms * (SW_NS_PER_SEC / 1000);
	*why = NULL;
	return 0;
}
