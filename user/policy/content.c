/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/content.h"

#include <string.h>

#include "policy/keys.h"
#include "policy/names.h"

static int read_entries(struct parse_context *d, const struct node *value,
			const struct rules *rules, enum sw_action action)
{
	if (want(d, value, NODE_LIST) < 0)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		int bit = rules->read(d, value->items[i], action);

		if (bit < 0)
			return -1;
		if (rules->actions[action] & 1u << bit)
			return fail_again(d, value->items[i]);
		if (rules->actions[SW_ACTION_REPORT] & 1u << bit) {
			return fail_at(&d->source, value->items[i]->at,
				       "'%s' is in 'report' "
				       "already; denied ones are counted anyway",
				       value->items[i]->text);
		}
		rules->actions[action] |= 1u << bit;
	}
	return 0;
}

static int read_report(struct parse_context *d, const struct key *key, const struct node *value,
		       void *to)
{
	(void)key;
	return read_entries(d, value, to, SW_ACTION_REPORT);
}

static int read_deny(struct parse_context *d, const struct key *key, const struct node *value,
		     void *to)
{
	(void)key;
	return read_entries(d, value, to, SW_ACTION_DENY);
}

int read_rules(struct parse_context *d, const struct node *value, struct rules rules)
{
	static const struct key keys[] = {
		KEY("report", read_report),
		KEY("deny", read_deny),
		KEYS_END,
	};

	return read_map(d, value, keys, &rules);
}

static int read_header(struct parse_context *d, const struct node *item, enum sw_action action)
{
	(void)action;
	return want_word(d, item, header_words);
}

int read_header_rules(struct parse_context *d, const struct key *key, const struct node *value,
		      void *to)
{
	struct content_rules *content = to;

	(void)key;
	return read_rules(d, value, (struct rules){content->headers, read_header});
}

/* A redirect that is dropped ends as one attempt without an answer; any other response is one
 * that a transaction or a call waits for. */
static int read_status(struct parse_context *d, const struct node *item, enum sw_action action)
{
	int class = want_word(d, item, status_words) + 1;

	if (class == 0)
		return -1;
	if (action == SW_ACTION_DENY && class != 3) {
		return fail_at(&d->source, item->at,
			       "%s cannot be dropped: calls would hang "
			       "without them; write it into 'report', or deny 3xx",
			       item->text);
	}
	return class;
}

int read_status_rules(struct parse_context *d, const struct key *key, const struct node *value,
		      void *to)
{
	struct content_rules *content = to;

	(void)key;
	return read_rules(d, value, (struct rules){content->statuses, read_status});
}

/* type "/" subtype, both tokens (RFC 3261 25.1). */
static bool is_media_type(const char *text)
{
	static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "-.!%*_+`'~";
	size_t type = strspn(text, token), subtype;

	if (!type || text[type] != '/')
		return false;
	subtype = strspn(text + type + 1, token);
	return subtype && !text[type + 1 + subtype] && strlen(text) < SW_MEDIA_TYPE_MAX;
}

static int read_type(struct parse_context *d, const struct node *item, enum sw_action action)
{
	const char *text = want_text(d, item);
	struct policy *p = &d->policy;
	char *copy;

	(void)action;
	if (!text)
		return -1;
	if (!is_media_type(text)) {
		return fail_at(&d->source, item->at,
			       "'%s' is not a media type; write it like "
			       "application/vnd.3gpp.sms, without parameters",
			       quote(text).text);
	}
	for (size_t i = 0; i < p->content_type_count; i++) {
		if (strcasecmp(p->content_types[i], text) == 0)
			return i;
	}
	if (p->content_type_count == SW_CONTENT_TYPES_MAX) {
		return fail_at(&d->source, item->at,
			       "more than %u content types in all zones; "
			       "shorten the lists",
			       SW_CONTENT_TYPES_MAX);
	}
	copy = xstrdup(text);
	append(p->content_types, p->content_type_count, copy);
	return p->content_type_count - 1;
}

int read_type_rules(struct parse_context *d, const struct key *key, const struct node *value,
		    void *to)
{
	struct content_rules *content = to;

	(void)key;
	return read_rules(d, value, (struct rules){content->types, read_type});
}

static int read_own_via(struct parse_context *d, const struct key *key, const struct node *value,
			void *to)
{
	static const char *const words[] = {"off", "report", NULL};
	int index = want_word(d, value, words);

	(void)key;
	*(uint32_t *)to = index == 1;
	return index < 0 ? -1 : 0;
}

int read_routing(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
#define BOUND(name, most) \
	KEY(#name, read_number, .offset = offsetof(struct sw_routing, name), .min = 1, .max = most)
	static const struct key keys[] = {
		BOUND(routes, 1000),
		BOUND(record_routes, 1000),
		BOUND(max_breadth, UINT32_MAX - 1),
		KEY("action", read_word, .offset = offsetof(struct sw_routing, action),
		    .words = action_words),
		KEY("own_via", read_own_via, .offset = offsetof(struct sw_routing, own_via)),
		KEYS_END,
	};
#undef BOUND
	struct content_rules *content = to;

	(void)key;
	content->routing.action = SW_ACTION_REPORT;
	return read_map(d, value, keys, &content->routing);
}
