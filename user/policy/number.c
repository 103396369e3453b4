/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/number.h"

#include <string.h>

#include "policy/keys.h"
#include "policy/limits.h"
#include "policy/lists.h"
#include "policy/names.h"
#include "policy/zone.h"

#define DIAL_PREFIX_MAX 15 /* digits */
#define COUNTRY_MAX     4
#define ANY_NUMBER      "*"

/* embedded.S */
extern const char high_risk_numbers[] __attribute__((visibility("hidden")));
extern const char high_risk_numbers_end[] __attribute__((visibility("hidden")));

/* A digit as it is kept, -1: a visual separator (RFC 3966 3), -2: neither. */
static int digit_of(char c)
{
	static const char digits[] = "0123456789*#";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? found - digits : c && strchr("-.() ", c) ? -1 : -2;
}

/* The digits of a text, `max` at most; whether there is nothing else in it. */
static bool read_digits(const char *text, struct number *number, size_t max)
{
	number->length = 0;
	for (; *text; text++) {
		int digit = digit_of(*text);

		if (digit == -2 || (digit >= 0 && number->length == max))
			return false;
		if (digit >= 0)
			number->digits[number->length++] = digit;
	}
	return true;
}

static bool begins_with(const struct number *number, const struct number *prefix)
{
	return number->length >= prefix->length &&
	       memcmp(number->digits, prefix->digits, prefix->length) == 0;
}

/* `prefix` goes and `country` comes in its place; whether there is room for that. */
static bool replace_prefix(struct number *number, size_t prefix, const struct number *country)
{
	size_t left = number->length - prefix;

	if (left + country->length > SW_NUMBER_DIGITS)
		return false;
	memmove(number->digits + country->length, number->digits + prefix, left);
	memcpy(number->digits, country->digits, country->length);
	number->length = left + country->length;
	return true;
}

/* A number as it is dialled becomes E.164 where that can be told: the same as in the data
 * path, but that nothing has to follow a prefix here ("00" is every such number). */
static bool normalize(const struct policy *p, struct number *number)
{
	static const struct number nothing = {.length = 0};

	for (size_t i = 0; i < p->dial_prefix_count; i++) {
		const struct number *prefix = &p->dial_prefixes[i];

		if (!begins_with(number, prefix))
			continue;
		if (!prefix->length && number->digits[0] > 9) /* a feature code is no number */
			continue;
		if (!prefix->international && !p->country.length)
			return true;
		number->international = true;
		return replace_prefix(number, prefix->length,
				      prefix->international ? &nothing : &p->country);
	}
	return true;
}

static int read_number_text(struct parse_context *d, const struct source *s, struct position at,
			    const char *text, struct number *number)
{
	*number = (struct number){.international = *text == '+'};
	if (read_digits(text + number->international, number, SW_NUMBER_DIGITS) &&
	    (number->length || number->international) &&
	    (number->international || normalize(&d->policy, number)))
		return 0;
	return fail_at(s, at,
		       "'%s' is not the beginning of a telephone number; write it like +49, "
		       "0049 or +49 30 123, at most %u digits, or \"*\" for all",
		       quote(text).text, SW_NUMBER_DIGITS);
}

/* Where the entries of a list go. */
struct list_of {
	struct zone *zone;
	enum sw_direction direction;
	enum sw_action action;
};

static int add_rule(struct parse_context *d, const struct source *s, struct position at,
		    const struct number *prefix, const struct list_of *list)
{
	bool public = strcmp(list->zone->name, PUBLIC) == 0;
	struct number_rule rule = {
		.prefix = *prefix,
		.zone = public ? SW_ZONE_PUBLIC : d->policy.zone_count,
		.direction = list->direction,
		.action = list->action,
	};

	if (count_entry(d, s, at) < 0)
		return -1;
	append(d->policy.numbers, d->policy.number_count, rule);
	return 0;
}

static int add_text(struct parse_context *d, const struct source *s, struct position at,
		    const char *text, const void *context)
{
	struct number number = {.length = 0};

	if (strcmp(text, ANY_NUMBER) != 0) {
		if (read_number_text(d, s, at, text, &number) < 0)
			return -1;
		return add_rule(d, s, at, &number, context);
	}
	if (add_rule(d, s, at, &number, context) < 0)
		return -1;
	number.international = true;
	return add_rule(d, s, at, &number, context);
}

