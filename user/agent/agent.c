/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/agent.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>

#include "agent/admission.h"
#include "agent/control.h"
#include "agent/history.h"
#include "agent/locals.h"
#include "agent/loop.h"
#include "export/event.h"
#include "export/http.h"
#include "export/json.h"
#include "export/metrics.h"
#include "kernel/attach.h"
#include "kernel/bans.h"
#include "kernel/netlink.h"
#include "kernel/observe.h"
#include "kernel/paths.h"
#include "kernel/privilege.h"
#include "policy/model.h"

#define TICK_SECONDS 1
#define SWEEP_TICKS  10

/* An interface that is meant to be protected, there or not. */
struct protected {
	char name[IFNAMSIZ];
	bool attached;
};

struct agent {
	const struct agent_options *options;
	int lock;
	struct loop loop;
	struct state state;
	struct policy policy;
	struct protected *interfaces;
	size_t interface_count;
	struct netlink_events netlink_events;
	struct netlink netlink;
	struct history history;
	struct control control;
	struct http *http;
	struct admission admission;
	int signals;
	int timer;
	uint64_t ticks;
	uint64_t generation;
	uint64_t reload_failures;
	char reload_error[1024];   /* of the last reload, empty when it went well */
	time_t started;
};

static void say(const char *text)
{
	fprintf(stderr, "sipward: %s\n", text);
}

/* --- the interfaces --- */

static struct protected *find_interface(const struct agent *agent, const char *name)
{
	for (size_t i = 0; i < agent->interface_count; i++)
		if (strcmp(agent->interfaces[i].name, name) == 0)
			return &agent->interfaces[i];
	return NULL;
}

/* The interfaces that a policy means: the command line's, else its own. */
static int wanted_interfaces(const struct agent *agent, const struct policy *policy,
			     struct apply *apply, struct error *e)
{
	bool from_options = agent->options->interface_count > 0;

	apply->wanted = from_options ? agent->options->interfaces : policy->interfaces;
	apply->wanted_count = from_options ? agent->options->interface_count :
					     policy->interface_count;
	if (!apply->wanted_count)
		return fail(e, EXIT_USAGE, "no interface is named; run `sipward run -i IFACE`, or write "
			    "interfaces: [IFACE] into the policy");
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
			memcpy(apply->interfaces[apply->interface_count++], apply->wanted[i], IFNAMSIZ);
		else if (!find_interface(agent, apply->wanted[i]))
			return fail(e, missing.code, "%s", missing.text);
	}
	return 0;
}

/* What an agent before this one left attached is taken over, not replaced by a gap. */
static void note_adopted(const struct apply *apply)
{
	for (size_t i = 0; i < apply->interface_count; i++) {
		auto_attachment struct attachment found = {};
		auto_free char *text = NULL;
		struct error other = {};

		if (attachment_read(apply->interfaces[i], &found, &other) < 0)
			text = xasprintf("%s; it is replaced now", other.text);
		else if (found.mode != ATTACH_NONE)
			text = xasprintf("interface %s: adopting program %u, generation %llu, which kept "
					 "protecting without an agent", found.iface, found.program_id,
					 (unsigned long long)found.policy->generation);
		if (text)
			say(text);
	}
}

static void note_interfaces(struct agent *agent, const struct apply *apply)
{
	free(agent->interfaces);
	agent->interfaces = NULL;
	agent->interface_count = 0;
	for (size_t i = 0; i < apply->wanted_count; i++) {
		struct protected iface = {};
		auto_attachment struct attachment attachment = {};
		auto_free char *text = NULL;
		struct error ignored = {};

		memcpy(iface.name, apply->wanted[i], IFNAMSIZ);
		attachment_read(iface.name, &attachment, &ignored);
		iface.attached = attachment.mode != ATTACH_NONE;
		append(agent->interfaces, agent->interface_count, iface);
		if (iface.attached)
			text = xasprintf("interface %s: attached, %s mode, program %u, generation %llu, "
					 "policy mode %s", iface.name, attach_mode_name(attachment.mode),
					 attachment.program_id, (unsigned long long)apply->generation,
					 mode_name(apply->policy->mode));
		else
			text = xasprintf("interface %s: is not there or down; it is attached when it "
					 "comes up", iface.name);
		say(text);
	}
}

