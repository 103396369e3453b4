/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/mmdb.h"

#include <string.h>

#include "policy/limits.h"

#define METADATA_MAX   (128u << 10) /* from the end of the file */
#define DATA_GAP       16u          /* zeros between the tree and the data */
#define NESTED_MAX     16           /* of maps and arrays inside each other */
#define LOOKS_MAX      1024         /* of one entry, or of the metadata */
#define WALK_LOOKS     2000000000u  /* of the whole tree: seconds */
#define V4_BITS        96
#define MEMORY_ENTRIES 4096 /* data that was asked last */

enum type {
	TYPE_EXTENDED,
	TYPE_POINTER,
	TYPE_TEXT,
	TYPE_DOUBLE,
	TYPE_OCTETS,
	TYPE_UINT16,
	TYPE_UINT32,
	TYPE_MAP,
	TYPE_INT32,
	TYPE_UINT64,
	TYPE_UINT128,
	TYPE_ARRAY,
	TYPE_BOOLEAN = 14,
	TYPE_FLOAT,
};

/* --- the data section: values behind each other --- */

/* A part of the file with values, and how many of them may still be looked at. */
struct section {
	const uint8_t *octets;
	size_t size;
	unsigned int left;
};

/* A value: where its payload is, and what is behind it. */
struct value {
	enum type type;
	uint32_t size; /* octets; of a map or an array, entries; of a boolean, itself */
	size_t at;     /* its payload; of a pointer, what it points to */
	size_t next;
};

static bool read_number(const struct section *s, size_t at, unsigned int octets, uint64_t *number)
{
	*number = 0;
	if (octets > 8 || at > s->size || octets > s->size - at)
		return false;
	for (unsigned int i = 0; i < octets; i++)
		*number = *number << 8 | s->octets[at + i];
	return true;
}

static bool read_pointer(const struct section *s, uint8_t control, struct value *value)
{
	static const uint32_t more[] = {0, 2048, 526336, 0};
	unsigned int kind = control >> 3 & 3;
	uint64_t number;

	if (!read_number(s, value->next, kind + 1, &number))
		return false;
	value->next += kind + 1;
	if (kind < 3)
		number |= (uint64_t)(control & 7) << 8 * (kind + 1);
	value->at = number + more[kind];
	return true;
}

static bool read_size(const struct section *s, uint8_t control, struct value *value)
{
	static const uint32_t more[] = {29, 285, 65821};
	unsigned int octets = (control & 0x1f) < 29 ? 0 : (control & 0x1f) - 28;
	uint64_t number;

	value->size = control & 0x1f;
	if (!octets)
		return true;
	if (!read_number(s, value->next, octets, &number))
		return false;
	value->size = number + more[octets - 1];
	value->next += octets;
	return true;
}

static bool read_value(struct section *s, size_t at, struct value *value)
{
	uint8_t control;

	if (at >= s->size || !s->left)
		return false;
	s->left--;
	control = s->octets[at];
	*value = (struct value){.type = control >> 5, .next = at + 1};
	if (value->type == TYPE_POINTER)
		return read_pointer(s, control, value);
	if (value->type == TYPE_EXTENDED) {
		if (value->next >= s->size || s->octets[value->next] > TYPE_FLOAT - 7)
			return false;
		value->type = s->octets[value->next++] + 7;
	}
	if (!read_size(s, control, value))
		return false;
	value->at = value->next;
	if (value->type == TYPE_MAP || value->type == TYPE_ARRAY || value->type == TYPE_BOOLEAN)
		return true;
	if (value->size > s->size - value->at)
		return false;
	value->next += value->size;
	return true;
}

/* The value itself where a pointer stands for it. A pointer to a pointer is none. */
static bool follow(struct section *s, struct value *value)
{
	size_t next = value->next;

	if (value->type != TYPE_POINTER)
		return true;
	if (!read_value(s, value->at, value) || value->type == TYPE_POINTER)
		return false;
	value->next = next;
	return true;
}

/* Where the value behind this one is; 0: nowhere. */
static size_t skip(struct section *s, const struct value *value, int depth)
{
	uint64_t count = value->type == TYPE_MAP   ? 2ull * value->size :
			 value->type == TYPE_ARRAY ? value->size :
						     0;
	size_t next = value->next;

	if (depth == NESTED_MAX)
		return 0;
	for (uint64_t i = 0; i < count; i++) {
		struct value one;

		if (!read_value(s, next, &one) || !(next = skip(s, &one, depth + 1)))
			return 0;
	}
	return next;
}

/* The value of a key in the map; false when it has none. */
static bool find_key(struct section *s, const struct value *map, const char *key,
		     struct value *value)
{
	size_t next = map->at, length = strlen(key);

	for (uint32_t i = 0; map->type == TYPE_MAP && i < map->size; i++) {
		struct value name;

		if (!read_value(s, next, &name) || !follow(s, &name) || name.type != TYPE_TEXT ||
		    !read_value(s, name.next, value))
			return false;
		if (name.size == length && memcmp(s->octets + name.at, key, length) == 0)
			return follow(s, value);
		next = skip(s, value, 0);
		if (!next)
			return false;
	}
	return false;
}

