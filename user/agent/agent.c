/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The agent's life: in order, it starts, waits for what happens, and stops.
 */
#include "agent/agent.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "agent/commands.h"
#include "agent/core.h"
#include "agent/exporter.h"
#include "agent/feed_reload.h"
#include "agent/interfaces.h"
#include "agent/policies.h"
#include "agent/saved.h"
#include "agent/say.h"
#include "agent/tuned.h"
#include "base/fault.h"
#include "export/event.h"
#include "export/json.h"
#include "kernel/memory.h"
#include "kernel/namespace.h"
#include "kernel/paths.h"
#include "kernel/pins.h"
#include "kernel/privilege.h"
#include "kernel/sandbox.h"
#include "kernel/state_open.h"
#include "kernel/state_remove.h"
#include "kernel/tc_filters.h"
#include "kernel/unpin.h"

#define TICK_SECONDS 1
/* The agent ends within two seconds, whatever is under way: of those they take so much. */
#define JOB_TIMEOUT  (SW_NS_PER_SEC / 2)
#define SAVE_TIMEOUT (12 * SW_NS_PER_SEC / 10)

/* --- what the loop waits for --- */

static void on_signal(void *context, int fd)
{
	struct agent *agent = context;
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		reload_soon(agent);
	else
		agent->loop.stop = true;
}

static void on_link(void *context, const char *iface, bool gone, bool up)
{
	struct agent *agent = context;

	(void)gone, (void)up;
	agent->links_changed |= is_protected(agent, iface);
}

static void on_address(void *context, const struct sw_addr *addr, bool gone)
{
	struct agent *agent = context;

	(void)addr, (void)gone;
	locals_changed(&agent->locals);
}

static void on_netlink(void *context, int fd)
{
	struct agent *agent = context;
	struct error e = {};
	bool lost = false;

	(void)fd;
	if (netlink_read(&agent->netlink, &lost, &e) < 0)
		say(SAY_WARNING "%s", e.text);
	/* Once for all that was told. */
	if (lost || agent->links_changed) {
		repair_tick(agent);
		check_interfaces(agent);
	}
	agent->links_changed = false;
	if (lost)
		locals_changed(&agent->locals);
}

static void on_tick(void *context, int fd)
{
	struct agent *agent = context;
	uint64_t expired;

	if (read(fd, &expired, sizeof(expired)) != sizeof(expired))
		return;
	exporter_tick(agent->exporter);
	repair_tick(agent);
	if (interfaces_missing(agent))
		check_interfaces(agent);
	policies_tick(agent);
	control_tick(&agent->control);
	outlets_tick(&agent->outlets);
	hook_events_tick(agent);
	save_tick(agent);
	upkeep_tick(&agent->upkeep, &agent->running.policy);
	connections_tick(&agent->connections);
	feeds_tick(&agent->feeds);
	feeds_end_tick(agent);
}

static void on_events(void *context, int fd)
{
	struct agent *agent = context;

	(void)fd;
	history_read(&agent->history);
}

static void on_event(void *context, const struct sw_event *event, const void *payload, size_t size)
{
	struct agent *agent = context;
	bool followed = control_has_followers(&agent->control);
	struct outlets_wanted wanted = outlets_admit(&agent->outlets, event);
	auto_json struct json_object *o = NULL;

	if (!followed && !wanted.log && !wanted.hep)
		return;
	o = event_json(event, &agent->state);
	if (followed)
		control_publish(&agent->control, o);
	outlets_tell(&agent->outlets, wanted, event, payload, size, o);
}

static void on_ban(void *context, const struct sw_event *event, const struct ban_order *order,
		   const struct sw_ban *made)
{
	struct agent *agent = context;

	history_add(&agent->history, event);
	if (made)
		hook_events_ban(agent, event, order, made);
}

/* --- start and stop --- */

static sigset_t our_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	return set;
}

