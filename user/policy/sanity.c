/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/sanity.h"

#include "policy/keys.h"
#include "policy/names.h"

const struct sanity default_sanity = {
	.profile = SW_PROFILE_DEFAULT,
	/* clang-format off */
	.bounds = {
#define BOUND(reason, key, value, ...) .key = value,
#include <sipward/bounds.def>
	},
	/* clang-format on */
};

static const struct key limit_keys[] = {
#define BOUND(reason, key, value, least, most, ...)                                     \
	KEY(#key, read_number, .offset = offsetof(struct sw_bounds, key), .min = least, \
	    .max = most),
#include <sipward/bounds.def>
	KEYS_END,
};

static int read_limits(struct parse_context *d, const struct key *key, const struct node *value,
		       void *to)
{
	(void)key;
	return read_map(d, value, limit_keys, to);
}

int read_sanity(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {
		KEY("profile", read_word, .offset = offsetof(struct sanity, profile),
		    .words = profile_words),
		KEY("body", read_word, .offset = offsetof(struct sanity, body),
		    .words = body_words),
		KEY("limits", read_limits, .offset = offsetof(struct sanity, bounds)),
		KEYS_END,
	};

	(void)key;
	return read_map(d, value, keys, to);
}
