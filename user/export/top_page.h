/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The page that `sipward top` shows: lines of text for a screen of any size, or for a pipe. No line
 * is longer than the screen, and none holds anything but printable ASCII.
 */
#ifndef SIPWARD_EXPORT_TOP_PAGE_H
#define SIPWARD_EXPORT_TOP_PAGE_H

#include "export/top.h"

enum page_style { PAGE_PLAIN, PAGE_BOLD, PAGE_TITLE, PAGE_ALERT };

struct page_line {
	char *text;
	enum page_style style;
};

struct page {
	size_t width;
	size_t height; /* lines there is room for */
	struct page_line *lines;
	size_t count;
};

/* What the user chose. */
struct top_choice {
	enum top_view view;
	unsigned int sort[TOP_VIEW_COUNT]; /* of the orders that a view has */
	int zone;                          /* -1: all */
	bool paused;
	bool help;
};

/* Fills the page, which has its size and no lines. */
void page_render(struct page *page, const struct top *top, const struct top_choice *choice);

/* All views, one below the other, without what belongs to a screen. */
void page_all(struct page *page, const struct top *top);

void page_free(struct page *page);
#define auto_page cleanup(page_free)

#endif
