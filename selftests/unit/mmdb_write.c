/* SPDX-License-Identifier: GPL-2.0-only */
#include "mmdb_write.h"

#include <stdio.h>
#include <string.h>

#include "policy/prefix.h"

#define NODES_MAX 200000
#define EMPTY     0u
#define DATA      0x80000000u

struct writer {
	uint32_t (*nodes)[2]; /* a node, EMPTY, or DATA | offset */
	uint32_t node_count;
	uint8_t *data;
	size_t data_size;
};

static void octet(struct writer *w, uint8_t value)
{
	append(w->data, w->data_size, value);
}

static void text(struct writer *w, const char *value)
{
	size_t size = strlen(value);

	octet(w, 2 << 5 | (size < 29 ? size : 29));
	if (size >= 29)
		octet(w, size - 29);
	for (size_t i = 0; i < size; i++)
		octet(w, value[i]);
}

static void number(struct writer *w, int type, uint32_t value)
{
	octet(w, type << 5 | 4);
	for (int shift = 24; shift >= 0; shift -= 8)
		octet(w, value >> shift);
}

static void map(struct writer *w, unsigned int entries)
{
	octet(w, 7 << 5 | entries);
}

static void pointer(struct writer *w, size_t to)
{
	octet(w, 1 << 5 | to >> 8);
	octet(w, to);
}

/* Values of every kind stand before what is looked for. */
static void write_entry(struct writer *w, const struct mmdb_form *form, const struct mmdb_entry *e,
			size_t shared)
{
	char name[16];

	map(w, 3 + (e->country != NULL) + (e->system != 0));
	text(w, "true");
	octet(w, 0 << 5 | 1), octet(w, 14 - 7);
	text(w, "some");
	octet(w, 0 << 5 | 2), octet(w, 11 - 7);
	number(w, 6, 1);
	map(w, 0);
	pointer(w, shared);
	octet(w, 3 << 5 | 8);
	for (int i = 0; i < 8; i++)
		octet(w, i);
	if (e->country) {
		text(w, "country");
		if (!form->plain) {
			map(w, 2);
			text(w, "names");
			map(w, 1);
			text(w, "en");
			text(w, "a name that is longer than twenty-nine octets");
			text(w, "iso_code");
		}
		text(w, e->country);
	}
	if (!e->system)
		return;
	snprintf(name, sizeof(name), "AS%u", e->system);
	text(w, form->plain ? "asn" : "autonomous_system_number");
	if (form->plain)
		text(w, name);
	else
		number(w, 6, e->system);
}

static uint32_t new_node(struct writer *w, uint32_t fill)
{
	w->nodes[w->node_count][0] = w->nodes[w->node_count][1] = fill;
	return w->node_count++;
}

static void insert(struct writer *w, const uint8_t *octets, unsigned int bits, uint32_t record)
{
	uint32_t node = 0;

	for (unsigned int i = 0; i < bits; i++) {
		uint32_t *to = &w->nodes[node][octets[i / 8] >> (7 - i % 8) & 1];

		if (i + 1 == bits) {
			*to = record;
			return;
		}
		if (*to == EMPTY || *to & DATA) {
			uint32_t made = new_node(w, *to);

			*to = made;
		}
		node = *to;
	}
}

static void insert_prefix(struct writer *w, const struct mmdb_form *form, const char *text_of,
			  uint32_t record)
{
	struct prefix prefix;
	uint8_t octets[16] = {};

	if (prefix_read(text_of, &prefix) != PREFIX_FINE)
		abort();
	if (form->ipv4) {
		insert(w, prefix.addr.octets + 12, prefix.length, record);
		return;
	}
	memcpy(octets, prefix.addr.octets, 16);
	if (!prefix.ipv6)
		octets[10] = octets[11] = 0;
	insert(w, octets, prefix.length + (prefix.ipv6 ? 0 : 96), record);
}

/* ::ffff:0:0/96 and 2002::/16 lead to where ::/96 leads. */
static void insert_names(struct writer *w)
{
	uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff}, six_to_four[16] = {0x20, 0x02};
	uint32_t node = 0;

	for (int i = 0; i < 96; i++)
		node = w->nodes[node][0] & DATA ? EMPTY : w->nodes[node][0];
	if (node == EMPTY)
		return;
	insert(w, mapped, 96, node);
	insert(w, six_to_four, 16, node);
}

