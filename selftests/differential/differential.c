/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The differential test: messages at random, which sipward and parsers that others wrote read.
 * It fails where one of them finds something that sipward missed or read differently, in a
 * message that sipward passes (profile default).
 *
 *   differential [-s SEED] [-e EXAMPLES] [-m METHOD] [-p PARSER]... MESSAGES
 *   differential [-p PARSER]... -f FILE
 *
 * Four fifths of the messages have the seeds 0, 1, 2 and so on, the rest begin with a seed drawn at
 * random, which is printed. -s: one run of MESSAGES from that seed on; -e: examples of each kind of
 * failure; -m: only messages with this method; -p: only this parser. -f: shows what each one reads
 * in the message of a file.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/base.h"
#include "failure.h"
#include "shape.h"

#define MESSAGE_ROOM 16384

static const struct parser *const everybody[] = {
	&parser_osip, &parser_sofia, &parser_re, &parser_kamailio, &parser_asterisk,
};

/* The other parsers have leaks of their own. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

#define LIBRARIES 3 /* the first ones: the others need a server that runs */

struct run {
	const struct parser *parsers[array_size(everybody)];
	uint32_t parser_count;
	const char *method; /* only messages with this one are looked at; NULL: all */
	uint32_t examples;
	uint64_t seed; /* of the message under work */
	uint64_t messages;
	uint64_t passed;
	uint64_t read[array_size(everybody)]; /* of those */
	uint64_t tolerated[64];
};

/* A message of its seed. */
static size_t generate(uint64_t seed, uint8_t *text)
{
	struct sip_random random = {.state = seed * 0x9e3779b97f4a7c15ull + seed};
	uint32_t way = sip_random_below(&random, 16);
	size_t size;

	if (way < 3)
		size = sip_generate(&random, text, MESSAGE_ROOM);
	else
		size = shape_message(&random, text, MESSAGE_ROOM);
	if (way == 1 || way == 2 || way == 15)
		size = sip_mutate(&random, text, size, MESSAGE_ROOM);
	return size;
}

static void found(const struct difference *d, void *arg)
{
	const struct tolerance *tolerance = tolerance_of(d);
	struct run *run = arg;

	if (tolerance)
		run->tolerated[tolerance - tolerances]++;
	else
		failure_note(d, run->seed, run->examples);
}

static bool is_wanted(const struct run *run, const struct reading *r)
{
	const struct values *method = &r->field[F_METHOD];

	if (!run->method)
		return true;
	return method->count && method->value[0].size == strlen(run->method) &&
	       !memcmp(method->value[0].octets, run->method, method->value[0].size);
}

static void compare_all(struct run *run, const struct message_text *message)
{
	static struct reading ours, theirs;

	reading_clear(&ours);
	parser_sipward.read(message, &ours);
	run->messages++;
	if (ours.outcome == OUTCOME_REFUSED || !is_wanted(run, &ours))
		return;
	run->passed++;
	for (uint32_t i = 0; i < run->parser_count; i++) {
		struct difference d = {.parser = run->parsers[i], .message = message};

		reading_clear(&theirs);
		d.parser->read(message, &theirs);
		run->read[i] += theirs.outcome == OUTCOME_READ;
		compare(&ours, &theirs, &d, found, run);
	}
}

static void run_from(struct run *run, uint64_t seed, uint64_t messages)
{
	static uint8_t text[MESSAGE_ROOM];

	for (uint64_t i = 0; i < messages; i++) {
		struct message_text message = {.octets = text};

		run->seed = seed + i;
		message.size = generate(run->seed, text);
		compare_all(run, &message);
	}
}

/* --- one message, shown --- */

static void show_reading(const char *name, const struct reading *r)
{
	static const char *const outcomes[] = {"refused", "read", "passed as no SIP"};

	printf("# %s: %s %s\n", name, outcomes[r->outcome],
	       r->outcome == OUTCOME_REFUSED ? r->why : "");
	for (int f = 0; f < FIELD_COUNT && r->outcome == OUTCOME_READ; f++) {
		for (uint32_t i = 0; i < r->field[f].count; i++) {
			printf("#   %s [", field_names[f]);
			print_escaped(r->field[f].value[i].octets, r->field[f].value[i].size);
			printf("]\n");
		}
	}
}

static void show_difference(const struct difference *d, void *arg)
{
	const struct tolerance *tolerance = tolerance_of(d);

	(void)arg;
	printf("# %s, %s: %s%s%s\n", d->parser->name, field_names[d->field],
	       difference_names[d->kind], tolerance ? ", tolerated: " : "",
	       tolerance ? tolerance->name : "");
}

