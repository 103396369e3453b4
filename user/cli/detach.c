/* SPDX-License-Identifier: GPL-2.0-only */
#include <net/if.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/question.h"
#include "export/json.h"
#include "kernel/attachment.h"
#include "kernel/bans.h"
#include "kernel/known.h"
#include "kernel/lock.h"
#include "kernel/namespace.h"
#include "kernel/paths.h"
#include "kernel/pinned_interfaces.h"
#include "kernel/pins.h"
#include "kernel/privilege.h"
#include "kernel/quotas.h"
#include "kernel/state_maps.h"
#include "kernel/state_open.h"
#include "kernel/state_remove.h"
#include "kernel/tc_filters.h"
#include "kernel/unpin.h"

struct detaching {
	bool json, yes, dry;
	const char *only; /* one interface; NULL: all of sipward */
	char **interfaces;
	long agent;    /* the process that has the state; 0: none */
	bool anything; /* there is something to delete: a pin */
	bool counted;  /* the next two are known: the state is of this version */
	uint64_t bans, known;
};

static int read_options(const struct command *self, int argc, char **argv, struct detaching *to,
			struct error *e)
{
	static const struct option options[] = {
		{"interface", required_argument, NULL, 'i'},
		{"dry-run", no_argument, NULL, 'd'},
		{"yes", no_argument, NULL, 'y'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	int letter;

	while ((letter = next_option(self, argc, argv, "i:yj", options, e)) >= 0) {
		to->json |= letter == 'j';
		to->yes |= letter == 'y';
		to->dry |= letter == 'd';
		if (letter == 'i')
			to->only = optarg;
	}
	if (letter == -2)
		return -1;
	if (optind < argc)
		return fail(e, EXIT_USAGE,
			    "detach: unexpected argument '%s' (one interface: -i %s); see: sipward "
			    "detach --help",
			    argv[optind], argv[optind]);
	return 0;
}

/* Leaves only the one that is to go. */
static int choose(struct detaching *what, struct error *e)
{
	auto_free char *all = xstrdup("");
	char **names = what->interfaces, *found = NULL;

	for (char **name = names; *name; name++) {
		auto_free char *before = all;

		all = xasprintf("%s%s%s", before, *before ? ", " : "", *name);
		if (strcmp(*name, what->only) == 0)
			found = *name;
	}
	if (!found)
		return fail(e, EXIT_INTERFACE, "detach: sipward has nothing on interface %s%s%s",
			    what->only, *all ? "; it has on: " : "", all);
	for (char **name = names; *name; name++)
		if (*name != found)
			free(*name);
	names[0] = found;
	names[1] = NULL;
	return 0;
}

/* A directory of pins keeps the name that its interface had: told is the one of now, as by
 * `status`. */
static void name_as_now(struct detaching *what)
{
	for (char **name = what->interfaces; *name; name++) {
		auto_attachment struct attachment attachment = {};

		if (attachment_read(*name, &attachment, NULL) < 0 || !attachment.now[0] ||
		    attachment.mode == ATTACH_NONE || attachment.mode == ATTACH_ELSEWHERE)
			continue;
		free(*name);
		*name = xstrdup(attachment.now);
	}
}

static bool has_pins(void)
{
	auto_string_list char **directories = pin_directories();
	char path[PATH_MAX];
	bool found = directories[0];

	for (int i = 0; !found && i < STATE_MAP_COUNT; i++) {
		pin_path(path, NULL, state_map_name(i));
		found = access(path, F_OK) == 0;
	}
	return found;
}

/* What a detach deletes. The state may be of another version, and then it is not read. */
static void count(struct detaching *what)
{
	auto_state struct state state = STATE_CLOSED;
	struct error other_version = {};
	auto_free struct ban_entry *bans = NULL;
	size_t ban_count;

	if (!what->anything || state_open_existing(&state, &other_version) < 0 ||
	    ban_list_unsorted(&state, &bans, &ban_count, &other_version) < 0)
		return;
	what->counted = true;
	what->bans = ban_count;
	what->known = known_filled(&state);
}

/* Owned by the caller. */
static char *names_of(const struct detaching *what)
{
	char *text = xstrdup("");

	for (char **name = what->interfaces; *name; name++) {
		auto_free char *before = text;

		text = xasprintf("%s%s%s", before, *before ? ", " : "", printable(*name).text);
	}
	return text;
}

/* A sentence without its end; owned by the caller. */
static char *deletion(const struct detaching *what)
{
	auto_free char *names = names_of(what);

	if (what->only)
		return xasprintf("this takes sipward off %s, which is then not protected, and "
				 "deletes its counters",
				 names);
	if (!what->counted)
		return xasprintf("this takes sipward off %s, and deletes all bans, known "
				 "endpoints and counters",
				 *names ? names : "all interfaces");
	return xasprintf("this takes sipward off %s, and deletes %llu bans and manual allows, %llu "
			 "known endpoints and all counters",
			 *names ? names : "all interfaces", (unsigned long long)what->bans,
			 (unsigned long long)what->known);
}

static void print_detached(const struct detaching *what)
{
	auto_json struct json_object *o = json_object_new_object();
	struct json_object *names = json_object_new_array();

	for (char **iface = what->interfaces; *iface; iface++)
		json_object_array_add(names, json_string(*iface));
	json_flag(o, "dry_run", what->dry);
	if (what->dry) {
		json_object_object_add(o, "agent_pid", NULL);
		if (what->agent)
			json_count(o, "agent_pid", what->agent);
	}
	json_object_object_add(o, "detached", names);
	json_object_object_add(o, "bans", NULL);
	json_object_object_add(o, "known", NULL);
	if (what->counted && !what->only) {
		json_count(o, "bans", what->bans);
		json_count(o, "known", what->known);
	}
	print_json(o);
}

static void print_done(const struct detaching *what)
{
	for (char **iface = what->interfaces; *iface; iface++)
		printf("%s: program off, counters removed\n", printable(*iface).text);
	if (what->only)
		puts("bans and all other state stay; a start of the agent with this interface "
		     "attaches it again");
	else
		puts("bans and all other state are removed; nothing of sipward is left in the "
		     "kernel (the clsact qdisc of the observer stays, because other tools may "
		     "use it; alone it does nothing)");
}

static void print_dry(const struct detaching *what, const char *deletes)
{
	printf("%s; nothing was changed\n",
	       what->anything ? deletes : "there is nothing to detach");
	if (what->agent)
		printf("without --dry-run it is refused until the agent (pid %ld) is stopped\n",
		       what->agent);
}

static int remove_one(const char *iface, struct error *e)
{
	int ifindex = if_nametoindex(iface);

	if (ifindex)
		observer_detach(ifindex);
	return state_remove_interface(iface, e);
}

static int detach(const struct detaching *what, struct error *e)
{
	if (what->only)
		return remove_one(what->only, e);
	observers_detach(NULL);
	return state_remove(e);
}

static int prepare(struct detaching *what, struct lock *lock, struct error *e)
{
	static const char advice[] = "stop it first; it would restore everything";

	if (privilege_check(e) < 0)
		return -1;
	/* With an agent alive the programs would come back at its next step. */
	if (!what->dry &&
	    (paths_prepare(e) < 0 || lock_take(lock, advice, e) < 0 || network_check(e) < 0))
		return -1;
	what->agent = what->dry ? lock_holder() : 0;
	what->anything = has_pins();
	if (what->only && !what->dry && pins_follow(NULL, e) < 0)
		return -1;
	what->interfaces = state_interfaces();
	name_as_now(what);
	if (what->only && choose(what, e) < 0)
		return -1;
	count(what);
	return 0;
}

static void detaching_free(struct detaching *what)
{
	string_list_free(&what->interfaces);
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	cleanup(detaching_free) struct detaching what = {};
	auto_lock struct lock lock = LOCK_NONE;
	auto_free char *deletes = NULL, *command = NULL;

	if (read_options(self, argc, argv, &what, e) < 0 || prepare(&what, &lock, e) < 0)
		return -1;
	deletes = deletion(&what);
	command = xasprintf("detach%s%s", what.only ? " -i " : "", what.only ?: "");
	if (!what.dry &&
	    (go_on(what.yes || !what.anything, deletes, command, e) < 0 || detach(&what, e) < 0))
		return -1;
	if (what.json)
		print_detached(&what);
	else if (what.dry)
		print_dry(&what, deletes);
	else
		print_done(&what);
	return 0;
}

const struct command command_detach = {
	.name = "detach",
	.summary = "detaches from all interfaces and removes the state",
	.help = "Usage: sipward detach [-i IFACE] [--dry-run] [--yes] [-j]\n\n"
		"  -i, --interface IFACE  only from this interface; bans and the rest of the state stay\n"
		"  --dry-run              says what would be deleted, and changes nothing\n"
		"  -y, --yes              without a question\n"
		"  -j, --json             the result as JSON\n\n"
		"Stop the agent first. Programs, bans, known endpoints and counters are deleted. It\n"
		"says so and asks. Where no terminal can be asked, --yes is needed: without it nothing\n"
		"is changed, and the exit code is 2. The saved file on the disk (state: {save: FILE}\n"
		"of the policy) stays, and the next start restores it. Remove the file to start\n"
		"without it.\n",
	.run = run,
};
