/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Keys of the rules that remember (include/sipward/guard.h): what a zone must speak and may do.
 */
#include "policy/names.h"
#include "policy/parts.h"

/* A registrar's worth of initial registrations, unless the zone says. */
#define CLEARTEXT_DEFAULT 100

/* require: any, tls or ipsec. */
int read_require(struct draft *d, const struct key *key, const struct node *value, void *to)
{
	struct zone *z = to;
	int word = want_word(d, value, require_words);

	(void)key;
	if (word < 0)
		return -1;
	z->require = word;
	if (word == SW_REQUIRE_IPSEC) {
		z->cleartext = (struct rate){
			.set = true,
			.count = CLEARTEXT_DEFAULT,
			.burst = CLEARTEXT_DEFAULT,
			.period = SW_NS_PER_SEC,
		};
	}
	return 0;
}

/* cleartext: 100/s; stands behind `require` in the table. */
int read_cleartext(struct draft *d, const struct key *key, const struct node *value, void *to)
{
	struct zone *z = to;

	if (z->require != SW_REQUIRE_IPSEC) {
		return fail_at(&d->source, value->key_at, "'cleartext' is how many initial REGISTERs "
			       "may come in the clear from a zone with 'require: ipsec'; write that, "
			       "or remove it");
	}
	return read_rate(d, key, value, &z->cleartext);
}

/* tls: {min_version: 1.2}, of a service; stands behind its transport in the table. */
int read_tls(struct draft *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {
		KEY("min_version", read_word, .words = tls_version_words),
		KEYS_END
	};
	struct service *service = to;
	int version = 0;

	(void)key;
	if (service->transport != SW_TLS) {
		return fail_at(&d->source, value->key_at, "'tls' belongs to a service with "
			       "'transport: tls'; remove it here");
	}
	if (read_map(d, value, keys, &version) < 0)
		return -1;
	service->tls_min = SW_TLS_1_0 + version;
	return 0;
}
