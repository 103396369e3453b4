/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>

#include "agent/tuned.h"
#include "cli/cli.h"
#include "export/json.h"
#include "kernel/attach.h"
#include "kernel/bans.h"
#include "kernel/health.h"
#include "kernel/known.h"
#include "kernel/memory.h"

/* What nobody should believe of this version, said where people look. */
static const char *const limits_of_sight[] = {
	"TCP: content is judged only where a segment begins a message, and never drops a segment",
	"TLS: what is inside is not seen",
};

static struct json_object *services_json(const struct sw_policy *policy)
{
	struct json_object *services = json_object_new_array();

	for (uint32_t i = 0; i < policy->service_count; i++) {
		const struct sw_service *service = &policy->services[i];
		char text[32];

		if (service->port_first == service->port_last)
			snprintf(text, sizeof(text), "%s/%u", transport_name(service->transport),
				 service->port_first);
		else
			snprintf(text, sizeof(text), "%s/%u-%u", transport_name(service->transport),
				 service->port_first, service->port_last);
		json_object_array_add(services, json_object_new_string(text));
	}
	return services;
}

static void hash_text(const struct sw_policy *policy, char text[65])
{
	for (size_t i = 0; i < sizeof(policy->hash); i++)
		snprintf(text + 2 * i, 3, "%02x", policy->hash[i]);
}

/* What the policies that are attached need of the observer. */
struct wants {
	bool observer, dialogs;
};

static int interface_json(const char *name, struct json_object **o, struct wants *wants,
			  struct error *e)
{
	auto_attachment struct attachment attachment = {};
	const struct sw_policy *policy;
	char hash[65];

	if (attachment_read(name, &attachment, e) < 0)
		return -1;
	policy = attachment.policy;
	*o = json_object_new_object();
	json_text(*o, "name", name);
	json_text(*o, "attach", attach_mode_name(attachment.mode));
	if (!policy)
		return 0;
	wants->observer |= policy->observed;
	wants->dialogs |= policy->to_tags;
	hash_text(policy, hash);
	json_flag(*o, "multi_buffer", attachment.multi_buffer);
	json_count(*o, "program_id", attachment.program_id);
	json_text(*o, "program_tag", attachment.tag);
	json_count(*o, "verified_instructions", attachment.verified);
	json_count(*o, "generation", policy->generation);
	json_text(*o, "policy_hash", hash);
	json_text(*o, "mode", mode_name(policy->mode));
	json_object_object_add(*o, "services", services_json(policy));
	return 0;
}

/* The flood that the design is measured against (packets a second). */
#define STATED_FLOOD 1000000

static int admission_json(const struct state *state, struct json_object *o, struct error *e)
{
	struct json_object *greylist = json_object_new_object(), *by_chance;
	uint64_t tallies[SW_TALLY_COUNT];
	uint32_t lines = state_entries(state, STATE_SIGHTS);
	long known;

	json_object_object_add(o, "greylist", greylist);
	if ((known = known_count(state, e)) < 0 || tallies_read(state, tallies, e) < 0)
		return -1;
	json_count(o, "known", known);
	json_count(o, "known_room", state_entries(state, STATE_KNOWN));
	json_count(o, "known_promoted", tallies[SW_TALLY_PROMOTED]);
	json_count(o, "known_refused_full", tallies[SW_TALLY_KNOWN_FULL]);
	json_count(o, "known_refused_quota", tallies[SW_TALLY_KNOWN_QUOTA]);
	json_count(o, "known_made_room", tallies[SW_TALLY_KNOWN_LEFT]);
	json_count(o, "probes_answered", tallies[SW_TALLY_PROBE_ANSWERS]);
	json_count(greylist, "lines", lines);
	json_count(greylist, "turned_away", tallies[SW_TALLY_FIRST_SIGHT]);
	json_count(greylist, "let_in_again", tallies[SW_TALLY_AGAIN]);
	by_chance = json_object_new_double(sights_false_admissions(lines, STATED_FLOOD));
	json_object_object_add(greylist, "let_in_by_chance_per_second_at_1000000", by_chance);
	json_count(o, "memory_octets", state_memory(state));
	json_count(o, "memory_allowed_octets", memory_allowed(NULL));
	return 0;
}

/* NULL when no rule of what is attached needs the observer. */
static struct json_object *observer_json(const struct state *state, const struct wants *wants)
{
	struct json_object *o = wants->observer ? json_object_new_object() : NULL;
	auto_free char *text = NULL, *dialogs = NULL;
	struct sw_observed observed;
	struct sw_health health = {};
	uint64_t now = monotonic_ns();

