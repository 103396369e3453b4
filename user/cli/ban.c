/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/ban.h"

#include <inttypes.h>
#include <string.h>

#include "export/ban_lines.h"
#include "cli/ban_many.h"
#include "cli/ban_noted.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/question.h"
#include "export/json.h"
#include "kernel/attachment.h"
#include "kernel/bans.h"
#include "kernel/pinned_interfaces.h"
#include "kernel/state_open.h"
#include "policy/duration.h"
#include "policy/names.h"
#include "policy/prefix.h"

/* `ban` and `allow` are one command with two meanings. */
struct ban_options {
	enum ban_kind kind;
	const char *command; /* "ban", "allow" */
	bool json;
	bool yes;
	bool skip;
	uint64_t duration;
	const char *note;
	const char *user;    /* of `ban del`: one that is refused */
	const char *account; /* likewise, one that is attacked */
	char given[8];       /* the letters of the options, each once */
	const char *verb;
	char **words; /* behind the verb */
	int word_count;
	const char *address;  /* the first of them */
	struct prefix source; /* what the address says */
};

static int wants_verb(const struct ban_options *options, struct error *e)
{
	static const char *const verbs[] = {"add",    "del",   "list", "import",
					    "export", "flush", NULL};

	if (!options->verb)
		return fail(e, EXIT_USAGE,
			    "%s: use add ADDRESS, del ADDRESS, list, import FILE, export or flush",
			    options->command);
	return unknown_word(options->command, options->verb, verbs, e);
}

static bool has_verb(const struct ban_options *options, const char *verb)
{
	return strcmp(options->verb, verb) == 0;
}

static int read_words(int argc, char **argv, struct ban_options *to, struct error *e)
{
	int most;

	if (optind < argc)
		to->verb = argv[optind++];
	if (!to->verb)
		return wants_verb(to, e);
	to->words = argv + optind;
	to->word_count = argc - optind;
	to->address = to->word_count ? to->words[0] : NULL;
	most = has_verb(to, "add") || has_verb(to, "del")      ? to->word_count :
	       has_verb(to, "export") || has_verb(to, "flush") ? 0 :
								 1;
	if (to->word_count > most)
		return fail(e, EXIT_USAGE, "%s: unexpected argument '%s'", to->command,
			    to->words[most]);
	return 0;
}

