/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/top_columns.h"

#include <string.h>

void columns_add(struct columns *columns, const char *const *cells)
{
	size_t count = columns->rows * columns->count;

	for (size_t i = 0; i < columns->count; i++) {
		char *cell = xstrdup(cells[i]);

		append(columns->cells, count, cell);
	}
	columns->rows++;
}

void columns_free(struct columns *columns)
{
	for (size_t i = 0; i < columns->rows * columns->count; i++)
		free(columns->cells[i]);
	free(columns->cells);
	columns->cells = NULL;
	columns->rows = 0;
}

/* The columns behind the first, up to this rank, with a space before each. */
static int width_up_to(const struct columns *columns, int rank)
{
	int width = 0;

	for (size_t i = 1; i < columns->count; i++)
		if (columns->columns[i].rank <= rank)
			width += columns->columns[i].width + 1;
	return width;
}

static int rank_that_fits(const struct columns *columns, int width)
{
	int rank = COLUMNS_MAX;

	while (rank > 0 && columns->columns[0].rank + width_up_to(columns, rank) > width)
		rank--;
	return rank;
}

/* A text that is cut says so. */
static void put(char *to, const char *text, int width, bool left)
{
	int size = strlen(text);

	if (size <= width)
		memcpy(to + (left ? 0 : width - size), text, size);
	else if (width > 0) {
		memcpy(to, text, width - 1);
		to[width - 1] = '~';
	}
}

char *columns_line(const struct columns *columns, size_t row, size_t width)
{
	int rank = rank_that_fits(columns, width), at = 0;
	int first = (int)width - width_up_to(columns, rank);
	char *line = xcalloc(1, width + 1);
	size_t end = width;

	if (first > columns->columns[0].width)
		first = columns->columns[0].width;
	memset(line, ' ', width);
	for (size_t i = 0; i < columns->count; i++) {
		const struct column *column = &columns->columns[i];
		int size = i ? column->width : first;

		if (i && column->rank > rank)
			continue;
		at += i ? 1 : 0;
		if (at + size > (int)width)
			size = (int)width - at;
		/* The last text takes what is left. */
		if (i && i == columns->count - 1 && column->left)
			size = (int)width - at;
		if (size <= 0)
			break;
		put(line + at,
		    row == SIZE_MAX ? column->title : columns->cells[row * columns->count + i],
		    size, !i || column->left);
		at += size;
	}
	while (end && line[end - 1] == ' ')
		end--;
	line[end] = '\0';
	return line;
}
