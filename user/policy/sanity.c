/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/sanity.h"

#include "policy/keys.h"
#include "policy/names.h"

/* A message is never looked at beyond SW_MESSAGE_MAX. */
const struct sanity default_sanity = {
	.profile = SW_PROFILE_DEFAULT,
	.bounds = {
		.message = SW_MESSAGE_MAX,
		.headers = 128,
		.header = SW_HEADER_MAX,
		.via = 70,
		.method = 64,
		.uri = 2048,
	},
};

#define LIMIT(name, least, most) \
	KEY(#name, read_number, .offset = offsetof(struct sw_bounds, name), .min = least, \
	    .max = most)
static const struct key limit_keys[] = {
	LIMIT(message, 512, SW_MESSAGE_MAX),
	LIMIT(headers, 8, 4096),
	LIMIT(header, 64, SW_HEADER_MAX),
	LIMIT(via, 1, 4096),
	LIMIT(method, 9, SW_MESSAGE_MAX),
	LIMIT(uri, 16, SW_MESSAGE_MAX),
	KEYS_END
};
#undef LIMIT

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
		KEYS_END
	};

	(void)key;
	return read_map(d, value, keys, to);
}