static int read_number_list(struct parse_context *d, const struct node *value, struct list_of list)
{
	const struct line_reader reader = {add_text, &list, NULL};

	if (want(d, value, NODE_LIST) < 0)
		return -1;
	begin_list(d);
	for (size_t i = 0; i < value->count; i++) {
		const struct node *item = value->items[i];
		const char *text = want_text(d, item);

		if (!text)
			return -1;
		if (strchr(text, '/') ? read_list_file(d, item, &reader) < 0 :
					add_text(d, &d->source, item->at, text, &list) < 0)
			return -1;
	}
	return 0;
}

#define NUMBER_LIST(name, way, what)                                                              \
	static int name(struct parse_context *d, const struct key *key, const struct node *value, \
			void *to)                                                                 \
	{                                                                                         \
		(void)key;                                                                        \
		return read_number_list(d, value, (struct list_of){to, way, what});               \
	}

NUMBER_LIST(read_caller_deny, SW_CALLER, SW_ACTION_DENY)
NUMBER_LIST(read_caller_report, SW_CALLER, SW_ACTION_REPORT)
NUMBER_LIST(read_caller_allow, SW_CALLER, SW_ACTION_PASS)
NUMBER_LIST(read_callee_deny, SW_CALLEE, SW_ACTION_DENY)
NUMBER_LIST(read_callee_report, SW_CALLEE, SW_ACTION_REPORT)
NUMBER_LIST(read_callee_allow, SW_CALLEE, SW_ACTION_PASS)

int read_caller(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {
		KEY("deny", read_caller_deny),
		KEY("report", read_caller_report),
		KEY("allow", read_caller_allow),
		KEYS_END,
	};

	(void)key;
	return read_map(d, value, keys, to);
}

int read_callee(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {
		KEY("deny", read_callee_deny),
		KEY("report", read_callee_report),
		KEY("allow", read_callee_allow),
		KEY("high_risk", read_word, .offset = offsetof(struct zone, content.high_risk),
		    .words = action_words),
		KEYS_END,
	};

	(void)key;
	return read_map(d, value, keys, to);
}

static int add_dial_prefix(struct parse_context *d, const struct node *item, bool international)
{
	struct policy *p = &d->policy;
	struct number prefix = {.international = international};
	const char *text = item->kind == NODE_SCALAR ? item->text : want_text(d, item);
	size_t at;

	if (!text)
		return -1;
	if (!read_digits(text, &prefix, DIAL_PREFIX_MAX) || (!prefix.length && !international)) {
		return fail_at(&d->source, item->at,
			       "'%s' is not a dial prefix: 1 to %u digits, * "
			       "or #",
			       quote(text).text, DIAL_PREFIX_MAX);
	}
	if (p->dial_prefix_count == SW_DIAL_PREFIXES_MAX)
		return fail_at(&d->source, item->at, "more than %u dial prefixes",
			       SW_DIAL_PREFIXES_MAX);
	for (size_t i = 0; i < p->dial_prefix_count; i++) {
		const struct number *other = &p->dial_prefixes[i];

		if (other->length == prefix.length && begins_with(&prefix, other))
			return fail_at(&d->source, item->at, "'%s' is written twice; keep one",
				       text);
	}
	append(p->dial_prefixes, p->dial_prefix_count, prefix);
	for (at = p->dial_prefix_count - 1; at && p->dial_prefixes[at - 1].length < prefix.length;
	     at--)
		p->dial_prefixes[at] = p->dial_prefixes[at - 1];
	p->dial_prefixes[at] = prefix;
	return 0;
}

static int add_dial_prefixes(struct parse_context *d, const struct node *value, bool international)
{
	if (want(d, value, NODE_LIST) < 0)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		if (add_dial_prefix(d, value->items[i], international) < 0)
			return -1;
	}
	return 0;
}

