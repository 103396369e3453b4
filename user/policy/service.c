/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/service.h"

#include <string.h>

#include "policy/decimal.h"
#include "policy/guard.h"
#include "policy/keys.h"
#include "policy/lists.h"
#include "policy/names.h"
#include "policy/prefix.h"

/* "5060" or "5060-5070" */
static int port_parse(const char *text, uint64_t *first, uint64_t *last)
{
	if (decimal(&text, UINT16_MAX, first) < 0 || *first == 0)
		return -1;
	*last = *first;
	if (*text == '-') {
		text++;
		if (decimal(&text, UINT16_MAX, last) < 0 || *last == 0)
			return -1;
	}
	return *text ? -1 : 0;
}

static int read_port(struct parse_context *d, const struct key *key, const struct node *value,
		     void *to)
{
	const char *text = want_text(d, value);
	struct service *service = to;
	uint64_t first, last;

	(void)key;
	if (!text)
		return -1;
	if (port_parse(text, &first, &last) < 0) {
		return fail_at(&d->source, value->at,
			       "'port' must be a decimal number within "
			       "1..65535 or a range like 5060-5070, not '%s'",
			       quote(text).text);
	}
	if (first > last) {
		return fail_at(&d->source, value->at, "'%s' runs backwards; write %u-%u", text,
			       (unsigned int)last, (unsigned int)first);
	}
	service->port_first = first;
	service->port_last = last;
	return 0;
}

static bool any_address(const struct sw_addr *addr)
{
	struct prefix any;

	return !memcmp(addr, &(struct sw_addr){0}, sizeof(*addr)) ||
	       (prefix_read("0.0.0.0", &any) == PREFIX_FINE &&
		!memcmp(addr, &any.addr, sizeof(*addr)));
}

static int add_address(struct parse_context *d, const struct node *item)
{
	struct placed_addr placed = {.service = d->policy.service_count, .at = item->at};
	const char *text = want_text(d, item);

	if (!text)
		return -1;
	if (addr_parse(text, &placed.addr) < 0) {
		return fail_at(&d->source, item->at,
			       "'%s' is not an address; write one address of "
			       "this host without a length, like 192.0.2.1 or \"2001:db8::1\"",
			       quote(text).text);
	}
	if (any_address(&placed.addr)) {
		return fail_at(&d->source, item->at,
			       "'%s' stands for every address; "
			       "remove 'addresses' for that",
			       text);
	}
	if (count_entry(d, &d->source, item->at) < 0)
		return -1;
	append(d->addresses, d->address_count, placed);
	return 0;
}

static int read_addresses(struct parse_context *d, const struct key *key, const struct node *value,
			  void *to)
{
	(void)key, (void)to;
	if (want(d, value, NODE_LIST) < 0)
		return -1;
	if (value->count == 0) {
		return fail_at(&d->source, value->at,
			       "'addresses' is empty, so nothing would be "
			       "protected; remove it to protect every address");
	}
	begin_list(d);
	for (size_t i = 0; i < value->count; i++) {
		if (add_address(d, value->items[i]) < 0)
			return -1;
	}
	return 0;
}

static int add_service(struct parse_context *d, const struct node *item)
{
	static const struct key keys[] = {
		KEY("transport", read_word, .offset = offsetof(struct service, transport),
		    .required = true, .words = transport_words),
		KEY("port", read_port, .required = true),
		KEY("tls", read_tls),
		KEY("addresses", read_addresses),
		KEY("rate", read_rate, .offset = offsetof(struct service, rate)),
		KEYS_END,
	};
	struct service service = {.at = item->at, .tls_min = SW_TLS_1_0};

	if (read_map(d, item, keys, &service) < 0)
		return -1;
	append(d->policy.services, d->policy.service_count, service);
	return 0;
}

static void default_services(struct policy *p)
{
	static const struct service services[] = {
		{.transport = SW_UDP, .port_first = 5060, .port_last = 5060},
		{.transport = SW_TCP, .port_first = 5060, .port_last = 5060},
		{.transport = SW_TLS, .port_first = 5061, .port_last = 5061, .tls_min = SW_TLS_1_0},
	};

	for (size_t i = 0; i < array_size(services); i++)
		append(p->services, p->service_count, services[i]);
}

int read_services(struct parse_context *d, const struct key *key, const struct node *value,
		  void *to)
{
	(void)key, (void)to;
	if (!value) {
		default_services(&d->policy);
		return 0;
	}
	if (want(d, value, NODE_LIST) < 0)
		return -1;
	if (value->count == 0 || value->count > SW_SERVICES_MAX) {
		return fail_at(&d->source, value->at,
			       "'services' must have 1 to %u entries, "
			       "not %zu",
			       SW_SERVICES_MAX, value->count);
	}
	for (size_t i = 0; i < value->count; i++) {
		if (add_service(d, value->items[i]) < 0)
			return -1;
	}
	return 0;
}
