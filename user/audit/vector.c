/* SPDX-License-Identifier: GPL-2.0-only */
#include "audit/vector.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "audit/catalogue.h"
#include "policy/duration.h"
#include "policy/model.h"
#include "policy/names.h"

#define WORDS_MAX 16
#define TEXT_MAX  (1u << 20)

extern const char builtin_vectors[];

struct reader {
	struct vectors *to;
	const char *file;
	uint32_t line;
	bool legal;
	char *words[WORDS_MAX + 1];
	struct error *e;
};

static int wrong(struct reader *r, const char *what, const char *word)
{
	return fail(r->e, EXIT_USAGE, "%s:%u: %s '%s'", r->file, r->line, what, word);
}

static struct vector *current(struct reader *r)
{
	return r->to->count ? &r->to->items[r->to->count - 1] : NULL;
}

static struct step *last_step(struct reader *r)
{
	struct vector *v = current(r);

	return v && v->step_count ? &v->steps[v->step_count - 1] : NULL;
}

static int word_of(struct reader *r, const char *word, const char *const *words, const char *what)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return wrong(r, what, word);
}

static int read_vector(struct reader *r)
{
	struct vector v = {.file = xstrdup(r->file), .name = xstrdup(r->words[1])};

	append(r->to->items, r->to->count, v);
	r->legal = false;
	return 0;
}

static int read_threat(struct reader *r)
{
	if (!threat_by_name(r->words[1]))
		return wrong(r, "unknown threat", r->words[1]);
	current(r)->threat = xstrdup(r->words[1]);
	return 0;
}

static int read_expect(struct reader *r)
{
	struct vector *v = current(r);

	for (char **word = r->words + 1; *word; word++) {
		char *name = xstrdup(*word);

		append(v->expect, v->expect_count, name);
		if (reason_by_name(name) < 0)
			return wrong(r, "unknown reason", name);
	}
	return 0;
}

/* "public", "public:5062", "spoofed:random" */
static int read_end(struct reader *r, char *word, struct step *step)
{
	static const char *const ends[] = {"public",  "other",   "peer", "secured",
					   "network", "spoofed", NULL};
	char *colon = strchr(word, ':');
	int end;

	step->port = 5060;
	if (colon) {
		*colon++ = '\0';
		step->port = strcmp(colon, "random") ? atoi(colon) : 0;
	}
	end = word_of(r, word, ends, "a packet does not end with one of the known words:");
	step->end = end;
	return end < 0 ? -1 : 0;
}

static int read_option(struct reader *r, char ***word, struct step *step)
{
	static const char *const transports[] = {"udp", "tcp", "tls", NULL};
	const char *name = *(*word)++, *value = **word, *why;
	int transport;

	if (strcmp(name, "syn") == 0) {
		step->syn = true;
		return 0;
	}
	if (strcmp(name, "repeat") == 0 && value) {
		(*word)++;
		step->repeat = strtoul(value, NULL, 10);
		return step->repeat >= 1 && step->repeat <= 1000000 ?
			       0 :
			       wrong(r, "repeat is within 1..1000000, not", value);
	}
	if (strcmp(name, "every") == 0 && value) {
		(*word)++;
		if (duration_parse(value, &step->every, &why) == 0)
			return 0;
		step->every = strtoul(value, NULL, 10) * 1000;
		return step->every && strstr(value, "us") ? 0 : wrong(r, "not a duration:", value);
	}
	transport = word_of(r, name, transports, "unknown word");
	step->transport = transport;
	return transport < 0 ? -1 : 0;
}

static int read_packet(struct reader *r, enum step_kind kind)
{
	struct step step = {.kind = kind, .legal = r->legal, .repeat = 1, .line = r->line};
	char **word = r->words + 2;

	if (read_end(r, r->words[1], &step) < 0)
		return -1;
	while (*word)
		if (read_option(r, &word, &step) < 0)
			return -1;
	append(current(r)->steps, current(r)->step_count, step);
	return 0;
}

static int read_in(struct reader *r)
{
	return read_packet(r, STEP_IN);
}

static int read_out(struct reader *r)
{
	return read_packet(r, STEP_OUT);
}

static int read_prove(struct reader *r)
{
	return read_packet(r, STEP_PROVE);
}

static int read_wait(struct reader *r)
{
	struct step step = {.kind = STEP_WAIT, .repeat = 1, .line = r->line};
	const char *why;

	if (duration_parse(r->words[1], &step.every, &why) < 0)
		return wrong(r, why, r->words[1]);
	append(current(r)->steps, current(r)->step_count, step);
	return 0;
}

static int read_report(struct reader *r)
{
	current(r)->report = true;
	return 0;
}

static int read_legal(struct reader *r)
{
	r->legal = true;
	return 0;
}

static int read_attack(struct reader *r)
{
	r->legal = false;
	return 0;
}

static void add_text(struct step *step, const char *text, size_t size)
{
	step->text = xrealloc(step->text, step->size + size + 1);
	memcpy(step->text + step->size, text, size);
	step->size += size;
	step->text[step->size] = '\0';
}

