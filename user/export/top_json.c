/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/top_json.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

#include "export/json.h"
#include "export/top_views.h"
#include "policy/names.h"
#include "policy/prefix.h"

#define ROWS_MAX 100 /* of a list that comes from samples */

/* Two decimals: more are not known. */
static void add_double(struct json_object *o, const char *key, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.2f", value);
	json_object_object_add(o, key, json_object_new_double_s(value, text));
}

static struct json_object *rates_json(const struct top_rates *rates, bool pass)
{
	auto_free const struct top_rate **sorted = top_sorted_rates(rates, 0);
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < rates->count; i++) {
		struct json_object *o = json_object_new_object();

		json_text(o, "name", sorted[i]->name);
		if (pass)
			add_double(o, "pass_per_second", sorted[i]->pass);
		add_double(o, "drop_per_second", sorted[i]->drop);
		add_double(o, "would_drop_per_second", sorted[i]->would_drop);
		json_count(o, "refused", sorted[i]->total);
		json_object_array_add(all, o);
	}
	return all;
}

static void add_text(struct json_object *o, const char *key, const struct summary_text *text)
{
	json_text(o, key, text->size ? top_ascii(text->octets, text->size).text : NULL);
}

static struct json_object *item_json(const struct top *top, const struct summary *summary,
				     const struct summary_item *item, const char *key,
				     const char *note)
{
	struct json_object *o = json_object_new_object();

	add_text(o, key, &item->key);
	add_double(o, "share_percent", 100 * item->count / summary->total);
	add_double(o, "packets_per_second", item->count / summary->seconds);
	add_double(o, "drop_percent", 100 * item->drop / item->count);
	add_double(o, "would_drop_percent", 100 * item->would_drop / item->count);
	json_text(o, "reason", item->reason ? reason_label(item->reason).text : NULL);
	json_text(o, "zone", top->zone_names[item->zone % SW_ZONES_MAX]);
	add_text(o, note, &item->note);
	return o;
}

static struct json_object *summary_json(const struct top *top, const struct summary *summary,
					const char *key, const char *note)
{
	auto_free const struct summary_item **all = top_sorted(summary, 0);
	struct json_object *o = json_object_new_object(), *rows = json_object_new_array();

	json_count(o, "samples", round(summary->samples));
	add_double(o, "error_percent", top_percent_up(summary_error(summary)));
	json_object_object_add(o, "rows", rows);
	for (size_t i = 0; i < summary->count && i < ROWS_MAX; i++)
		json_object_array_add(rows, item_json(top, summary, all[i], key, note));
	return o;
}

static struct json_object *known_json(const struct top *top)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < top->known_count; i++) {
		struct json_object *o = json_object_new_object();
		char text[64];

		json_text(o, "address",
			  addr_text(&top->known[i].endpoint.addr, text, sizeof(text)));
		json_count(o, "port", ntohs(top->known[i].endpoint.port));
		json_count(o, "seen_seconds_ago", top->known[i].seen);
		json_count(o, "known_seconds", top->known[i].since);
		json_count(o, "proofs", top->known[i].proofs);
		json_text(o, "grade", top->known[i].good ? "good" : "proved");
		json_object_array_add(all, o);
	}
	return all;
}

static struct json_object *tables_json(const struct top *top)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < top->table_count; i++) {
		struct json_object *o = json_object_new_object();

		json_text(o, "name", top->tables[i].name);
		json_count(o, "filled", top->tables[i].filled);
		json_count(o, "capacity", top->tables[i].capacity);
		json_flag(o, "at_least", top->tables[i].at_least);
		json_flag(o, "forgets_the_oldest", top->tables[i].evicts);
		json_object_array_add(all, o);
	}
	return all;
}

struct json_object *top_json(const struct top *top)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "zones", rates_json(&top->zones, true));
	json_object_object_add(o, "reasons", rates_json(&top->reasons, false));
	json_count(o, "known", top->known_filled);
	json_count(o, "bans", top->bans);
	json_count(o, "one_of", top->one_of);
	json_count(o, "samples_lost", top->lost);
	json_object_object_add(o, "sources",
			       summary_json(top, &top->sources, "source", "user_agent"));
	json_object_object_add(o, "called", summary_json(top, &top->called, "called", "source"));
	json_object_object_add(o, "prefixes",
			       summary_json(top, &top->prefixes, "first_digits", "source"));
	json_object_object_add(o, "user_agents",
			       summary_json(top, &top->agents, "user_agent", "source"));
	json_object_object_add(o, "known_endpoints", known_json(top));
	json_object_object_add(o, "tables", tables_json(top));
	return o;
}
