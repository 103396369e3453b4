/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Decimal numbers as a policy writes them: no sign, no leading zero, no other base (YAML 1.1
 * would read 05060 as octal). Only this one function; it does not know what a number means.
 */
#ifndef SIPWARD_POLICY_DECIMAL_H
#define SIPWARD_POLICY_DECIMAL_H

#include <stdint.h>

/* Reads the digits at *text and moves *text behind them: 0, or -1 when there is none, a zero
 * leads, or the number is above `max`. */
static inline int decimal(const char **text, uint64_t max, uint64_t *value)
{
	const char *s = *text;
	uint64_t sum = 0;

	if (*s < '0' || *s > '9' || (s[0] == '0' && s[1] >= '0' && s[1] <= '9'))
		return -1;
	for (; *s >= '0' && *s <= '9'; s++) {
		uint64_t digit = *s - '0';

		if (digit > max || sum > (max - digit) / 10)
			return -1;
		sum = sum * 10 + digit;
	}
	*text = s;
	*value = sum;
	return 0;
}

#endif
