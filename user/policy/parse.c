/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/parse.h"

#include <arpa/inet.h>
#include <string.h>

#include "policy/check.h"
#include "policy/decimal.h"
#include "policy/exports.h"
#include "policy/geo.h"
#include "policy/guard.h"
#include "policy/keys.h"
#include "policy/limits.h"
#include "policy/lists.h"
#include "policy/names.h"
#include "policy/number.h"
#include "policy/patch.h"
#include "policy/sanity.h"
#include "policy/service.h"
#include "policy/signature.h"
#include "policy/tables.h"
#include "policy/tune.h"
#include "policy/zone.h"

#define INTERFACES_MAX 64

/* Comes before all other keys: those of another version may not be known here. */
static int check_version(struct parse_context *d, const struct node *root)
{
	const struct node *value = node_value(root, "version");
	const char *text;

	if (!value)
		return fail_at(&d->source, root->at, "'version' is missing; add 'version: 1'");
	text = want_text(d, value);
	if (text && strcmp(text, "1") != 0) {
		return fail_at(&d->source, value->at,
			       "version '%s' is not known; "
			       "this program reads 'version: 1'",
			       quote(text).text);
	}
	return text ? 0 : -1;
}

static int read_version(struct parse_context *d, const struct key *key, const struct node *value,
			void *to)
{
	(void)d, (void)key, (void)value, (void)to;
	return 0;
}

/* Names of interfaces that the kernel accepts. */
static bool interface_name_ok(const char *name)
{
	return strlen(name) < IFNAMSIZ && !strpbrk(name, "/: \t") && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

struct interfaces {
	char (**names)[IFNAMSIZ];
	size_t *count;
};

static int add_interface(struct parse_context *d, const struct node *item,
			 const struct interfaces *to)
{
	const char *name = want_text(d, item);
	char copy[IFNAMSIZ] = "";

	if (!name)
		return -1;
	if (!interface_name_ok(name)) {
		return fail_at(&d->source, item->at,
			       "'%s' is not an interface name: "
			       "1 to 15 characters without '/', ':' and spaces",
			       quote(name).text);
	}
	for (size_t i = 0; i < *to->count; i++) {
		if (strcmp((*to->names)[i], name) == 0)
			return fail_again(d, item);
	}
	if (*to->count == INTERFACES_MAX)
		return fail_at(&d->source, item->at, "more than %u interfaces; shorten the list",
			       INTERFACES_MAX);
	memcpy(copy, name, strlen(name));
	append(*to->names, *to->count, copy);
	return 0;
}

static int add_interfaces(struct parse_context *d, const struct node *value,
			  const struct interfaces *to)
{
	if (want(d, value, NODE_LIST) < 0)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		if (add_interface(d, value->items[i], to) < 0)
			return -1;
	}
	return 0;
}

static int read_interfaces(struct parse_context *d, const struct key *key, const struct node *value,
			   void *to)
{
	struct interfaces all = {&d->policy.interfaces, &d->policy.interface_count};

	(void)key, (void)to;
	return add_interfaces(d, value, &all);
}

/* auto, or where answers leave. */
static int read_observe(struct parse_context *d, const struct key *key, const struct node *value,
			void *to)
{
	struct interfaces all = {&d->policy.observe, &d->policy.observe_count};

	(void)key, (void)to;
	if (value->kind != NODE_LIST) {
		const char *text = want_text(d, value);

		if (!text || strcmp(text, "auto") == 0)
			return text ? 0 : -1;
		return fail_at(&d->source, value->at,
			       "'observe' cannot be '%s'; write auto, or a "
			       "list of interfaces, as in [eth0, eth1]",
			       quote(text).text);
	}
	if (value->count == 0)
		return fail_at(&d->source, value->at,
			       "'observe' names no interface; name the "
			       "interfaces that answers leave by, or write observe: auto");
	return add_interfaces(d, value, &all);
}

static int read_shadow(struct parse_context *d, const struct key *key, const struct node *value,
		       void *to)
{
	uint64_t *shadow = to;

	(void)key;
	if (want(d, value, NODE_LIST) < 0)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		/* "none" is no reason to drop: the list begins behind it. */
		int reason = want_word(d, value->items[i], reason_words + 1) + 1;

		if (reason == SW_REASON_NONE)
			return -1;
		if (shadow[reason / 64] & 1ull << reason % 64)
			return fail_again(d, value->items[i]);
		shadow[reason / 64] |= 1ull << reason % 64;
	}
	return 0;
}

