/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The enum of reasons and the masks of sanity reasons, both made from reasons.def.
 */
#ifndef SIPWARD_REASONS_H
#define SIPWARD_REASONS_H

#include <sipward/abi.h>

/* Every number that a reason has or had: one that stands twice does not compile. */
enum sw_reason_number {
#define REASON(number, ...)   SW_REASON_NUMBER_##number,
#define SANITY(number, ...)   SW_REASON_NUMBER_##number,
#define RETIRED(number, name) SW_REASON_NUMBER_##number,
#include <sipward/reasons.def>
#undef REASON
#undef SANITY
	SW_REASON_NUMBERS
};

enum sw_reason {
#define REASON(number, id, ...) SW_REASON_##id = number,
#define SANITY(number, id, ...) SW_REASON_##id = number,
#include <sipward/reasons.def>
#undef REASON
#undef SANITY
	SW_REASON_COUNT = SW_REASON_NUMBERS /* above every number */
};

#define REASON(number, ...) \
	_Static_assert(number < SW_REASON_COUNT, "a number below this one has no row: RETIRED");
#define SANITY(number, ...)   REASON(number)
#define RETIRED(number, name) REASON(number)
#include <sipward/reasons.def>
#undef REASON
#undef SANITY

/* The position of a sanity reason in the 64-bit mask that the scanner fills. */
enum sw_sanity {
#define REASON(number, ...)
#define SANITY(number, id, ...) SW_SANITY_##id,
#include <sipward/reasons.def>
#undef REASON
#undef SANITY
	SW_SANITY_COUNT
};

#define SW_SANITY_BIT(id) (1ull << SW_SANITY_##id)

/* The reason of each bit of such a mask. */
#define REASON(number, ...)
#define SANITY(number, ...) number,
static const unsigned char SW_REASON_OF_SANITY[64] = {
#include <sipward/reasons.def>
};
#undef REASON
#undef SANITY

/* FORMAL is no profile: see reasons.def. */
enum { SW_PROFILE_OFF, SW_PROFILE_DEFAULT, SW_PROFILE_STRICT, SW_PROFILE_FORMAL };

/* The checks that a profile judges. `strict` holds all of `default`. */
#define REASON(number, ...)
#define SANITY(number, id, name, profile, ...) \
	| (SW_PROFILE_##profile <= SW_PROFILE_DEFAULT ? SW_SANITY_BIT(id) : 0)
static const unsigned long long SW_SANITY_DEFAULT = 0
#include <sipward/reasons.def>
	;
#undef SANITY
#define SANITY(number, id, ...) | SW_SANITY_BIT(id)
static const unsigned long long SW_SANITY_STRICT = 0
#include <sipward/reasons.def>
	;
#undef SANITY
#define SANITY(number, id, name, profile, ...) \
	| (SW_PROFILE_##profile == SW_PROFILE_FORMAL ? SW_SANITY_BIT(id) : 0)
static const unsigned long long SW_SANITY_FORMAL = 0
#include <sipward/reasons.def>
	;
#undef REASON
#undef SANITY

/* Of one of enum sw_unproven that has one. */
#define SW_REASON_OF_UNPROVEN(class) ((enum sw_reason)(SW_REASON_UNPROVEN_KEEPALIVE + (class)))

_Static_assert(SW_REASON_COUNT <= SW_REASONS_MAX, "counters have a slot for every reason");
_Static_assert(SW_SANITY_COUNT <= 64, "one 64-bit mask holds every sanity reason");

#endif