/* Most of the world dials 00; other prefixes depend on country and PBX. */
static int read_international(struct parse_context *d, const struct key *key,
			      const struct node *value, void *to)
{
	struct number usual = {.digits = {0, 0}, .length = 2, .international = true};

	(void)key, (void)to;
	if (value)
		return add_dial_prefixes(d, value, true);
	append(d->policy.dial_prefixes, d->policy.dial_prefix_count, usual);
	return 0;
}

static int read_national(struct parse_context *d, const struct key *key, const struct node *value,
			 void *to)
{
	(void)key, (void)to;
	return add_dial_prefixes(d, value, false);
}

static int read_country(struct parse_context *d, const struct key *key, const struct node *value,
			void *to)
{
	const char *text = want_text(d, value);
	struct number *country = to;

	(void)key;
	if (!text)
		return -1;
	country->international = true;
	if (!read_digits(text + (*text == '+'), country, COUNTRY_MAX) || !country->length) {
		return fail_at(&d->source, value->at,
			       "'%s' is not a country code; write it like \"49\"",
			       quote(text).text);
	}
	return 0;
}

int read_dial_prefixes(struct parse_context *d, const struct key *key, const struct node *value,
		       void *to)
{
	static const struct key keys[] = {
		KEY("international", read_international, .always = true),
		KEY("national", read_national),
		KEY("country", read_country,
		    .offset = offsetof(struct parse_context, policy.country)),
		KEYS_END};

	(void)key;
	return value ? read_map(d, value, keys, to) : read_international(d, NULL, NULL, NULL);
}

static int add_high_risk(struct parse_context *d, const struct source *s, struct position at,
			 const char *text, const void *context)
{
	struct number number;

	(void)context;
	if (read_number_text(d, s, at, text, &number) < 0)
		return -1;
	if (d->high_risk_count == ENTRIES_MAX)
		return fail_at(s, at, "more than %u numbers of high risk; write shorter prefixes",
			       ENTRIES_MAX);
	append(d->high_risk, d->high_risk_count, number);
	return 0;
}

int read_high_risk(struct parse_context *d, const struct key *key, const struct node *value,
		   void *to)
{
	static const struct builtin_list list = {
		"(built-in list of high-risk numbers)",
		high_risk_numbers,
		high_risk_numbers_end,
		{add_high_risk, NULL, NULL},
	};

	(void)key, (void)to;
	if (value)
		d->high_risk_at = value->at;
	return value ? read_list_choice(d, value, &list) : read_builtin_list(d, &list);
}

static int number_compare(const struct number *a, const struct number *b)
{
	int order = a->international - b->international;
	size_t shorter = a->length < b->length ? a->length : b->length;

	if (!order)
		order = memcmp(a->digits, b->digits, shorter);
	return order ? order : a->length - b->length;
}

/* By what the data path looks up: equal ones are the same key. */
static int rule_compare(const struct number_rule *a, const struct number_rule *b)
{
	if (a->zone != b->zone)
		return a->zone - b->zone;
	if (a->direction != b->direction)
		return (int)a->direction - (int)b->direction;
	return number_compare(&a->prefix, &b->prefix);
}

/* Of equal ones the gentlest comes first. */
static int rule_sort(const void *left, const void *right)
{
	const struct number_rule *a = left, *b = right;
	int order = rule_compare(a, b);

	return order ? order : (int)a->action - (int)b->action;
}

static int number_sort(const void *left, const void *right)
{
	return number_compare(left, right);
}

/* Sorts what the zones themselves say; of equal ones the first stays. */
static void unite_rules(struct policy *p)
{
	size_t kept = 0;

	if (!p->number_count)
		return;
	qsort(p->numbers, p->number_count, sizeof(*p->numbers), rule_sort);
	for (size_t i = 1; i < p->number_count; i++) {
		if (rule_compare(&p->numbers[kept], &p->numbers[i]) != 0)
			p->numbers[++kept] = p->numbers[i];
	}
	p->number_count = kept + 1;
}

