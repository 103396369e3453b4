/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Keys of the rules that remember (include/sipward/guard.h): the transport that a zone must use,
 * and the things that it may do.
 */
#include "policy/guard.h"

#include <ctype.h>
#include <string.h>

#include "policy/content.h"
#include "policy/keys.h"
#include "policy/names.h"

/* A registrar's worth of initial registrations, unless the zone says. */
#define CLEARTEXT_DEFAULT 100

/* require: any, tls or ipsec. */
int read_require(struct parse_context *d, const struct key *key, const struct node *value, void *to)
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
int read_cleartext(struct parse_context *d, const struct key *key, const struct node *value,
		   void *to)
{
	struct zone *z = to;

	if (z->require != SW_REQUIRE_IPSEC) {
		return fail_at(&d->source, value->key_at,
			       "'cleartext' limits initial REGISTERs in "
			       "the clear from a zone with 'require: ipsec'; write 'require: "
			       "ipsec', or remove 'cleartext'");
	}
	return read_rate(d, key, value, &z->cleartext);
}

/* tls: {min_version: 1.2}, of a service; stands behind its transport in the table. */
int read_tls(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {
		KEY("min_version", read_word, .words = tls_version_words),
		KEYS_END,
	};
	struct service *service = to;
	int version = 0;

	(void)key;
	if (service->transport != SW_TLS) {
		return fail_at(&d->source, value->key_at,
			       "'tls' belongs to a service with "
			       "'transport: tls'; remove it here");
	}
	if (read_map(d, value, keys, &version) < 0)
		return -1;
	service->tls_min = SW_TLS_1_0 + version;
	return 0;
}

/* How many destinations a sketch can tell apart, and how long it can remember them. */
#define DESTINATIONS_MAX 500
#define WINDOW_DEFAULT   (600 * SW_NS_PER_SEC)

/* destinations: 30/10m. Not a burst: the whole count may come at once. */
static int read_destinations(struct parse_context *d, const struct key *key,
			     const struct node *value, void *to)
{
	struct rate *rate = to;

	if (read_rate(d, key, value, rate) < 0)
		return -1;
	if (strstr(value->text, "burst")) {
		return fail_at(&d->source, value->at,
			       "'destinations' has no burst: all of them "
			       "may be called at once");
	}
	if (rate->count > DESTINATIONS_MAX || rate->period < 60 * SW_NS_PER_SEC) {
		return fail_at(&d->source, value->at,
			       "'destinations' is 1..%d numbers in 1m..24h, "
			       "as in 30/10m, not '%s'",
			       DESTINATIONS_MAX, quote(value->text).text);
	}
	return 0;
}

/* fraud: {destinations: 30/10m, sweep: deny} */
int read_fraud(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {
		KEY("destinations", read_destinations,
		    .offset = offsetof(struct guard_rules, destinations)),
		KEY("sweep", read_word, .offset = offsetof(struct guard_rules, sweep),
		    .words = action_words),
		KEYS_END,
	};
	struct guard_rules *rules = to;

	(void)key;
	rules->destinations.period = WINDOW_DEFAULT;
	return read_map(d, value, keys, rules);
}

static int read_told(struct parse_context *d, const struct node *item, enum sw_action action)
{
	(void)action;
	return want_word(d, item, privacy_words);
}

/* privacy: {report: [P-Asserted-Identity], deny: [P-Charging-Vector]} of a zone */
int read_privacy(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	struct guard_rules *rules = to;

	(void)key;
	return read_rules(d, value, (struct rules){rules->privacy, read_told});
}

/* Letters, digits, '-' and '.', as in DNS; kept in lower case. */
static int add_host(struct parse_context *d, const struct node *item)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";
	const char *text = want_text(d, item);
	struct policy *p = &d->policy;
	char host[SW_HOST_WORDS * 8] = "";

	if (!text)
		return -1;
	if (!*text || *text == '.' || strlen(text) >= sizeof(host) || text[strspn(text, allowed)]) {
		return fail_at(&d->source, item->at,
			       "'%s' is not a host name: 1 to %zu letters, "
			       "digits, '-' and '.', as in core.example.net; it stands for all "
			       "names below it, too",
			       quote(text).text, sizeof(host) - 1);
	}
	if (p->host_count == SW_HOSTS_MAX)
		return fail_at(&d->source, item->at,
			       "more than %d hosts; name the domain that "
			       "they are in",
			       SW_HOSTS_MAX);
	for (size_t i = 0; text[i]; i++)
		host[i] = tolower((unsigned char)text[i]);
	append(p->hosts, p->host_count, host);
	return 0;
}

static int read_hosts(struct parse_context *d, const struct key *key, const struct node *value,
		      void *to)
{
	(void)key, (void)to;
	if (want(d, value, NODE_LIST) < 0)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		if (add_host(d, value->items[i]) < 0)
			return -1;
	}
	return 0;
}

/* privacy: {hosts: [core.example.net]} of the policy */
int read_inside(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {KEY("hosts", read_hosts, .required = true), KEYS_END};

	(void)key;
	return read_map(d, value, keys, to);
}
