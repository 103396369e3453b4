/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/geo.h"

#include <string.h>

#include "policy/decimal.h"
#include "policy/limits.h"
#include "policy/mmdb.h"
#include "policy/prefix.h"

static const char country[] = "country:", network[] = "as:";

static const char *after(const char *text, const char *start)
{
	size_t length = strlen(start);

	return strncmp(text, start, length) == 0 ? text + length : NULL;
}

bool is_geo(const char *text)
{
	return after(text, country) || after(text, network);
}

enum prefix_origin geo_origin(const char *text)
{
	return after(text, country) ? ORIGIN_COUNTRY : ORIGIN_NETWORK;
}

static bool parse(const char *text, struct mmdb_wanted *wanted)
{
	const char *name = after(text, country), *number = after(text, network);
	uint64_t system;

	*wanted = (struct mmdb_wanted){};
	if (name) {
		if (strlen(name) != 2 || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 2)
			return false;
		memcpy(wanted->country, name, 2);
		return true;
	}
	if (!number || decimal(&number, UINT32_MAX, &system) < 0 || *number || !system)
		return false;
	wanted->system = system;
	return true;
}

void geo_prepare(struct parse_context *d, const struct node *root)
{
	const struct node *geo = node_value(root, "geo");

	d->geo_country = geo ? node_value(geo, "country") : NULL;
	d->geo_asn = geo ? node_value(geo, "asn") : NULL;
}

static int read_file(struct parse_context *d, const struct key *key, const struct node *value,
		     void *to)
{
	(void)key, (void)to;
	return want_text(d, value) ? 0 : -1;
}

int read_geo(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {
		KEY("country", read_file),
		KEY("asn", read_file),
		KEYS_END,
	};

	(void)key;
	return read_map(d, value, keys, to);
}

char *geo_path(struct parse_context *d, const struct node *item, const char *directory)
{
	bool of_country = geo_origin(item->text) == ORIGIN_COUNTRY;
	const struct node *file = of_country ? d->geo_country : d->geo_asn;
	struct mmdb_wanted ignored;

	if (!parse(item->text, &ignored)) {
		fail_at(&d->source, item->at,
			"'%s' is no country or network; write country: and the two capital letters "
			"of ISO 3166, as in country:DE, or as: and its number, as in as:64500",
			quote(item->text).text);
		return NULL;
	}
	if (!file || file->kind != NODE_SCALAR) {
		fail_at(&d->source, item->at,
			"'%s' needs a database; write geo: {%s: FILE} at the top level, with a "
			"MaxMind DB file of %s",
			item->text, of_country ? "country" : "asn",
			of_country ? "countries" : "autonomous systems");
		return NULL;
	}
	return xasprintf("%s%s#%s", file->text[0] == '/' ? "" : directory, file->text, item->text);
}

const char *geo_in_path(const char *path)
{
	const char *mark = strrchr(path, '#');
	struct mmdb_wanted ignored;

	return mark && parse(mark + 1, &ignored) ? mark : NULL;
}

static void write_line(const struct prefix *prefix, void *context)
{
	char text[64];

	fprintf(context, "%s\n", prefix_text(prefix, text, sizeof(text)));
}

int geo_read(struct policy_file *file, struct error *e)
{
	const char *mark = geo_in_path(file->path);
	auto_free char *path = xasprintf("%.*s", (int)(mark - file->path), file->path);
	auto_free char *octets = NULL, *text = NULL;
	auto_file FILE *out = NULL;
	struct mmdb_wanted wanted;
	size_t size, text_size;
	int done;

	octets = read_whole_file(path, GEO_OCTETS_MAX, &size, e);
	if (!octets)
		return -1;
	parse(mark + 1, &wanted);
	out = open_memstream(&text, &text_size);
	if (!out)
		return fail(e, EXIT_FAILED, "%s: no memory", path);
	done = mmdb_find(path, (const uint8_t *)octets, size, &wanted, write_line, out, e);
	fclose(take(out));
	if (done < 0)
		return -1;
	file->text = take(text);
	file->size = text_size;
	return 0;
}