/* Before anything else: a signal that comes during the start waits for its end. */
static void block_signals(void)
{
	sigset_t set = our_signals();

	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int watch_signals(struct agent *agent, struct error *e)
{
	sigset_t set = our_signals();

	agent->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (agent->signals < 0)
		return fail(e, EXIT_FAILED, "signalfd: %s", strerror(errno));
	return loop_add(&agent->loop, agent->signals, on_signal, agent, e);
}

static int start_timer(struct agent *agent, struct error *e)
{
	struct itimerspec every = {.it_interval.tv_sec = TICK_SECONDS,
				   .it_value.tv_sec = TICK_SECONDS};

	agent->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (agent->timer < 0 || timerfd_settime(agent->timer, 0, &every, NULL) < 0)
		return fail(e, EXIT_FAILED, "timerfd: %s", strerror(errno));
	return loop_add(&agent->loop, agent->timer, on_tick, agent, e);
}

static int watch_netlink(struct agent *agent, struct error *e)
{
	agent->netlink_events = (struct netlink_events){
		.link = on_link,
		.address = on_address,
		.context = agent,
	};
	if (netlink_open(&agent->netlink, &agent->netlink_events, e) < 0 ||
	    locals_open(&agent->locals, &agent->loop, e) < 0 || locals_sync(&agent->state, e) < 0)
		return -1;
	return loop_add(&agent->loop, netlink_fd(&agent->netlink), on_netlink, agent, e);
}

static int watch_events(struct agent *agent, struct error *e)
{
	if (history_open(&agent->history, &agent->state, on_event, agent, e) < 0)
		return -1;
	return loop_add(&agent->loop, history_fd(&agent->history), on_events, agent, e);
}

/* The tables, with what was saved on the disk when the kernel has forgotten it: no program judges a
 * packet before they are whole. */
static int open_state(struct agent *agent, struct error *e)
{
	const struct policy *policy = &agent->running.policy;

	if (fault_point("start: open the state", e) < 0 ||
	    memory_check(policy, memory_allowed(policy), e) < 0 ||
	    state_open(&agent->state, &policy->tables, e) < 0)
		return -1;
	restore_state(agent);
	return 0;
}

/* The agent is confined before the first thread, which would keep its rights, and before the first
 * look at anything that others send. So an action that works at a start works at a reload, too. */
static int open_exporter_and_confine(struct agent *agent, struct error *e)
{
	struct exporter *exporter;

	agent->loop.lock = &agent->jobs.lock;
	exporter = open_exporter(agent, &agent->running.policy, e);
	if (!exporter || hooks_open(&agent->hooks, &agent->running.policy, e) < 0 ||
	    privilege_drop(e) < 0 || sandbox_agent(e) < 0 || use_exporter(agent, exporter, e) < 0)
		return -1;
	return 0;
}

static int open_socket(struct agent *agent, struct error *e)
{
	agent->loop.more = send_events;
	agent->loop.more_context = agent;
	agent->control.command = on_command;
	agent->control.context = agent;
	if (fault_point("start: open the control socket", e) < 0 ||
	    jobs_open(&agent->jobs, &agent->loop, agent, e) < 0)
		return -1;
	return control_open(&agent->control, &agent->loop, e);
}

static int watch_all(struct agent *agent, struct error *e)
{
	const struct policy *policy = &agent->running.policy;
	cleanup(allowed_free) struct allowed allowed = {};

	allowed_make(&allowed, policy);
	outlets_follow(&agent->outlets, policy);
	hook_events_follow(agent);
	if (watch_netlink(agent, e) < 0 || observation_open(&agent->observation, e) < 0 ||
	    watch_events(agent, e) < 0 || fault_point("start: follow the policy", e) < 0 ||
	    admission_follow(&agent->admission, policy, e) < 0 ||
	    behaviour_follow(&agent->behaviour, policy, &allowed, e) < 0 ||
	    connections_follow(&agent->connections, policy, e) < 0 ||
	    upkeep_open(&agent->upkeep, &agent->loop, e) < 0 ||
	    worker_open(&agent->saver, &agent->loop, "sipward-save", e) < 0 ||
	    feeds_open(&agent->feeds, &agent->loop, e) < 0)
		return -1;
	return start_timer(agent, e);
}

/* In this order: steps that can be refused without touching anything come first; attaching comes
 * last, so that a start that fails leaves the interfaces as they were. */
static int start(struct agent *agent, struct error *e)
{
	static const char advice[] = "one agent serves all interfaces: stop it first, or give it "
				     "both with -i";

	if (privilege_check_agent(e) < 0 ||
	    loaded_policy_start(agent->options->policy, &agent->running, e) < 0 ||
	    kernel_check(e) < 0 || fault_point("start: make the directories", e) < 0 ||
	    paths_prepare(e) < 0 || lock_take(&agent->lock, advice, e) < 0 ||
	    (agent->network = network_lock(e)) < 0 ||
	    fault_point("start: claim the namespace", e) < 0 || network_claim(e) < 0 ||
	    pins_follow(say_text, e) < 0 || loop_open(&agent->loop, e) < 0 ||
	    watch_signals(agent, e) < 0 || open_exporter_and_confine(agent, e) < 0 ||
	    open_state(agent, e) < 0 || watch_all(agent, e) < 0 || open_socket(agent, e) < 0 ||
	    protect(agent, &agent->running.policy, e) < 0)
		return -1;
	feeds_follow(&agent->feeds, &agent->running.policy);
	fault_point("start: forget what was tuned", NULL);
	tuned_left_over();
	return 0;
}

/* A failure is logged; the rest is detached all the same. */
static int take_off(struct agent *agent, struct error *e)
{
	int done = 0;

	observation_close(&agent->observation);
	if (fault_point("stop: take the observers off", e) < 0)
		done = -1;
	observers_detach(NULL);
	for (size_t i = 0; i < agent->interface_count; i++)
		if (state_detach(agent->interfaces[i].name, e) < 0)
			done = -1;
	interfaces_free(agent);
	return done;
}

static int stop(struct agent *agent, struct error *e)
{
	uint64_t ends = monotonic_ns() + SAVE_TIMEOUT;
	bool idle;

	fault_point("stop", NULL);
	idle = jobs_close(&agent->jobs, JOB_TIMEOUT);
	save_last(agent, ends);
	if (agent->options->keep) {
		/* Nobody would be there to go back later. */
		if (agent->confirm_by && idle)
			go_back(agent);
		else if (agent->confirm_by)
			say(SAY_WARNING
			    "policy %s was not confirmed, and stays: there was no time to restore "
			    "the policy before it",
			    agent->running.text.name);
		if (agent->running.override_count)
			say("tuned values stay until the next start");
		say("stopped; the programs stay attached and keep protecting (--keep)");
		return 0;
	}
	fault_point("stop: forget what is tuned", NULL);
	tuned_forget();
	if (take_off(agent, e) < 0)
		return -1;
	say("stopped; the programs are detached, bans and counters are kept (sipward detach "
	    "removes them)");
	return 0;
}

static void agent_free(struct agent *agent)
{
	jobs_close(&agent->jobs, JOB_TIMEOUT);
	control_close(&agent->control);
	exporter_close(&agent->exporter);
	history_close(&agent->history);
	outlets_close(&agent->outlets);
	hooks_close(&agent->hooks);
	hook_events_free(&agent->hook_events);
	upkeep_close(&agent->upkeep);
	worker_close(&agent->saver);
	feeds_close(&agent->feeds);
	behaviour_close(&agent->behaviour);
	admission_close(&agent->admission);
	observation_close(&agent->observation);
	connections_close(&agent->connections);
	netlink_close(&agent->netlink);
	locals_close(&agent->locals);
	close_fd(&agent->signals);
	close_fd(&agent->timer);
	state_close(&agent->state);
	loaded_policy_free(&agent->running);
	loaded_policy_free(&agent->before);
	loop_close(&agent->loop);
	interfaces_free(agent);
	close_fd(&agent->network);
	lock_release(&agent->lock);
}

/* False when a thread does not end (a disk that hangs): it uses the agent when it comes back. */
static bool end_threads(struct agent *agent)
{
	if (agent->jobs.worker.busy)
		return false;
	worker_close(&agent->saver);
	worker_close(&agent->upkeep.worker);
	worker_close(&agent->connections.worker);
	worker_close(&agent->feeds.worker);
	worker_close(&agent->outlets.hep.worker);
	return !agent->feeds.worker.open && !agent->saver.open && !agent->upkeep.worker.open &&
	       !agent->connections.worker.open && !agent->outlets.hep.worker.open;
}

int agent_run(const struct agent_options *options, struct error *e)
{
	cleanup(agent_free) struct agent agent = {
		.options = options,
		.lock = LOCK_NONE,
		.network = -1,
		.loop = {.epoll = -1},
		.jobs = JOBS_CLOSED,
		.state = STATE_CLOSED,
		.control = {.listener = -1},
		.observation = {OBSERVATION_CLOSED, .say = say_text},
		.saver = WORKER_CLOSED,
		.saving = {.state = STATE_CLOSED},
		.upkeep = {UPKEEP_CLOSED, .say = say_text},
		.behaviour = {.say = say_text, .told = on_ban},
		.connections = {.say = say_text, .worker = WORKER_CLOSED},
		.feeds = {FEEDS_CLOSED, .say = say_text, .found = feeds_found},
		.locals = {.timer = -1, .say = say_text},
		.outlets = OUTLETS_CLOSED,
		.hooks = {.channel = -1, .say = say_text},
		.signals = -1,
		.timer = -1,
		.started = time(NULL),
	};
	int done;

	block_signals();
	agent.admission.state = &agent.state;
	agent.admission.loop = &agent.loop;
	agent.observation.state = &agent.state;
	agent.locals.state = &agent.state;
	agent.upkeep.state = &agent.state;
	agent.behaviour.state = &agent.state;
	agent.behaviour.loop = &agent.loop;
	agent.behaviour.context = &agent;
	agent.connections.state = &agent.state;
	agent.connections.loop = &agent.loop;
	agent.feeds.context = &agent;
	agent.outlets.hep.loop = &agent.loop;
	agent.hooks.loop = &agent.loop;
	pthread_mutex_lock(&agent.jobs.lock);
	if (start(&agent, e) < 0) {
		struct error ignored = {};

		observation_close(&agent.observation);
		/* Attaching is the last that can fail, and goes back by itself. No state is left
		 * that was not there before. */
		if (agent.state.fresh)
			state_remove(&ignored);
		if (end_threads(&agent))
			return -1;
		say(SAY_ERROR "%s", e->text);
		_exit(e->code);
	}
	say("ready");
	done = loop_run(&agent.loop, e) < 0 ? -1 : stop(&agent, e);
	/* Then nothing can be freed, nor this function be left, which has the agent. */
	if (!end_threads(&agent)) {
		if (done < 0)
			say(SAY_ERROR "%s", e->text);
		_exit(done < 0 ? (int)e->code : EXIT_OK);
	}
	return done;
}
