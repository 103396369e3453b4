/* SPDX-License-Identifier: GPL-2.0-only */
#include "reading.h"

#include <stdio.h>
#include <string.h>

const char *const field_names[FIELD_COUNT] = {
#define FIELD(id, name, form) name,
	FIELDS(FIELD)
#undef FIELD
};

const enum form field_forms[FIELD_COUNT] = {
#define FIELD(id, name, form) FORM_##form,
	FIELDS(FIELD)
#undef FIELD
};

static bool is_white(uint8_t octet)
{
	return octet == ' ' || octet == '\t' || octet == '\r' || octet == '\n';
}

static int hex_digit(uint8_t octet)
{
	if (octet >= '0' && octet <= '9')
		return octet - '0';
	octet |= 0x20;
	return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

static size_t unescape(uint8_t *to, const uint8_t *from, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		if (from[i] == '%' && i + 2 < size && hex_digit(from[i + 1]) >= 0 &&
		    hex_digit(from[i + 2]) >= 0) {
			to[used++] = hex_digit(from[i + 1]) << 4 | hex_digit(from[i + 2]);
			i += 2;
		} else {
			to[used++] = from[i];
		}
	}
	return used;
}

static size_t one_space(uint8_t *to, const uint8_t *from, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		if (!is_white(from[i]))
			to[used++] = from[i];
		else if (used && to[used - 1] != ' ')
			to[used++] = ' ';
	}
	return used;
}

/* Some parsers make a space of each octet of a fold. */
static size_t as_spaces(uint8_t *to, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = is_white(from[i]) ? ' ' : from[i];
	return size;
}

static size_t media_type(uint8_t *to, const uint8_t *from, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < size && from[i] != ';' && from[i] != ','; i++) {
		if (!is_white(from[i]))
			to[used++] = from[i] >= 'A' && from[i] <= 'Z' ? from[i] | 0x20 : from[i];
	}
	return used;
}

static size_t normalise(enum form form, uint8_t *to, const uint8_t *from, size_t size)
{
	if (form == FORM_BODY) {
		memcpy(to, from, size);
		return size;
	}
	while (size && is_white(from[0]))
		from++, size--;
	while (size && is_white(from[size - 1]))
		size--;
	if (form == FORM_QUOTED && size >= 2 && from[0] == '"' && from[size - 1] == '"')
		from++, size -= 2;
	switch (form) {
	case FORM_USER:
		return unescape(to, from, size);
	case FORM_TEXT:
		return one_space(to, from, size);
	case FORM_TYPE:
		return media_type(to, from, size);
	case FORM_NUMBER:
		while (size > 1 && from[0] == '0')
			from++, size--;
		/* fall through */
	default:
		return as_spaces(to, from, size);
	}
}

void reading_clear(struct reading *r)
{
	r->outcome = OUTCOME_REFUSED;
	r->why = "";
	r->used = 0;
	for (int f = 0; f < FIELD_COUNT; f++) {
		r->field[f].count = 0;
		r->field[f].unsure = false;
	}
}

void reading_add(struct reading *r, enum field f, const void *octets, size_t size)
{
	struct values *values = &r->field[f];
	uint8_t *at = r->arena + r->used;

	if (values->count == VALUES_MAX || size > sizeof(r->arena) - r->used) {
		values->unsure = true;
		return;
	}
	if (size)
		size = normalise(field_forms[f], at, octets, size);
	values->value[values->count++] = (struct value){ .octets = at, .size = size };
	r->used += size;
}

void reading_add_text(struct reading *r, enum field f, const char *text)
{
	if (text)
		reading_add(r, f, text, strlen(text));
}

void reading_add_number(struct reading *r, enum field f, unsigned long number)
{
	char text[32];

	reading_add(r, f, text, snprintf(text, sizeof(text), "%lu", number));
}
