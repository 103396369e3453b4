/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The cost of each rule: a shipped policy with all of its rules off, and then one more of them on
 * in each row.
 */
#include <linux/bpf.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "bench.h"
#include "kernel/skeleton.h"

#define EACH_ZONE(zone, policy)                                                                  \
	for (struct zone *zone = (policy)->zones; zone < (policy)->zones + (policy)->zone_count; \
	     zone++)

static void no_sanity(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	zone->profile = SW_PROFILE_OFF;
}

static void no_strict(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	if (zone->profile == SW_PROFILE_STRICT)
		zone->profile = SW_PROFILE_DEFAULT;
}

static void no_body(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	zone->body = 0;
}

static void no_source_rates(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	memset(zone->source_rates, 0, sizeof(zone->source_rates));
}

static void no_wide_rates(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	zone->prefix_rate.set = zone->zone_rate.set = zone->callee_rate.set = false;
	for (size_t i = 0; i < policy->service_count; i++)
		policy->services[i].rate.set = false;
}

static void no_newcomers(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	{
		zone->newcomers.set = zone->probe = false;
		zone->greylist = SW_GREYLIST_OFF;
	}
}

static void no_bans(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	memset(&zone->bans, 0, sizeof(zone->bans));
}

static void no_responses(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	{
		zone->responses = SW_RESPONSES_ANY;
		zone->to_tag = SW_TO_TAG_ANY;
	}
}

static void no_emergency(struct policy *policy)
{
	policy->emergency_count = 0;
	policy->emergency.set = false;
}

static void no_numbers(struct policy *policy)
{
	policy->number_count = 0;
	EACH_ZONE(zone, policy)
	zone->content.high_risk = SW_ACTION_PASS;
}

static void no_agents(struct policy *policy)
{
	policy->agent_count = 0;
}

static void no_structure(struct policy *policy)
{
	policy->structure = SW_ACTION_PASS;
}

static void no_injection(struct policy *policy)
{
	policy->injection = SW_ACTION_PASS;
}

static void no_headers(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	memset(zone->content.headers, 0, sizeof(zone->content.headers));
}

static void no_types(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	{
		memset(zone->content.statuses, 0, sizeof(zone->content.statuses));
		memset(zone->content.types, 0, sizeof(zone->content.types));
	}
}

static void no_routing(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	memset(&zone->content.routing, 0, sizeof(zone->content.routing));
}

static void no_fraud(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	{
		zone->guard.destinations.set = false;
		zone->guard.sweep = SW_ACTION_PASS;
	}
}

static void no_teardown(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	zone->guard.teardown = 0;
}

static void no_loop(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	zone->guard.loop = SW_ACTION_PASS;
}

static void no_leak(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	zone->guard.digest_leak = SW_ACTION_PASS;
}

static void no_privacy(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	memset(zone->guard.privacy, 0, sizeof(zone->guard.privacy));
}

static void no_egress(struct policy *policy)
{
	EACH_ZONE(zone, policy)
	memset(&zone->egress, 0, sizeof(zone->egress));
}

/* In the order in which rows switch them on. */
static const struct rule {
	const char *name;
	void (*off)(struct policy *policy);
} rules[] = {
	{"`rates: {source: ...}`", no_source_rates},
	{"`rates: {zone, prefix}`, `services: [{rate}]`", no_wide_rates},
	{"`newcomers`", no_newcomers},
	{"`sanity: {profile: default}`", no_sanity},
	{"`sanity: {profile: strict}`", no_strict},
	{"`sanity: {body: sdp}`", no_body},
	{"`bans`", no_bans},
	{"`responses: expected`, `to_tag: proven`", no_responses},
	{"`emergency`", no_emergency},
	{"`caller`, `callee`, `high_risk`", no_numbers},
	{"`signatures: {user_agent}`", no_agents},
	{"`signatures: {structure}`", no_structure},
	{"`injection`", no_injection},
	{"`headers`", no_headers},
	{"`statuses`, `content_types`", no_types},
	{"`routing`", no_routing},
	{"`fraud`", no_fraud},
	{"`teardown`", no_teardown},
	{"`loop`", no_loop},
	{"`digest_leak`", no_leak},
	{"`privacy`", no_privacy},
	{"`egress`", no_egress},
};

static size_t rules_on;

static void switch_rules(struct policy *policy)
{
	unlimited(policy);
	for (size_t i = array_size(rules); i-- > rules_on;)
		rules[i].off(policy);
}