static const struct option ban_options[] = {
	/* clang-format off */
	{"for", required_argument, NULL, 'f'},
	{"note", required_argument, NULL, 'n'},
	{"user", required_argument, NULL, 'u'},
	{"account", required_argument, NULL, 'a'},
	{"skip", no_argument, NULL, 's'},
	{"yes", no_argument, NULL, 'y'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{},
	/* clang-format on */
};

static bool has_dash(const struct ban_options *options)
{
	return options->address && strcmp(options->address, "-") == 0;
}

/* From standard input and files: there are wrong lines only there. */
static bool reads_lines(const struct ban_options *options)
{
	return has_verb(options, "import") ||
	       ((has_verb(options, "add") || has_verb(options, "del")) && has_dash(options));
}

/* Who removes the bans of one note removes only those. */
static bool is_noted(const struct ban_options *options)
{
	return options->note && options->kind == BAN_DENIES &&
	       (has_verb(options, "del") || has_verb(options, "flush"));
}

/* An option that does nothing is a mistake: somebody expects something of it. */
static int check_given(const struct ban_options *options, struct error *e)
{
	bool bans = options->kind == BAN_DENIES;
	const char *taken = has_verb(options, "del")   ? (!bans             ? "j" :
							  has_dash(options) ? "nsj" :
									      "uanj") :
			    reads_lines(options)       ? "fnsj" :
			    has_verb(options, "add")   ? "fnj" :
			    has_verb(options, "flush") ? (bans ? "nyj" : "yj") :
							 "j";
	const struct option *all = ban_options;

	for (const char *letter = options->given; *letter; letter++) {
		if (strchr(taken, *letter))
			continue;
		while (all->val != *letter)
			all++;
		return fail(e, EXIT_USAGE, "%s %s: --%s does nothing here; see: sipward %s --help",
			    options->command, options->verb, all->name, options->command);
	}
	return 0;
}

static void note_given(struct ban_options *to, char letter)
{
	size_t used = strlen(to->given);

	if (!strchr(to->given, letter) && used < sizeof(to->given) - 1)
		to->given[used] = letter;
}

static int read_options(const struct command *self, int argc, char **argv, struct ban_options *to,
			struct error *e)
{
	const char *why;
	int letter;

	to->duration = BAN_FOREVER;
	while ((letter = next_option(self, argc, argv, "f:n:u:a:syj", ban_options, e)) >= 0) {
		note_given(to, letter);
		if (letter == 'j')
			to->json = true;
		else if (letter == 'y')
			to->yes = true;
		else if (letter == 's')
			to->skip = true;
		else if (letter == 'n')
			to->note = optarg;
		else if (letter == 'u')
			to->user = optarg;
		else if (letter == 'a')
			to->account = optarg;
		else if (duration_parse(optarg, &to->duration, &why) < 0)
			return fail(e, EXIT_USAGE, "%s: --for %s: %s", to->command, optarg, why);
	}
	if (letter == -2 || read_words(argc, argv, to, e) < 0)
		return -1;
	if (has_verb(to, "del") && !to->note && (to->word_count > 1 || has_dash(to)))
		return fail(e, EXIT_USAGE,
			    "%s del: name one address; ban del removes many with --note TEXT, and "
			    "then only bans that have this note",
			    to->command);
	if (to->user && to->note)
		return fail(e, EXIT_USAGE, "%s del: --user and --note exclude each other",
			    to->command);
	if ((to->user || to->account) && (to->kind == BAN_ALLOWS || !has_verb(to, "del")))
		return fail(e, EXIT_USAGE,
			    "%s: --user and --account go with ban del: a username is refused for "
			    "wrong passwords",
			    to->command);
	if (to->account && (to->address || to->user || to->note))
		return fail(
			e, EXIT_USAGE,
			"%s: --account goes without an address and a note: an account is attacked "
			"from many sources",
			to->command);
	for (int i = 0; i < to->word_count && to->word_count > 1; i++)
		if (strcmp(to->words[i], "-") == 0)
			return fail(e, EXIT_USAGE, "%s %s: - stands alone: it is standard input",
				    to->command, to->verb);
	return 0;
}

static int read_address(struct ban_options *options, struct error *e)
{
	const char *why;

	if (!options->address)
		return fail(e, EXIT_USAGE, "%s %s: name an address", options->command,
			    options->verb);
	if (prefix_parse(options->address, &options->source, &why) < 0)
		return fail(e, EXIT_USAGE, "%s %s: %s: %s", options->command, options->verb,
			    options->address, why);
	return 0;
}

static void time_left(const struct sw_ban *ban, char *text, size_t size)
{
	uint64_t now = monotonic_ns();

	if (ban->end == BAN_FOREVER)
		snprintf(text, size, "until removed");
	else
		snprintf(text, size, "%s left",
			 spoken(ban->end > now ? (ban->end - now) / SW_NS_PER_SEC : 0).text);
}

static struct reason_label reason_of(const struct sw_ban *ban)
{
	return ban->reason == SW_REASON_BAN || ban->reason == SW_REASON_NONE ?
		       (struct reason_label){"manual"} :
		       reason_label(ban->reason);
}

struct json_object *ban_json(const struct ban_entry *entry)
{
	struct json_object *o = json_object_new_object();
	uint64_t now = monotonic_ns();
	char text[64];

	json_text(o, "source",
		  entry->account ? NULL : prefix_text(&entry->source, text, sizeof(text)));
	json_text(o, "user", entry->user[0] || entry->account ? entry->user : NULL);
	json_text(o, "reason", reason_of(&entry->ban).text);
	json_text(o, "note", entry->ban.note);
	json_count(o, "age_seconds", (now - entry->ban.start) / SW_NS_PER_SEC);
	if (entry->ban.end == BAN_FOREVER)
		json_object_object_add(o, "seconds_left", NULL);
	else
		json_count(o, "seconds_left", (entry->ban.end - now) / SW_NS_PER_SEC);
	json_count(o, "evidence", entry->ban.evidence);
	json_count(o, "before", entry->ban.flags);
	json_count(o, "dropped", entry->ban.hits);
	return o;
}

static void print_entry(const struct ban_entry *entry, enum ban_kind kind)
{
	char source[64], left[48];

	time_left(&entry->ban, left, sizeof(left));
	printf("%-40s %-16s %-20s",
	       entry->account ? "any source" : prefix_text(&entry->source, source, sizeof(source)),
	       left, reason_of(&entry->ban).text);
	if (kind == BAN_DENIES)
		printf(" %" PRIu64 " dropped", (uint64_t)entry->ban.hits);
	if (entry->ban.evidence)
		printf("  for %u offences", entry->ban.evidence);
	if (entry->user[0] || entry->account)
		printf("  username %s", printable(entry->user).text);
	printf("%s%s\n", entry->ban.note[0] ? "  " : "", printable(entry->ban.note).text);
}

static int list(const struct state *state, const struct ban_options *options, struct error *e)
{
	auto_free struct ban_entry *bans = NULL;
	auto_json struct json_object *all = json_object_new_array();
	size_t count;

	if (ban_list(state, options->kind, &bans, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (options->json)
			json_object_array_add(all, ban_json(&bans[i]));
		else
			print_entry(&bans[i], options->kind);
	}
	if (options->json)
		print_json(all);
	else if (!count)
		puts(options->kind == BAN_ALLOWS ? "there are no manual allows" :
						   "there are no bans");
	return 0;
}

/* An operator who bans a source at night must see why it is not dropped. */
static void note_monitor(void)
{
	auto_string_list char **interfaces = state_interfaces();

	for (char **iface = interfaces; *iface; iface++) {
		auto_attachment struct attachment attachment = {};

		if (attachment_read(*iface, &attachment, NULL) == 0 && attachment.policy &&
		    attachment.policy->mode == SW_MODE_MONITOR)
			fprintf(stderr,
				"sipward: %s is in monitor mode: bans are would-drop, and drop "
				"nothing (sipward tune mode enforce)\n",
				printable(*iface).text);
	}
}

static int add(const struct state *state, const struct ban_options *options, struct error *e)
{
	bool allow = options->kind == BAN_ALLOWS;
	struct prefix source;
	char text[64];

	if ((allow ? allow_add : ban_add)(state, &options->source, options->duration, options->note,
					  &source, e) < 0)
		return -1;
	if (options->json)
		return list(state, options, e);
	printf("%s is %s%s", prefix_text(&source, text, sizeof(text)), allow ? "allowed" : "banned",
	       options->duration == BAN_FOREVER ? " until it is removed" : "");
	if (options->duration == BAN_FOREVER)
		printf(" (sipward %s del)", options->command);
	putchar('\n');
	if (!allow)
		note_monitor();
	return 0;
}

/* Several addresses, or the lines of a file: *file, NULL when there is none. */
static int read_many(const struct state *state, const struct ban_options *options,
		     struct ban_lines *lines, const char **file, struct error *e)
{
	*file = reads_lines(options) ? options->address : NULL;
	lines->usual.kind = options->kind;
	lines->usual.end =
		options->duration == BAN_FOREVER ? BAN_FOREVER : ban_end(options->duration);
	lines->most = state_entries(state, STATE_BANS);
	snprintf(lines->usual.note, sizeof(lines->usual.note), "%s", options->note ?: "");
	if (*file)
		return ban_lines_read(lines, *file, e);
	for (int i = 0; i < options->word_count; i++)
		if (ban_lines_add(lines, options->words[i], e) < 0)
			return -1;
	return 0;
}

/* All are read before the first is written. */
static int add_many(const struct state *state, const struct ban_options *options, struct error *e)
{
	auto_ban_lines struct ban_lines lines = {};
	const char *file;

	if (read_many(state, options, &lines, &file, e) < 0 ||
	    ban_many_write(state, &lines, file, options->skip, e) < 0)
		return -1;
	print_many(&lines, options->json);
	if (options->kind == BAN_DENIES)
		note_monitor();
	return 0;
}

static int export_all(const struct state *state, const struct ban_options *options, struct error *e)
{
	auto_free struct ban_entry *bans = NULL;
	size_t count;

	if (ban_list(state, options->kind, &bans, &count, e) < 0)
		return -1;
	print_export(options->command, bans, count, options->json);
	return 0;
}

/* "1 ban or refused username is", "3 manual allows are"; owned by the caller. */
static char *entries_text(const struct ban_options *options, size_t count, const char *verb)
{
	if (options->kind == BAN_ALLOWS)
		return xasprintf("%zu manual allow%s%s", count, count == 1 ? "" : "s", verb);
	return count == 1 ? xasprintf("1 ban or refused username%s", verb) :
			    xasprintf("%zu bans and refused usernames%s", count, verb);
}

static void print_removed(const struct ban_options *options, size_t count)
{
	auto_json struct json_object *o = json_object_new_object();
	auto_free char *text = entries_text(options, count, count == 1 ? " is" : " are");

	json_count(o, "removed", count);
	if (options->json)
		print_json(o);
	else
		printf("%s removed\n", text);
}

static int flush(const struct state *state, const struct ban_options *options, struct error *e)
{
	auto_free struct ban_entry *bans = NULL;
	auto_free char *text = NULL, *what = NULL;
	auto_free char *command = xasprintf("%s flush", options->command);
	size_t count;

	if (ban_list(state, options->kind, &bans, &count, e) < 0)
		return -1;
	free(take(bans));
	text = entries_text(options, count, "");
	what = xasprintf("this removes %s", text);
	if (go_on(options->yes || !count, what, command, e) < 0 ||
	    (count && ban_flush(state, options->kind, &count, e) < 0))
		return -1;
	print_removed(options, count);
	return 0;
}

static int del_noted(const struct state *state, const struct ban_options *options, struct error *e)
{
	auto_ban_lines struct ban_lines lines = {};
	const char *file;

	if (read_many(state, options, &lines, &file, e) < 0)
		return -1;
	return ban_noted_del(state, &lines, options->note, options->skip, options->json, e);
}

static int flush_noted(const struct state *state, const struct ban_options *options,
		       struct error *e)
{
	return ban_noted_flush(state, options->note, options->yes, options->json, e);
}

static int del_user(const struct state *state, const struct ban_options *options, struct error *e)
{
	bool found;

	if (ban_del_user(state, &options->source, options->user, &found, e) < 0)
		return -1;
	if (!found)
		return fail(e, EXIT_FAILED,
			    "the username '%s' is not refused to %s; `sipward ban "
			    "list` shows each username with its address",
			    printable(options->user).text, options->address);
	if (options->json)
		return list(state, options, e);
	printf("the username '%s' is no longer refused to %s\n", printable(options->user).text,
	       options->address);
	return 0;
}

static int del_account(const struct state *state, const struct ban_options *options,
		       struct error *e)
{
	bool found;

	if (ban_del_account(state, options->account, &found, e) < 0)
		return -1;
	if (!found)
		return fail(e, EXIT_FAILED,
			    "the account '%s' has no limit; `sipward ban list` shows those that do",
			    printable(options->account).text);
	if (options->json)
		return list(state, options, e);
	printf("newcomers with the account '%s' have no limit any more\n",
	       printable(options->account).text);
	return 0;
}

static int del(const struct state *state, const struct ban_options *options, struct error *e)
{
	const char *is = options->kind == BAN_ALLOWS ? "allowed manually" : "banned";
	bool found;

	if (options->account)
		return del_account(state, options, e);
	if (options->user)
		return del_user(state, options, e);
	if (ban_del(state, &options->source, options->kind, &found, e) < 0)
		return -1;
	if (!found)
		return fail(e, EXIT_FAILED, "%s is not %s; `sipward %s list` shows all",
			    options->address, is, options->command);
	if (options->json)
		return list(state, options, e);
	printf("%s is no longer %s\n", options->address, is);
	return 0;
}

struct verb {
	const char *name;
	bool takes_words;
	int (*run)(const struct state *state, const struct ban_options *options, struct error *e);
};

/* Verbs that take many sources, or the bans of one note. `add` with one address says which source
 * that is. */
static const struct verb *many_verb(const struct ban_options *options)
{
	static const struct verb many = {"add", true, add_many}, del = {"del", true, del_noted},
				 flush = {"flush", false, flush_noted};

	if (is_noted(options))
		return has_verb(options, "del") ? &del : &flush;
	return has_verb(options, "import") || (has_verb(options, "add") &&
					       (options->word_count > 1 || has_dash(options))) ?
		       &many :
		       NULL;
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	static const struct verb verbs[] = {
		{"add", true, add},
		{"del", true, del},
		{"import", true, add_many},
		{"list", false, list},
		{"export", false, export_all},
		{"flush", false, flush},
	};
	const struct verb *verb = NULL;
	auto_state struct state state = STATE_CLOSED;
	struct ban_options options = {
		.kind = self == &command_allow ? BAN_ALLOWS : BAN_DENIES,
		.command = self->name,
	};

	if (read_options(self, argc, argv, &options, e) < 0)
		return -1;
	for (size_t i = 0; i < array_size(verbs); i++)
		if (has_verb(&options, verbs[i].name))
			verb = &verbs[i];
	if (!verb)
		return wants_verb(&options, e);
	if (check_given(&options, e) < 0)
		return -1;
	if (verb->takes_words && !options.address && !options.account)
		return fail(e, EXIT_USAGE, "%s %s: name %s", options.command, options.verb,
			    has_verb(&options, "import") ? "a file, or - for standard input" :
							   "an address");
	if (many_verb(&options))
		verb = many_verb(&options);
	else if (verb->takes_words && !options.account && read_address(&options, e) < 0)
		return -1;
	if (state_open_existing(&state, e) < 0)
		return -1;
	return verb->run(&state, &options, e);
}

#define LINES_HELP                                                                             \
	"A file has a line `ADDRESS [TIME [NOTE]]` for each source. TIME is a duration, a\n"   \
	"point in time such as 2026-11-30T12:00:00Z, or - for no end. Lines whose time is\n"   \
	"over are left out. # begins a comment. A line without a time gets --for and\n"        \
	"--note. All lines are read first: if one is wrong, or the table has no room for\n"    \
	"all, nothing is changed and the exit code is 1. A tenth of the table stays free of\n" \
	"what is imported: for bans that sipward gives.\n"

const struct command command_ban = {
	.name = "ban",
	.summary = "adds, deletes, lists, imports and exports manual bans",
	.help = "Usage: sipward ban add ADDRESS... [--for 10m] [--note TEXT] [-j]\n"
		"       sipward ban import FILE [--for 10m] [--note TEXT] [--skip] [-j]\n"
		"       sipward ban del ADDRESS [--user NAME] [-j]\n"
		"       sipward ban del --account NAME [-j]\n"
		"       sipward ban del ADDRESS... --note TEXT [--skip] [-j]\n"
		"       sipward ban list [-j]\n"
		"       sipward ban export [-j]\n"
		"       sipward ban flush [--note TEXT] [--yes] [-j]\n\n"
		"  -f, --for DURATION  ms, s, m, h or d; without it the ban stays until removed\n"
		"  -n, --note TEXT     why (31 octets), shown by list\n"
		"  -u, --user NAME     a username that is refused to ADDRESS, as list shows it\n"
		"  -a, --account NAME  a username that is attacked from many sources\n"
		"  -s, --skip          leaves wrong lines out and says which, and takes the others\n"
		"  -y, --yes           flush without a question\n"
		"  -j, --json          the result as JSON\n\n"
		"An IPv6 address stands for its /64, the network of one subscriber. Larger prefixes go\n"
		"into lists: {deny: [...]} of the policy. A ban holds on every protected interface at\n"
		"once, with or without an agent, and outlives restarts and reloads. Sources on lists:\n"
		"{allow: [...]} pass in spite of a ban. A manual ban replaces a manual allow. Automatic\n"
		"bans never do, and neither does a file: its sources that are allowed stay so, and its\n"
		"sources in a zone with trust: peer are left out.\n\n"
		"add with several addresses, and with - for standard input, bans all of them. export\n"
		"prints the manual bans as import reads them. Bans for behaviour are not exported. flush\n"
		"removes all bans, for behaviour too, and all usernames that are refused.\n"
		"\n" LINES_HELP "\n"
		"list also shows usernames that are refused to an address for wrong passwords. del\n"
		"--user removes one of them. del without --user removes all of the address, and its\n"
		"ban. A username from any source is an account that is attacked: newcomers with it\n"
		"have a limit (bans: {account: ...} of the policy). del --account takes that off. del\n"
		"and flush with --note remove only manual bans that have this note; del then takes\n"
		"many addresses, and - for standard input.\n",
	.run = run,
};

const struct command command_allow = {
	.name = "allow",
	.summary = "lets a source pass, despite lists and bans",
	.help = "Usage: sipward allow add ADDRESS... [--for 10m] [--note TEXT] [-j]\n"
		"       sipward allow import FILE [--for 10m] [--note TEXT] [--skip] [-j]\n"
		"       sipward allow del ADDRESS [-j]\n"
		"       sipward allow list [-j]\n"
		"       sipward allow export [-j]\n"
		"       sipward allow flush [--yes] [-j]\n\n"
		"  -f, --for DURATION  ms, s, m, h or d; without it the source is allowed until removed\n"
		"  -n, --note TEXT     why (31 octets), shown by list\n"
		"  -s, --skip          leaves wrong lines out and says which, and takes the others\n"
		"  -y, --yes           flush without a question\n"
		"  -j, --json          the result as JSON\n\n"
		"An allow replaces a ban of the source and prevents automatic bans. It overrides lists:\n"
		"{deny: [...]}. Limits, methods and checks still apply to the source. Like a ban, it\n"
		"takes effect on every interface at once, with or without an agent, for one IPv4\n"
		"address or one IPv6 /64.\n\n"
		"add with several addresses, and with - for standard input, allows all of them. export\n"
		"prints the entries as import reads them, and flush removes all.\n\n" LINES_HELP,
	.run = run,
};
