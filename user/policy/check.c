/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/check.h"

#include <string.h>

#include "policy/names.h"
#include "policy/number.h"
#include "policy/prefix.h"
#include "policy/tables.h"
#include "policy/unproven.h"

/* qsort() must not be given NULL, which is what an empty array is here. */
static void sort(void *array, size_t count, size_t size, __compar_fn_t compare)
{
	if (count)
		qsort(array, count, size, compare);
}

static int position_compare(struct position a, struct position b)
{
	if (a.line != b.line)
		return a.line < b.line ? -1 : 1;
	return a.column < b.column ? -1 : a.column > b.column;
}

/* Equal ones stand together, in the order of the text. */
static int placed_prefix_compare(const void *left, const void *right)
{
	const struct placed_prefix *a = left, *b = right;
	int order = prefix_compare(&a->prefix, &b->prefix);

	if (!order)
		order = (int)a->origin - (int)b->origin;
	return order ? order : position_compare(a->at, b->at);
}

/* Two zones claim a prefix, at least one of them by a feed: the first keeps it. */
static int note_contest(struct parse_context *d, const struct placed_prefix *a,
			const struct placed_prefix *b)
{
	struct policy *p = &d->policy;
	char text[64];

	if (a->zone == b->zone)
		return 0;
	prefix_text(&b->prefix, text, sizeof(text));
	if (d->strict)
		return fail_at(&d->source, b->at,
			       "%s is already in zone '%s' at %u:%u; a prefix belongs to one zone",
			       text, p->zones[a->zone].name, a->at.line, a->at.column);
	if (!p->contested++)
		p->contest = xasprintf("%s of zone '%s' is in zone '%s' already, which keeps it",
				       text, p->zones[b->zone].name, p->zones[a->zone].name);
	return 0;
}

/* The last address of the outermost prefix of each origin, as far as was looked. */
struct covers {
	struct sw_addr last[ORIGIN_COUNT];
	bool ipv6[ORIGIN_COUNT], any[ORIGIN_COUNT];
};

/* What stands for a country or a network yields to what is more exact about whom it means, even
 * where its own prefixes are longer. */
static bool is_covered(const struct covers *covers, const struct placed_prefix *one)
{
	for (enum prefix_origin i = 0; one->origin >= ORIGIN_NETWORK && i < one->origin; i++)
		if (covers->any[i] && covers->ipv6[i] == one->prefix.ipv6 &&
		    memcmp(&one->prefix.addr, &covers->last[i], sizeof(one->prefix.addr)) <= 0)
			return true;
	return false;
}

static void cover(struct covers *covers, const struct placed_prefix *one)
{
	enum prefix_origin i = one->origin;
	struct sw_addr last = one->prefix.addr;
	unsigned int bits = one->prefix.length + (one->prefix.ipv6 ? 0 : 96);

	if (!one->prefix.length) /* of `public`: everybody else */
		return;
	for (unsigned int bit = bits; bit < 128; bit++)
		last.octets[bit / 8] |= 0x80 >> bit % 8;
	if (covers->any[i] && covers->ipv6[i] == one->prefix.ipv6 &&
	    memcmp(&last, &covers->last[i], sizeof(last)) <= 0)
		return;
	covers->last[i] = last;
	covers->ipv6[i] = one->prefix.ipv6;
	covers->any[i] = true;
}

/* Takes out what is there twice, or yields. They are sorted. */
static int thin_out_prefixes(struct parse_context *d)
{
	struct covers covers = {};
	size_t kept = 0;

	for (size_t i = 0; i < d->prefix_count; i++) {
		const struct placed_prefix one = d->prefixes[i];
		const struct placed_prefix *before = kept ? &d->prefixes[kept - 1] : NULL;

		if (before && prefix_compare(&before->prefix, &one.prefix) == 0) {
			if ((one.origin <= ORIGIN_FILE || one.origin == before->origin) &&
			    note_contest(d, before, &one) < 0)
				return -1;
			continue;
		}
		if (is_covered(&covers, &one))
			continue;
		cover(&covers, &one);
		d->prefixes[kept++] = one;
	}
	d->prefix_count = kept;
	return 0;
}

static int placed_compare(const void *left, const void *right)
{
	return position_compare(((const struct placed_prefix *)left)->at,
				((const struct placed_prefix *)right)->at);
}

