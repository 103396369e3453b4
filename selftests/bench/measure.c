/* SPDX-License-Identifier: GPL-2.0-only */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "kernel/skeleton.h"

#define PACKETS 4000

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(1);
}

double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

double least(double a, double b)
{
	return a == 0 || b < a ? b : a;
}

double row_run(const struct row *row, unsigned int packets)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = row->octets, .data_size_in = row->size,
		    .repeat = packets);

	if (bpf_prog_test_run_opts(row->program, &opts) < 0)
		die("%s: the kernel does not run the program", row->name);
	if (row->verdict != ANY_VERDICT && (int)opts.retval != row->verdict)
		die("%s: the verdict is %d, and %d is to be measured", row->name, (int)opts.retval,
		    row->verdict);
	return opts.duration;
}

/* Rows that others are compared with are always measured. */
static bool is_wanted(const struct table *table, const char *name)
{
	const char *rows = getenv("BENCH_ROWS");

	return !rows || table->count < ROW_FIRST || strstr(name, rows);
}

void table_add_program(struct table *table, int program, const char *name, enum message message,
		       const char *address, int verdict)
{
	static struct frame frame;
	struct row row = {
		.program = program, .verdict = verdict, .outbound = message_outbound(message)};

	if (!is_wanted(table, name))
		return;
	message_frame(&frame, message, address);
	snprintf(row.name, sizeof(row.name), "%s", name);
	row.size = frame.size;
	row.octets = xcalloc(1, frame.size);
	memcpy(row.octets, frame.octets, frame.size);
	append(table->rows, table->count, row);
}

void table_add(struct table *table, const struct scene *scene, const char *name,
	       enum message message, const char *address, int verdict)
{
	const struct test_run *test_run = &scene->test_run;
	int program = message_outbound(message) ?
			      bpf_program__fd(test_run->skel->progs.sipward_egress) :
			      test_run->program;

	table_add_program(table, program, name, message, address, verdict);
}

void table_open(struct table *table, const struct scene *full)
{
	static int empty = -1, empty_tc = -1;

	if (empty < 0) {
		empty = empty_program(false);
		empty_tc = empty_program(true);
	}
	table_add_program(table, empty, "empty program", MESSAGE_INVITE, "203.0.113.7", XDP_PASS);
	table_add_program(table, empty_tc, "empty program, TC", MESSAGE_OUT_OK, "203.0.113.7",
			  ANY_VERDICT);
	table_add(table, full, "full", MESSAGE_INVITE, "203.0.113.7", XDP_PASS);
}

void table_close(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->rows[i].octets);
	free(table->rows);
	*table = (struct table){};
}

/* The first packets of a row spend what is to be spent. */
void table_measure(struct table *table, unsigned int rounds)
{
	for (size_t i = 0; i < table->count; i++) {
		int verdict = table->rows[i].verdict;

		table->rows[i].verdict = ANY_VERDICT;
		row_run(&table->rows[i], 100);
		table->rows[i].verdict = verdict;
	}
	for (unsigned int round = 0; round < rounds; round++)
		for (size_t i = 0; i < table->count; i++)
			table->rows[i].best =
				least(table->rows[i].best, row_run(&table->rows[i], PACKETS));
}

double row_ns(const struct table *table, size_t row)
{
	return table->rows[row].best -
	       table->rows[table->rows[row].outbound ? ROW_EMPTY_TC : ROW_EMPTY].best;
}

double row_ratio(const struct table *table, size_t row)
{
	return row_ns(table, row) / row_ns(table, ROW_FULL);
}