	if (!o)
		return NULL;
	state_health_read(state, &health);
	text = observer_text(&health, now);
	json_text(o, "state", observer_word(sw_observer_state(&health, now)));
	json_text(o, "text", text);
	json_count(o, "in_place_seconds",
		   health.observed_from ? (now - health.observed_from) / SW_NS_PER_SEC : 0);
	json_flag(o, "server_falls_behind", health.pressure_until > now);
	if (!wants->dialogs)
		return o;
	state_observed_read(state, &observed);
	dialogs = dialogs_text(&health, &observed, now);
	json_text(o, "dialogs", dialogs);
	return o;
}

static int status_json(struct json_object **result, struct error *e)
{
	auto_state struct state state = STATE_CLOSED;
	auto_string_list char **names = NULL;
	auto_json struct json_object *o = json_object_new_object();
	struct json_object *interfaces = json_object_new_array();
	struct json_object *notes = json_object_new_array();
	struct wants wants = {};
	auto_free struct ban_entry *allowed = NULL;
	size_t allowed_count;
	struct error no_agent = {};
	long bans;

	json_object_object_add(o, "agent", ask_agent("status", NULL, &no_agent));
	if (no_agent.code)
		json_object_object_add(o, "tuned_left", tuned_left());
	json_object_object_add(o, "interfaces", interfaces);
	json_object_object_add(o, "notes", notes);
	if (state_open_existing(&state, e) < 0 || (bans = ban_sweep(&state, e)) < 0 ||
	    admission_json(&state, o, e) < 0)
		return -1;
	if (ban_list(&state, BAN_ALLOWS, &allowed, &allowed_count, e) < 0)
		return -1;
	json_count(o, "bans", bans);
	json_count(o, "allowed", allowed_count);
	names = state_interfaces();
	for (char **name = names; *name; name++) {
		struct json_object *iface = NULL;

		if (interface_json(*name, &iface, &wants, e) < 0)
			return -1;
		json_object_array_add(interfaces, iface);
	}
	json_object_object_add(o, "observer", observer_json(&state, &wants));
	for (size_t i = 0; i < array_size(limits_of_sight); i++)
		json_object_array_add(notes, json_object_new_string(limits_of_sight[i]));
	*result = take(o);
	return 0;
}

static void print_tuned(struct json_object *tuned)
{
	for (size_t i = 0; tuned && i < json_object_array_length(tuned); i++) {
		printf("  tuned: ");
		print_deviation(json_object_array_get_idx(tuned, i));
	}
}

static void print_saved(struct json_object *saved)
{
	if (!saved)
		puts("  bans and known endpoints are not saved for a reboot (state: {save: FILE})");
	else if (text_of(saved, "error"))
		printf("  not saved for a reboot: %s\n", text_of(saved, "error"));
	else if (text_of(saved, "saved_seconds_ago"))
		printf("  saved for a reboot %s s ago: %s\n", text_of(saved, "saved_seconds_ago"),
		       text_of(saved, "file"));
}

/* Only when something is wrong with it. */
static void print_exporter(struct json_object *o)
{
	if (o && text_of(o, "error"))
		printf("  /metrics on %s is not served now: %s; the agent starts it again\n",
		       text_of(o, "listen"), text_of(o, "error"));
}

static void print_agent(struct json_object *agent, struct json_object *left)
{
	struct json_object *missing = json_object_object_get(agent, "missing");

	if (!agent) {
		puts("agent: not running; what is attached below protects without it, but nothing "
		     "is reloaded or exported (start it: sipward run)");
		print_tuned(left);
		return;
	}
	printf("agent: pid %s, version %s, up %s s, policy %s\n", text_of(agent, "pid"),
	       text_of(agent, "version"), text_of(agent, "uptime"), text_of(agent, "policy"));
	if (text_of(agent, "reload_error"))
		printf("  the last reload was refused: %s\n", text_of(agent, "reload_error"));
	if (text_of(agent, "confirm_seconds_left"))
		printf("  not confirmed: the policy before it comes back in %s s, unless you run: "
		       "sipward confirm\n", text_of(agent, "confirm_seconds_left"));
	print_tuned(json_object_object_get(agent, "tuned"));
	print_saved(json_object_object_get(agent, "saved"));
	print_exporter(json_object_object_get(agent, "exporter"));
	for (size_t i = 0; i < json_object_array_length(missing); i++)
		printf("  interface %s is not there or down; it is attached when it comes up\n",
		       json_object_get_string(json_object_array_get_idx(missing, i)));
}