static void unite_high_risks(struct parse_context *d)
{
	size_t kept = 0;

	if (!d->high_risk_count)
		return;
	qsort(d->high_risk, d->high_risk_count, sizeof(*d->high_risk), number_sort);
	for (size_t i = 1; i < d->high_risk_count; i++) {
		if (number_compare(&d->high_risk[kept], &d->high_risk[i]) != 0)
			d->high_risk[++kept] = d->high_risk[i];
	}
	d->high_risk_count = kept + 1;
}

static bool rule_covers(const struct number_rule *rule, const struct number *number)
{
	return rule->prefix.international == number->international &&
	       begins_with(number, &rule->prefix);
}

/* The rules of a zone that cover a number, each a prefix of the next: since both lists are
 * sorted, one walk through them finds the longest for every number. */
struct covers {
	const struct number_rule *rules[SW_NUMBER_DIGITS + 1];
	size_t count;
};

static void leave_covers(struct covers *covers, const struct number *number)
{
	while (covers->count && !rule_covers(covers->rules[covers->count - 1], number))
		covers->count--;
}

/* Rules that are being put together: sorted ones come in, sorted ones go out. */
struct merging {
	const struct number_rule *next, *end; /* what the zones themselves say */
	struct number_rule *out;
	size_t count;
};

static bool is_next(const struct merging *m, size_t zone, enum sw_direction direction)
{
	return m->next < m->end && m->next->zone == zone && m->next->direction == direction;
}

static void take_next(struct merging *m)
{
	append(m->out, m->count, *m->next);
	m->next++;
}

/* The zone's own rules and, between them, the high-risk numbers. The longest prefix wins, so a
 * high risk that is only reported must not make a gap in what the zone denies. */
static void merge_called(const struct parse_context *d, struct merging *m, size_t zone,
			 enum sw_action action)
{
	struct number_rule rule = {
		.zone = zone,
		.direction = SW_CALLEE,
		.action = action,
		.high_risk = true,
	};
	struct covers covers = {.count = 0};

	for (size_t i = 0; action != SW_ACTION_PASS && i < d->high_risk_count; i++) {
		const struct number_rule *own = NULL;

		rule.prefix = d->high_risk[i];
		while (is_next(m, zone, SW_CALLEE) &&
		       number_compare(&m->next->prefix, &rule.prefix) <= 0) {
			leave_covers(&covers, &m->next->prefix);
			covers.rules[covers.count++] = m->next;
			take_next(m);
		}
		leave_covers(&covers, &rule.prefix);
		own = covers.count ? covers.rules[covers.count - 1] : NULL;
		if (!own ||
		    (own->action <= action && number_compare(&own->prefix, &rule.prefix) != 0))
			append(m->out, m->count, rule);
	}
	while (is_next(m, zone, SW_CALLEE))
		take_next(m);
}

/* Every zone that asks for them gets the high-risk numbers: as many entries each. */
static int check_high_risks(struct parse_context *d)
{
	const struct policy *p = &d->policy;
	size_t zones = 0, room = ENTRIES_MAX - d->entries;

	for (size_t i = 0; i < p->zone_count; i++)
		zones += p->zones[i].content.high_risk != SW_ACTION_PASS;
	if (zones * d->high_risk_count <= room)
		return 0;
	return fail_at(&d->source, d->high_risk_at,
		       "%zu numbers of high risk in each of %zu zones "
		       "are %zu entries; all lists of the policy together may have %u, and the "
		       "others have %zu: write at most %zu numbers, or let fewer zones have "
		       "'high_risk'",
		       d->high_risk_count, zones, zones * d->high_risk_count, ENTRIES_MAX,
		       d->entries, room / zones);
}

int check_numbers(struct parse_context *d)
{
	struct policy *p = &d->policy;
	struct merging merging = {.count = 0};

	unite_rules(p);
	unite_high_risks(d);
	if (check_high_risks(d) < 0)
		return -1;
	merging.next = p->numbers;
	merging.end = p->numbers ? p->numbers + p->number_count : NULL;
	for (size_t zone = 0; zone < p->zone_count; zone++) {
		while (is_next(&merging, zone, SW_CALLER))
			take_next(&merging);
		merge_called(d, &merging, zone, p->zones[zone].content.high_risk);
	}
	free(p->numbers);
	p->numbers = merging.out;
	p->number_count = merging.count;
	return 0;
}
