/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The enum of reasons and the masks of sanity reasons, both made from reasons.def.
 */
#ifndef SIPWARD_REASONS_H
#define SIPWARD_REASONS_H

#include <sipward/abi.h>

enum sw_reason {
#define REASON(id, name, threat, rfc, text) SW_REASON_##id,
#define SANITY(id, name, profile, threat, rfc, text) SW_REASON_##id,
#include <sipward/reasons.def>
#undef REASON
#undef SANITY
	SW_REASON_COUNT
};

/* The position of a sanity reason in the 64-bit mask that the scanner fills. */
enum sw_sanity {
#define REASON(id, name, threat, rfc, text)
#define SANITY(id, name, profile, threat, rfc, text) SW_SANITY_##id,
#include <sipward/reasons.def>
#undef REASON
#undef SANITY
	SW_SANITY_COUNT
};

#define SW_SANITY_BIT(id)   (1ull << SW_SANITY_##id)
#define SW_SANITY_FIRST     SW_REASON_START_LINE

/* FORMAL is no profile: see reasons.def. */
enum { SW_PROFILE_OFF, SW_PROFILE_DEFAULT, SW_PROFILE_STRICT, SW_PROFILE_FORMAL };

/* The checks that a profile judges. `strict` holds all of `default`. */
#define REASON(id, name, threat, rfc, text)
#define SANITY(id, name, profile, threat, rfc, text) \
	| (SW_PROFILE_##profile <= SW_PROFILE_DEFAULT ? SW_SANITY_BIT(id) : 0)
static const unsigned long long SW_SANITY_DEFAULT = 0
#include <sipward/reasons.def>
;
#undef SANITY
#define SANITY(id, name, profile, threat, rfc, text) | SW_SANITY_BIT(id)
static const unsigned long long SW_SANITY_STRICT = 0
#include <sipward/reasons.def>
;
#undef SANITY
#define SANITY(id, name, profile, threat, rfc, text) \
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
_Static_assert(SW_REASON_START_LINE + SW_SANITY_COUNT == SW_REASON_COUNT ||
	       SW_REASON_START_LINE + SW_SANITY_COUNT < SW_REASONS_MAX,
	       "sanity reasons stand together");

#endif