static int read_fragments(struct parse_context *d, const struct key *key, const struct node *value,
			  void *to)
{
	int index = want_word(d, value, fragments_words);

	(void)key;
	*(bool *)to = index == 1;
	return index < 0 ? -1 : 0;
}

/* "127.0.0.1:9538", "[::1]:9538": fills the policy when all of it is right. */
static int listen_parse(const char *text, struct policy *p)
{
	struct in6_addr scratch;
	const char *colon = strrchr(text, ':');
	bool ipv6 = *text == '[' && colon && colon[-1] == ']';
	size_t size = colon ? (size_t)(colon - text) - (ipv6 ? 2 : 0) : 0;
	char host[sizeof(p->metrics_host)] = "";
	uint64_t port;

	if (size == 0 || size >= sizeof(host))
		return -1;
	memcpy(host, text + ipv6, size);
	colon++;
	if (inet_pton(ipv6 ? AF_INET6 : AF_INET, host, &scratch) != 1 ||
	    decimal(&colon, UINT16_MAX, &port) < 0 || *colon || port == 0)
		return -1;
	memcpy(p->metrics_host, host, sizeof(host));
	p->metrics_port = port;
	return 0;
}

static int read_listen(struct parse_context *d, const struct key *key, const struct node *value,
		       void *to)
{
	const char *text = want_text(d, value);
	struct policy *p = to;

	(void)key;
	if (!text)
		return -1;
	if (strcmp(text, "off") == 0) {
		p->metrics_host[0] = '\0';
		p->metrics_port = 0;
		return 0;
	}
	if (listen_parse(text, p) < 0) {
		return fail_at(&d->source, value->at,
			       "'listen' cannot be '%s'; write an address "
			       "and a port, \"127.0.0.1:9538\" or \"[::1]:9538\", or off",
			       quote(text).text);
	}
	return 0;
}

static int read_metrics(struct parse_context *d, const struct key *key, const struct node *value,
			void *to)
{
	static const struct key keys[] = {KEY("listen", read_listen), KEYS_END};

	(void)key;
	return read_map(d, value, keys, to);
}

/* Digits, and the other characters of a dialled number; short, as emergency numbers are. */
static int read_numbers(struct parse_context *d, const struct key *key, const struct node *value,
			void *to)
{
	struct policy *p = to;

	(void)key;
	if (want(d, value, NODE_LIST) < 0)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		const char *text = want_text(d, value->items[i]);
		char number[SW_EMERGENCY_DIGITS] = "";

		if (!text)
			return -1;
		if (!*text || strlen(text) >= sizeof(number) || text[strspn(text, "0123456789+*#")])
			return fail_at(&d->source, value->items[i]->at,
				       "'%s' is not an emergency "
				       "number: 1 to %d digits, +, * or #",
				       quote(text).text, SW_EMERGENCY_DIGITS - 1);
		if (p->emergency_count == SW_EMERGENCY_MAX)
			return fail_at(&d->source, value->items[i]->at,
				       "more than %d emergency numbers", SW_EMERGENCY_MAX);
		strcpy(number, text);
		append(p->emergency_numbers, p->emergency_count, number);
	}
	return 0;
}

static int read_emergency(struct parse_context *d, const struct key *key, const struct node *value,
			  void *to)
{
	static const struct key keys[] = {
		KEY("numbers", read_numbers),
		KEY("rate", read_rate, .offset = offsetof(struct policy, emergency)),
		KEYS_END,
	};

	(void)key;
	return read_map(d, value, keys, to);
}