static size_t interfaces_missing(const struct agent *agent)
{
	size_t missing = 0;

	for (size_t i = 0; i < agent->interface_count; i++)
		missing += !agent->interfaces[i].attached;
	return missing;
}

/* --- policy --- */

static int apply_policy(struct agent *agent, const struct policy *policy, struct error *e)
{
	struct apply apply = {
		.state = &agent->state,
		.policy = policy,
		.check_local = true,
		.note = say,
	};
	int done = -1;

	if (wanted_interfaces(agent, policy, &apply, e) == 0 &&
	    present_interfaces(agent, &apply, e) == 0) {
		if (!agent->generation)
			note_adopted(&apply);
		done = apply_generation(&apply, e);
	}
	if (done == 0) {
		admission_observer(&agent->admission, apply.observer);
		agent->generation = apply.generation;
		note_interfaces(agent, &apply);
	}
	free(apply.interfaces);
	return done;
}

static char *render_metrics(void *context, struct error *e)
{
	struct agent *agent = context;
	struct metrics_source source = {
		.state = &agent->state,
		.policy = &agent->policy,
		.generation = agent->generation,
		.events = agent->history.count,
		.reload_failures = agent->reload_failures,
		.interfaces_missing = interfaces_missing(agent),
	};

	return metrics_render(&source, e);
}

static void on_http(void *context, int fd)
{
	struct agent *agent = context;

	(void)fd;
	http_run(agent->http);
}

static struct http *open_exporter(struct agent *agent, const struct policy *policy, struct error *e)
{
	struct http *http = xcalloc(1, sizeof(*http));

	http->render = render_metrics;
	http->context = agent;
	if (http_open(http, policy->metrics_host, policy->metrics_port, e) < 0) {
		free(http);
		return NULL;
	}
	return http;
}

static void close_exporter(struct agent *agent, struct http **http)
{
	if (!*http)
		return;
	if (http_fd(*http) >= 0)
		loop_remove(&agent->loop, http_fd(*http));
	http_close(*http);
	free(*http);
	*http = NULL;
}

static int use_exporter(struct agent *agent, struct http *http, struct error *e)
{
	agent->http = http;
	return http_fd(http) < 0 ? 0 : loop_add(&agent->loop, http_fd(http), on_http, agent, e);
}

static bool same_listener(const struct policy *a, const struct policy *b)
{
	return a->metrics_port == b->metrics_port && strcmp(a->metrics_host, b->metrics_host) == 0;
}

/* Everything that can fail is tried before the running policy is given up. */
static int reload(struct agent *agent, struct error *e)
{
	auto_policy struct policy policy = {};
	struct http *http = NULL;
	bool moves;

	if (policy_load(agent->options->policy, &policy, e) < 0)
		return -1;
	moves = !same_listener(&policy, &agent->policy);
	if (moves && !(http = open_exporter(agent, &policy, e)))
		return -1;
	if (apply_policy(agent, &policy, e) < 0) {
		close_exporter(agent, &http);
		return -1;
	}
	if (moves) {
		close_exporter(agent, &agent->http);
		if (use_exporter(agent, http, e) < 0)
			return -1;
	}
	policy_free(&agent->policy);
	agent->policy = policy;
	memset(&policy, 0, sizeof(policy));
	return admission_follow(&agent->admission, &agent->policy, e);
}

static void on_reload(struct agent *agent)
{
	auto_free char *text = NULL;
	struct error e = {};

	if (reload(agent, &e) == 0) {
		agent->reload_error[0] = '\0';
		say("policy reloaded");
		return;
	}
	agent->reload_failures++;
	snprintf(agent->reload_error, sizeof(agent->reload_error), "%s", e.text);
	text = xasprintf("reload refused, the running policy stays: %s", e.text);
	say(text);
}

/* --- what the loop waits for --- */

static void on_signal(void *context, int fd)
{
	struct agent *agent = context;
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP)
		on_reload(agent);
	else
		agent->loop.stop = true;
}

