/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The rows of the bench. Each row is a program that the kernel runs on one frame. These machines
 * are noisy, so the rows of a table are run in turns, many short rounds of which the best counts,
 * and only the ratio to the row "full" of the same table is kept.
 */
#ifndef SIPWARD_BENCH_H
#define SIPWARD_BENCH_H

#include "kernel/frame.h"
#include "kernel/test_run.h"

/* A policy that is loaded, with maps of its own. */
struct scene {
	struct policy policy;
	struct test_run test_run;
};

struct row {
	char name[64];
	int program; /* not owned */
	bool outbound;
	void *octets;
	uint32_t size;
	int verdict; /* wanted, or ANY_VERDICT */
	double best; /* nanoseconds */
};

#define ANY_VERDICT (-1)

/* The first rows are the empty programs, and "full". */
enum { ROW_EMPTY, ROW_EMPTY_TC, ROW_FULL, ROW_FIRST };

struct table {
	struct row *rows;
	size_t count;
};

enum message {
	MESSAGE_INVITE,
	MESSAGE_REGISTER,
	MESSAGE_OPTIONS,
	MESSAGE_OK, /* to an INVITE of the server */
	MESSAGE_REINVITE,
	MESSAGE_ACK,
	MESSAGE_BYE,
	MESSAGE_KEEPALIVE,
	MESSAGE_STUN,
	MESSAGE_MEDIA,
	MESSAGE_SEGMENT,    /* TCP, in the middle of a message */
	MESSAGE_OUT_INVITE, /* of the server, and its answer to the client's INVITE */
	MESSAGE_OUT_OK,
	MESSAGE_OUT_MEDIA
};

/* Ends the bench: there is no figure without all of them. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
double least(double a, double b);
double seconds(void);

/* message.c: a frame between `address` and the server. */
void message_frame(struct frame *frame, enum message message, const char *address);
bool message_outbound(enum message message);

/* scene.c: `policy` is the path of a file, or the text itself. tune() may change the model. */
void scene_open(struct scene *scene, const char *policy, void (*tune)(struct policy *policy));
void scene_close(struct scene *scene);
#define auto_scene cleanup(scene_close)
void scene_sends(struct scene *scene, enum message message, const char *address);
/* The observer is good; the endpoint is known, has a dialog, and is awaited to answer. */
void scene_settle(struct scene *scene, const char *address);
/* Somebody wants samples: one of `weight` packets, however many there are. */
void scene_samples(struct scene *scene, uint32_t weight);
void unlimited(struct policy *policy);
void spent(struct policy *policy);

/* measure.c */
void table_open(struct table *table, const struct scene *full);
void table_close(struct table *table);
#define auto_table cleanup(table_close)
void table_add(struct table *table, const struct scene *scene, const char *name,
	       enum message message, const char *address, int verdict);
void table_add_program(struct table *table, int program, const char *name, enum message message,
		       const char *address, int verdict);
void table_measure(struct table *table, unsigned int rounds);
/* Nanoseconds of each packet, of as many as that. */
double row_run(const struct row *row, unsigned int packets);
double row_ns(const struct table *table, size_t row);
double row_ratio(const struct table *table, size_t row);

/* peers.c: programs of others to stand beside. -1 when it is not installed. */
int xdp_filter_open(const char *denied);
int empty_program(bool outbound);
int counting_program(void);

/* growth.c: as many as `count`, one of which is 198.51.100.9. */
void open_bans(struct scene *scene, uint32_t count);
void open_lists(struct scene *scene, uint32_t count);
void measure_growth(const struct scene *full,
		    void (*finish)(struct table *table, const char *title));

/* processors.c: of each row, the cost beside another processor, as a ratio to the cost alone.
 * `ratios` has room for all of them; one is 0 where the machine was too busy. False where this
 * process may use one processor only. */
bool measure_processors(const struct table *table, unsigned int rounds, double *ratios);

/* costs.c */
void measure_costs(const struct scene *full, unsigned int rounds, FILE *out);

#endif