static int check_prefixes(struct parse_context *d)
{
	sort(d->prefixes, d->prefix_count, sizeof(*d->prefixes), placed_prefix_compare);
	for (size_t i = 1; i < d->prefix_count; i++) {
		const struct placed_prefix *a = &d->prefixes[i - 1], *b = &d->prefixes[i];
		char text[64];

		if (b->origin != ORIGIN_WRITTEN || prefix_compare(&a->prefix, &b->prefix) != 0)
			continue;
		prefix_text(&b->prefix, text, sizeof(text));
		if (a->zone == b->zone) {
			return fail_at(&d->source, b->at,
				       "%s is already in this zone at %u:%u; "
				       "remove it here",
				       text, a->at.line, a->at.column);
		}
		return fail_at(&d->source, b->at,
			       "%s is already in zone '%s' at %u:%u; "
			       "a prefix belongs to one zone",
			       text, d->policy.zones[a->zone].name, a->at.line, a->at.column);
	}
	if (d->policy.zones_watched)
		return thin_out_prefixes(d);
	/* As they were written: for `sipward audit`, and who compares two policies. */
	sort(d->prefixes, d->prefix_count, sizeof(*d->prefixes), placed_compare);
	return 0;
}

static void move_prefixes(struct parse_context *d)
{
	for (size_t i = 0; i < d->prefix_count; i++) {
		struct zone *z = &d->policy.zones[d->prefixes[i].zone];

		if (d->prefixes[i].zone != SW_ZONE_PUBLIC)
			append(z->sources, z->source_count, d->prefixes[i].prefix);
	}
}

static bool rate_exceeds(const struct rate *a, const struct rate *b)
{
	return (unsigned __int128)a->count * b->period > (unsigned __int128)b->count * a->period;
}

/* "100/s", "10/60s" */
static struct quoted rate_text(const struct rate *rate)
{
	struct quoted text;
	unsigned long long count = rate->count, ms = rate->period / (SW_NS_PER_SEC / 1000);

	if (ms == 1000)
		snprintf(text.text, sizeof(text.text), "%llu/s", count);
	else if (ms % 1000 == 0)
		snprintf(text.text, sizeof(text.text), "%llu/%llus", count, ms / 1000);
	else
		snprintf(text.text, sizeof(text.text), "%llu/%llums", count, ms);
	return text;
}

static int fail_rates(struct parse_context *d, const char *name, const struct rate *rate,
		      const char *whole, const struct rate *most)
{
	return fail_at(&d->source, rate->at,
		       "%s %s is more than the whole %s's %s; lower it, or "
		       "raise the %s's at %s",
		       name, rate_text(rate).text, whole, rate_text(most).text, whole,
		       place(most->at).text);
}

/* A source that is no smaller than a network has nothing to fear from the network's limit. */
static int check_prefix_rate(struct parse_context *d, const struct zone *z)
{
	const struct rate *any = &z->source_rates[SW_RATE_ANY], *prefix = &z->prefix_rate;

	if (!prefix->set)
		return 0;
	if (z->zone_rate.set && rate_exceeds(prefix, &z->zone_rate))
		return fail_rates(d, "prefix", prefix, "zone", &z->zone_rate);
	if (any->set && rate_exceeds(any, prefix) && z->count.v4 > SW_PREFIX_V4 &&
	    z->count.v6 > SW_PREFIX_V6)
		return fail_rates(d, "source any", any, "prefix", prefix);
	return 0;
}

/* A limit that can never be reached is a mistake. The zone's limit counts requests outside a
 * dialog, and so does a source's `any`; dialogs, responses, keepalives and STUN have ceilings of
 * their own beside them, which may be higher. */
static int check_rates(struct parse_context *d, const struct zone *z)
{
	const struct rate *any = &z->source_rates[SW_RATE_ANY];

	for (enum sw_rate i = SW_RATE_ANY; i <= SW_RATE_MESSAGE; i++) {
		const struct rate *source = &z->source_rates[i];
		auto_free char *name = xasprintf("source %s", rate_name(i));

		if (source->set && z->zone_rate.set && rate_exceeds(source, &z->zone_rate))
			return fail_rates(d, name, source, "zone", &z->zone_rate);
		if (source->set && any->set && rate_exceeds(source, any))
			return fail_rates(d, name, source, "source", any);
	}
	if (z->newcomers.set && z->zone_rate.set && rate_exceeds(&z->newcomers, &z->zone_rate))
		return fail_rates(d, "newcomers", &z->newcomers, "zone", &z->zone_rate);
	if (z->callee_rate.set && z->zone_rate.set && rate_exceeds(&z->callee_rate, &z->zone_rate))
		return fail_rates(d, "callee", &z->callee_rate, "zone", &z->zone_rate);
	return check_prefix_rate(d, z);
}

