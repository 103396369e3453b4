/* SPDX-License-Identifier: GPL-2.0-only */
#include "failure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define TEXT_MAX   16384
#define KNOWN_MAX  256 /* minimal messages that are told apart */
#define PARSER_MAX 8

struct counted {
	const struct parser *parser;
	uint64_t count[FIELD_COUNT][DIFFERENCE_KINDS];
};

static struct counted counts[PARSER_MAX];

static struct counted *counted_of(const struct parser *parser)
{
	struct counted *c = counts;

	while (c->parser && c->parser != parser)
		c++;
	c->parser = parser;
	return c;
}

uint64_t failure_count(const struct parser *parser)
{
	const struct counted *c = counted_of(parser);
	uint64_t sum = 0;

	for (int f = 0; f < FIELD_COUNT; f++)
		for (int kind = 0; kind < DIFFERENCE_KINDS; kind++)
			sum += c->count[f][kind];
	return sum;
}

/* --- smaller --- */

struct search {
	const struct difference *wanted;
	bool found;
	struct difference last;
	uint8_t theirs[256], ours[256];
};

static void keep(struct value *value, uint8_t *room, size_t size)
{
	if (value->size > size)
		value->size = size;
	if (value->size)
		memcpy(room, value->octets, value->size);
	value->octets = room;
}

/* The values that a parser found stay the same, so that one failure does not become another. */
static bool same_theirs(const struct value *a, const struct value *b)
{
	return a->size == b->size && (!a->size || !memcmp(a->octets, b->octets, a->size));
}

static void look(const struct difference *d, void *arg)
{
	struct search *search = arg;

	if (search->found || d->kind != search->wanted->kind || d->field != search->wanted->field ||
	    !same_theirs(&d->theirs, &search->wanted->theirs) || tolerance_of(d))
		return;
	search->found = true;
	search->last = *d;
	keep(&search->last.theirs, search->theirs, sizeof(search->theirs));
	keep(&search->last.ours, search->ours, sizeof(search->ours));
}

/* Whether the message still fails in the same way. */
static bool still_fails(struct search *search, const struct message_text *message)
{
	static struct reading ours, theirs;
	struct difference d = {.parser = search->wanted->parser, .message = message};

	search->found = false;
	reading_clear(&ours);
	reading_clear(&theirs);
	parser_sipward.read(message, &ours);
	if (ours.outcome == OUTCOME_REFUSED)
		return false;
	d.parser->read(message, &theirs);
	compare(&ours, &theirs, &d, look, search);
	return search->found;
}

static bool without(struct search *search, uint8_t *text, size_t *size, size_t at, size_t count)
{
	static uint8_t shorter[TEXT_MAX];
	struct message_text message = {.octets = shorter, .size = *size - count};

	memcpy(shorter, text, at);
	memcpy(shorter + at, text + at + count, *size - at - count);
	if (!still_fails(search, &message))
		return false;
	memcpy(text, shorter, message.size);
	*size = message.size;
	return true;
}

static void minimise(struct search *search, uint8_t *text, size_t *size)
{
	for (size_t chunk = *size / 2; chunk; chunk /= 2) {
		bool again = true;

		while (again) {
			again = false;
			for (size_t at = 0; at + chunk <= *size;) {
				if (without(search, text, size, at, chunk))
					again = true;
				else
					at += chunk;
			}
		}
	}
}

/* --- printed --- */

void print_escaped(const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t run = 1;

		while (i + run < size && octets[i + run] == octets[i])
			run++;
		if (run > 8)
			printf("{%zu times:", run);
		else
			run = 1;
		if (octets[i] == '\r')
			printf("\\r");
		else if (octets[i] == '\n')
			printf("\\n");
		else if (octets[i] == '\\')
			printf("\\\\");
		else if (octets[i] >= 0x20 && octets[i] < 0x7f)
			putchar(octets[i]);
		else
			printf("\\x%02x", octets[i]);
		if (run > 1)
			putchar('}');
		i += run;
	}
}

/* Messages that differ only in digits, in letters or in how often an octet stands are one. */
static bool is_known(const struct difference *d, const uint8_t *text, size_t size)
{
	static char *known[KNOWN_MAX];
	static uint32_t count;
	char form[TEXT_MAX + 64];
	size_t used = snprintf(form, 64, "%p %d %d ", (const void *)d->parser, d->field, d->kind);

	for (size_t i = 0; i < size; i++) {
		uint8_t c = text[i] | ((text[i] & 0x40) ? 0x20 : 0);
		char as = c >= '0' && c <= '9' ? '0' : c >= 'a' && c <= 'z' ? 'a' : c ? c : 1;

		if (form[used - 1] != as)
			form[used++] = as;
	}
	form[used] = '\0';
	for (uint32_t i = 0; i < count; i++)
		if (!strcmp(known[i], form))
			return true;
	if (count < KNOWN_MAX)
		known[count++] = xstrdup(form);
	return false;
}

static void print_failure(const struct difference *d, const uint8_t *text, size_t size,
			  uint64_t seed)
{
	if (is_known(d, text, size))
		return;
	printf("# %s, %s: %s (seed %llu)\n#   ", d->parser->name, field_names[d->field],
	       difference_names[d->kind], (unsigned long long)seed);
	print_escaped(text, size);
	printf("\n#   %s reads [", d->parser->name);
	print_escaped(d->theirs.octets, d->theirs.size);
	printf("], sipward [");
	print_escaped(d->ours.octets, d->ours.size);
	printf("]\n");
	fflush(stdout);
}

void failure_note(const struct difference *d, uint64_t seed, uint32_t examples)
{
	static uint8_t text[TEXT_MAX];
	struct search search = {.wanted = d};
	size_t size = d->message->size;

	if (counted_of(d->parser)->count[d->field][d->kind]++ >= examples)
		return;
	memcpy(text, d->message->octets, size);
	if (still_fails(&search, d->message)) {
		minimise(&search, text, &size);
		still_fails(&search, &(struct message_text){.octets = text, .size = size});
	} else {
		search.last = *d; /* a server that does not answer twice alike */
	}
	print_failure(&search.last, text, size, seed);
}
