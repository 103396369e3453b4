/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/interfaces.h"

#include <string.h>

#include "agent/core.h"
#include "agent/say.h"
#include "kernel/attachment.h"
#include "kernel/memory.h"
#include "kernel/walk.h"
#include "policy/names.h"

#define ATTACH_PAUSE_MAX 60 /* seconds between tries */

static struct protected *find_interface(const struct agent *agent, const char *name)
{
	for (size_t i = 0; i < agent->interface_count; i++)
		if (strcmp(agent->interfaces[i].name, name) == 0)
			return &agent->interfaces[i];
	return NULL;
}

bool is_protected(const struct agent *agent, const char *name)
{
	return find_interface(agent, name) != NULL;
}

size_t interfaces_missing(const struct agent *agent)
{
	size_t missing = 0;

	for (size_t i = 0; i < agent->interface_count; i++)
		missing += !agent->interfaces[i].attached;
	return missing;
}

static void add_wanted(struct apply *to, const char *name, const char *meant)
{
	for (size_t i = 0; i < to->wanted_count; i++)
		if (strcmp(to->wanted[i], name) == 0)
			return;
	memcpy(to->wanted[to->wanted_count], name, IFNAMSIZ);
	memcpy(to->meant[to->wanted_count++], meant, IFNAMSIZ);
}

/* An interface that was renamed while it was protected stays so for as long as it is named by its
 * old name; if another one has that name now, that one is protected, too. */
static void add_meant(const struct agent *agent, struct apply *to, const char *meant)
{
	size_t before = to->wanted_count;

	for (size_t i = 0; i < agent->interface_count; i++)
		if (strcmp(agent->interfaces[i].meant, meant) == 0)
			add_wanted(to, agent->interfaces[i].name, meant);
	if (to->wanted_count == before || if_nametoindex(meant))
		add_wanted(to, meant, meant);
}

/* The interfaces that a policy means: the command line's, else its own. */
static int wanted_interfaces(const struct agent *agent, const struct policy *policy,
			     struct apply *to, struct error *e)
{
	bool options = agent->options->interface_count > 0;
	size_t count = options ? agent->options->interface_count : policy->interface_count;
	char(*named)[IFNAMSIZ] = options ? agent->options->interfaces : policy->interfaces;

	to->wanted = xcalloc(count + agent->interface_count + 1, IFNAMSIZ);
	to->meant = xcalloc(count + agent->interface_count + 1, IFNAMSIZ);
	for (size_t i = 0; i < count; i++)
		add_meant(agent, to, named[i]);
	if (!to->wanted_count)
		return fail(e, EXIT_USAGE,
			    "no interface is given; run `sipward run -i IFACE`, or "
			    "write interfaces: [IFACE] into the policy");
	return 0;
}

/* Those of them that are there. One that was attached before may be gone for now; one that is
 * named for the first time must be there, or its name is a mistake. */
static int present_interfaces(const struct agent *agent, struct apply *apply, struct error *e)
{
	apply->interfaces = xcalloc(apply->wanted_count, sizeof(*apply->interfaces));
	for (size_t i = 0; i < apply->wanted_count; i++) {
		struct error missing = {};

		if (attach_check(apply->wanted[i], &missing) == 0)
			memcpy(apply->interfaces[apply->interface_count++], apply->wanted[i],
			       IFNAMSIZ);
		else if (!find_interface(agent, apply->wanted[i]))
			return fail(e, missing.code, "%s", missing.text);
	}
	return 0;
}

/* Reports programs that an agent before this one left attached. They are taken over, so that there
 * is no gap in the protection. */
static void note_adopted(const struct apply *apply)
{
	for (size_t i = 0; i < apply->interface_count; i++) {
		auto_attachment struct attachment found = {};
		struct error other = {};

		if (attachment_read(apply->interfaces[i], &found, &other) < 0)
			say("%s; it is replaced now", other.text);
		else if (found.mode == ATTACH_NATIVE || found.mode == ATTACH_GENERIC)
			say("interface %s: adopting program %u, generation %llu, which kept "
			    "protecting without an agent",
			    found.iface, found.program_id,
			    (unsigned long long)found.policy->generation);
	}
}

static void note_interface(struct protected *iface, const struct apply *apply)
{
	auto_attachment struct attachment attachment = {};
	struct error ignored = {};

	protected_hold(iface);
	if (!iface->attached) {
		say(SAY_WARNING "interface %s: is missing or down; sipward attaches to it when it "
				"comes up",
		    iface->name);
		return;
	}
	attachment_read(iface->name, &attachment, &ignored);
	say("interface %s: attached, %s mode, program %u, generation %llu, policy mode "
	    "%s" SAY_FIELDS "event=attached interface=%s generation=%llu mode=%s",
	    iface->name, attach_mode_name(attachment.mode), attachment.program_id,
	    (unsigned long long)apply->generation, mode_name(apply->policy->mode), iface->name,
	    (unsigned long long)apply->generation, mode_name(apply->policy->mode));
}

void interfaces_free(struct agent *agent)
{
	for (size_t i = 0; i < agent->interface_count; i++)
		protected_release(&agent->interfaces[i]);
	free(agent->interfaces);
	agent->interfaces = NULL;
	agent->interface_count = 0;
}

