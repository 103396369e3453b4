/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The compiled object as it is embedded, for tests that read its instructions.
 */
#ifndef SIPWARD_PACKETS_OBJECT_H
#define SIPWARD_PACKETS_OBJECT_H

#include "rig.h"

#include <gelf.h>
#include <linux/bpf.h>

struct function {
	const char *name;
	size_t section;
	uint64_t start, end; /* octets in the section */
	unsigned int frame;  /* octets of stack */
	size_t *calls;       /* numbers of functions */
	size_t call_count;
	/* With all that it calls, once it is known: octets as the kernel counts them, and frames;
	 * and which call each of the two comes by. */
	unsigned int octets, frames;
	const struct function *deepest, *longest;
	bool open;
};

struct object {
	Elf *elf;
	size_t section_names; /* of its string tables, the number */
	size_t symbol_names;
	Elf_Data *symbols;
	size_t symbol_count;
	struct function *functions;
	size_t function_count;
};

/* Reads all functions and their calls; a mistake in the object fails the test. The caller owns
 * it: object_close(). */
void object_open(struct object *object);
void object_close(struct object *object);

/* The instructions of a section, and how many; NULL and 0 when it has none. */
const struct bpf_insn *code_of(const struct object *object, size_t section, size_t *count);
const char *section_name(const struct object *object, size_t section);

#endif