static bool number_of(const struct section *s, const struct value *value, uint64_t *number)
{
	return (value->type == TYPE_UINT16 || value->type == TYPE_UINT32 ||
		value->type == TYPE_UINT64) &&
	       read_number(s, value->at, value->size, number);
}

static bool find_number(struct section *s, const struct value *map, const char *key,
			uint64_t *number)
{
	struct value value;

	return find_key(s, map, key, &value) && number_of(s, &value, number);
}

static bool is_text(const struct section *s, const struct value *value, const char *text)
{
	return value->type == TYPE_TEXT && value->size == strlen(text) &&
	       memcmp(s->octets + value->at, text, value->size) == 0;
}

/* --- the tree --- */

struct answer {
	uint32_t record; /* 0: none yet, for it is the root's number */
	bool wanted;
};

struct database {
	const char *name;
	const uint8_t *tree;
	uint64_t nodes;
	unsigned int record_bits;
	unsigned int bits; /* of an address: 32 or 128 */
	uint64_t v4_root;  /* the node that ::/96 leads to; UINT64_MAX: none */
	struct section data;
	const struct mmdb_wanted *wanted;
	void (*found)(const struct prefix *prefix, void *context);
	void *context;
	uint64_t visited, told;
	uint64_t looks;     /* that are left */
	const char *broken; /* why the walk ended before its time; NULL: it did not */
	struct answer memory[MEMORY_ENTRIES];
};

