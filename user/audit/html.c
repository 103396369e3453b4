/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report as one file: no script, no other file, readable on paper.
 */
#include "audit/html.h"

#include <string.h>

#include "audit/audit.h"
#include "policy/names.h"

static const char style[] =
	":root{--on:#1a7f37;--partly:#9a6700;--would-drop:#57606a;--off:#b42318;--line:#d0d7de;"
	"--soft:#f6f8fa}\n"
	"*{box-sizing:border-box}\n"
	"body{font:15px/1.5 system-ui,sans-serif;color:#1f2328;max-width:70rem;margin:2rem auto;"
	"padding:0 1.5rem}\n"
	"h1{font-size:1.7rem;margin:0 0 .25rem}h2{font-size:1.25rem;margin:2.2rem 0 .6rem;"
	"border-bottom:1px solid var(--line);padding-bottom:.25rem}\n"
	"h3{font-size:1.05rem;margin:1.8rem 0 .2rem;break-after:avoid}\n"
	"h3 .tag{float:right}\n"
	"p{margin:.2rem 0 .6rem;color:#57606a}\n"
	"table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem;table-layout:fixed}\n"
	"th,td{border:1px solid var(--line);padding:.35rem .6rem;text-align:left;"
	"vertical-align:top;overflow-wrap:anywhere}\n"
	"th{background:var(--soft);font-weight:600}\n"
	"table.facts th{width:9rem}\n"
	"td.state,th.state{width:6.2rem;text-align:center}\n"
	"code{font:13px ui-monospace,Menlo,Consolas,monospace}\n"
	"a{color:inherit}\n"
	".tag{display:inline-block;min-width:4.4rem;padding:.05rem .5rem;border-radius:1rem;"
	"color:#fff;font-size:.82rem;font-weight:600;text-align:center}\n"
	".on,.stopped{background:var(--on)}.partly{background:var(--partly)}"
	".would-drop,.absent{background:var(--would-drop)}.off,.passed{background:var(--off)}\n"
	".totals{display:flex;gap:.8rem;margin:1rem 0}.totals div{flex:1;"
	"border:1px solid var(--line);border-radius:.5rem;padding:.6rem .9rem}"
	".totals b{display:block;font-size:1.5rem}\n"
	".blind{border-left:4px solid var(--partly);background:#fff8e6;padding:.4rem .8rem;"
	"color:#1f2328}\n"
	"@media print{body{margin:0;max-width:none;font-size:11px}section{break-inside:avoid}"
	".tag{-webkit-print-color-adjust:exact;print-color-adjust:exact}th,.blind{"
	"-webkit-print-color-adjust:exact;print-color-adjust:exact}@page{margin:15mm}}\n";