/* Attaches what is there and not attached; notices what went away. */
static void check_interfaces(struct agent *agent)
{
	bool attach = false;

	for (size_t i = 0; i < agent->interface_count; i++) {
		struct protected *iface = &agent->interfaces[i];
		auto_attachment struct attachment attachment = {};
		auto_free char *text = NULL;
		struct error ignored = {};

		if (attachment_read(iface->name, &attachment, &ignored) < 0 ||
		    attachment.mode != ATTACH_NONE)
			continue;
		if (iface->attached) {
			text = xasprintf("interface %s: went away; it is attached again when it comes "
					 "back", iface->name);
			say(text);
			iface->attached = false;
		}
		attach |= attach_check(iface->name, &ignored) == 0;
	}
	if (attach) {
		struct error e = {};

		say("an interface came back");
		if (apply_policy(agent, &agent->policy, &e) < 0)
			say(e.text);
	}
}

static void on_link(void *context, const char *iface, bool gone, bool up)
{
	(void)gone, (void)up;
	if (find_interface(context, iface))
		check_interfaces(context);
}

static void sync_locals(struct agent *agent)
{
	struct error e = {};

	if (locals_sync(&agent->state, &e) < 0)
		say(e.text);
}

static void on_address(void *context, const struct sw_addr *addr, bool gone)
{
	(void)addr, (void)gone;
	sync_locals(context);
}

static void on_netlink(void *context, int fd)
{
	struct agent *agent = context;
	struct error e = {};
	bool lost = false;

	(void)fd;
	if (netlink_read(&agent->netlink, &lost, &e) < 0)
		say(e.text);
	if (lost) {
		check_interfaces(agent);
		sync_locals(agent);
	}
}

static void tend_admission(struct agent *agent)
{
	auto_free char (*names)[IFNAMSIZ] = xcalloc(agent->interface_count, sizeof(*names));

	for (size_t i = 0; i < agent->interface_count; i++)
		memcpy(names[i], agent->interfaces[i].name, IFNAMSIZ);
	admission_tick(&agent->admission, &agent->policy, names, agent->interface_count,
		       agent->ticks);
}

static void on_tick(void *context, int fd)
{
	struct agent *agent = context;
	struct error e = {};
	uint64_t expired;

	if (read(fd, &expired, sizeof(expired)) != sizeof(expired))
		return;
	http_run(agent->http); /* its idle connections time out */
	if (interfaces_missing(agent))
		check_interfaces(agent);
	tend_admission(agent);
	if (++agent->ticks % SWEEP_TICKS == 0 && ban_sweep(&agent->state, &e) < 0)
		say(e.text);
}

static void on_events(void *context, int fd)
{
	struct agent *agent = context;

	(void)fd;
	history_read(&agent->history);
}

static void on_event(void *context, const struct sw_event *event)
{
	struct agent *agent = context;
	auto_json struct json_object *o = NULL;

	if (!control_has_followers(&agent->control))
		return;
	o = event_json(event, &agent->state);
	control_publish(&agent->control, o);
}

/* --- the control socket --- */

struct sending {
	struct agent *agent;
	struct control_client *client;
};

static void send_event(void *context, const struct sw_event *event)
{
	struct sending *sending = context;
	auto_json struct json_object *o = event_json(event, &sending->agent->state);

	control_send(sending->client, o);
}

static struct json_object *agent_json(const struct agent *agent)
{
	struct json_object *o = json_object_new_object();
	struct json_object *missing = json_object_new_array();

	json_count(o, "pid", getpid());
	json_text(o, "version", SIPWARD_VERSION);
	json_count(o, "uptime", time(NULL) - agent->started);
	json_text(o, "policy", agent->policy.file);
	json_count(o, "generation", agent->generation);
	json_text(o, "reload_error", agent->reload_error[0] ? agent->reload_error : NULL);
	json_count(o, "events", agent->history.count);
	for (size_t i = 0; i < agent->interface_count; i++)
		if (!agent->interfaces[i].attached)
			json_object_array_add(missing,
					      json_object_new_string(agent->interfaces[i].name));
	json_object_object_add(o, "missing", missing);
	return o;
}

static bool on_command(void *context, struct control_client *client, const char *line)
{
	struct agent *agent = context;
	struct sending sending = {.agent = agent, .client = client};

	if (strcmp(line, "status") == 0) {
		auto_json struct json_object *o = agent_json(agent);

		control_send(client, o);
		return false;
	}
	if (strcmp(line, "events") == 0 || strcmp(line, "follow") == 0) {
		history_read(&agent->history);
		history_each(&agent->history, send_event, &sending);
		client->follows = line[0] == 'f';
		return client->follows;
	}
	return false;
}

/* --- start and stop --- */

