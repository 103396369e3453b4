/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/warn.h"

#include <string.h>

#include "policy/exports.h"
#include "policy/names.h"
#include "policy/prefix.h"

struct warner {
	const struct policy *policy;
	struct warnings *to;
};

static void warn(struct warner *w, struct position at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void warn(struct warner *w, struct position at, const char *fmt, ...)
{
	auto_free char *text = NULL;
	char *line;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	line = at.line ? xasprintf("%s:%u:%u: %s", w->policy->file, at.line, at.column, text) :
			 xasprintf("%s: %s", w->policy->file, text);
	append(w->to->texts, w->to->count, line);
}

/* --- addresses that only documents have --- */

/* RFC 5737, RFC 3849 */
static bool is_example(const struct sw_addr *addr)
{
	static const uint8_t nets[][3] = {{192, 0, 2}, {198, 51, 100}, {203, 0, 113}};
	static const uint8_t v6[] = {0x20, 0x01, 0x0d, 0xb8};

	if (!addr_is_ipv4(addr))
		return memcmp(addr->octets, v6, sizeof(v6)) == 0;
	for (size_t i = 0; i < array_size(nets); i++)
		if (memcmp(addr->octets + 12, nets[i], sizeof(nets[i])) == 0)
			return true;
	return false;
}

static bool is_example_prefix(const struct prefix *prefix)
{
	return prefix->length >= (prefix->ipv6 ? 32 : 24) && is_example(&prefix->addr);
}

/* One warning for each place, with the first of its addresses. */
struct examples {
	char first[64];
	size_t count;
};

static void add_example(struct examples *to, const struct prefix *prefix)
{
	if (is_example_prefix(prefix) && !to->count++)
		prefix_text(prefix, to->first, sizeof(to->first));
}

static void warn_examples(struct warner *w, struct position at, const char *where,
			  const struct examples *found)
{
	auto_free char *more = xasprintf(" (and %zu more)", found->count - 1);

	if (found->count)
		warn(w, at, "%s: %s is an example address%s; write your own", where, found->first,
		     found->count > 1 ? more : "");
}

static void warn_zone_examples(struct warner *w, const struct zone *zone)
{
	auto_free char *where = xasprintf("zone '%s'", zone->name);
	struct examples found = {};

	for (size_t i = 0; i < zone->source_count; i++)
		add_example(&found, &zone->sources[i]);
	warn_examples(w, zone->at, where, &found);
}

static void warn_service_examples(struct warner *w, const struct service *service)
{
	struct examples found = {};

	for (size_t i = 0; i < service->address_count; i++) {
		const struct sw_addr *addr = &service->addresses[i];
		bool ipv6 = !addr_is_ipv4(addr);
		struct prefix host = {.addr = *addr, .length = ipv6 ? 128 : 32, .ipv6 = ipv6};

		add_example(&found, &host);
	}
	warn_examples(w, service->at, "this service", &found);
}

/* Deny lists of networks that must not be on the Internet have them with good reason. */
static void warn_list_examples(struct warner *w)
{
	struct examples found = {};

	for (size_t i = 0; i < w->policy->list_count; i++)
		if (w->policy->list[i].list == SW_LIST_ALLOW)
			add_example(&found, &w->policy->list[i].prefix);
	warn_examples(w, (struct position){}, "lists.allow", &found);
}

/* --- nothing that protects --- */

static bool has_rate(const struct zone *zone)
{
	bool any = zone->zone_rate.set || zone->prefix_rate.set || zone->callee_rate.set ||
		   zone->newcomers.set;

	for (int i = 0; i < SW_RATE_COUNT; i++)
		any |= zone->source_rates[i].set;
	return any;
}

static bool has_signatures(const struct policy *p)
{
	return p->agent_count || p->structure != SW_ACTION_PASS || p->injection != SW_ACTION_PASS;
}

static void warn_unprotected(struct warner *w)
{
	const struct policy *p = w->policy;
	bool rates = false, service_rates = false;

	for (size_t i = 0; i < p->service_count; i++)
		service_rates |= p->services[i].rate.set;
	for (size_t i = 0; i < p->zone_count; i++)
		rates |= has_rate(&p->zones[i]);
	if (!rates && !service_rates && !has_signatures(p)) {
		warn(w, (struct position){},
		     "this policy hardly protects: it has no rates, no newcomers and no "
		     "signatures; scripts/policies/ has policies to begin with");
		return;
	}
	if (!has_rate(&p->zones[SW_ZONE_PUBLIC]) &&
	    (p->zones[SW_ZONE_PUBLIC].methods & ~SW_METHODS_ALWAYS) && !service_rates)
		warn(w, p->zones[SW_ZONE_PUBLIC].at,
		     "zone '%s' has no rates and no newcomers: nothing limits what strangers send",
		     p->zones[SW_ZONE_PUBLIC].name);
}

/* --- limits that are never reached --- */

/* `a` is spent before `b` can be: the same rate, and no larger a burst. Higher rates than the whole
 * are errors (check.c). */
static bool hides(const struct rate *a, const struct rate *b)
{
	return a->set && b->set &&
	       (unsigned __int128)a->count * b->period <= (unsigned __int128)b->count * a->period &&
	       a->burst <= b->burst;
}

static void warn_hidden(struct warner *w, const struct zone *zone, const char *name,
			const struct rate *rate, const char *whole, const struct rate *most)
{
	if (hides(most, rate))
		warn(w, rate->at,
		     "zone '%s': %s is never reached, because %s is not more than it; lower it, "
		     "or remove it",
		     zone->name, name, whole);
}

static uint32_t methods_of(enum sw_rate rate)
{
	switch (rate) {
	case SW_RATE_INVITE:
		return SW_MESSAGE_BIT(INVITE);
	case SW_RATE_REGISTER:
		return SW_MESSAGE_BIT(REGISTER);
	case SW_RATE_OPTIONS:
		return SW_MESSAGE_BIT(OPTIONS);
	case SW_RATE_SUBSCRIBE:
		return SW_MESSAGE_BIT(SUBSCRIBE) | SW_MESSAGE_BIT(NOTIFY) | SW_MESSAGE_BIT(PUBLISH);
	case SW_RATE_MESSAGE:
		return SW_MESSAGE_BIT(MESSAGE);
	default:
		return 0;
	}
}

static bool has_transport(const struct policy *p, enum sw_rate rate)
{
	bool tls = false, stream = false;

	for (size_t i = 0; i < p->service_count; i++) {
		stream |= SW_IS_STREAM(p->services[i].transport);
		tls |= p->services[i].transport == SW_TLS;
	}
	return (rate != SW_RATE_SYN || stream) && (rate != SW_RATE_TLS || tls);
}

static void warn_source_rate(struct warner *w, const struct zone *zone, enum sw_rate i)
{
	const struct rate *rate = &zone->source_rates[i];
	auto_free char *name = xasprintf("rates.source.%s", rate_name(i));
	uint32_t methods = methods_of(i);

	if (methods && !(zone->methods & methods)) {
		warn(w, rate->at, "zone '%s': %s is never reached, because the zone denies %s",
		     zone->name, name, rate_name(i));
		return;
	}
	if (!has_transport(w->policy, i))
		warn(w, rate->at, "zone '%s': %s is never reached, because no service is %s",
		     zone->name, name, i == SW_RATE_TLS ? "tls" : "tcp or tls");
	if (i > SW_RATE_MESSAGE)
		return;
	if (i != SW_RATE_ANY && hides(&zone->source_rates[SW_RATE_ANY], rate))
		warn_hidden(w, zone, name, rate, "rates.source.any",
			    &zone->source_rates[SW_RATE_ANY]);
	else
		warn_hidden(w, zone, name, rate, "rates.zone", &zone->zone_rate);
}

/* Nobody is known where nobody is asked for a proof. A peer's calls count all, anyway. */
static void warn_callee_rate(struct warner *w, const struct zone *zone)
{
	const struct rate *rate = &zone->callee_rate;

	if (!rate->set)
		return;
	if (!(zone->methods & SW_MESSAGE_BIT(INVITE)))
		warn(w, rate->at,
		     "zone '%s': rates.callee is never reached, because the zone denies INVITE",
		     zone->name);
	else if (!zone->newcomers.set && zone->trust != SW_TRUST_PEER)
		warn(w, rate->at,
		     "zone '%s': rates.callee limits all callers, because without newcomers "
		     "sipward knows none of them; add newcomers: {rate: ...}",
		     zone->name);
	warn_hidden(w, zone, "rates.callee", rate, "rates.zone", &zone->zone_rate);
}

static void warn_rates(struct warner *w, const struct zone *zone)
{
	for (enum sw_rate i = SW_RATE_ANY; i <= SW_RATE_TLS; i++)
		if (zone->source_rates[i].set)
			warn_source_rate(w, zone, i);
	warn_hidden(w, zone, "rates.prefix", &zone->prefix_rate, "rates.zone", &zone->zone_rate);
	warn_callee_rate(w, zone);
	warn_hidden(w, zone, "newcomers.rate", &zone->newcomers, "rates.zone", &zone->zone_rate);
}

/* Lines that are left out. */
static void warn_feeds(struct warner *w)
{
	const struct policy *p = w->policy;

	for (size_t i = 0; i < p->feed_count; i++) {
		const struct feed *feed = &p->feeds[i];

		if (feed->bad == 1)
			warn(w, (struct position){}, "a line is left out: %s", feed->wrong[0]);
		else if (feed->bad)
			warn(w, (struct position){}, "%zu lines of %s are left out; the first: %s",
			     feed->bad, feed->path, feed->wrong[0]);
	}
	if (p->contested)
		warn(w, (struct position){}, "%zu prefix%s of two zones: %s", p->contested,
		     p->contested == 1 ? "" : "es", p->contest);
	for (size_t i = 1; i < p->zone_count; i++)
		if (!p->zones[i].source_count)
			warn(w, p->zones[i].at,
			     "zone '%s' has no sources now, so it matches nothing",
			     p->zones[i].name);
}

static void warn_hooks(struct warner *w)
{
	for (int i = 0; i < HOOK_COUNT; i++) {
		const struct hook_program *program = &w->policy->hooks.programs[i];
		auto_free char *fault = program->path ? hook_fault(program->path) : NULL;

		if (fault)
			warn(w, program->at, "hooks.%s: %s", hook_words[i], fault);
	}
}

void policy_warn(const struct policy *policy, struct warnings *warnings)
{
	struct warner w = {.policy = policy, .to = warnings};

	warn_unprotected(&w);
	for (size_t i = 0; i < policy->service_count; i++)
		warn_service_examples(&w, &policy->services[i]);
	for (size_t i = 0; i < policy->zone_count; i++) {
		warn_zone_examples(&w, &policy->zones[i]);
		warn_rates(&w, &policy->zones[i]);
	}
	warn_list_examples(&w);
	warn_feeds(&w);
	warn_hooks(&w);
}

void warnings_free(struct warnings *warnings)
{
	for (size_t i = 0; i < warnings->count; i++)
		free(warnings->texts[i]);
	free(warnings->texts);
	memset(warnings, 0, sizeof(*warnings));
}
