/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The lists of each view of `sipward top`, sorted, as columns of text.
 */
#ifndef SIPWARD_EXPORT_TOP_VIEWS_H
#define SIPWARD_EXPORT_TOP_VIEWS_H

#include "export/top.h"
#include "export/top_columns.h"

/* The lists of a view; `second` has no columns when there is one only. */
void top_columns(const struct top *top, enum top_view view, unsigned int order,
		 struct columns *first, struct columns *second);

/* The orders of a view by their names. */
const char *top_order(enum top_view view, unsigned int order);
unsigned int top_orders(enum top_view view);

/* Of a view that comes from samples; or NULL. */
const struct summary *top_summary(const struct top *top, enum top_view view);

/* Zones or reasons in the order of that view; owned by the caller. */
const struct top_rate **top_sorted_rates(const struct top_rates *rates, unsigned int order);

/* The items of a summary in an order of its view; owned by the caller. */
const struct summary_item **top_sorted(const struct summary *summary, unsigned int order);

/* Octets of a stranger as a terminal may show them: one column each, or \xNN. */
struct top_text {
	char text[4 * SUMMARY_TEXT + 1];
};

struct top_text top_ascii(const void *octets, size_t size);

/* In seven columns: "0", "0.4", "123", "45678", "123k", "1.2M". */
struct top_number {
	char text[16];
};

struct top_number top_number(double number);

/* Of a share, rounded up to a tenth. */
double top_percent_up(double share);

#endif