static void print_interface(struct json_object *iface)
{
	struct json_object *services = json_object_object_get(iface, "services");

	if (!services) {
		printf("%s: nothing attached\n", text_of(iface, "name"));
		return;
	}
	printf("%s: %s mode, program %s (tag %s), generation %s, policy %s, hash %.12s\n",
	       text_of(iface, "name"), text_of(iface, "attach"), text_of(iface, "program_id"),
	       text_of(iface, "program_tag"), text_of(iface, "generation"), text_of(iface, "mode"),
	       text_of(iface, "policy_hash"));
	printf("  protects:");
	for (size_t i = 0; i < json_object_array_length(services); i++)
		printf(" %s", json_object_get_string(json_object_array_get_idx(services, i)));
	puts(json_object_get_boolean(json_object_object_get(iface, "multi_buffer")) ? "" :
	     "\n  multi-buffer frames are not taken: messages beyond one buffer are not seen");
}

static void print_admission(struct json_object *o)
{
	struct json_object *greylist = json_object_object_get(o, "greylist");

	printf("known: %s endpoints, room for %s (%s came to be; refused: %s because the table is "
	       "too full, %s beyond their network's share; %s that were never served made room), "
	       "%s probes answered\n", text_of(o, "known"), text_of(o, "known_room"),
	       text_of(o, "known_promoted"), text_of(o, "known_refused_full"),
	       text_of(o, "known_refused_quota"), text_of(o, "known_made_room"),
	       text_of(o, "probes_answered"));
	printf("greylist: %s turned away, %s let in when they sent again; at %d newcomers a second "
	       "about %.1f a second are let in by chance\n", text_of(greylist, "turned_away"),
	       text_of(greylist, "let_in_again"), STATED_FLOOD,
	       json_object_get_double(json_object_object_get(greylist,
				      "let_in_by_chance_per_second_at_1000000")));
	printf("memory: %.0f MB when every table is full; `tables:` of a policy may ask for %.0f "
	       "MB\n",
	       json_object_get_int64(json_object_object_get(o, "memory_octets")) / 1e6,
	       json_object_get_int64(json_object_object_get(o, "memory_allowed_octets")) / 1e6);
}

static void print_closings(struct json_object *agent)
{
	struct json_object *o = json_object_object_get(agent, "tcp_close");

	if (!o)
		return;
	if (!json_object_get_boolean(json_object_object_get(o, "possible")))
		puts("tcp: close: this kernel cannot close connections (CONFIG_INET_DIAG_DESTROY); "
		     "what breaks a rule is only counted");
	json_object_object_foreach(json_object_object_get(o, "closed"), reason, count)
		printf("tcp: %s connections were closed for %s\n", json_object_get_string(count),
		       reason);
}

static void print_observer(struct json_object *o)
{
	if (!o)
		return;
	puts(text_of(o, "text"));
	if (text_of(o, "dialogs"))
		puts(text_of(o, "dialogs"));
	if (json_object_get_boolean(json_object_object_get(o, "server_falls_behind")))
		puts("the server leaves most requests unanswered: newcomers wait");
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	auto_json struct json_object *o = NULL;
	struct json_object *interfaces;
	bool json;

	if (only_json(self, argc, argv, &json, e) < 0 || status_json(&o, e) < 0)
		return -1;
	if (json) {
		print_json(o);
		return 0;
	}
	print_agent(json_object_object_get(o, "agent"), json_object_object_get(o, "tuned_left"));
	interfaces = json_object_object_get(o, "interfaces");
	for (size_t i = 0; i < json_object_array_length(interfaces); i++)
		print_interface(json_object_array_get_idx(interfaces, i));
	print_observer(json_object_object_get(o, "observer"));
	print_closings(json_object_object_get(o, "agent"));
	print_admission(o);
	printf("bans: %s; allowed by hand: %s\n", text_of(o, "bans"), text_of(o, "allowed"));
	for (size_t i = 0; i < array_size(limits_of_sight); i++)
		printf("note: %s\n", limits_of_sight[i]);
	return 0;
}

const struct command command_status = {
	.name = "status",
	.summary = "what is attached where, in which mode, with which policy",
	.help = "Usage: sipward status [-j]\n\n"
		"Read from the kernel, so it is true with and without an agent. Exit code 6 when\n"
		"nothing of sipward is there.\n",
	.run = run,
};
