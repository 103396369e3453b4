/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/top_views.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "policy/names.h"
#include "policy/prefix.h"

#define ORDERS_MAX 3

static const char *const orders[TOP_VIEW_COUNT][ORDERS_MAX] = {
	[TOP_ZONES] = {"refused", "passed", "name"},
	[TOP_SOURCES] = {"packets", "refused", "name"},
	[TOP_CALLED] = {"packets", "refused", "name"},
	[TOP_AGENTS] = {"packets", "refused", "name"},
	[TOP_KNOWN] = {"seen last", "oldest", "proofs"},
	[TOP_TABLES] = {"fill", "name", "capacity"},
};

unsigned int top_orders(enum top_view view)
{
	(void)view;
	return ORDERS_MAX;
}

const char *top_order(enum top_view view, unsigned int order)
{
	return orders[view][order % ORDERS_MAX];
}

const struct summary *top_summary(const struct top *top, enum top_view view)
{
	return view == TOP_SOURCES ? &top->sources :
	       view == TOP_CALLED  ? &top->called :
	       view == TOP_AGENTS  ? &top->agents :
				     NULL;
}

struct top_number top_number(double number)
{
	struct top_number said;
	size_t size = sizeof(said.text);

	if (number >= 1e9)
		snprintf(said.text, size, "%.1fG", number / 1e9);
	else if (number >= 1e6)
		snprintf(said.text, size, "%.1fM", number / 1e6);
	else if (number >= 1e5)
		snprintf(said.text, size, "%.0fk", number / 1e3);
	else if (number >= 9.95 || number < 0.05)
		snprintf(said.text, size, "%.0f", number);
	else
		snprintf(said.text, size, "%.1f", number);
	return said;
}

double top_percent_up(double share)
{
	return fabs(ceil(share * 1000 - 1e-9) / 10);
}

static struct top_number percent(double part, double whole)
{
	struct top_number said;

	snprintf(said.text, sizeof(said.text), "%.1f", whole > 0 ? 100 * part / whole : 0);
	return said;
}

struct top_text top_ascii(const void *octets, size_t size)
{
	const unsigned char *from = octets;
	struct top_text shown = {};
	size_t used = 0;

	if (size > SUMMARY_TEXT)
		size = SUMMARY_TEXT;
	for (size_t i = 0; i < size; i++)
		used += snprintf(shown.text + used, sizeof(shown.text) - used,
				 from[i] >= ' ' && from[i] < 0x7f ? "%c" : "\\x%02x", from[i]);
	return shown;
}

static struct top_text text_of(const struct summary_text *text)
{
	return top_ascii(text->octets, text->size);
}

/* --- orders; each ends with what makes it the same at every run --- */

