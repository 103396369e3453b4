/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/top_page.h"

#include <inttypes.h>
#include <string.h>

#include "export/top_views.h"

/* Rows of a list that a pipe gets, and the width of its lines. */
#define ALL_ROWS 10

/* A screen with fewer lines has no tabs, and one line below the list. */
#define LOW 14

static const struct tab {
	const char *name, *letters;
} tabs[TOP_VIEW_COUNT] = {
	[TOP_ZONES] = {"zones", "zon"},   [TOP_SOURCES] = {"sources", "src"},
	[TOP_CALLED] = {"called", "cld"}, [TOP_AGENTS] = {"user-agents", "ua"},
	[TOP_KNOWN] = {"known", "knw"},   [TOP_TABLES] = {"tables", "tab"},
};

#define HELP_INDENT 2

static const char *const help[] = {
	"1-6 Tab  the view: zones and reasons, sources, called numbers, User-Agents, "
	"known endpoints, tables",
	"s        sort by the next column",
	"z        only the next zone; behind the last one, all zones",
	"p space  pause, go on",
	"q        quit",
	"",
	"drop: refused and dropped. would-drop: refused and not dropped (monitor mode, "
	"would_drop, report, TCP).",
	"Sources, called numbers and User-Agents come from samples: 1 of N packets, picked at "
	"random. The last line says how far a share may be off: all rows at once, 95 times in "
	"100. Packets count half after 5 s.",
	"+4930* is the first digits of numbers as they were dialled.",
};

void page_free(struct page *page)
{
	for (size_t i = 0; i < page->count; i++)
		free(page->lines[i].text);
	free(page->lines);
	page->lines = NULL;
	page->count = 0;
}

static void put_text(struct page *page, enum page_style style, char *text)
{
	struct page_line line = {.text = text, .style = style};

	if (page->count >= page->height) {
		free(text);
		return;
	}
	if (strlen(text) > page->width)
		text[page->width] = '\0';
	append(page->lines, page->count, line);
}

static __attribute__((format(printf, 3, 4))) void put(struct page *page, enum page_style style,
						      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_text(page, style, xvasprintf(fmt, ap));
	va_end(ap);
}

/* Words that have no room go on in the next line, below the text behind the key. */
static void put_wrapped(struct page *page, const char *text)
{
	size_t indent = 0;

	while (strlen(text) + indent > page->width) {
		size_t end = page->width - indent;

		while (end && text[end] != ' ')
			end--;
		if (!end)
			break;
		put(page, PAGE_PLAIN, "%*s%.*s", (int)indent, "", (int)end, text);
		text += end + strspn(text + end, " ");
		indent = HELP_INDENT;
	}
	put(page, PAGE_PLAIN, "%*s%s", (int)indent, "", text);
}

/* --- above the list --- */

static void put_head(struct page *page, const struct top *top, const struct top_choice *choice)
{
	struct top_text zone = {};

	if (choice->zone >= 0)
		zone = top_ascii(top->zone_names[choice->zone],
				 strnlen(top->zone_names[choice->zone], SUMMARY_TEXT));
	put(page, PAGE_TITLE, "sipward top  %s%s%s%s", choice->paused ? "PAUSED  " : "",
	    zone.text[0] ? "zone " : "", zone.text, zone.text[0] ? "" : top->interfaces);
	put(page, top->behind ? PAGE_ALERT : PAGE_PLAIN,
	    page->width < 80 ? "%spass %s  drop %s  would-drop %s /s" :
			       "%spass %s/s  drop %s/s  would-drop %s/s",
	    top->behind ? "SERVER FALLS BEHIND  " : "", top_number(top->pass).text,
	    top_number(top->drop).text, top_number(top->would_drop).text);
	if (page->width < 80)
		return;
	put(page, PAGE_PLAIN,
	    "known %" PRIu64 "  bans %" PRIu64 "  greylist: %s/s dropped, %s/s admitted",
	    top->known_filled, top->bans, top_number(top->greylisted).text,
	    top_number(top->again).text);
}

static void put_tabs(struct page *page, enum top_view view)
{
	char text[128] = "";
	size_t used = 0;

	for (int i = 0; i < TOP_VIEW_COUNT; i++)
		used += snprintf(text + used, sizeof(text) - used, "%s%d %s%s",
				 i == (int)view ? "[" : " ", i + 1,
				 page->width < 80 ? tabs[i].letters : tabs[i].name,
				 i == (int)view ? "]" : " ");
	put(page, PAGE_PLAIN, "%s", text);
}

/* --- below it --- */

/* "1 of 64 packets", on the average of those that count now. */
static struct top_number one_of(const struct summary *summary)
{
	double packets = summary->total / summary->samples;
	struct top_number said = {"each packet"};