/* TLS runs on TCP ports. */
static bool ports_overlap(const struct service *a, const struct service *b)
{
	return SW_IS_STREAM(a->transport) == SW_IS_STREAM(b->transport) &&
	       a->port_first <= b->port_last && b->port_first <= a->port_last;
}

static int fail_overlap(struct parse_context *d, const struct service *a, const struct service *b)
{
	return fail_at(&d->source, b->at,
		       "this service has ports and addresses in common with the "
		       "one at %u:%u; each packet must belong to one service",
		       a->at.line, a->at.column);
}

static int placed_addr_compare(const void *left, const void *right)
{
	const struct placed_addr *a = left, *b = right;
	int order = memcmp(&a->addr, &b->addr, sizeof(a->addr));

	return order ? order : position_compare(a->at, b->at);
}

/* An address against those before it that are equal: at most one for each service. */
static int check_address(struct parse_context *d, size_t index)
{
	const struct placed_addr *b = &d->addresses[index];
	const struct service *services = d->policy.services;

	for (size_t i = index; i-- > 0;) {
		const struct placed_addr *a = &d->addresses[i];

		if (memcmp(&a->addr, &b->addr, sizeof(a->addr)) != 0)
			return 0;
		if (a->service == b->service) {
			return fail_at(&d->source, b->at,
				       "this address is already in the list at "
				       "%u:%u; remove it here",
				       a->at.line, a->at.column);
		}
		if (ports_overlap(&services[a->service], &services[b->service]))
			return fail_overlap(d, &services[a->service], &services[b->service]);
	}
	return 0;
}

/* Moves the addresses to their services and finds services that no packet could tell apart. */
static int check_services(struct parse_context *d)
{
	struct policy *p = &d->policy;

	sort(d->addresses, d->address_count, sizeof(*d->addresses), placed_addr_compare);
	for (size_t i = 0; i < d->address_count; i++) {
		struct service *service = &p->services[d->addresses[i].service];

		if (check_address(d, i) < 0)
			return -1;
		append(service->addresses, service->address_count, d->addresses[i].addr);
	}
	for (size_t i = 1; i < p->service_count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct service *a = &p->services[j], *b = &p->services[i];

			if (ports_overlap(a, b) && (!a->address_count || !b->address_count))
				return fail_overlap(d, a, b);
		}
	}
	return 0;
}

static int list_entry_compare(const void *left, const void *right)
{
	const struct list_entry *a = left, *b = right;
	int order = prefix_compare(&a->prefix, &b->prefix);

	return order ? order : (int)a->list - (int)b->list;
}

/* Lists come from many hands: the same prefix again is no error. SW_LIST_ALLOW sorts before
 * SW_LIST_DENY, so that the first of equal ones is the one that wins. */
static void unite_lists(struct policy *p)
{
	size_t kept = 0;

	if (!p->list_count)
		return;
	sort(p->list, p->list_count, sizeof(*p->list), list_entry_compare);
	for (size_t i = 1; i < p->list_count; i++) {
		if (prefix_compare(&p->list[kept].prefix, &p->list[i].prefix) != 0)
			p->list[++kept] = p->list[i];
	}
	p->list_count = kept + 1;
}

/* A rule about names of the inside, where there are none, would never say anything. */
static int check_hosts(struct parse_context *d, const struct zone *z)
{
	const uint32_t *privacy = z->guard.privacy;
	uint32_t hosts = 1u << word_index("hosts", privacy_words);

	if (d->policy.host_count ||
	    !((privacy[SW_ACTION_REPORT] | privacy[SW_ACTION_DENY]) & hosts))
		return 0;
	return fail_at(&d->source, z->at,
		       "zone '%s' must not see 'hosts', but the policy names none; add privacy: "
		       "{hosts: [...]} at the top level",
		       z->name);
}

int check_policy(struct parse_context *d)
{
	if (check_services(d) < 0)
		return -1;
	if (check_prefixes(d) < 0)
		return -1;
	move_prefixes(d);
	for (size_t i = 0; i < d->policy.zone_count; i++) {
		complete_unproven(&d->policy.zones[i]);
		if (check_rates(d, &d->policy.zones[i]) < 0 ||
		    check_hosts(d, &d->policy.zones[i]) < 0)
			return -1;
	}
	unite_lists(&d->policy);
	spare_tables(&d->policy);
	return check_numbers(d);
}