static void escaped(FILE *out, const char *foreign)
{
	auto_free char *harmless = printable_text(foreign);

	for (const char *text = harmless; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

static void tag(FILE *out, const char *word)
{
	fprintf(out, "<span class=\"tag %s\">%s</span>", word, word);
}

static void fact(FILE *out, const char *name, const char *value, bool code)
{
	fprintf(out, "<tr><th>%s</th><td>%s", name, code ? "<code>" : "");
	escaped(out, value);
	fprintf(out, "%s</td></tr>\n", code ? "</code>" : "");
}

static void print_facts(const struct audit *audit, FILE *out)
{
	auto_free char *hash = policy_hash(audit->policy);
	auto_free char *policy =
		xasprintf("%s, %s mode", audit->policy->file, mode_name(audit->policy->mode));
	auto_free char *program =
		xasprintf("sipward %s, %s, tag %s", SIPWARD_VERSION, SIPWARD_COMPILER, audit->tag);
	auto_free char *vectors = xasprintf("%zu, each in the kernel with the compiled policy; "
					    "%u legal packets dropped",
					    audit->vectors.count, audit_legal_lost(audit));

	fputs("<table class=\"facts\">\n", out);
	fact(out, "Policy", policy, false);
	fact(out, "SHA-256", hash, true);
	if (audit->tuned)
		fact(out, "Tuned", audit->tuned, false);
	fact(out, "Date", audit->date, false);
	fact(out, "Kernel", audit->kernel, false);
	fact(out, "Program", program, false);
	fact(out, "Attacks run", vectors, false);
	fputs("</table>\n", out);
}

static void print_summary(const struct audit *audit, FILE *out)
{
	static const char *const words[ANSWER_COUNT] = {"answered", "answered in part",
							"would-drop", "open"};
	uint32_t totals[ANSWER_COUNT] = {};

	for (size_t i = 0; i < threat_count; i++)
		totals[audit_answer(audit, &threats[i])]++;
	fputs("<h2>Summary</h2>\n<div class=\"totals\">", out);
	for (int i = 0; i < ANSWER_COUNT; i++)
		fprintf(out, "<div><b>%u</b>%s</div>", totals[i], words[i]);
	fputs("</div>\n<table><tr><th>threat</th><th>on the wire</th>"
	      "<th class=\"state\">answer</th></tr>\n",
	      out);
	for (size_t i = 0; i < threat_count; i++) {
		fprintf(out, "<tr><td><a href=\"#%s\">", threats[i].name);
		escaped(out, threats[i].title);
		fputs("</a></td><td>", out);
		escaped(out, threats[i].wire);
		fputs("</td><td class=\"state\">", out);
		tag(out, answer_name(audit_answer(audit, &threats[i])));
		fputs("</td></tr>\n", out);
	}
	fputs("</table>\n", out);
}

static void print_controls(const struct audit *audit, const char *threat, FILE *out)
{
	fputs("<table><tr><th>control</th><th>policy</th><th class=\"state\">state</th></tr>\n",
	      out);
	for (size_t i = 0; i < control_count; i++) {
		if (strcmp(controls[i].threat, threat) != 0)
			continue;
		fputs("<tr><td>", out);
		escaped(out, controls[i].text);
		fputs("</td><td>", out);
		escaped(out, audit->findings[i].where);
		fputs("</td><td class=\"state\">", out);
		tag(out, control_state_name(audit->findings[i].state));
		fputs("</td></tr>\n", out);
	}
	fputs("</table>\n", out);
}

static void print_vector(const struct vector *v, const struct vector_result *result, FILE *out)
{
	auto_free char *attack = count_text(&result->attack), *legal = count_text(&result->legal);

	fputs("<tr><td>", out);
	escaped(out, v->title);
	fputs("</td><td>", out);
	escaped(out, result->absent ? result->absent : attack);
	fputs("</td><td>", out);
	escaped(out, result->legal.sent ? legal : "-");
	fputs("</td><td class=\"state\">", out);
	tag(out, outcome_name(result->outcome));
	fputs("</td></tr>\n", out);
}

static void print_vectors(const struct audit *audit, const char *threat, FILE *out)
{
	bool any = false;

	for (size_t i = 0; audit_next_vector(audit, threat, &i); i++) {
		if (!any)
			fputs("<table><tr><th>attack</th><th>its packets</th>"
			      "<th>legal traffic beside it</th>"
			      "<th class=\"state\">outcome</th></tr>\n",
			      out);
		any = true;
		print_vector(&audit->vectors.items[i], &audit->results[i], out);
	}
	if (any)
		fputs("</table>\n", out);
}

static void print_threat(const struct audit *audit, const struct threat *threat, FILE *out)
{
	fprintf(out, "<section id=\"%s\"><h3>", threat->name);
	escaped(out, threat->title);
	fputc(' ', out);
	tag(out, answer_name(audit_answer(audit, threat)));
	fputs("</h3>\n<p>", out);
	escaped(out, threat->wire);
	fputs("</p>\n", out);
	print_controls(audit, threat->name, out);
	print_vectors(audit, threat->name, out);
	for (size_t i = 0; i < blind_spot_count; i++) {
		if (strcmp(blind_spots[i].threat, threat->name) != 0)
			continue;
		fputs("<p class=\"blind\"><b>Blind:</b> ", out);
		escaped(out, blind_spots[i].text);
		fputs("</p>\n", out);
	}
	fputs("</section>\n", out);
}

void audit_html(const struct audit *audit, FILE *out)
{
	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width\">\n"
		"<title>sipward audit</title>\n<style>\n%s</style></head><body>\n"
		"<h1>sipward audit</h1>\n"
		"<p>What this policy has against each known threat to a SIP server, and attacks "
		"run to prove it. The catalogue is inspired by GSMA FS.38.</p>\n",
		style);
	print_facts(audit, out);
	print_summary(audit, out);
	fputs("<h2>Threats</h2>\n", out);
	for (size_t i = 0; i < threat_count; i++)
		print_threat(audit, &threats[i], out);
	fputs("</body></html>\n", out);
}
