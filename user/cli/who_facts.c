/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/who_facts.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <sipward/offence.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/attached.h"
#include "cli/ban.h"
#include "cli/policy.h"
#include "export/json.h"
#include "kernel/calls.h"
#include "kernel/live.h"
#include "kernel/sockets.h"
#include "kernel/source_limits.h"
#include "kernel/state_open.h"
#include "kernel/state_values.h"
#include "policy/names.h"
#include "policy/prefix.h"
#include "policy/text.h"
#include "policy/tune.h"
#include "policy/where.h"

/* Seconds for which it matters that packets were dropped without an event. */
#define LEFT_OUT_FOR 300

struct facts {
	const struct who_query *query;
	struct state state;
	struct live live;
	struct loaded_policy loaded; /* text NULL: there is none */
	struct json_object *o;
	struct json_object *not_seen;
	uint32_t zone;
	char zone_name[SW_NAME_MAX];
	uint64_t now;
	bool away; /* the state is of a network namespace that cannot be entered */
};

static void facts_close(struct facts *facts)
{
	state_close(&facts->state);
	live_close(&facts->live);
	loaded_policy_free(&facts->loaded);
	json_object_put(facts->o);
}

static void not_seen(struct facts *facts, const char *what, const char *why)
{
	auto_free char *text = xasprintf("%s: %s", what, why);

	json_object_array_add(facts->not_seen, json_string(text));
}

/* Restored entries may have begun before this kernel did: only the difference says something. */
static uint64_t seconds_since(const struct facts *facts, uint64_t then)
{
	int64_t passed = facts->now - then;

	return passed > 0 ? passed / SW_NS_PER_SEC : 0;
}

/* --- the agent --- */

/* The data path tells of so many packets a second, and a flood takes most of them. */
static void add_left_out(struct facts *facts, struct json_object *answer)
{
	auto_free char *why = NULL;

	if (!count_of(answer, "left_out") ||
	    count_of(answer, "left_out_seconds_ago") > LEFT_OUT_FOR)
		return;
	json_count(facts->o, "left_out", count_of(answer, "left_out"));
	why = xasprintf("%s packets of all sources, the last %s s ago, were over the event budget "
			"(events: {rate: ...})",
			text_of(answer, "left_out"), text_of(answer, "left_out_seconds_ago"));
	not_seen(facts, "some dropped packets", why);
}

static void add_agent(struct facts *facts)
{
	struct json_object *args = json_object_new_object(), *drops = NULL;
	auto_json struct json_object *answer = NULL;
	struct error no_agent = {};

	json_text(args, "address", text_of(facts->o, "address"));
	answer = ask_agent("who", args, &no_agent);
	json_flag(facts->o, "agent", answer != NULL);
	if (answer) {
		drops = json_object_get(json_object_object_get(answer, "drops"));
		add_left_out(facts, answer);
		if (text_of(answer, "memory_seconds"))
			json_count(facts->o, "memory_seconds", count_of(answer, "memory_seconds"));
	} else {
		not_seen(facts, "packets that were dropped, with times",
			 no_agent.code == EXIT_NOT_RUNNING ?
				 "the agent keeps them, and none runs (sipward run)" :
				 no_agent.text);
	}
	json_object_object_add(facts->o, "drops", drops);
}

/* --- the policy's text --- */

/* A policy that was named must be there; that of the agent may be gone. */
static int load_policy(struct facts *facts, struct error *e)
{
	bool agent = json_object_get_boolean(json_object_object_get(facts->o, "agent"));
	const struct sw_policy *running = facts->live.attachment.policy;
	struct error why = {};

	if (!facts->query->policy && !agent) {
		not_seen(facts, "the lines of lists and zones",
			 "no agent runs that knows the policy's file; name it with -p POLICY");
		return 0;
	}
	if (loaded_policy_of(facts->query->policy, "shown", &facts->loaded, &why) < 0) {
		not_seen(facts, "the lines of lists and zones", why.text);
		loaded_policy_free(&facts->loaded);
		return facts->query->policy ? fail(e, why.code, "%s", why.text) : 0;
	}
	if (running && memcmp(running->hash, facts->loaded.policy.hash, sizeof(running->hash)))
		not_seen(facts, "the lines of lists and zones as they were read",
			 "the policy that filters has another text than the file now; lines may "
			 "be wrong");
	return 0;
}

/* Where the address stands, when the text agrees with the kernel. */
static void add_place(struct facts *facts, struct json_object *o, const struct prefix *by,
		      enum sw_list list)
{
	const struct sw_addr *addr = &facts->query->from.addr;
	struct policy_text *text = &facts->loaded.text;
	auto_where struct where where = {};
	struct error ignored = {};
	char prefix[64];
	bool same = false;

