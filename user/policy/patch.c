/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/patch.h"

#include <ctype.h>
#include <string.h>

#include "policy/names.h"

#define REQUEST_URI "Request-URI" /* in place of the name of a header */

/* The compact forms of header names (RFC 3261 7.3.3, and the registry of IANA). */
static const struct {
	char letter;
	const char *name;
} compact_forms[] = {
	{'a', "accept-contact"},
	{'b', "referred-by"},
	{'c', "content-type"},
	{'d', "request-disposition"},
	{'e', "content-encoding"},
	{'f', "from"},
	{'i', "call-id"},
	{'j', "reject-contact"},
	{'k', "supported"},
	{'l', "content-length"},
	{'m', "contact"},
	{'n', "identity-info"},
	{'o', "event"},
	{'r', "refer-to"},
	{'s', "subject"},
	{'t', "to"},
	{'u', "allow-events"},
	{'v', "via"},
	{'x', "session-expires"},
	{'y', "identity"},
};

/* Headers of every request (RFC 3261 8.1.1): that one is there says nothing. */
static const char *const everywhere[] = {
	"to", "from", "cseq", "call-id", "max-forwards", "via", "request-uri",
};

static int read_patch_name(struct parse_context *d, const struct key *key, const struct node *value,
			   void *to)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	const char *name = want_text(d, value);

	(void)key;
	if (!name)
		return -1;
	if (!*name || strlen(name) >= SW_NAME_MAX || name[strspn(name, allowed)])
		return fail_at(&d->source, value->at,
			       "'%s' is not a name of a rule: 1 to %u letters, digits, '_', '.' or "
			       "'-'",
			       quote(name).text, SW_NAME_MAX - 1);
	for (size_t i = 0; i < d->policy.patch_count; i++) {
		const struct patch *patch = &d->policy.patches[i];

		if (strcmp(patch->name, name) == 0)
			return fail_at(&d->source, value->at,
				       "rule '%s' is already at %u:%u; give this one another name",
				       name, patch->at.line, patch->at.column);
	}
	strcpy(to, name);
	return 0;
}

static int zone_by_name(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->zone_count; i++)
		if (strcmp(policy->zones[i].name, name) == 0)
			return i;
	return -1;
}

static int fail_zone(struct parse_context *d, const struct node *item)
{
	auto_free const char **names = NULL;
	auto_free char *advice = NULL;
	size_t count = 0;
	const char *name;

	for (size_t i = 0; i < d->policy.zone_count; i++) {
		name = d->policy.zones[i].name;
		append(names, count, name);
	}
	name = NULL;
	append(names, count, name);
	advice = alternatives(item->text, names);
	return fail_at(&d->source, item->at, "there is no zone '%s'%s", quote(item->text).text,
		       advice);
}

static int read_patch_zones(struct parse_context *d, const struct key *key,
			    const struct node *value, void *to)
{
	uint64_t zones = 0;

	(void)key;
	if (want(d, value, NODE_LIST) < 0)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		const char *name = want_text(d, value->items[i]);
		int zone = name ? zone_by_name(&d->policy, name) : -1;

		if (!name)
			return -1;
		if (zone < 0)
			return fail_zone(d, value->items[i]);
		if (zones >> zone & 1)
			return fail_again(d, value->items[i]);
		zones |= 1ull << zone;
	}
	if (!zones)
		return fail_at(&d->source, value->at,
			       "'zones' names no zone; name one, or remove 'zones': then the rule "
			       "holds in all of them");
	*(uint64_t *)to = zones;
	return 0;
}

static int read_patch_methods(struct parse_context *d, const struct key *key,
			      const struct node *value, void *to)
{
	uint32_t methods = 0;

	(void)key;
	if (want(d, value, NODE_LIST) < 0)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		int method = want_word(d, value->items[i], method_words);

		if (method < 0)
			return -1;
		if (methods >> method & 1)
			return fail_again(d, value->items[i]);
		methods |= 1u << method;
	}
	if (!methods)
		return fail_at(&d->source, value->at,
			       "'methods' names no method; name one, or remove 'methods': then the "
			       "rule is for all requests");
	*(uint32_t *)to = methods;
	return 0;
}

/* The name is kept in small letters, and a compact form as the name that it stands for. */
static int read_patch_header(struct parse_context *d, const struct key *key,
			     const struct node *value, void *to)
{
	static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "-.!%*_+`'~";
	const char *text = want_text(d, value);
	struct patch *patch = to;

	(void)key;
	if (!text)
		return -1;
	if (!*text || strlen(text) > SW_PATCH_NAME || text[strspn(text, token)])
		return fail_at(&d->source, value->at,
			       "'%s' is not the name of a header: 1 to %u octets, as in Contact, "
			       "or %s",
			       quote(text).text, SW_PATCH_NAME, REQUEST_URI);
	for (size_t i = 0; text[i]; i++)
		patch->header[i] = tolower((unsigned char)text[i]);
	for (size_t i = 0; i < array_size(compact_forms); i++) {
		if (patch->header[0] == compact_forms[i].letter && !patch->header[1])
			strcpy(patch->header, compact_forms[i].name);
		if (strcmp(patch->header, compact_forms[i].name) == 0)
			patch->compact = compact_forms[i].letter;
	}
	patch->part = strcasecmp(text, REQUEST_URI) == 0 ? SW_PATCH_URI : SW_PATCH_HEADER;
	return 0;
}

