/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/event.h"

#include <net/if.h>
#include <string.h>
#include <time.h>

#include "export/json.h"
#include "export/repair_kinds.h"
#include "kernel/state_values.h"
#include "policy/names.h"
#include "policy/prefix.h"

uint64_t event_wall_time(uint64_t monotonic)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	return (uint64_t)wall.tv_sec * SW_NS_PER_SEC + wall.tv_nsec - (monotonic_ns() - monotonic);
}

void event_time_text(uint64_t monotonic, char *text, size_t size)
{
	uint64_t ns = event_wall_time(monotonic);
	time_t seconds = ns / SW_NS_PER_SEC;
	struct tm parts;
	size_t used;

	gmtime_r(&seconds, &parts);
	used = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &parts);
	snprintf(text + used, size - used, ".%03uZ", (unsigned)(ns % SW_NS_PER_SEC / 1000000));
}

static void add_reason(struct json_object *o, const struct sw_event *event)
{
	json_text(o, "reason", reason_name(event->reason));
	json_text(o, "mode", mode_name(event->mode));
	json_text(o, "rfc", reason_rfc(event->reason));
	json_text(o, "threat", reason_threat(event->reason));
	json_text(o, "text", reason_text(event->reason));
}

/* The rule of the operator's that matched. */
static void add_rule(struct json_object *o, const struct sw_event *event, const struct state *state)
{
	struct sw_patch_name patch;

	if (event->reason == SW_REASON_PATCH && event->patch &&
	    state_patch_read(state, event->patch - 1u, &patch))
		json_text(o, "rule", patch.name);
}

static void add_interface(struct json_object *o, const struct sw_event *event)
{
	char iface[IF_NAMESIZE] = "";

	if (event->ifindex && !if_indextoname(event->ifindex, iface))
		snprintf(iface, sizeof(iface), "if%u", event->ifindex);
	json_text(o, "interface", *iface ? iface : NULL);
}

static void add_packet(struct json_object *o, const struct sw_event *event)
{
	const char *transport = transport_name(event->transport);
	char text[64];

	add_interface(o, event);
	json_text(o, "direction", event->direction == SW_EGRESS ? "egress" : "ingress");
	json_count(o, "source_port", event->sport);
	json_text(o, "destination", addr_text(&event->dst, text, sizeof(text)));
	json_count(o, "destination_port", event->dport);
	json_text(o, "transport", transport ? transport : "ip");
	json_text(o, "method", message_name(event->message));
	json_count(o, "length", event->length);
	json_count(o, "suppressed", event->suppressed);
}

static struct json_object *repair_json(struct json_object *o, const struct sw_event *event)
{
	add_interface(o, event);
	json_text(o, "repair", repair_name(event->evidence));
	json_text(o, "text", repair_text(event->evidence));
	return o;
}

struct json_object *event_json(const struct sw_event *event, const struct state *state)
{
	struct json_object *o = json_object_new_object();
	char text[64], zone[SW_NAME_MAX];

	event_time_text(event->time, text, sizeof(text));
	json_text(o, "time", text);
	if (event->kind == SW_EVENT_REPAIR)
		return repair_json(o, event);
	json_text(o, "zone", state_zone_name(state, event->zone, zone));
	json_text(o, "source", addr_text(&event->src, text, sizeof(text)));
	if (event->kind == SW_EVENT_BAN)
		json_count(o, "banned_for", event->evidence);
	else
		add_packet(o, event);
	add_reason(o, event);
	if (event->kind == SW_EVENT_PACKET)
		add_rule(o, event, state);
	return o;
}

static int number_of(struct json_object *o, const char *key)
{
	return json_object_get_int(json_object_object_get(o, key));
}

void event_text(struct json_object *event, char *text, size_t size)
{
	int missed = number_of(event, "suppressed"), used;
	const char *iface = text_of(event, "interface");
	bool enforced;

	if (json_object_object_get(event, "repair")) {
		snprintf(text, size, "%s %s repaired %s: %s", text_of(event, "time"),
			 iface ? iface : "-", text_of(event, "repair"), text_of(event, "text"));
		return;
	}
	enforced = strcmp(text_of(event, "mode"), mode_name(SW_MODE_ENFORCE)) == 0;
	if (json_object_object_get(event, "banned_for")) {
		snprintf(text, size, "%s zone=%s source=%s %s reason=%s [%s] %d of them: %s",
			 text_of(event, "time"), text_of(event, "zone"), text_of(event, "source"),
			 enforced ? "banned" : "would-ban", text_of(event, "reason"),
			 text_of(event, "rfc"), number_of(event, "banned_for"),
			 text_of(event, "text"));
		return;
	}
	used = snprintf(text, size,
			"%s %s zone=%s source=%s:%d to=%s:%d %s%s method=%s length=%d "
			"%s reason=%s [%s] %s",
			text_of(event, "time"), text_of(event, "interface"), text_of(event, "zone"),
			text_of(event, "source"), number_of(event, "source_port"),
			text_of(event, "destination"), number_of(event, "destination_port"),
			text_of(event, "transport"),
			strcmp(text_of(event, "direction"), "egress") == 0 ? " egress" : "",
			text_of(event, "method"), number_of(event, "length"),
			enforced ? "dropped" : "would-drop", text_of(event, "reason"),
			text_of(event, "rfc"), text_of(event, "text"));
	if (text_of(event, "rule") && used > 0 && (size_t)used < size)
		used += snprintf(text + used, size - used, " rule=%s", text_of(event, "rule"));
	if (missed && used > 0 && (size_t)used < size)
		snprintf(text + used, size - used,
			 " (%d more were left out: over the event budget)", missed);
}