	if (packets >= 1.05)
		snprintf(said.text, sizeof(said.text), "1 of %.0f", packets < 2 ? 2 : packets);
	return said;
}

static void put_error(struct page *page, const struct top *top, const struct summary *summary)
{
	double error = top_percent_up(summary_error(summary));
	char lost[48] = "";

	if (top->lost)
		snprintf(lost, sizeof(lost), "; %" PRIu64 " lost", top->lost);
	if (summary->samples < 1)
		put(page, PAGE_PLAIN, "no samples yet");
	else if (page->width < 80)
		put(page, PAGE_PLAIN, "%s, %.0f samples, +/- %.1f %%", one_of(summary).text,
		    summary->samples, error);
	else
		put(page, PAGE_PLAIN,
		    "samples: %s, %.0f in all%s; shares are right to +/- %.1f %% (95 %%)",
		    one_of(summary).text, summary->samples, lost, error);
}

/* The list that the view shows, when it comes from samples. */
static const struct summary *shown_summary(const struct top *top, const struct top_choice *choice)
{
	return choice->help ? NULL : top_summary(top, choice->view);
}

static void put_foot(struct page *page, const struct top *top, const struct top_choice *choice)
{
	const struct summary *summary = shown_summary(top, choice);

	while (page->count < page->height - 1 - (summary ? 1 : 0))
		put(page, PAGE_PLAIN, "%s", "");
	if (summary)
		put_error(page, top, summary);
	if (page->width < 80)
		put(page, PAGE_PLAIN, "q quit  ? help  1-6  s sort  z zone");
	else
		put(page, PAGE_PLAIN, "q quit  ? help  1-6 view  z zone  p pause  s sort: %s",
		    top_order(choice->view, choice->sort[choice->view]));
}

/* --- the lists --- */

static void put_rows(struct page *page, const struct columns *columns, size_t rows)
{
	put_text(page, PAGE_BOLD, columns_line(columns, SIZE_MAX, page->width));
	for (size_t i = 0; i < rows && i < columns->rows; i++)
		put_text(page, PAGE_PLAIN, columns_line(columns, i, page->width));
}

/* One list, or two below each other, in `room` lines. */
static void put_lists(struct page *page, const struct top *top, const struct top_choice *choice,
		      size_t room)
{
	auto_columns struct columns first = {}, second = {};
	size_t rows;

	top_columns(top, choice->view, choice->sort[choice->view], &first, &second);
	if (!second.count) {
		put_rows(page, &first, room - 1);
		return;
	}
	/* Both have titles, and an empty line stands between them. */
	if (room < 6) {
		put_rows(page, &first, room - 1);
		return;
	}
	rows = room - 3;
	if (first.rows + second.rows <= rows)
		rows = first.rows;
	else if (second.rows < rows / 2)
		rows -= second.rows;
	else
		rows = first.rows < rows / 2 ? first.rows : rows / 2;
	put_rows(page, &first, rows);
	put(page, PAGE_PLAIN, "%s", "");
	put_rows(page, &second, room - 3 - rows);
}

void page_render(struct page *page, const struct top *top, const struct top_choice *choice)
{
	size_t below = shown_summary(top, choice) ? 2 : 1;

	if (page->height < 3 || page->width < 10) {
		put(page, PAGE_PLAIN, "too small");
		return;
	}
	put_head(page, top, choice);
	if (page->height >= LOW)
		put_tabs(page, choice->view);
	if (page->height >= LOW)
		put(page, PAGE_PLAIN, "%s", "");
	if (choice->help) {
		for (size_t i = 0; i < array_size(help); i++)
			put_wrapped(page, help[i]);
	} else if (page->height > page->count + below + 1) {
		put_lists(page, top, choice, page->height - page->count - below);
	}
	/* What did not fit makes room for the last lines. */
	while (page->count + below > page->height)
		free(page->lines[--page->count].text);
	put_foot(page, top, choice);
}

void page_all(struct page *page, const struct top *top)
{
	struct top_choice choice = {.zone = -1};

	put_head(page, top, &choice);
	for (int view = 0; view < TOP_VIEW_COUNT; view++) {
		auto_columns struct columns first = {}, second = {};
		const struct summary *summary = top_summary(top, view);

		top_columns(top, view, 0, &first, &second);
		put(page, PAGE_PLAIN, "%s", "");
		if (summary)
			put_error(page, top, summary);
		put_rows(page, &first, summary || view == TOP_KNOWN ? ALL_ROWS : SIZE_MAX);
		if (!second.count)
			continue;
		put(page, PAGE_PLAIN, "%s", "");
		put_rows(page, &second, summary ? ALL_ROWS : SIZE_MAX);
	}
}