	if (text->text && list)
		same = where_listed(text, addr, &where, &ignored) == 0 && where.list == list;
	else if (text->text)
		same = where_zoned(text, facts->zone_name, addr, &where, &ignored) == 0;
	same = same && where.place;
	json_text(o, "prefix", prefix_text(same ? &where.prefix : by, prefix, sizeof(prefix)));
	json_text(o, "place", same ? where.place : NULL);
}

/* --- zone and lists --- */

static void add_zone(struct facts *facts)
{
	const struct sw_policy *policy = facts->live.attachment.policy;
	struct json_object *o = json_object_new_object(), *shadow = json_object_new_array();
	struct prefix by = {};
	const struct sw_zone *zone;
	bool named = live_zone(&facts->live, &facts->query->from.addr, &facts->zone, &by);

	zone = &policy->zones[facts->zone];
	state_zone_name(&facts->state, facts->zone, facts->zone_name);
	json_object_object_add(facts->o, "zone", o);
	json_text(o, "name", facts->zone_name);
	json_text(o, "trust", trust_words[zone->trust]);
	json_text(o, "mode", mode_name(zone->mode));
	if (named)
		add_place(facts, o, &by, SW_LIST_NONE);
	json_flag(o, "default", !named);
	json_flag(o, "newcomers", zone->newcomers.interval && zone->trust != SW_TRUST_PEER);
	json_flag(o, "source_port", zone->source_port);
	json_text(o, "greylist", greylist_words[zone->greylist]);
	json_count(o, "connections", zone->connections);
	json_count(o, "source_calls", zone->source_calls);
	json_count(o, "zone_calls", zone->zone_calls);
	json_object_object_add(facts->o, "only_counted", shadow);
	for (int i = 1; i < SW_REASON_COUNT; i++)
		if (policy->shadow[i / 64] >> i % 64 & 1)
			json_object_array_add(shadow, json_string(reason_name(i)));
}

static void add_list(struct facts *facts)
{
	struct prefix by = {};
	enum sw_list list = live_list(&facts->live, &facts->query->from.addr, &by);
	struct json_object *o = list ? json_object_new_object() : NULL;

	json_object_object_add(facts->o, "list", o);
	if (!o)
		return;
	json_text(o, "list", list == SW_LIST_DENY ? "deny" : "allow");
	add_place(facts, o, &by, list);
}

/* --- bans --- */

static struct sw_source source_of(const struct facts *facts)
{
	struct sw_source source;

	ban_source(&facts->query->from.addr, &source);
	return source;
}

