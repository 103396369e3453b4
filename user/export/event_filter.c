/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/event_filter.h"

#include <string.h>
#include <time.h>

#include "export/json.h"
#include "policy/duration.h"
#include "policy/names.h"
#include "policy/prefix.h"

/* As events have their time: so texts can be compared. */
static void set_since(struct event_filter *filter, uint64_t ns)
{
	time_t seconds = ns / SW_NS_PER_SEC;
	struct tm parts;
	size_t used;

	gmtime_r(&seconds, &parts);
	used = strftime(filter->since, sizeof(filter->since), "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(filter->since + used, sizeof(filter->since) - used, ".%03uZ",
		 (unsigned int)(ns % SW_NS_PER_SEC / 1000000));
}

int event_filter_since(struct event_filter *filter, const char *text, struct error *e)
{
	struct timespec now;
	uint64_t length, ns;
	const char *why, *no_duration;

	if (moment_parse(text, &ns, &why) == 0) {
		set_since(filter, ns);
		return 0;
	}
	if (why)
		return fail(e, EXIT_USAGE, "events: --since %s: %s", text, why);
	if (duration_parse(text, &length, &no_duration) < 0)
		return fail(e, EXIT_USAGE,
			    "events: --since %s: write a duration such as 10m, or a time such as "
			    "2026-11-30T12:00:00Z",
			    text);
	clock_gettime(CLOCK_REALTIME, &now);
	ns = (uint64_t)now.tv_sec * SW_NS_PER_SEC + now.tv_nsec;
	set_since(filter, ns > length ? ns - length : 0);
	return 0;
}

int event_filter_reason(struct event_filter *filter, const char *text, struct error *e)
{
	const char *names[SW_REASON_COUNT] = {}, *near;
	size_t count = 0;

	if (reason_by_name(text) > SW_REASON_NONE) {
		filter->reason = text;
		return 0;
	}
	for (int i = SW_REASON_NONE + 1; i < SW_REASON_COUNT; i++)
		if (reason_name(i))
			names[count++] = reason_name(i);
	near = nearest_word(text, names);
	return fail(e, EXIT_USAGE, "events: there is no reason '%s'%s%s%s; docs/reasons.md has all",
		    text, near ? ", did you mean '" : "", near ?: "", near ? "'?" : "");
}

int event_filter_source(struct event_filter *filter, const char *text, struct error *e)
{
	const char *why;

	if (prefix_parse(text, &filter->source, &why) < 0)
		return fail(e, EXIT_USAGE, "events: --source %s: %s", text, why);
	filter->by_source = true;
	return 0;
}

static bool is_within(const struct prefix *prefix, const char *text)
{
	int bits = prefix->ipv6 ? prefix->length : prefix->length + 96;
	struct sw_addr addr;

	if (!text || addr_parse(text, &addr) < 0)
		return false;
	for (int i = 0; i < 16 && bits > 0; i++, bits -= 8) {
		uint8_t mask = bits >= 8 ? 0xff : 0xff << (8 - bits);

		if ((addr.octets[i] ^ prefix->addr.octets[i]) & mask)
			return false;
	}
	return true;
}

static bool is_word(struct json_object *event, const char *key, const char *wanted)
{
	const char *text = text_of(event, key);

	return !wanted || (text && strcmp(text, wanted) == 0);
}

bool event_matches(const struct event_filter *filter, struct json_object *event)
{
	const char *time = text_of(event, "time");

	return (!filter->since[0] || (time && strcmp(time, filter->since) >= 0)) &&
	       is_word(event, "zone", filter->zone) && is_word(event, "reason", filter->reason) &&
	       (!filter->by_source || is_within(&filter->source, text_of(event, "source")));
}

void last_events_put(struct last_events *last, struct json_object *event)
{
	struct json_object **slot;

	if (!last->room)
		return;
	if (!last->items)
		last->items = xcalloc(last->room, sizeof(*last->items));
	slot = &last->items[last->count++ % last->room];
	json_object_put(*slot);
	*slot = json_object_get(event);
	if (last->count - last->next > last->room)
		last->next = last->count - last->room;
}

struct json_object *last_events_take(struct last_events *last)
{
	struct json_object **oldest;

	if (last->next == last->count)
		return NULL;
	oldest = &last->items[last->next++ % last->room];
	return take(*oldest);
}

void last_events_free(struct last_events *last)
{
	struct json_object *event;

	while ((event = last_events_take(last)))
		json_object_put(event);
	free(last->items);
	memset(last, 0, sizeof(*last));
}