static uint64_t record_of(const struct database *db, uint64_t node, unsigned int side)
{
	const uint8_t *at = db->tree + node * db->record_bits / 4;

	if (db->record_bits == 24) {
		at += 3 * side;
		return at[0] << 16 | at[1] << 8 | at[2];
	}
	if (db->record_bits == 28)
		return (uint32_t)(side ? at[3] & 0xf : at[3] >> 4) << 24 | at[4 * side] << 16 |
		       at[4 * side + 1] << 8 | at[4 * side + 2];
	at += 4 * side;
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* "country": {"iso_code": "DE"}, or "country": "DE", or "country_code": "DE". */
static bool is_country(struct section *s, const struct value *entry, const char *country)
{
	struct value value, code;

	if (find_key(s, entry, "country", &value)) {
		if (value.type != TYPE_MAP)
			return is_text(s, &value, country);
		return find_key(s, &value, "iso_code", &code) && is_text(s, &code, country);
	}
	return find_key(s, entry, "country_code", &value) && is_text(s, &value, country);
}

/* "autonomous_system_number": 64500, or "asn": "AS64500". */
static bool is_system(struct section *s, const struct value *entry, uint32_t system)
{
	struct value value;
	uint64_t number;
	char text[16];

	if (find_number(s, entry, "autonomous_system_number", &number))
		return number == system;
	snprintf(text, sizeof(text), "AS%u", system);
	return find_key(s, entry, "asn", &value) && is_text(s, &value, text);
}

/* Many prefixes share one entry. */
static bool is_wanted(struct database *db, uint64_t record)
{
	struct answer *answer = &db->memory[record % MEMORY_ENTRIES];
	struct section s = db->data;
	struct value entry;

	if (answer->record == record)
		return answer->wanted;
	s.left = LOOKS_MAX;
	answer->record = record;
	answer->wanted = record - db->nodes >= DATA_GAP &&
			 read_value(&s, record - db->nodes - DATA_GAP, &entry) &&
			 follow(&s, &entry) &&
			 (db->wanted->country[0] ? is_country(&s, &entry, db->wanted->country) :
						   is_system(&s, &entry, db->wanted->system));
	/* Entries that lead to many others each would take minutes. */
	if (db->looks < LOOKS_MAX - s.left)
		db->broken = "its entries take too long to read";
	else
		db->looks -= LOOKS_MAX - s.left;
	return answer->wanted;
}

static bool is_v4(const struct sw_addr *addr, unsigned int depth)
{
	return depth >= V4_BITS && !addr->words[0] && !addr->words[1] && !addr->words[2];
}

/* A copy of IPv4 under another name. */
static bool is_mapped(const struct prefix *prefix)
{
	return prefix->length >= V4_BITS && addr_is_ipv4(&prefix->addr);
}

/* Everybody is told to nobody. */
static void tell(struct database *db, const struct sw_addr *addr, unsigned int depth)
{
	struct prefix prefix = {.addr = *addr, .length = depth, .ipv6 = true};

	if (db->bits == 32) {
		prefix.addr = (struct sw_addr){.octets = {[10] = 0xff, [11] = 0xff}};
		memcpy(prefix.addr.octets + 12, addr->octets, 4);
		prefix.ipv6 = false;
	} else if (is_v4(addr, depth)) {
		prefix.addr.octets[10] = prefix.addr.octets[11] = 0xff;
		prefix.ipv6 = false;
		prefix.length = depth - V4_BITS;
	}
	if (!prefix.length || (prefix.ipv6 && is_mapped(&prefix)))
		return;
	if (db->told++ == ENTRIES_MAX)
		db->broken = "it has more prefixes of this than all lists may have entries";
	else if (!db->broken)
		db->found(&prefix, db->context);
}

/* Tells the wanted prefixes below a record, or returns true when all of it is wanted. In a tree
 * every node is there once; the IPv4 ones have other names, too (6to4, Teredo, mapped), which lead
 * nowhere here. */
static bool walk(struct database *db, uint64_t record, struct sw_addr *addr, unsigned int depth)
{
	bool whole[2];

	if (record == db->nodes || db->broken)
		return false;
	if (record > db->nodes)
		return is_wanted(db, record);
	if (record == db->v4_root && !is_v4(addr, depth))
		return false;
	if (depth == db->bits || db->visited++ == db->nodes) {
		db->broken = "its tree has loops";
		return false;
	}
	for (unsigned int side = 0; side < 2; side++) {
		uint8_t bit = 0x80 >> depth % 8;

		addr->octets[depth / 8] |= side ? bit : 0;
		whole[side] = walk(db, record_of(db, record, side), addr, depth + 1);
		/* The second side is told at once, if it is alone. */
		if (side && whole[1] && !whole[0])
			tell(db, addr, depth + 1);
		addr->octets[depth / 8] &= ~bit;
	}
	if (whole[0] && !whole[1])
		tell(db, addr, depth + 1);
	if (whole[0] && whole[1] && db->bits == 128 && depth == V4_BITS && is_v4(addr, depth))
		return false; /* all of IPv4 */
	return whole[0] && whole[1];
}

static uint64_t find_v4_root(const struct database *db)
{
	uint64_t node = 0;

	for (unsigned int depth = 0; depth < V4_BITS && db->bits == 128; depth++) {
		if (node >= db->nodes)
			return UINT64_MAX;
		node = record_of(db, node, 0);
	}
	return db->bits == 128 && node < db->nodes ? node : UINT64_MAX;
}

/* --- the file --- */

static const uint8_t *find_metadata(const uint8_t *octets, size_t size)
{
	static const char mark[] = "\xab\xcd\xefMaxMind.com";
	size_t length = sizeof(mark) - 1, most = size < METADATA_MAX ? size : METADATA_MAX;

	for (size_t back = length; back <= most; back++)
		if (memcmp(octets + size - back, mark, length) == 0)
			return octets + size - back + length;
	return NULL;
}

static int fail_form(const struct database *db, const char *why, struct error *e)
{
	return fail(e, EXIT_POLICY, "%s: is no MaxMind DB file that can be read: %s", db->name,
		    why);
}

static int open_database(struct database *db, const uint8_t *octets, size_t size, struct error *e)
{
	const uint8_t *end = find_metadata(octets, size);
	struct section metadata = {end, end ? octets + size - end : 0, LOOKS_MAX};
	uint64_t version, family, bits, tree;
	struct value map;

	if (!end)
		return fail_form(db, "it has no metadata at its end, so it may be cut short", e);
	if (!read_value(&metadata, 0, &map) ||
	    !find_number(&metadata, &map, "binary_format_major_version", &version) ||
	    !find_number(&metadata, &map, "node_count", &db->nodes) ||
	    !find_number(&metadata, &map, "record_size", &bits) ||
	    !find_number(&metadata, &map, "ip_version", &family))
		return fail_form(db, "its metadata is incomplete", e);
	if (version != 2 || (bits != 24 && bits != 28 && bits != 32) ||
	    (family != 4 && family != 6) || !db->nodes || db->nodes > UINT32_MAX)
		return fail_form(db, "its version, its kind of addresses or its size is unknown",
				 e);
	tree = db->nodes * bits / 4;
	if (tree + DATA_GAP > size)
		return fail_form(db, "its tree is longer than the file, which may be cut short", e);
	db->tree = octets;
	db->record_bits = bits;
	db->bits = family == 4 ? 32 : 128;
	db->data = (struct section){octets + tree + DATA_GAP, size - tree - DATA_GAP, 0};
	db->v4_root = find_v4_root(db);
	return 0;
}

int mmdb_find(const char *name, const uint8_t *octets, size_t size,
	      const struct mmdb_wanted *wanted,
	      void (*found)(const struct prefix *prefix, void *context), void *context,
	      struct error *e)
{
	auto_free struct database *db = xcalloc(1, sizeof(*db));
	struct sw_addr addr = {};

	db->name = name;
	db->wanted = wanted;
	db->found = found;
	db->context = context;
	db->looks = wanted->looks ?: WALK_LOOKS;
	if (open_database(db, octets, size, e) < 0)
		return -1;
	walk(db, 0, &addr, 0);
	return db->broken ? fail_form(db, db->broken, e) : 0;
}