static const struct column {
	const char *name;
	enum message message;
} columns[] = {
	{"INVITE", MESSAGE_INVITE},
	{"OPTIONS", MESSAGE_OPTIONS},
	{"re-INVITE", MESSAGE_REINVITE},
	{"200 OK that arrives", MESSAGE_OK},
	{"200 OK that leaves", MESSAGE_OUT_OK},
};

/* Percent of "full", and -1 where no program is loaded. */
static void measure_step(const struct scene *full, const char *path, const char *address,
			 unsigned int rounds, double *percent)
{
	auto_table struct table table = {};
	auto_scene struct scene scene = {};
	size_t rows[array_size(columns)];

	table_open(&table, full);
	scene_open(&scene, path, switch_rules);
	scene_settle(&scene, address);
	for (size_t i = 0; i < array_size(columns); i++) {
		bool out = message_outbound(columns[i].message);

		rows[i] = table.count;
		if (out && bpf_program__fd(scene.test_run.skel->progs.sipward_egress) < 0)
			continue;
		table_add(&table, &scene, columns[i].name, columns[i].message, address,
			  out ? ANY_VERDICT : XDP_PASS);
	}
	table_measure(&table, rounds);
	for (size_t i = 0; i < array_size(columns); i++)
		percent[i] = rows[i] < table.count ? 100 * row_ratio(&table, rows[i]) : -1;
}

/* Prints one column of a rule's row: the sum, and the step from the row before. */
static void print_cell(FILE *out, double before, double now)
{
	if (now < 0)
		fputs(" - |", out);
	else if (before < 0)
		fprintf(out, " %.0f |", now);
	else
		fprintf(out, " %.0f (%+.0f) |", now, now - before);
}

static void print_policy(const struct scene *full, FILE *out, const char *name, const char *zone,
			 const char *address, unsigned int rounds)
{
	double before[array_size(columns)], now[array_size(columns)];
	auto_free char *path = xasprintf("scripts/policies/%s.yaml", name);

	fprintf(out, "\n## %s.yaml, zone `%s`\n\n| with |", name, zone);
	for (size_t i = 0; i < array_size(columns); i++) {
		fprintf(out, " %s |", columns[i].name);
		before[i] = -1;
	}
	fputs("\n|---|", out);
	for (size_t i = 0; i < array_size(columns); i++)
		fputs("---|", out);
	for (rules_on = 0; rules_on <= array_size(rules); rules_on++) {
		measure_step(full, path, address, rounds, now);
		fprintf(out, "\n| %s |", rules_on ? rules[rules_on - 1].name : "no rule");
		for (size_t i = 0; i < array_size(columns); i++)
			print_cell(out, before[i], now[i]);
		memcpy(before, now, sizeof(before));
		fflush(out);
	}
	fputc('\n', out);
}

static void print_machine(FILE *out, unsigned int rounds)
{
	auto_free char *cpus = read_whole_file("/proc/cpuinfo", 1 << 20, NULL, NULL);
	char *model = cpus ? strstr(cpus, "model name") : NULL;
	struct utsname kernel;
	time_t now = time(NULL);
	char date[32];

	model = model ? strchr(model, ':') : NULL;
	uname(&kernel);
	strftime(date, sizeof(date), "%Y-%m-%d", gmtime(&now));
	fprintf(out,
		"Measured on %s by %s with Linux %s,\n"
		"best of %u rounds (`make bench-costs`).\n",
		date, model ? strtok(model + 2, "\n") : "an unknown CPU", kernel.release, rounds);
}

void measure_costs(const struct scene *full, unsigned int rounds, FILE *out)
{
	auto_table struct table table = {};

	table_open(&table, full);
	table_measure(&table, rounds);
	fputs("# What rules cost\n\n", out);
	print_machine(out, rounds);
	fprintf(out,
		"\nEach table is one of the shipped policies, enforced, with all of its rules off. Each row\n"
		"switches one more rule on. A figure is the processor time of one message, in\n"
		"percent of one INVITE under a small policy (`default` sanity, and limits of a\n"
		"zone and of a source). The figure in brackets is what the rule adds. On this\n"
		"machine 100 is %.0f ns. Other programs ran on it: a step below 0 shows how much\n"
		"that changes a row. The sender is a known endpoint. No limit refuses anything.\n"
		"The columns are an INVITE with a session description, an OPTIONS, an INVITE\n"
		"inside a dialog, the response to an INVITE of the server, and a response of the\n"
		"server.\n",
		row_ns(&table, ROW_FULL));
	print_policy(full, out, "pbx", "public", "198.51.100.77", rounds);
	print_policy(full, out, "interconnect", "carrier-a", "203.0.113.7", rounds);
	print_policy(full, out, "ims-edge", "core", "10.64.0.7", rounds);
}
