/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The differences that are tolerated, each with the reason why it cannot hurt a rule. A missed
 * header, tag, number or body start is never tolerated.
 */
#include <string.h>

#include "compare.h"

static bool never(const struct difference *d)
{
	(void)d;
	return false;
}

const struct tolerance tolerances[] = {
	{"none", "a place for the first entry", never},
};

const size_t tolerance_count = sizeof(tolerances) / sizeof(tolerances[0]);
