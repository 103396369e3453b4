/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/explain_live.h"

#include <string.h>

#include "cli/who_facts.h"
#include "cli/who_text.h"
#include "export/json.h"
#include "export/who_judge.h"
#include "policy/names.h"

static bool is_inside(const struct explanation *x)
{
	return x->outcome.in_dialog || (x->outcome.message < SW_METHOD_COUNT &&
					1u << x->outcome.message & SW_METHODS_ALWAYS);
}

/* The class of limits that the message spends, as bpf/rules/limit.h has it. */
static enum sw_rate class_of(const struct explanation *x)
{
	if (x->outcome.message == SW_MESSAGE_RESPONSE)
		return SW_RATE_RESPONSE;
	if (is_inside(x))
		return SW_RATE_DIALOG;
	return sw_method_rate(x->outcome.message);
}

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), tail = strlen(end);

	return size >= tail && strcmp(text + size - tail, end) == 0;
}

static bool is_of_service(const struct explanation *x, const char *rule)
{
	char service[16];
	auto_free char *own = explained_service(x, service, sizeof(service)) ?
				      xasprintf("services %s rate", service) :
				      NULL;

	return own && strcmp(own, rule) == 0;
}

static bool spends(const struct explanation *x, const char *rule)
{
	enum sw_rate class = class_of(x);
	auto_free char *own = xasprintf(".rates.source.%s", rate_name(class));
	bool outside = SW_RATES_REQUESTS >> class & 1;

	if (x->outcome.emergency)
		return false;
	if (strncmp(rule, "services ", strlen("services ")) == 0)
		return outside && is_of_service(x, rule);
	return ends_with(rule, own) ||
	       (outside && (!strstr(rule, ".rates.source.") || ends_with(rule, ".any")));
}

/* The username of the message begins as the one that is kept, which may be cut. */
static bool has_username(const struct explanation *x, const char *user)
{
	const struct sip_msg *msg = test_run_message(x->test_run);
	const struct sip_span spans[] = {msg->login, msg->proxy_login};
	const uint8_t *text = x->captured->octets + x->outcome.payload_offset;
	size_t size = strlen(user);

	if (!x->outcome.scanned || is_inside(x) || x->outcome.emergency)
		return false;
	for (size_t i = 0; i < array_size(spans); i++) {
		uint32_t length = spans[i].length;

		if (length && (uint32_t)spans[i].offset + length <= x->outcome.payload_length &&
		    (length == size || (size == SW_LOGIN_NAME && length > size)) &&
		    memcmp(text + spans[i].offset, user, size) == 0)
			return true;
	}
	return false;
}

/* The members of a list that matter for the message. */
static void keep(struct json_object *facts, const char *key, const char *member,
		 bool (*matters)(const struct explanation *, const char *),
		 const struct explanation *x)
{
	struct json_object *all = json_object_object_get(facts, key);
	struct json_object *kept = json_object_new_array();

	for (size_t i = 0; all && i < json_object_array_length(all); i++) {
		struct json_object *o = json_object_array_get_idx(all, i);

		if (matters(x, text_of(o, member)))
			json_object_array_add(kept, json_object_get(o));
	}
	json_object_object_add(facts, key, kept);
}

/* TCP has its handshake: nobody is a newcomer there. Emergency calls pass an earned ban. */
static void spare(struct json_object *facts, const struct explanation *x)
{
	const char *reason = text_of(json_object_object_get(facts, "ban"), "reason");
	struct json_object *zone = json_object_object_get(facts, "zone");

	if (zone && (SW_IS_STREAM(x->outcome.transport) || x->outcome.emergency))
		json_flag(zone, "newcomers", false);
	if (reason && strcmp(reason, "manual") != 0 && x->outcome.emergency)
		json_object_object_add(facts, "ban", NULL);
}

struct json_object *explain_live(const struct explanation *x, const struct endpoint *from,
				 struct error *why)
{
	struct who_query query = {.from = *from, .brief = true};
	auto_json struct json_object *facts = who_facts(&query, why);
	struct json_object *o;

	if (!facts) {
		if (why->code == EXIT_NOT_RUNNING)
			*why = (struct error){};
		return NULL;
	}
	keep(facts, "limits", "rule", spends, x);
	keep(facts, "refused_usernames", "user", has_username, x);
	spare(facts, x);
	who_judge(facts);
	o = json_object_new_object();
	json_text(o, "verdict", text_of(facts, "verdict"));
	json_text(o, "answer", text_of(facts, "answer"));
	json_object_object_add(o, "keeps_out",
			       json_object_get(json_object_object_get(facts, "keeps_out")));
	return o;
}

void print_live(struct json_object *live)
{
	const char *verdict = text_of(live, "verdict");
	struct json_object *causes = json_object_object_get(live, "keeps_out");

	printf("  now      %s\n",
	       strcmp(verdict, "out") == 0 || strcmp(verdict, "partly") == 0 ?
		       "DROP, by the tables of the running sipward:" :
	       strcmp(verdict, "waits") == 0     ? "DROP, and PASS when it is sent again:" :
	       strcmp(verdict, "monitored") == 0 ? "PASS, but would be dropped:" :
	       strcmp(verdict, "unknown") == 0   ? text_of(live, "answer") :
						   "no ban, list or limit decides otherwise");
	if (strcmp(verdict, "in") == 0)
		return;
	for (size_t i = 0; i < json_object_array_length(causes); i++)
		printf("           %s\n", text_of(json_object_array_get_idx(causes, i), "text"));
	print_keeps_out(live, "           ");
}
