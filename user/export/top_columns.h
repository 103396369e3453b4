/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tables of text that fit a given width: columns that have no room are left out, the least
 * important first, and the first column takes what is left.
 */
#ifndef SIPWARD_EXPORT_TOP_COLUMNS_H
#define SIPWARD_EXPORT_TOP_COLUMNS_H

#include "base/base.h"

#define COLUMNS_MAX 8

struct column {
	const char *title;
	int width; /* of the first column: what it should have at most */
	int rank;  /* 0: always there; the highest are left out first. Of the first column: what
		    * it has at least, before others are left out */
	bool left; /* its texts stand at the left */
};

struct columns {
	const struct column *columns;
	size_t count;
	char **cells; /* count of them a row, owned */
	size_t rows;
};

/* Adds a row: as many texts as there are columns, which it copies. */
void columns_add(struct columns *columns, const char *const *cells);
void columns_free(struct columns *columns);
#define auto_columns cleanup(columns_free)

/* A row, or with SIZE_MAX the titles; `width` columns at most. Owned by the caller. */
char *columns_line(const struct columns *columns, size_t row, size_t width);

#endif