static int watch_signals(struct agent *agent, struct error *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	agent->signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (agent->signals < 0)
		return fail(e, EXIT_FAILED, "signalfd: %s", strerror(errno));
	return loop_add(&agent->loop, agent->signals, on_signal, agent, e);
}

static int start_timer(struct agent *agent, struct error *e)
{
	struct itimerspec every = {.it_interval.tv_sec = TICK_SECONDS, .it_value.tv_sec = TICK_SECONDS};

	agent->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (agent->timer < 0 || timerfd_settime(agent->timer, 0, &every, NULL) < 0)
		return fail(e, EXIT_FAILED, "timerfd: %s", strerror(errno));
	return loop_add(&agent->loop, agent->timer, on_tick, agent, e);
}

static int watch_netlink(struct agent *agent, struct error *e)
{
	agent->netlink_events = (struct netlink_events){
		.link = on_link, .address = on_address, .context = agent,
	};
	if (netlink_open(&agent->netlink, &agent->netlink_events, e) < 0 ||
	    locals_sync(&agent->state, e) < 0)
		return -1;
	return loop_add(&agent->loop, netlink_fd(&agent->netlink), on_netlink, agent, e);
}

static int watch_events(struct agent *agent, struct error *e)
{
	if (history_open(&agent->history, &agent->state, on_event, agent, e) < 0)
		return -1;
	return loop_add(&agent->loop, history_fd(&agent->history), on_events, agent, e);
}

/* In order: what can be refused without touching anything comes first, attaching last. */
static int start(struct agent *agent, struct error *e)
{
	struct http *http;

	if (privilege_check(e) < 0 || policy_load(agent->options->policy, &agent->policy, e) < 0 ||
	    kernel_check(e) < 0 || paths_prepare(e) < 0 || (agent->lock = state_lock(e)) < 0 ||
	    loop_open(&agent->loop, e) < 0 || watch_signals(agent, e) < 0)
		return -1;
	http = open_exporter(agent, &agent->policy, e);
	if (!http || use_exporter(agent, http, e) < 0 || state_open(&agent->state, e) < 0 ||
	    watch_netlink(agent, e) < 0 || apply_policy(agent, &agent->policy, e) < 0 ||
	    watch_events(agent, e) < 0 ||
	    admission_follow(&agent->admission, &agent->policy, e) < 0 ||
	    start_timer(agent, e) < 0)
		return -1;
	agent->control.command = on_command;
	agent->control.context = agent;
	return control_open(&agent->control, &agent->loop, e);
}

static int stop(const struct agent *agent, struct error *e)
{
	if (agent->options->keep) {
		say("stopped; the programs stay attached and keep protecting (--keep)");
		return 0;
	}
	observers_detach();
	for (size_t i = 0; i < agent->interface_count; i++)
		if (state_detach(agent->interfaces[i].name, e) < 0)
			return -1;
	say("stopped; the programs are off, bans and counters are kept (sipward detach removes them)");
	return 0;
}

static void agent_free(struct agent *agent)
{
	control_close(&agent->control);
	close_exporter(agent, &agent->http);
	history_close(&agent->history);
	admission_close(&agent->admission);
	netlink_close(&agent->netlink);
	close_fd(&agent->signals);
	close_fd(&agent->timer);
	state_close(&agent->state);
	policy_free(&agent->policy);
	loop_close(&agent->loop);
	free(agent->interfaces);
	close_fd(&agent->lock);
}

int agent_run(const struct agent_options *options, struct error *e)
{
	cleanup(agent_free) struct agent agent = {
		.options = options,
		.lock = -1,
		.loop = {.epoll = -1},
		.state = STATE_CLOSED,
		.control = {.listener = -1},
		.admission = {.observer = -1, .say = say},
		.signals = -1,
		.timer = -1,
		.started = time(NULL),
	};

	agent.admission.state = &agent.state;
	agent.admission.loop = &agent.loop;
	if (start(&agent, e) < 0) {
		struct error ignored = {};

		/* Nothing half attached, and no state that was not there before. */
		for (size_t i = 0; agent.state.fresh && i < agent.interface_count; i++)
			state_detach(agent.interfaces[i].name, &ignored);
		if (agent.state.fresh) {
			observers_detach();
			state_remove(&ignored);
		}
		return -1;
	}
	say("ready");
	return loop_run(&agent.loop, e) < 0 ? -1 : stop(&agent, e);
}