static int add_bans(struct facts *facts, struct error *e)
{
	struct json_object *users = json_object_new_array();
	struct sw_source source = source_of(facts);
	auto_free struct ban_entry *bans = NULL;
	size_t count = 0;

	json_object_object_add(facts->o, "ban", NULL);
	json_object_object_add(facts->o, "allowed", NULL);
	json_object_object_add(facts->o, "refused_usernames", users);
	if (ban_list_source(&facts->state, &source, &bans, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct json_object *o = ban_json(&bans[i]);

		if (bans[i].user[0])
			json_object_array_add(users, o);
		else
			json_object_object_add(
				facts->o, bans[i].ban.reason == SW_REASON_NONE ? "allowed" : "ban",
				o);
	}
	return 0;
}

static void add_penalty(struct facts *facts)
{
	struct sw_source source = source_of(facts);
	struct json_object *o = NULL;
	struct sw_penalty penalty;

	if (bpf_map_lookup_elem(facts->state.fds[STATE_PENALTIES], &source, &penalty) == 0 &&
	    penalty.end > facts->now) {
		o = json_object_new_object();
		json_count(o, "seconds_left", (penalty.end - facts->now) / SW_NS_PER_SEC);
	}
	json_object_object_add(facts->o, "penalty", o);
}

/* --- known endpoints --- */

static void add_known(struct facts *facts, const struct sw_source *endpoint,
		      const struct sw_known *known)
{
	struct json_object *o = json_object_new_object();
	const struct sw_policy *policy = facts->live.attachment.policy;
	int64_t idle = facts->now - known->seen;

	json_count(o, "port", ntohs(endpoint->port));
	json_text(o, "grade", known->grade == SW_GRADE_GOOD ? "good" : "proved");
	json_count(o, "since_seconds", seconds_since(facts, known->since));
	json_count(o, "seen_seconds_ago", seconds_since(facts, known->seen));
	json_count(o, "proofs", known->proofs);
	json_count(o, "ttl", known->ttl);
	json_count(o, "vlan", known->vlan);
	json_flag(o, "forgotten", policy && idle > (int64_t)policy->known_for);
	json_object_array_add(json_object_object_get(facts->o, "known"), o);
}

static bool visit_known(const void *key, void *value, void *context)
{
	struct facts *facts = context;
	const struct sw_source *endpoint = key;

	if (memcmp(&endpoint->addr, &facts->query->from.addr, sizeof(endpoint->addr)) == 0)
		add_known(facts, endpoint, value);
	return true;
}

/* Of one port, or of all. */
static int find_known(struct facts *facts, struct error *e)
{
	const struct endpoint *from = &facts->query->from;
	struct sw_source key = {.addr = from->addr,
				.port = htons(from->port),
				.length = addr_is_ipv4(&from->addr) ? 32 : 128};
	struct sw_known known;

	json_object_object_add(facts->o, "known", json_object_new_array());
	if (!from->port)
		return map_walk(facts->state.fds[STATE_KNOWN], visit_known, facts, e);
	if (bpf_map_lookup_elem(facts->state.fds[STATE_KNOWN], &key, &known) == 0)
		add_known(facts, &key, &known);
	return 0;
}

/* When the server last took a login or a call of the source. */
static void add_served(struct facts *facts)
{
	struct sw_source source = source_of(facts);
	struct sw_authenticated served;
	struct json_object *o = NULL;

	if (bpf_map_lookup_elem(facts->state.fds[STATE_AUTHENTICATED], &source, &served) == 0) {
		o = json_object_new_object();
		json_count(o, "seconds_ago", seconds_since(facts, served.seen));
		json_count(o, "usernames", __builtin_popcountll(served.logins));
	}
	json_object_object_add(facts->o, "served", o);
}

/* --- limits --- */

static void add_limits(struct facts *facts)
{
	static const char *const of[] = {"source",
					 "network",
					 "zone",
					 "newcomers of the zone",
					 "senders of the zone without a proof",
					 "service"};
	static const char *const shares[] = {"no proof", "path of a proof", "proof"};
	struct json_object *all = json_object_new_array();
	struct limit_query query = {.state = &facts->state,
				    .policy = facts->live.attachment.policy,
				    .zone = facts->zone,
				    .addr = facts->query->from.addr,
				    .port = facts->query->from.port,
				    .now = facts->now};
	auto_free struct source_limit *limits = NULL;
	size_t count;

	source_limits(&query, &limits, &count);
	json_object_object_add(facts->o, "limits", all);
	for (size_t i = 0; i < count; i++) {
		auto_free char *text = limit_text(&limits[i].limit);
		auto_free char *key = limits[i].of == LIMIT_OF_SERVICE ?
					      xasprintf("services %s rate", limits[i].rule) :
					      zone_key(facts->zone_name, limits[i].rule);
		struct json_object *o = json_object_new_object();

		json_text(o, "rule", key);
		json_text(o, "reason", reason_name(limits[i].reason));
		json_text(o, "limit", text);
		json_text(o, "of", of[limits[i].of]);
		json_text(o, "share",
			  limits[i].of <= LIMIT_OF_PREFIX ? shares[limits[i].share] : NULL);
		json_count(o, "used", limits[i].used);
		json_count(o, "room", limits[i].room);
		json_flag(o, "spent", limits[i].spent);
		json_object_array_add(all, o);
	}
	if (facts->live.attachment.policy->zones[facts->zone].source_port && !query.port)
		not_seen(facts, "the limits of one port",
			 "the zone counts each port as a source: name ADDRESS:PORT");
}

/* --- connections and dialogs --- */

struct counted {
	const struct facts *facts;
	struct sw_source source;
	uint64_t count;
};

static void visit_connection(void *context, const struct endpoint *local,
			     const struct endpoint *remote)
{
	struct counted *counted = context;
	const struct sw_policy *policy = counted->facts->live.attachment.policy;
	struct sw_source source;

	ban_source(&remote->addr, &source);
	counted->count += is_same_source(&source, &counted->source) &&
			  policy->tcp_ports[local->port >> 6] >> (local->port & 63) & 1;
}

static bool visit_dialog(const void *key, void *value, void *context)
{
	const struct sw_dialog *dialog = value;
	struct counted *counted = context;

	(void)key;
	for (int i = 0;
	     dialog->expires > counted->facts->now && i < dialog->count && i < SW_PARTIES_MAX;
	     i++) {
		if (memcmp(&dialog->parties[i], &counted->facts->query->from.addr,
			   sizeof(dialog->parties[i])) == 0) {
			counted->count++;
			break;
		}
	}
	return true;
}

static void add_connections(struct facts *facts)
{
	struct counted counted = {.facts = facts, .source = source_of(facts)};
	cleanup(sockets_close) struct sockets sockets = {};
	struct error why = {};

	json_object_object_add(facts->o, "connections", NULL);
	if (facts->away)
		not_seen(facts, "its TCP connections",
			 "sipward runs in another network namespace (sipward status names it)");
	else if (sockets_open(&sockets, &why) < 0 ||
		 sockets_each(&sockets, visit_connection, &counted, &why) < 0)
		not_seen(facts, "its TCP connections", why.text);
	else
		json_count(facts->o, "connections", counted.count);
}

/* The calls that it made, with a proof or without one, whichever are more, and those of its zone.
 * In doubt of the observer's count, no call is refused. */
static void add_calls(struct facts *facts)
{
	const struct sw_zone *zone = &facts->live.attachment.policy->zones[facts->zone];
	struct sw_source source = source_of(facts), all = {.zone = facts->zone};
	const struct sw_mask *mask = &zone->source[!addr_is_ipv4(&source.addr)];
	struct sw_health health = {};
	uint32_t proved, others;

	json_object_object_add(facts->o, "calls", NULL);
	json_object_object_add(facts->o, "calls_of_zone", NULL);
	if (!zone->calls)
		return;
	source.addr = facts->query->from.addr;
	for (int i = 0; i < 4; i++)
		source.addr.words[i] &= mask->addr.words[i];
	source.length = mask->length;
	source.zone = facts->zone;
	source.port = SW_CALLS_PROVED;
	proved = calls_live(&facts->state, &source);
	source.port = SW_CALLS_OTHERS;
	others = calls_live(&facts->state, &source);
	json_count(facts->o, "calls", proved > others ? proved : others);
	json_count(facts->o, "calls_of_zone", calls_live(&facts->state, &all));
	state_health_read(&facts->state, &health);
	json_flag(facts->o, "calls_limited",
		  sw_observer_state(&health, facts->now) == SW_OBSERVER_GOOD);
}

static int add_dialogs(struct facts *facts, struct error *e)
{
	struct counted counted = {.facts = facts};

	json_object_object_add(facts->o, "dialogs", NULL);
	if (!facts->live.attachment.policy->observed) {
		not_seen(facts, "its dialogs", "no rule of the policy needs the observer");
		return 0;
	}
	if (map_walk(facts->state.fds[STATE_DIALOGS], visit_dialog, &counted, e) < 0)
		return -1;
	json_count(facts->o, "dialogs", counted.count);
	return 0;
}

/* --- all of it --- */

static void add_attached(struct facts *facts)
{
	const struct attachment *attachment = &facts->live.attachment;
	struct sw_health health = {};

	state_health_read(&facts->state, &health);
	json_text(facts->o, "interface", attachment->policy ? attachment->iface : NULL);
	if (attachment->policy)
		json_count(facts->o, "policy_seconds",
			   seconds_since(facts, attachment->policy->compiled));
	json_flag(facts->o, "server_falls_behind", health.pressure_until > facts->now);
}

static void begin(struct facts *facts, const struct who_query *query)
{
	const struct endpoint *from = &query->from;
	struct sw_source source = source_of(facts);
	struct prefix prefix = {
		.addr = source.addr, .length = source.length, .ipv6 = !addr_is_ipv4(&from->addr)};
	auto_json struct json_object *network = query->brief ? NULL : network_json();
	char text[64];

	facts->away =
		network && !json_object_get_boolean(json_object_object_get(network, "entered"));
	facts->o = json_object_new_object();
	facts->not_seen = json_object_new_array();
	json_text(facts->o, "address", addr_text(&from->addr, text, sizeof(text)));
	json_object_object_add(facts->o, "port", NULL);
	if (from->port)
		json_count(facts->o, "port", from->port);
	json_text(facts->o, "source", prefix_text(&prefix, text, sizeof(text)));
	json_object_object_add(facts->o, "not_seen", facts->not_seen);
}

/* Those that need to know what is attached. */
static int add_filtered(struct facts *facts, struct error *e)
{
	if (!facts->query->brief && load_policy(facts, e) < 0)
		return -1;
	add_zone(facts);
	add_list(facts);
	add_limits(facts);
	if (facts->query->brief)
		return 0;
	add_connections(facts);
	add_calls(facts);
	return add_dialogs(facts, e);
}

struct json_object *who_facts(const struct who_query *query, struct error *e)
{
	cleanup(facts_close) struct facts facts = {
		.query = query, .state = STATE_CLOSED, .live = LIVE_CLOSED, .now = monotonic_ns()};
	struct error trouble = {};

	if (state_open_existing(&facts.state, e) < 0)
		return NULL;
	begin(&facts, query);
	if (live_open(&facts.live, &trouble) < 0)
		not_seen(&facts, "zone, lists and limits", trouble.text);
	json_text(facts.o, "trouble", trouble.code ? trouble.text : NULL);
	add_attached(&facts);
	if (!query->brief)
		add_agent(&facts);
	if (add_bans(&facts, e) < 0 || find_known(&facts, e) < 0)
		return NULL;
	add_penalty(&facts);
	add_served(&facts);
	if (facts.live.attachment.policy && add_filtered(&facts, e) < 0)
		return NULL;
	return take(facts.o);
}
