/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The most frequent of very many, in constant memory (Misra and Gries 1982, in the form of
 * Anderson et al. 2017): what is rare is forgotten, and the sum says how much that may have been.
 * What was added some time ago counts for less.
 */
#ifndef SIPWARD_EXPORT_SUMMARY_H
#define SIPWARD_EXPORT_SUMMARY_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

#define SUMMARY_KEEP      512 /* what is kept at least when something is forgotten */
#define SUMMARY_ROOM      (4 * SUMMARY_KEEP)
#define SUMMARY_TEXT      48
#define SUMMARY_HALF_LIFE 5.0 /* seconds */

/* Octets, as a stranger may have sent them. */
struct summary_text {
	uint8_t size;
	char octets[SUMMARY_TEXT];
};

struct summary_item {
	struct summary_text key;
	double count;      /* packets; there may be as many more as the summary's `forgotten` */
	double drop;       /* of them */
	double would_drop; /* likewise */
	uint8_t zone;      /* of the last one, as the next two */
	uint8_t reason;    /* of the last one that was refused */
	struct summary_text note;
};

struct summary {
	struct summary_item *items; /* SUMMARY_ROOM */
	uint16_t *index;            /* 2 * SUMMARY_ROOM: the number of an item and 1, or 0 */
	size_t count;
	__u64 seed[2];
	double total;     /* packets */
	double samples;   /* that were added */
	double variance;  /* of the sum of them, as packets were picked by chance */
	double forgotten; /* packets at most, of any one key */
	double seconds;   /* in which they came */
};

void summary_open(struct summary *summary);
void summary_close(struct summary *summary);
/* Forgets all. */
void summary_clear(struct summary *summary);

struct summary_text summary_text(const void *octets, size_t size);

/* A packet that was picked with the chance 1 / weight. The item stays where it is until the next
 * call. */
struct summary_item *summary_add(struct summary *summary, const struct summary_text *key,
				 double weight);

/* Lets the time go on: the next packets come in these seconds. */
void summary_age(struct summary *summary, double seconds);

/* What no item's share of the packets is wrong by, in 95 of 100 cases: the shares of all items at
 * once, as a part of 1. */
double summary_error(const struct summary *summary);

#endif