static int read_patch_text(struct parse_context *d, const struct node *value, char *to)
{
	const char *text = want_text(d, value);

	if (!text)
		return -1;
	if (strlen(text) < SW_PATCH_TEXT_MIN || strlen(text) > SW_PATCH_TEXT)
		return fail_at(&d->source, value->at,
			       "%s is too %s: %zu of %u to %u octets; write a part that only the "
			       "attack has",
			       label(value).text,
			       strlen(text) < SW_PATCH_TEXT_MIN ? "short" : "long", strlen(text),
			       SW_PATCH_TEXT_MIN, SW_PATCH_TEXT);
	strcpy(to, text);
	return 0;
}

/* contains, prefix or longer: one of them. */
static int set_test(struct parse_context *d, const struct node *value, struct patch *patch,
		    enum sw_patch_test test)
{
	if (patch->test != SW_PATCH_PRESENT)
		return fail_at(&d->source, value->key_at,
			       "a rule has one of 'contains', 'prefix' and 'longer'; remove this "
			       "one, or write a second rule");
	patch->test = test;
	return 0;
}

static int read_contains(struct parse_context *d, const struct key *key, const struct node *value,
			 void *to)
{
	struct patch *patch = to;

	(void)key;
	return set_test(d, value, patch, SW_PATCH_CONTAINS) < 0 ?
		       -1 :
		       read_patch_text(d, value, patch->text);
}

static int read_prefix(struct parse_context *d, const struct key *key, const struct node *value,
		       void *to)
{
	struct patch *patch = to;

	(void)key;
	return set_test(d, value, patch, SW_PATCH_PREFIX) < 0 ?
		       -1 :
		       read_patch_text(d, value, patch->text);
}

static int read_longer(struct parse_context *d, const struct key *key, const struct node *value,
		       void *to)
{
	struct patch *patch = to;

	return set_test(d, value, patch, SW_PATCH_LONGER) < 0 ?
		       -1 :
		       read_number(d, key, value, &patch->longer);
}

static int read_body(struct parse_context *d, const struct key *key, const struct node *value,
		     void *to)
{
	struct patch *patch = to;

	(void)key;
	return read_patch_text(d, value, patch->body);
}

static int read_nocase(struct parse_context *d, const struct key *key, const struct node *value,
		       void *to)
{
	static const char *const words[] = {"false", "true", NULL};
	int word = want_word(d, value, words);

	(void)key;
	*(bool *)to = word == 1;
	return word < 0 ? -1 : 0;
}

static int read_dialogs(struct parse_context *d, const struct key *key, const struct node *value,
			void *to)
{
	static const char *const words[] = {"report", "deny", NULL};
	struct patch *patch = to;
	int word = want_word(d, value, words);

	(void)key;
	if (word == 1 && patch->action != SW_ACTION_DENY)
		return fail_at(&d->source, value->at,
			       "'in_dialog: deny' needs 'action: deny' beside it; it says that "
			       "requests inside a dialog are no exception");
	patch->dialogs = word == 1;
	return word < 0 ? -1 : 0;
}

static bool is_everywhere(const struct patch *patch)
{
	for (size_t i = 0; i < array_size(everywhere); i++)
		if (strcmp(patch->header, everywhere[i]) == 0)
			return true;
	return false;
}

static int check_patch(struct parse_context *d, const struct patch *patch)
{
	if (patch->test != SW_PATCH_PRESENT && !patch->part)
		return fail_at(&d->source, patch->at,
			       "rule '%s' looks for a text, but says not where; add 'header: NAME'",
			       patch->name);
	if (!patch->part && !*patch->body)
		return fail_at(&d->source, patch->at,
			       "rule '%s' would match every request; add 'header' or "
			       "'body_contains'",
			       patch->name);
	if (patch->test == SW_PATCH_PRESENT && !*patch->body && is_everywhere(patch))
		return fail_at(&d->source, patch->at,
			       "rule '%s' would match every request, because each has '%s'; add "
			       "'contains', 'prefix' or 'longer'",
			       patch->name, patch->header);
	if (patch->action == SW_ACTION_PASS)
		return fail_at(
			&d->source, patch->at,
			"rule '%s' does nothing with 'action: off'; write report or deny, or "
			"remove the rule",
			patch->name);
	return 0;
}

static const struct key patch_keys[] = {
	KEY("name", read_patch_name, .offset = offsetof(struct patch, name), .required = true),
	KEY("zones", read_patch_zones, .offset = offsetof(struct patch, zones)),
	KEY("methods", read_patch_methods, .offset = offsetof(struct patch, methods)),
	KEY("header", read_patch_header),
	KEY("contains", read_contains),
	KEY("prefix", read_prefix),
	KEY("longer", read_longer, .min = 1, .max = SW_HEADER_MAX - 1),
	KEY("body_contains", read_body),
	KEY("nocase", read_nocase, .offset = offsetof(struct patch, any_case)),
	KEY("action", read_word, .offset = offsetof(struct patch, action), .words = action_words),
	KEY("unread", read_word, .offset = offsetof(struct patch, unread), .words = action_words),
	KEY("in_dialog", read_dialogs),
	KEYS_END,
};

int read_patches(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	struct policy *p = &d->policy;

	(void)key, (void)to;
	if (want(d, value, NODE_LIST) < 0)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		struct patch patch = {
			.at = value->items[i]->at,
			.zones = ~0ull,
			.methods = ~0u,
			.action = SW_ACTION_REPORT,
			.unread = SW_ACTION_REPORT,
		};

		if (p->patch_count == SW_PATCHES_MAX)
			return fail_at(&d->source, value->items[i]->at,
				       "more than %u rules; remove those whose flaw is mended",
				       SW_PATCHES_MAX);
		if (read_map(d, value->items[i], patch_keys, &patch) < 0 ||
		    check_patch(d, &patch) < 0)
			return -1;
		append(p->patches, p->patch_count, patch);
	}
	return 0;
}
