/* SPDX-License-Identifier: GPL-2.0-only */
#include "audit/markdown.h"

#include <string.h>

#include "audit/audit.h"
#include "policy/names.h"

/* A cell of a table: a bar would end it. */
static void cell(FILE *out, const char *foreign)
{
	auto_free char *harmless = printable_text(foreign);

	for (const char *text = harmless; *text; text++) {
		if (*text == '|')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void print_summary(const struct audit *audit, FILE *out)
{
	fprintf(out, "## Summary\n\n| threat | answer | what it looks like |\n|---|---|---|\n");
	for (size_t i = 0; i < threat_count; i++) {
		fprintf(out, "| [%s](#%s) | **%s** | ", threats[i].title, threats[i].name,
			answer_name(audit_answer(audit, &threats[i])));
		cell(out, threats[i].wire);
		fprintf(out, " |\n");
	}
}

static void print_controls(const struct audit *audit, const char *threat, FILE *out)
{
	fprintf(out, "\n| control | state | policy |\n|---|---|---|\n");
	for (size_t i = 0; i < control_count; i++) {
		if (strcmp(controls[i].threat, threat) != 0)
			continue;
		fprintf(out, "| ");
		cell(out, controls[i].text);
		fprintf(out, " | **%s** | ", control_state_name(audit->findings[i].state));
		cell(out, audit->findings[i].where);
		fprintf(out, " |\n");
	}
}

static void print_vector(const struct vector *v, const struct vector_result *result, FILE *out)
{
	auto_free char *attack = count_text(&result->attack), *legal = count_text(&result->legal);

	fprintf(out, "| `%s` ", printable(v->name).text);
	cell(out, v->title);
	fprintf(out, " | **%s** | %s | %s |\n", outcome_name(result->outcome),
		result->absent ? result->absent : attack, result->legal.sent ? legal : "-");
}

static void print_vectors(const struct audit *audit, const char *threat, FILE *out)
{
	bool any = false;

	for (size_t i = 0; audit_next_vector(audit, threat, &i); i++) {
		if (!any)
			fprintf(out,
				"\n| attack | outcome | its packets | legal traffic beside it |\n"
				"|---|---|---|---|\n");
		any = true;
		print_vector(&audit->vectors.items[i], &audit->results[i], out);
	}
}

static void print_threat(const struct audit *audit, const struct threat *threat, FILE *out)
{
	fprintf(out, "\n### <a id=\"%s\"></a>%s: %s\n\n%s.\n", threat->name, threat->title,
		answer_name(audit_answer(audit, threat)), threat->wire);
	print_controls(audit, threat->name, out);
	print_vectors(audit, threat->name, out);
	for (size_t i = 0; i < blind_spot_count; i++)
		if (strcmp(blind_spots[i].threat, threat->name) == 0)
			fprintf(out, "\n*Blind*: %s.\n", blind_spots[i].text);
}

void audit_markdown(const struct audit *audit, FILE *out)
{
	auto_free char *hash = policy_hash(audit->policy);
	auto_free char *tuned = printable_text(audit->tuned ? audit->tuned : "");

	fprintf(out,
		"# sipward audit\n\n| | |\n|---|---|\n"
		"| policy | `%s` (%s mode)%s%s |\n| SHA-256 | `%s` |\n| date | %s |\n"
		"| kernel | %s |\n"
		"| program | tag `%s`, sipward %s, %s |\n"
		"| vectors | %zu run, %u legal packets dropped |\n\n",
		printable(audit->policy->file).text, mode_name(audit->policy->mode),
		*tuned ? ", tuned: " : "", tuned, hash, audit->date, audit->kernel, audit->tag,
		SIPWARD_VERSION, SIPWARD_COMPILER, audit->vectors.count, audit_legal_lost(audit));
	print_summary(audit, out);
	fprintf(out, "\n## Threats\n");
	for (size_t i = 0; i < threat_count; i++)
		print_threat(audit, &threats[i], out);
}
