/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/rate.h"

#include <string.h>

#include "policy/decimal.h"
#include "policy/model.h"

#define COUNT_MAX  1000000000ull
#define PERIOD_MAX (24 * 3600 * SW_NS_PER_SEC)
/* A burst that takes longer than a year to earn again is no limit, and its nanoseconds would
 * come near the end of what a time can hold. */
#define REFILL_MAX (365 * PERIOD_MAX)

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{"ms", SW_NS_PER_SEC / 1000},
	{"s", SW_NS_PER_SEC},
	{"m", 60 * SW_NS_PER_SEC},
	{"h", 3600 * SW_NS_PER_SEC},
};

static int wrong(const char **why, const char *reason)
{
	*why = reason;
	return -1;
}

static bool skip_word(const char **text, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(*text, word, size) != 0)
		return false;
	*text += size;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "s", "60s", "500ms" */
static int period_read(const char **text, uint64_t *period, const char **why)
{
	uint64_t units_count = 1;

	if (is_digit(**text) && decimal(text, PERIOD_MAX, &units_count) < 0)
		return wrong(why, "the period must be within 1ms..24h");
	for (size_t i = 0; i < array_size(units); i++) {
		if (!skip_word(text, units[i].name))
			continue;
		if (units_count == 0 || units_count > PERIOD_MAX / units[i].ns)
			return wrong(why, "the period must be within 1ms..24h");
		*period = units_count * units[i].ns;
		return 0;
	}
	return wrong(why, "the period is ms, s, m or h, as in 40/s, 10/60s, 100/m");
}

/* " burst 100", or the default: as many as one second allows, at least 1. */
static int burst_read(const char **text, struct rate *rate, const char **why)
{
	if (!**text) {
		rate->burst = (rate->count * SW_NS_PER_SEC + rate->period - 1) / rate->period;
		return 0;
	}
	if (**text != ' ')
		return wrong(why, "only 'burst N' may follow, as in 40/s burst 100");
	while (**text == ' ')
		(*text)++;
	if (!skip_word(text, "burst "))
		return wrong(why, "only 'burst N' may follow, as in 40/s burst 100");
	while (**text == ' ')
		(*text)++;
	if (decimal(text, COUNT_MAX, &rate->burst) < 0 || rate->burst == 0)
		return wrong(why, "the burst must be within 1..1000000000");
	if ((unsigned __int128)rate->burst * rate->period / rate->count > REFILL_MAX)
		return wrong(why, "the burst takes over a year to refill, which limits nothing");
	return 0;
}

int rate_parse(const char *text, struct rate *rate, const char **why)
{
	struct rate read = {.set = true};

	if (!is_digit(*text) && *text != '-')
		return wrong(why, "a rate is a count and a period, as in 40/s or 100/m burst 500");
	if (decimal(&text, COUNT_MAX, &read.count) < 0 || read.count == 0)
		return wrong(why, "the count must be within 1..1000000000");
	if (*text != '/')
		return wrong(why, "'/' and a period must follow the count, as in 40/s");
	text++;
	if (period_read(&text, &read.period, why) < 0)
		return -1;
	/* The data path keeps whole nanoseconds for each packet. */
	if (read.period < read.count)
		return wrong(why, "more than 1000000000 a second limits nothing");
	if (burst_read(&text, &read, why) < 0)
		return -1;
	if (*text)
		return wrong(why, "nothing may follow the burst");
	*rate = read;
	*why = NULL;
	return 0;
}
