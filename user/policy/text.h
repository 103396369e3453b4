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
	char *why; /* a feed that is no good counts as empty: for this reason; NULL: it is read */
};

struct policy_text {
	char *name;      /* of the file, for messages */
	char *directory; /* where relative names of list files begin; NULL: current */
	char *text;
	size_t size;
	struct policy_file *files; /* as far as they were read */
	size_t file_count;
	bool lenient; /* a feed that is no good counts as empty, unless lists are strict */
};

/* A value that holds in place of the policy's own, given on the command line. */
struct override {
	char *key;      /* "mode", "public.rates.source.INVITE" */
	char *value;    /* as it would stand behind the key in the file */
	char *in_file;  /* what the file has, NULL: nothing */
	uint64_t until; /* monotonic nanoseconds; 0: until it is taken back */
};

/* Reads and checks the policy at `path` (NULL: the embedded one). On success fills *p
 * (which must be zeroed) and returns 0; on error returns -1, *p stays empty and *e is
 * "file:line:column: what, and what would be right" with EXIT_POLICY. */
int policy_load(const char *path, struct policy *p, struct error *e);

/* Likewise from text in memory; `name` stands for the file in messages, and list files are
 * looked for relative to the current directory. */
int policy_parse(const char *name, const char *text, size_t size, struct policy *p,
		 struct error *e);

/* Reads the policy's own text, and nothing of what it says (path NULL: the embedded one).
 * -1 and *e with EXIT_POLICY when there is no such file. Owned by the caller. */
int policy_text_load(const char *path, struct policy_text *text, struct error *e);
/* Likewise from memory. */
void policy_text_copy(const char *name, const char *octets, size_t size, struct policy_text *text);
/* Makes its paths whole, so that it means the same to a process in another directory. */
void policy_text_settle(struct policy_text *text);
void policy_text_free(struct policy_text *text);
/* Makes the file count as empty. */
void policy_file_leave_out(struct policy_file *file, const char *why);
#define auto_policy_text cleanup(policy_text_free)

void override_free(struct override *override);
#define auto_override cleanup(override_free)

/* A policy with all that it came from. */
struct loaded_policy {
	struct policy_text text;
	struct override *overrides;
	size_t override_count;
	struct policy policy;
};

/* Reads and checks the file; 0, or -1 with *loaded empty and *e. */
int loaded_policy_load(const char *path, struct loaded_policy *loaded, struct error *e);
/* Likewise for the start of the agent: a feed that is missing or wrong counts as empty, since
 * without a policy nothing is protected. The feeds of the policy have the reason. */
int loaded_policy_start(const char *path, struct loaded_policy *loaded, struct error *e);
/* Reads the text that is there already, with the overrides that are there now; on error the
 * model stays as it is. */
int loaded_policy_parse(struct loaded_policy *loaded, struct error *e);
void loaded_policy_free(struct loaded_policy *loaded);
#define auto_loaded_policy cleanup(loaded_policy_free)

#endif