static void note_interfaces(struct agent *agent, const struct apply *apply)
{
	interfaces_free(agent);
	for (size_t i = 0; i < apply->wanted_count; i++) {
		struct protected iface = {};

		memcpy(iface.name, apply->wanted[i], IFNAMSIZ);
		memcpy(iface.meant, apply->meant[i], IFNAMSIZ);
		note_interface(&iface, apply);
		append(agent->interfaces, agent->interface_count, iface);
	}
}

/* Nobody puts the old observers back while they are replaced. Without the lock: a thread that looks
 * through a million routes would let this wait. */
static void hold_observers(struct agent *agent)
{
	observation_hold(&agent->observation);
	agent->holds = true;
}

static void release_observers(struct agent *agent)
{
	if (agent->holds)
		observation_release(&agent->observation);
	agent->holds = false;
}

void protect_forget(struct agent *agent, struct apply *apply)
{
	release_observers(agent);
	agent->applying = false;
	upkeep_resume(&agent->upkeep);
	apply_free(apply);
}

int protect_prepare(struct agent *agent, const struct policy *policy, struct apply *apply,
		    struct error *e)
{
	int done = -1;

	agent->applying = true;
	*apply = (struct apply){
		.state = &agent->state,
		.policy = policy,
		.check_local = true,
		.note = say_text,
		.observer = -1,
	};
	if (wanted_interfaces(agent, policy, apply, e) == 0 &&
	    present_interfaces(agent, apply, e) == 0) {
		if (!agent->generation)
			note_adopted(apply);
		upkeep_pause(&agent->upkeep);
		jobs_slow(&agent->jobs);
		if (memory_check(policy, memory_allowed(policy), e) == 0)
			done = apply_prepare(apply, e);
		hold_observers(agent);
		if (jobs_quick(&agent->jobs, e) < 0)
			done = -1;
	}
	if (done < 0)
		protect_forget(agent, apply);
	return done;
}

int protect_swap(struct agent *agent, struct apply *apply, struct error *e)
{
	if (apply_swap(apply, e) < 0) {
		protect_forget(agent, apply);
		return -1;
	}
	observation_follow(&agent->observation, apply);
	release_observers(agent);
	agent->generation = apply->generation;
	note_interfaces(agent, apply);
	return 0;
}

void protect_finish(struct agent *agent, struct apply *apply)
{
	struct error ending = {};

	jobs_slow(&agent->jobs);
	apply_settle(apply);
	jobs_quick(&agent->jobs, &ending);
	/* Of an agent that ends, too: the new tables have all, and with the programs gone the next
	 * start would go on with the old ones. The next start settles the rest. */
	if (!walk_hurried())
		apply_finish(apply);
	protect_forget(agent, apply);
}

int protect(struct agent *agent, const struct policy *policy, struct error *e)
{
	struct apply apply;

	if (protect_prepare(agent, policy, &apply, e) < 0 || protect_swap(agent, &apply, e) < 0)
		return -1;
	protect_finish(agent, &apply);
	return 0;
}

/* Those that are away. */
struct missing {
	char (*names)[IFNAMSIZ];
	size_t count;
};

static void missing_free(struct missing *missing)
{
	free(missing->names);
}

/* Reports interfaces that were away and are attached now. */
static void tell_attached(struct agent *agent, const struct missing *missing)
{
	for (size_t i = 0; i < missing->count; i++) {
		const struct protected *iface = find_interface(agent, missing->names[i]);

		if (iface && iface->attached)
			repaired(agent, REPAIR_LINK, iface->ifindex,
				 "interface %s: came back, and "
				 "is attached again",
				 iface->name);
	}
}

static void attach_again(void *context, const struct job *job)
{
	cleanup(missing_free) struct missing missing = {};
	struct agent *agent = context;
	struct error e = {};

	(void)job;
	missing.names = xcalloc(agent->interface_count + 1, IFNAMSIZ);
	for (size_t i = 0; i < agent->interface_count; i++)
		if (!agent->interfaces[i].attached)
			memcpy(missing.names[missing.count++], agent->interfaces[i].name, IFNAMSIZ);
	if (protect(agent, &agent->running.policy, &e) == 0) {
		agent->attach_pause = 0;
		tell_attached(agent, &missing);
		return;
	}
	/* A load takes seconds: not every second. */
	agent->attach_pause = agent->attach_pause ? agent->attach_pause * 2 : 2;
	if (agent->attach_pause > ATTACH_PAUSE_MAX)
		agent->attach_pause = ATTACH_PAUSE_MAX;
	agent->attach_at = monotonic_ns() + agent->attach_pause * SW_NS_PER_SEC;
	say(SAY_ERROR "this failed and is tried again in %u s: %s", agent->attach_pause, e.text);
}

void check_interfaces(struct agent *agent)
{
	struct job job = {.run = attach_again};
	const struct protected *back = NULL;

	if (agent->applying || monotonic_ns() < agent->attach_at ||
	    jobs_has(&agent->jobs, attach_again))
		return;
	for (size_t i = 0; i < agent->interface_count && !back; i++) {
		const struct protected *iface = &agent->interfaces[i];
		struct error ignored = {};

		if (!iface->attached && attach_check(iface->name, &ignored) == 0)
			back = iface;
	}
	if (!back)
		return;
	say("interface %s came back", back->name);
	jobs_add(&agent->jobs, &job);
}