static void put(uint8_t *to, unsigned int bits, const uint32_t record[2])
{
	if (bits == 28) {
		for (int i = 0; i < 3; i++) {
			to[i] = record[0] >> (16 - 8 * i);
			to[4 + i] = record[1] >> (16 - 8 * i);
		}
		to[3] = record[0] >> 24 << 4 | record[1] >> 24;
		return;
	}
	for (unsigned int side = 0; side < 2; side++)
		for (unsigned int i = 0; i < bits / 8; i++)
			*to++ = record[side] >> (bits - 8 - 8 * i);
}

static void write_metadata(struct writer *w, const struct mmdb_form *form, uint32_t nodes)
{
	for (const char *c = "\xab\xcd\xefMaxMind.com"; *c; c++)
		octet(w, *c);
	map(w, 9);
	text(w, "binary_format_major_version"), number(w, 5, 2);
	text(w, "binary_format_minor_version"), number(w, 5, 0);
	text(w, "build_epoch"), octet(w, 0 << 5 | 1), octet(w, 9 - 7), octet(w, 1);
	text(w, "database_type"), text(w, "sipward-test");
	text(w, "description"), map(w, 0);
	text(w, "ip_version"), number(w, 5, form->ipv4 ? 4 : 6);
	text(w, "languages"), octet(w, 0 << 5 | 0), octet(w, 11 - 7);
	text(w, "node_count"), number(w, 6, nodes);
	text(w, "record_size"), number(w, 5, form->record_bits);
}

/* A 16 bit number is written in two octets. */
static void shorten(struct writer *w)
{
	for (size_t i = 0; i + 4 < w->data_size; i++)
		if (w->data[i] == (5 << 5 | 4)) {
			w->data[i] = 5 << 5 | 2;
			memmove(w->data + i + 1, w->data + i + 3, w->data_size - i - 3);
			w->data_size -= 2;
		}
}

/* As large as append() expects it. */
static uint8_t *regrow(uint8_t *data, size_t size)
{
	size_t room = 1;

	while (room < size)
		room *= 2;
	return xrealloc(data, room);
}

uint8_t *mmdb_write(const struct mmdb_form *form, const struct mmdb_entry *entries, size_t count,
		    size_t *size)
{
	struct writer data = {}, metadata = {};
	auto_free void *nodes = xcalloc(NODES_MAX, sizeof(*data.nodes));
	auto_free uint8_t *data_owned = NULL, *metadata_owned = NULL;
	size_t each = form->record_bits / 4, at;
	uint8_t *file;

	data.nodes = nodes;
	new_node(&data, EMPTY);
	text(&data, "shared");
	data.data = xrealloc(data.data, data.data_size + form->gap + 1);
	memset(data.data + data.data_size, 0, form->gap);
	data.data_size += form->gap;
	data.data = regrow(data.data, data.data_size);
	for (size_t i = 0; i < count; i++) {
		uint32_t offset = data.data_size;

		write_entry(&data, form, &entries[i], 0);
		insert_prefix(&data, form, entries[i].prefix, DATA | offset);
	}
	if (!form->ipv4)
		insert_names(&data);
	write_metadata(&metadata, form, data.node_count);
	shorten(&metadata);
	data_owned = data.data;
	metadata_owned = metadata.data;
	at = data.node_count * each;
	*size = at + 16 + data.data_size + metadata.data_size;
	file = xcalloc(1, *size);
	for (uint32_t i = 0; i < data.node_count; i++) {
		uint32_t record[2];

		for (int side = 0; side < 2; side++) {
			uint32_t value = data.nodes[i][side];

			record[side] = value == EMPTY ? data.node_count :
				       value & DATA   ? data.node_count + 16 + (value & ~DATA) :
							value;
		}
		put(file + i * each, form->record_bits, record);
	}
	memcpy(file + at + 16, data.data, data.data_size);
	memcpy(file + at + 16 + data.data_size, metadata.data, metadata.data_size);
	return file;
}