/* Octets in hexadecimal, spaces between them as you like. */
static int add_octets(struct reader *r, struct step *step, const char *hex)
{
	unsigned int octet;
	int used;

	for (; sscanf(hex, " %2x%n", &octet, &used) == 1; hex += used) {
		/* As an escape of fill.c, so that no octet is taken for a template. */
		char text[8];

		add_text(step, text, snprintf(text, sizeof(text), "\\x%02x", octet));
	}
	return hex[strspn(hex, " \t\r")] ? wrong(r, "not an octet in hexadecimal:", hex) : 0;
}

static int read_payload(struct reader *r, const char *line)
{
	struct step *step = last_step(r);

	if (!step || step->kind == STEP_WAIT)
		return wrong(r, "this line needs a packet before it:", line);
	if (*line == '|') {
		line += line[1] == ' ' ? 2 : 1;
		add_text(step, line, strlen(line));
		add_text(step, "\r\n", 2);
		return 0;
	}
	step->frame |= strncmp(line, "frame", 5) == 0;
	return add_octets(r, step, line + strcspn(line, " "));
}

static const struct {
	const char *word;
	int (*read)(struct reader *r);
	bool bare; /* takes no word */
} lines[] = {
	{"vector", read_vector, false}, {"threat", read_threat, false},
	{"expect", read_expect, false}, {"in", read_in, false},
	{"out", read_out, false},       {"prove", read_prove, false},
	{"wait", read_wait, false},     {"legal", read_legal, true},
	{"attack", read_attack, true},  {"report", read_report, true},
};

static int read_words(struct reader *r, char *line)
{
	size_t count = 0;
	char *rest = line;

	if (strncmp(line, "title ", 6) == 0 && current(r)) {
		current(r)->title = xstrdup(line + 6 + strspn(line + 6, " "));
		return 0;
	}
	for (char *word; (word = strtok_r(rest, " \t", &rest)) && count < WORDS_MAX;)
		r->words[count++] = word;
	r->words[count] = NULL;
	if (!count)
		return 0;
	for (size_t i = 0; i < array_size(lines); i++) {
		if (strcmp(lines[i].word, r->words[0]) != 0)
			continue;
		if (i && !current(r))
			return wrong(r, "a vector begins with 'vector NAME', not with",
				     r->words[0]);
		if (!lines[i].bare && count < 2)
			return wrong(r, "a word is missing after", r->words[0]);
		return lines[i].read(r);
	}
	return wrong(r, "unknown word", r->words[0]);
}

static int check_vectors(const struct vectors *vectors, size_t first, struct error *e)
{
	for (size_t i = first; i < vectors->count; i++) {
		const struct vector *v = &vectors->items[i];

		if (!v->threat || !v->title || !v->step_count)
			return fail(e, EXIT_USAGE,
				    "%s: vector '%s' needs a threat, a title and a packet", v->file,
				    v->name);
	}
	return 0;
}

int vectors_parse(struct vectors *to, const char *file, const char *text, struct error *e)
{
	struct reader r = {.to = to, .file = file, .e = e};
	auto_free char *copy = xstrdup(text);
	size_t first = to->count;
	char *rest = copy, *line;

	while ((line = strsep(&rest, "\n"))) {
		size_t size = strlen(line);

		r.line++;
		if (size && line[size - 1] == '\r')
			line[size - 1] = '\0';
		if (*line == '#' || !*line)
			continue;
		if (*line == '|' || strncmp(line, "hex ", 4) == 0 ||
		    strncmp(line, "frame ", 6) == 0) {
			if (read_payload(&r, line) < 0)
				return -1;
		} else if (read_words(&r, line) < 0) {
			return -1;
		}
	}
	return check_vectors(to, first, e);
}

int vectors_builtin(struct vectors *to, struct error *e)
{
	return vectors_parse(to, "(built-in vectors)", builtin_vectors, e);
}

static int is_text(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && strcmp(dot, ".txt") == 0;
}

int vectors_read(struct vectors *to, const char *directory, struct error *e)
{
	struct dirent **entries = NULL;
	int count = scandir(directory, &entries, is_text, alphasort), result = 0;

	if (count < 0)
		return fail(e, EXIT_USAGE, "%s: %s", directory, strerror(errno));
	if (!count)
		fail(e, EXIT_USAGE, "%s: no file named *.txt is in it", directory);
	for (int i = 0; i < count; i++) {
		auto_free char *path = xasprintf("%s/%s", directory, entries[i]->d_name);
		auto_free char *text = NULL;

		if (result == 0) {
			text = read_whole_file(path, TEXT_MAX, NULL, e);
			result = text ? vectors_parse(to, path, text, e) : -1;
		}
		free(entries[i]);
	}
	free(entries);
	return count ? result : -1;
}

void vectors_free(struct vectors *vectors)
{
	for (size_t i = 0; i < vectors->count; i++) {
		struct vector *v = &vectors->items[i];

		for (size_t j = 0; j < v->expect_count; j++)
			free(v->expect[j]);
		for (size_t j = 0; j < v->step_count; j++)
			free(v->steps[j].text);
		free(v->file);
		free(v->name);
		free(v->threat);
		free(v->title);
		free(v->expect);
		free(v->steps);
	}
	free(vectors->items);
	*vectors = (struct vectors){};
}
