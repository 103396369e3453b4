/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The parts of a policy that have a file of their own, as readers for the table of the top
 * level (parse.c), and the checks across them (check.c).
 */
#ifndef SIPWARD_POLICY_PARTS_H
#define SIPWARD_POLICY_PARTS_H

#include "policy/keys.h"

#define PUBLIC "public" /* the zone of all that no other one names */

int read_services(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_zones(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_lists(struct draft *d, const struct key *key, const struct node *value, void *to);

/* Lists in files: who reads a line, from which blanks and comments were taken off, and who
 * looks at all of them at the end (may be NULL). */
struct line_reader {
	int (*read)(struct draft *d, const struct source *s, struct position at, const char *text,
		    const void *context);
	const void *context;
	int (*end)(struct draft *d, const struct source *s);
};

/* Every list begins with begin_list() and counts its entries: 0, or -1 when they are more than
 * a policy may have (limits.h). */
void begin_list(struct draft *d);
int count_entry(struct draft *d, const struct source *s, struct position at);

int read_list_file(struct draft *d, const struct node *item, const struct line_reader *reader);
/* Reads `off`, `builtin`, or the name of a file of lines. */
struct builtin_list {
	const char *name;         /* for messages */
	const char *text, *end;   /* of those in the binary */
	struct line_reader reader;
};

int read_builtin_list(struct draft *d, const struct builtin_list *list);
int read_list_choice(struct draft *d, const struct node *value, const struct builtin_list *list);

/* `sanity` of the policy or of a zone, into struct sanity. */
int read_sanity(struct draft *d, const struct key *key, const struct node *value, void *to);

/* Content rules of a zone, into struct content_rules. */
int read_header_rules(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_status_rules(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_routing(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_type_rules(struct draft *d, const struct key *key, const struct node *value, void *to);

/* Ceilings for who proved nothing, into the rates of a zone; and those that the zone leaves out. */
int read_unproven(struct draft *d, const struct key *key, const struct node *value, void *to);
void complete_unproven(struct zone *zone);

/* Keys of a zone and of a service (guard.c): into struct zone and struct service. */
int read_require(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_cleartext(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_fraud(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_privacy(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_tls(struct draft *d, const struct key *key, const struct node *value, void *to);

/* Numbers: `caller` and `callee` of a zone, into struct zone; what is dialled before them and
 * which are a high risk, into the draft. */
int read_caller(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_callee(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_dial_prefixes(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_high_risk(struct draft *d, const struct key *key, const struct node *value, void *to);
/* Attack tools, into struct policy. */
int read_signatures(struct draft *d, const struct key *key, const struct node *value, void *to);
/* Gives each zone the high-risk numbers, and each prefix one meaning. 0, or -1. */
int check_numbers(struct draft *d);

/* Memory: of the data path, and over a reboot. */
int read_tables(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_known(struct draft *d, const struct key *key, const struct node *value, void *to);
int read_state(struct draft *d, const struct key *key, const struct node *value, void *to);
/* A table that no rule of the policy reads, and whose size nobody wrote, takes next to nothing. */
void spare_tables(struct policy *p);

/* The tables of the top level (parse.c) and of a zone (zone.c). */
extern const struct key policy_keys[];
extern const struct key zone_keys[];

/* `privacy` of the policy. */
int read_inside(struct draft *d, const struct key *key, const struct node *value, void *to);

/* Rules of one kind: {report: [...], deny: [...]}. How an entry is read: the number of its bit,
 * or -1 after an error. */
struct rules {
	uint32_t *actions; /* [SW_ACTION_COUNT] */
	int (*read)(struct draft *d, const struct node *item, enum sw_action action);
};

int read_rules(struct draft *d, const struct node *value, struct rules rules);

/* Judges what no single key can know, and gives zones and services their addresses. */
int check_draft(struct draft *d);

#endif
