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

struct text {
	const uint8_t *octets;
	size_t size;
};

static struct text trimmed(struct text t)
{
	while (t.size && is_white(t.octets[0]))
		t.octets++, t.size--;
	while (t.size && is_white(t.octets[t.size - 1]))
		t.size--;
	return t;
}

static struct text unquoted(struct text t)
{
	if (t.size < 2 || t.octets[0] != '"' || t.octets[t.size - 1] != '"')
		return t;
	return trimmed((struct text){t.octets + 1, t.size - 2});
}

static size_t normalise(enum form form, uint8_t *to, const uint8_t *from, size_t size)
{
	struct text t = trimmed((struct text){from, size});

	switch (form) {
	case FORM_BODY:
		memcpy(to, from, size);
		return size;
	case FORM_USER:
		t = trimmed((struct text){to, unescape(to, t.octets, t.size)});
		memmove(to, t.octets, t.size);
		return t.size;
	case FORM_TEXT:
		return one_space(to, t.octets, t.size);
	case FORM_TYPE:
		return media_type(to, t.octets, t.size);
	case FORM_QUOTED:
		t = unquoted(t);
		break;
	case FORM_NUMBER:
		while (t.size > 1 && t.octets[0] == '0')
			t.octets++, t.size--;
		break;
	default:
		break;
	}
	return as_spaces(to, t.octets, t.size);
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
	values->value[values->count++] = (struct value){.octets = at, .size = size};
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
