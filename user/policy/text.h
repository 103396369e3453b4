/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A policy as it was read, with every file that it names, so that it can be read again later:
 * with other values in place of some of its own, or because what came after it was no good.
 * The files on the disk may be other ones by then.
 */
#ifndef SIPWARD_POLICY_TEXT_H
#define SIPWARD_POLICY_TEXT_H

#include "policy/model.h"

/* The name of a policy that came through a pipe, and is in no file. */
#define POLICY_PIPE "(pipe)"

/* A list file. */
struct policy_file {
	char *path;
	char *text;
	size_t size;
};

struct policy_text {
	char *name;              /* of the file, for messages */
	char *directory;         /* where relative names of list files begin; NULL: current */
	char *text;
	size_t size;
	struct policy_file *files; /* as far as they were read */
	size_t file_count;
};

/* A value that holds in place of the policy's own, given on the command line. */
struct deviation {
	char *key;               /* "mode", "public.rates.source.INVITE" */
	char *value;             /* as it would stand behind the key in the file */
	char *in_file;           /* what the file has, NULL: nothing */
	uint64_t until;          /* monotonic nanoseconds; 0: until it is taken back */
};

/* Reads the policy's own text, and nothing of what it says (path NULL: the embedded one).
 * -1 and *e with EXIT_POLICY when there is no such file. Owned by the caller. */
int policy_text_load(const char *path, struct policy_text *text, struct error *e);
/* Likewise from memory. */
void policy_text_copy(const char *name, const char *octets, size_t size, struct policy_text *text);
/* Makes its paths whole, so that it means the same to a process in another directory. */
void policy_text_settle(struct policy_text *text);
void policy_text_free(struct policy_text *text);
#define auto_policy_text cleanup(policy_text_free)

/* Reads and checks as policy_load() does, with the deviations in place of what the text says;
 * errors about them are at "command line". List files are read once and then kept in *text. */
int policy_text_parse(struct policy_text *text, const struct deviation *deviations, size_t count,
		      struct policy *p, struct error *e);

/* Prepares a deviation: checks that the policy has a place for the key and that it is one
 * that can be tuned, and writes the key in its one form (value NULL: only that). The value is
 * not judged here: policy_text_parse() does. 0, or -1 and *e. Owned by the caller. */
int deviation_make(const struct policy_text *text, const char *key, const char *value,
		   struct deviation *deviation, struct error *e);
void deviation_free(struct deviation *deviation);
#define auto_deviation cleanup(deviation_free)

/* True when `key` is `of` or a key below it. */
bool key_is_below(const char *key, const char *of);

/* A policy with all that it came from. */
struct edition {
	struct policy_text text;
	struct deviation *deviations;
	size_t deviation_count;
	struct policy policy;
};

/* Reads and checks the file; 0, or -1 with *edition empty and *e. */
int edition_load(const char *path, struct edition *edition, struct error *e);
/* Reads the text that is there already, with the deviations that are there now; on error the
 * model stays as it is. */
int edition_parse(struct edition *edition, struct error *e);
void edition_free(struct edition *edition);
#define auto_edition cleanup(edition_free)

/* One difference between two policies. */
struct change {
	char *key;
	char *from;              /* NULL: not written there */
	char *to;                /* likewise */
};

/* What would be different with another policy, key by key, and in the lists as a whole.
 * Owned by the caller: changes_free(). */
int edition_diff(const struct edition *from, const struct edition *to, struct change **changes,
		 size_t *count, struct error *e);
void changes_free(struct change *changes, size_t count);

#endif