/* Mode and sanity stand before zones, which begin with what these say. */
const struct key policy_keys[] = {
	KEY("version", read_version, .fixed = true),
	KEY("mode", read_word, .offset = offsetof(struct parse_context, policy.mode),
	    .words = mode_words),
	KEY("interfaces", read_interfaces, .fixed = true),
	KEY("observe", read_observe, .fixed = true),
	KEY("services", read_services, .always = true, .fixed = true),
	KEY("sanity", read_sanity, .offset = offsetof(struct parse_context, sanity)),
	KEY("shadow", read_shadow, .offset = offsetof(struct parse_context, policy.shadow)),
	KEY("dial_prefixes", read_dial_prefixes, .always = true, .fixed = true),
	KEY("high_risk", read_high_risk, .always = true, .fixed = true),
	KEY("geo", read_geo, .fixed = true),
	KEY("zones", read_zones, .always = true),
	KEY("rules", read_patches, .fixed = true),
	KEY("lists", read_lists, .fixed = true),
	KEY("signatures", read_signatures, .offset = offsetof(struct parse_context, policy)),
	KEY("injection", read_word, .offset = offsetof(struct parse_context, policy.injection),
	    .words = action_words),
	KEY("fragments", read_fragments,
	    .offset = offsetof(struct parse_context, policy.fragments_drop)),
	KEY("known", read_known, .offset = offsetof(struct parse_context, policy.known_for)),
	KEY("state", read_state, .offset = offsetof(struct parse_context, policy), .fixed = true),
	KEY("emergency", read_emergency, .offset = offsetof(struct parse_context, policy)),
	KEY("privacy", read_inside, .fixed = true),
	KEY("metrics", read_metrics, .offset = offsetof(struct parse_context, policy),
	    .fixed = true),
	KEY("events", read_events, .offset = offsetof(struct parse_context, policy)),
	KEY("hooks", read_hooks, .offset = offsetof(struct parse_context, policy), .fixed = true),
	KEY("tables", read_tables, .offset = offsetof(struct parse_context, policy.tables),
	    .fixed = true),
	KEYS_END,
};

static void set_defaults(struct policy *p)
{
	p->mode = SW_MODE_ENFORCE;
	p->tables = default_tables;
	p->known_for = 24 * 3600 * SW_NS_PER_SEC;
	p->state_every = 300 * SW_NS_PER_SEC;
	p->emergency.set = true;
	p->emergency.count = p->emergency.burst = 50;
	p->emergency.period = SW_NS_PER_SEC;
	set_default_exports(p);
	strcpy(p->metrics_host, "127.0.0.1");
	p->metrics_port = 9538;
}

static int read_policy(struct parse_context *d, const struct override *overrides, size_t count)
{
	auto_tree struct node *root = NULL;

	if (d->source.size > POLICY_OCTETS_MAX) {
		return fail(d->source.e, EXIT_POLICY,
			    "%s: larger than %u octets; write long lists "
			    "into files of their own",
			    d->source.name, POLICY_OCTETS_MAX);
	}
	if (source_check(&d->source) < 0)
		return -1;
	root = tree_read(&d->source);
	if (!root || want(d, root, NODE_MAP) < 0 || check_version(d, root) < 0 ||
	    overrides_apply(&d->source, root, overrides, count) < 0)
		return -1;
	d->strict = lists_are_strict(root);
	geo_prepare(d, root);
	if (read_map(d, root, policy_keys, d) < 0)
		return -1;
	d->policy.text_values = tree_count(root);
	return check_policy(d);
}

static void parse_context_free(struct parse_context *d)
{
	policy_free(&d->policy);
	free(d->prefixes);
	free(d->addresses);
	free(d->high_risk);
}

int policy_text_parse(struct policy_text *text, const struct override *overrides, size_t count,
		      struct policy *p, struct error *e)
{
	size_t mark = source_mark_size(text->text, text->size);
	cleanup(parse_context_free) struct parse_context d = {
		.source = {.name = text->name,
			   .text = text->text + mark,
			   .size = text->size - mark,
			   .e = e},
		.text = text,
		.sanity = default_sanity,
	};

	SHA256Init(&d.hash);
	SHA256Update(&d.hash, (const uint8_t *)text->text, text->size);
	set_defaults(&d.policy);
	if (read_policy(&d, overrides, count) < 0)
		return -1;
	SHA256Final(d.policy.hash, &d.hash);
	d.policy.file = xstrdup(text->name);
	d.policy.text_octets = text->size;
	for (size_t i = 0; i < text->file_count; i++)
		d.policy.text_octets += text->files[i].size;
	*p = d.policy;
	memset(&d.policy, 0, sizeof(d.policy));
	return 0;
}