static void show(const struct run *run, const struct message_text *message)
{
	static struct reading ours, theirs;

	printf("# ");
	print_escaped(message->octets, message->size);
	printf("\n");
	reading_clear(&ours);
	parser_sipward.read(message, &ours);
	show_reading("sipward", &ours);
	for (uint32_t i = 0; i < run->parser_count; i++) {
		struct difference d = {.parser = run->parsers[i], .message = message};

		reading_clear(&theirs);
		d.parser->read(message, &theirs);
		show_reading(d.parser->name, &theirs);
		compare(&ours, &theirs, &d, show_difference, NULL);
	}
}

/* --- results --- */

static bool report_parser(const struct run *run, uint32_t i)
{
	const struct parser *parser = run->parsers[i];
	uint64_t failures = failure_count(parser);

	/* then nothing was compared; of INVITEs alone Asterisk takes few */
	if (run->read[i] < run->passed / (run->method ? 40 : 8)) {
		printf("not ok differential: %s - it reads only %" PRIu64 " of %" PRIu64
		       " messages that sipward passes\n",
		       parser->name, run->read[i], run->passed);
		return false;
	}
	if (failures) {
		printf("not ok differential: %s - %" PRIu64 " differences in %" PRIu64
		       " messages that both read\n",
		       parser->name, failures, run->read[i]);
		return false;
	}
	printf("ok differential: %s reads %" PRIu64 " messages as sipward does\n", parser->name,
	       run->read[i]);
	return true;
}

static bool report(const struct run *run)
{
	bool good = run->passed > run->messages / (run->method ? 20 : 4);

	for (size_t i = 0; i < tolerance_count; i++)
		printf("# tolerated %" PRIu64 " times: %s (%s)\n", run->tolerated[i],
		       tolerances[i].name, tolerances[i].reason);
	if (good)
		printf("ok differential: sipward passes %" PRIu64 " of %" PRIu64 " messages\n",
		       run->passed, run->messages);
	else
		printf("not ok differential: sipward passes enough messages - %" PRIu64
		       " of %" PRIu64 "\n",
		       run->passed, run->messages);
	for (uint32_t i = 0; i < run->parser_count; i++)
		good &= report_parser(run, i);
	return good;
}

static void add_parser(struct run *run, const char *name)
{
	for (size_t i = 0; i < array_size(everybody); i++) {
		if (strcmp(everybody[i]->name, name))
			continue;
		run->parsers[run->parser_count++] = everybody[i];
		return;
	}
	fprintf(stderr, "differential: there is no parser %s\n", name);
	exit(EXIT_USAGE);
}

static void run_random(struct run *run, uint64_t messages)
{
	uint64_t seed = 0;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		abort();
	seed >>= 16;
	printf("# random messages begin with seed %" PRIu64 "\n", seed);
	run_from(run, seed, messages);
}

/* -f FILE: a message in a file. */
static void show_file(const struct run *run, const char *path)
{
	static uint8_t text[MESSAGE_ROOM];
	struct message_text message = {.octets = text};
	auto_file FILE *file = fopen(path, "r");

	if (!file) {
		perror(path);
		exit(EXIT_FAILED);
	}
	message.size = fread(text, 1, sizeof(text), file);
	show(run, &message);
}

static void start(struct run *run)
{
	if (!run->parser_count)
		for (size_t i = 0; i < LIBRARIES; i++)
			run->parsers[run->parser_count++] = everybody[i];
	for (uint32_t i = 0; i < run->parser_count; i++)
		if (run->parsers[i]->start)
			run->parsers[i]->start();
}

int main(int argc, char **argv)
{
	static struct run run = {.examples = 3};
	const char *seed = NULL, *file = NULL;
	uint64_t messages;
	int option;

	while ((option = getopt(argc, argv, "s:e:m:p:f:")) != -1) {
		if (option == 's')
			seed = optarg;
		else if (option == 'e')
			run.examples = atoi(optarg);
		else if (option == 'm')
			run.method = optarg;
		else if (option == 'p')
			add_parser(&run, optarg);
		else if (option == 'f')
			file = optarg;
		else
			return EXIT_USAGE;
	}
	start(&run);
	if (file) {
		show_file(&run, file);
		return EXIT_OK;
	}
	messages = optind < argc ? strtoull(argv[optind], NULL, 10) : 50000;
	if (seed) {
		run_from(&run, strtoull(seed, NULL, 10), messages);
	} else {
		run_from(&run, 0, messages - messages / 5);
		run_random(&run, messages / 5);
	}
	return report(&run) ? EXIT_OK : EXIT_FAILED;
}
