/* SPDX-License-Identifier: GPL-2.0-only */
#include "audit/json.h"

#include <string.h>

#include "audit/audit.h"
#include "export/json.h"
#include "policy/names.h"

static struct json_object *count_json(const struct packet_count *count)
{
	struct json_object *o = json_object_new_object(), *reasons = json_object_new_object();

	json_count(o, "sent", count->sent);
	json_count(o, "dropped", count->dropped);
	json_count(o, "would_drop", count->would);
	for (int i = SW_REASON_NONE + 1; i < SW_REASON_COUNT; i++)
		if (count->reasons[i])
			json_count(reasons, reason_name(i), count->reasons[i]);
	json_object_object_add(o, "reasons", reasons);
	return o;
}

static struct json_object *vectors_json(const struct audit *audit, const char *threat)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; audit_next_vector(audit, threat, &i); i++) {
		const struct vector *v = &audit->vectors.items[i];
		const struct vector_result *result = &audit->results[i];
		struct json_object *o = json_object_new_object();

		json_text(o, "name", v->name);
		json_text(o, "title", v->title);
		json_text(o, "outcome", outcome_name(result->outcome));
		if (result->absent)
			json_text(o, "absent", result->absent);
		json_object_object_add(o, "attack", count_json(&result->attack));
		json_object_object_add(o, "legal", count_json(&result->legal));
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *controls_json(const struct audit *audit, const char *threat)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < control_count; i++) {
		struct json_object *o;

		if (strcmp(controls[i].threat, threat) != 0)
			continue;
		o = json_object_new_object();
		json_text(o, "control", controls[i].text);
		json_text(o, "state", control_state_name(audit->findings[i].state));
		json_text(o, "where", audit->findings[i].where);
		json_text(o, "key", controls[i].key);
		json_text(o, "reasons", controls[i].reasons);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *threat_json(const struct audit *audit, const struct threat *threat)
{
	struct json_object *o = json_object_new_object(), *blind = json_object_new_array();

	json_text(o, "threat", threat->name);
	json_text(o, "title", threat->title);
	json_text(o, "answer", answer_name(audit_answer(audit, threat)));
	json_object_object_add(o, "controls", controls_json(audit, threat->name));
	json_object_object_add(o, "vectors", vectors_json(audit, threat->name));
	for (size_t i = 0; i < blind_spot_count; i++)
		if (strcmp(blind_spots[i].threat, threat->name) == 0)
			json_object_array_add(blind, json_object_new_string(blind_spots[i].text));
	json_object_object_add(o, "blind", blind);
	return o;
}

void audit_json(const struct audit *audit, FILE *out)
{
	auto_json struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	auto_free char *hash = policy_hash(audit->policy);

	json_text(o, "policy", audit->policy->file);
	json_text(o, "policy_sha256", hash);
	json_text(o, "tuned", audit->tuned);
	json_text(o, "mode", mode_name(audit->policy->mode));
	json_text(o, "date", audit->date);
	json_text(o, "kernel", audit->kernel);
	json_text(o, "program_tag", audit->tag);
	json_text(o, "version", SIPWARD_VERSION);
	json_text(o, "compiler", SIPWARD_COMPILER);
	json_count(o, "legal_dropped", audit_legal_lost(audit));
	for (size_t i = 0; i < threat_count; i++)
		json_object_array_add(list, threat_json(audit, &threats[i]));
	json_object_object_add(o, "threats", list);
	fprintf(out, "%s\n", json_object_to_json_string_ext(o, JSON_STYLE));
}