static int larger_first(double a, double b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static int compare_rates(const void *left, const void *right, void *context)
{
	const struct top_rate *a = *(const struct top_rate *const *)left;
	const struct top_rate *b = *(const struct top_rate *const *)right;
	unsigned int order = *(const unsigned int *)context;
	int result = 0;

	if (order == 0)
		result = larger_first(a->drop + a->would_drop, b->drop + b->would_drop);
	else if (order == 1)
		result = larger_first(a->pass, b->pass);
	if (!result && order != 2)
		result = larger_first(a->total, b->total);
	return result ? result : strcmp(a->name, b->name);
}

static int compare_items(const void *left, const void *right, void *context)
{
	const struct summary_item *a = *(const struct summary_item *const *)left;
	const struct summary_item *b = *(const struct summary_item *const *)right;
	unsigned int order = *(const unsigned int *)context;
	int result = 0;

	if (order == 1)
		result = larger_first(a->drop + a->would_drop, b->drop + b->would_drop);
	if (!result && order != 2)
		result = larger_first(a->count, b->count);
	return result ? result : memcmp(a->key.octets, b->key.octets, SUMMARY_TEXT);
}

static int compare_known(const void *left, const void *right, void *context)
{
	const struct top_known *a = *(const struct top_known *const *)left;
	const struct top_known *b = *(const struct top_known *const *)right;
	unsigned int order = *(const unsigned int *)context;
	int result = order == 0 ? larger_first(b->seen, a->seen) :
		     order == 1 ? larger_first(a->since, b->since) :
				  larger_first(a->proofs, b->proofs);

	return result ? result : memcmp(&a->endpoint, &b->endpoint, sizeof(a->endpoint));
}

static int compare_tables(const void *left, const void *right, void *context)
{
	const struct top_table *a = *(const struct top_table *const *)left;
	const struct top_table *b = *(const struct top_table *const *)right;
	unsigned int order = *(const unsigned int *)context;
	int result = 0;

	if (order == 0)
		result = larger_first((double)a->filled / (a->capacity + 1),
				      (double)b->filled / (b->capacity + 1));
	else if (order == 2)
		result = larger_first(a->capacity, b->capacity);
	return result ? result : strcmp(a->name, b->name);
}

/* Pointers to the items of an array, sorted. */
static const void **sorted(const void *items, size_t count, size_t size, unsigned int order,
			   int (*compare)(const void *, const void *, void *))
{
	const void **all = xcalloc(count + 1, sizeof(*all));

	for (size_t i = 0; i < count; i++)
		all[i] = (const char *)items + i * size;
	order %= ORDERS_MAX;
	if (count)
		qsort_r(all, count, sizeof(*all), compare, &order);
	return all;
}

const struct summary_item **top_sorted(const struct summary *summary, unsigned int order)
{
	return (const struct summary_item **)sorted(summary->items, summary->count,
						    sizeof(*summary->items), order, compare_items);
}

const struct top_rate **top_sorted_rates(const struct top_rates *rates, unsigned int order)
{
	return (const struct top_rate **)sorted(rates->items, rates->count, sizeof(*rates->items),
						order, compare_rates);
}

/* --- columns --- */

static void zones_columns(const struct top *top, unsigned int order, struct columns *to)
{
	static const struct column columns[] = {
		{"zone", 32, 24, false},        {"pass/s", 8, 1, false},
		{"drop/s", 8, 0, false},        {"would-drop/s", 12, 0, false},
		{"refused ever", 14, 2, false},
	};
	auto_free const struct top_rate **all = top_sorted_rates(&top->zones, order);

	*to = (struct columns){.columns = columns, .count = array_size(columns)};
	for (size_t i = 0; i < top->zones.count; i++) {
		auto_free char *total = xasprintf("%" PRIu64, all[i]->total);

		columns_add(to, (const char *[]){top_ascii(all[i]->name, strlen(all[i]->name)).text,
						 top_number(all[i]->pass).text,
						 top_number(all[i]->drop).text,
						 top_number(all[i]->would_drop).text, total});
	}
}

static void reasons_columns(const struct top *top, unsigned int order, struct columns *to)
{
	static const struct column columns[] = {
		{"reason", 32, 24, false},      {"", 8, 1, false},
		{"drop/s", 8, 0, false},        {"would-drop/s", 12, 0, false},
		{"refused ever", 14, 2, false}, {"", 38, 3, true},
	};
	auto_free const struct top_rate **all =
		top_sorted_rates(&top->reasons, order == 1 ? 0 : order);

	*to = (struct columns){.columns = columns, .count = array_size(columns)};
	for (size_t i = 0; i < top->reasons.count; i++) {
		auto_free char *total = xasprintf("%" PRIu64, all[i]->total);
		int reason = reason_by_name(all[i]->name);

		columns_add(to, (const char *[]){all[i]->name, "", top_number(all[i]->drop).text,
						 top_number(all[i]->would_drop).text, total,
						 reason < 0 ? "" : reason_text(reason)});
	}
}

static void summary_columns(const struct top *top, const struct summary *summary,
			    unsigned int order, const struct column *columns, struct columns *to)
{
	auto_free const struct summary_item **all = top_sorted(summary, order);

	*to = (struct columns){.columns = columns, .count = 8};
	for (size_t i = 0; i < summary->count; i++) {
		const struct summary_item *item = all[i];
		double second = summary->seconds > 0 ? item->count / summary->seconds : 0;
		const char *zone = top->zone_names[item->zone % SW_ZONES_MAX];

		columns_add(to,
			    (const char *[]){text_of(&item->key).text,
					     percent(item->count, summary->total).text,
					     top_number(second).text,
					     percent(item->drop, item->count).text,
					     percent(item->would_drop, item->count).text,
					     item->reason ? reason_label(item->reason).text : "",
					     top_ascii(zone, strnlen(zone, SW_NAME_MAX)).text,
					     text_of(&item->note).text});
	}
}

#define SUMMARY_COLUMNS(name, least, most, note)                                              \
	{                                                                                     \
		{name, most, least, false}, {"share %", 7, 0, false}, {"per s", 7, 1, false}, \
			{"drop %", 6, 0, false}, {"would %", 7, 0, false},                    \
			{"reason", 18, 2, true}, {"zone", 10, 3, true}, {note, 20, 4, true},  \
	}

static void known_columns(const struct top *top, unsigned int order, struct columns *to)
{
	static const struct column columns[] = {
		{"known endpoint", 48, 28, false},
		{"seen ago", 12, 0, false},
		{"known for", 12, 1, false},
		{"proofs", 8, 2, false},
		{"grade", 7, 3, true},
	};
	auto_free const struct top_known **all = (const struct top_known **)sorted(
		top->known, top->known_count, sizeof(*top->known), order, compare_known);

	*to = (struct columns){.columns = columns, .count = array_size(columns)};
	for (size_t i = 0; i < top->known_count; i++) {
		char addr[64];
		bool v4 = addr_is_ipv4(&all[i]->endpoint.addr);
		auto_free char *endpoint =
			xasprintf(v4 ? "%s:%u" : "[%s]:%u",
				  addr_text(&all[i]->endpoint.addr, addr, sizeof(addr)),
				  ntohs(all[i]->endpoint.port));

		columns_add(to, (const char *[]){endpoint, spoken(all[i]->seen).text,
						 spoken(all[i]->since).text,
						 top_number(all[i]->proofs).text,
						 all[i]->good ? "good" : "proved"});
	}
}

static void tables_columns(const struct top *top, unsigned int order, struct columns *to)
{
	static const struct column columns[] = {
		{"table", 24, 16, false}, {"filled", 9, 0, false},    {"capacity", 9, 0, false},
		{"%", 4, 0, false},       {"when full", 24, 1, true},
	};
	auto_free const struct top_table **all = (const struct top_table **)sorted(
		top->tables, top->table_count, sizeof(*top->tables), order, compare_tables);

	*to = (struct columns){.columns = columns, .count = array_size(columns)};
	for (size_t i = 0; i < top->table_count; i++) {
		const struct top_table *table = all[i];
		auto_free char *filled =
			xasprintf("%" PRIu64 "%s", table->filled, table->at_least ? "+" : "");
		auto_free char *capacity = xasprintf("%" PRIu64, table->capacity);
		auto_free char *fill = xasprintf(
			"%.0f", table->capacity ? 100.0 * table->filled / table->capacity : 0);

		columns_add(to, (const char *[]){table->name, filled, capacity, fill,
						 table->evicts ? "forgets the oldest" :
								 "takes no new one"});
	}
}

void top_columns(const struct top *top, enum top_view view, unsigned int order,
		 struct columns *first, struct columns *second)
{
	static const struct column sources[] = SUMMARY_COLUMNS("source", 17, 40, "last User-Agent");
	static const struct column called[] = SUMMARY_COLUMNS("called", 18, 40, "last source");
	static const struct column prefixes[] =
		SUMMARY_COLUMNS("first digits", 18, 40, "last source");
	static const struct column agents[] = SUMMARY_COLUMNS("User-Agent", 34, 56, "last source");

	*first = *second = (struct columns){};
	switch (view) {
	case TOP_ZONES:
		zones_columns(top, order, first);
		reasons_columns(top, order, second);
		break;
	case TOP_SOURCES:
		summary_columns(top, &top->sources, order, sources, first);
		break;
	case TOP_CALLED:
		summary_columns(top, &top->called, order, called, first);
		summary_columns(top, &top->prefixes, order, prefixes, second);
		break;
	case TOP_AGENTS:
		summary_columns(top, &top->agents, order, agents, first);
		break;
	case TOP_KNOWN:
		known_columns(top, order, first);
		break;
	default:
		tables_columns(top, order, first);
	}
}
