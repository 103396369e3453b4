/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The stack's budget, counted in the object as kernel 6.1 counts: every frame rounded up to 32
 * octets, at least 32, and 512 octets and 8 frames for the deepest chain of calls. Later kernels
 * round up to 16 (6.8), so that what fits here fits there. Calls and frames that the verifier
 * would find dead for one policy count: another one needs them.
 */
#include "rig.h"

#include <gelf.h>
#include <linux/bpf.h>

#include "kernel/skeleton.h"

#define STACK_MAX    512
#define FRAMES_MAX   8
#define FRAME_ROUND  32
#define FRAME_POINTER BPF_REG_10
#ifndef R_BPF_64_32
#define R_BPF_64_32  10
#endif

struct function {
	const char *name;
	size_t section;
	uint64_t start, end;      /* octets in the section */
	unsigned int frame;       /* octets of stack */
	size_t *calls;            /* numbers of functions */
	size_t call_count;
	/* With all that it calls, once it is known: octets as the kernel counts them, and frames;
	 * and which call each of the two comes by. */
	unsigned int octets, frames;
	const struct function *deepest, *longest;
	bool open;
};

struct object {
	Elf *elf;
	size_t section_names;     /* of its string tables, the number */
	size_t symbol_names;
	Elf_Data *symbols;
	size_t symbol_count;
	struct function *functions;
	size_t function_count;
};

static const struct bpf_insn *code_of(const struct object *object, size_t section, size_t *count)
{
	Elf_Data *data = elf_getdata(elf_getscn(object->elf, section), NULL);

	*count = data ? data->d_size / sizeof(struct bpf_insn) : 0;
	return data ? data->d_buf : NULL;
}

static bool is_code(const struct object *object, size_t section)
{
	Elf_Scn *scn = elf_getscn(object->elf, section);
	GElf_Shdr header;

	return scn && gelf_getshdr(scn, &header) && header.sh_type == SHT_PROGBITS &&
	       header.sh_flags & SHF_EXECINSTR;
}

static const char *section_name(const struct object *object, size_t section)
{
	GElf_Shdr header;

	gelf_getshdr(elf_getscn(object->elf, section), &header);
	return elf_strptr(object->elf, object->section_names, header.sh_name);
}

/* The function at this place; a place without one is a mistake of this test. */
static size_t function_at(const struct object *object, size_t section, uint64_t place)
{
	for (size_t i = 0; i < object->function_count; i++)
		if (object->functions[i].section == section &&
		    place >= object->functions[i].start && place < object->functions[i].end)
			return i;
	fail_msg("no function at %s+%lu", section_name(object, section), (unsigned long)place);
	return 0;
}

/* The registers that are copies of the frame pointer, and how far each is from it. clang writes
 * a copy and its offset in one go, so that reading the code from top to bottom finds it. */
struct pointers {
	uint32_t set;
	long offset[16];
};

static void forget(struct pointers *pointers, uint32_t registers)
{
	pointers->set &= ~registers | 1u << FRAME_POINTER;
}

static void deepen(struct function *function, const struct pointers *pointers, uint8_t base,
		   int offset)
{
	long reached = pointers->offset[base] + offset;

	if (pointers->set >> base & 1 && reached < 0 && (unsigned long)-reached > function->frame)
		function->frame = -reached;
}

static void step(struct function *function, struct pointers *pointers, const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), to = insn->dst_reg, from = insn->src_reg;

	if (class == BPF_ST || class == BPF_STX) {
		deepen(function, pointers, to, insn->off);
	} else if (class == BPF_LDX) {
		deepen(function, pointers, from, insn->off);
		forget(pointers, 1u << to);
	} else if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_X) && pointers->set >> from & 1) {
		pointers->set |= 1u << to;
		pointers->offset[to] = pointers->offset[from];
	} else if (insn->code == (BPF_ALU64 | BPF_ADD | BPF_K)) {
		pointers->offset[to] += insn->imm;
		deepen(function, pointers, to, 0);
	} else if (class == BPF_ALU64 || class == BPF_ALU || class == BPF_LD) {
		forget(pointers, 1u << to);
	} else if (insn->code == (BPF_JMP | BPF_CALL)) {
		forget(pointers, 0x3f); /* r0 to r5 are the callee's */
	}
}

/* How much stack the function's own code reaches. */
static void measure(const struct object *object, struct function *function)
{
	struct pointers pointers = {.set = 1u << FRAME_POINTER};
	const struct bpf_insn *code;
	size_t count;

	code = code_of(object, function->section, &count);
	assert_true(function->end <= count * sizeof(*code));
	for (size_t i = function->start / 8; i < function->end / 8; i++) {
		step(function, &pointers, &code[i]);
		if (code[i].code == (BPF_LD | BPF_IMM | BPF_DW))
			i++; /* it takes two */
	}
}

static void add_call(struct object *object, size_t section, uint64_t place, size_t callee)
{
	struct function *caller = &object->functions[function_at(object, section, place)];

	append(caller->calls, caller->call_count, callee);
}

/* The place in code that a relocation leads to; false when it leads to data. */
static bool relocated_to(const struct object *object, const GElf_Rel *rel,
			 const struct bpf_insn *insn, size_t *callee)
{
	GElf_Sym symbol;
	uint64_t place;

	assert_non_null(gelf_getsym(object->symbols, GELF_R_SYM(rel->r_info), &symbol));
	if (!is_code(object, symbol.st_shndx))
		return false;
	place = symbol.st_value;
	if (GELF_R_TYPE(rel->r_info) == R_BPF_64_32)
		place += (insn->imm + 1) * sizeof(*insn);
	else if (GELF_ST_TYPE(symbol.st_info) == STT_SECTION)
		place += insn->imm; /* a callback */
	*callee = function_at(object, symbol.st_shndx, place);
	return true;
}

/* Calls into other sections, and callbacks. */
static void follow_relocations(struct object *object, Elf_Scn *scn, const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	const struct bpf_insn *code;
	size_t count, callee;
	GElf_Rel rel;

	code = code_of(object, header->sh_info, &count);
	for (size_t i = 0; i < header->sh_size / header->sh_entsize; i++) {
		assert_non_null(gelf_getrel(data, i, &rel));
		assert_true(rel.r_offset / sizeof(*code) < count);
		if (relocated_to(object, &rel, &code[rel.r_offset / sizeof(*code)], &callee))
			add_call(object, header->sh_info, rel.r_offset, callee);
	}
}

static bool is_relocated(const struct object *object, size_t section, uint64_t place)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr header;
	GElf_Rel rel;

	while ((scn = elf_nextscn(object->elf, scn))) {
		assert_non_null(gelf_getshdr(scn, &header));
		if (header.sh_type != SHT_REL || header.sh_info != section)
			continue;
		for (size_t i = 0; i < header.sh_size / header.sh_entsize; i++)
			if (gelf_getrel(elf_getdata(scn, NULL), i, &rel) && rel.r_offset == place)
				return true;
	}
	return false;
}

/* Calls inside a section. What those hold that have a relocation is for it to read. */
static void follow_calls(struct object *object, size_t section)
{
	const struct bpf_insn *code;
	size_t count;

	code = code_of(object, section, &count);
	for (size_t i = 0; i < count; i++)
		if (code[i].code == (BPF_JMP | BPF_CALL) && code[i].src_reg == BPF_PSEUDO_CALL &&
		    !is_relocated(object, section, i * sizeof(*code)))
			add_call(object, section, i * sizeof(*code),
				 function_at(object, section, (i + code[i].imm + 1) * sizeof(*code)));
}

static void find_functions(struct object *object)
{
	GElf_Sym symbol;

	for (size_t i = 0; i < object->symbol_count; i++) {
		struct function function = {};

		assert_non_null(gelf_getsym(object->symbols, i, &symbol));
		if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC || !is_code(object, symbol.st_shndx))
			continue;
		function.name = elf_strptr(object->elf, object->symbol_names, symbol.st_name);
		function.section = symbol.st_shndx;
		function.start = symbol.st_value;
		function.end = symbol.st_value + symbol.st_size;
		measure(object, &function);
		append(object->functions, object->function_count, function);
	}
}

static void object_open(struct object *object)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr header;
	size_t size;
	const void *octets = sipward_bpf__elf_bytes(&size);

	elf_version(EV_CURRENT);
	object->elf = elf_memory((char *)octets, size);
	assert_non_null(object->elf);
	assert_int_equal(0, elf_getshdrstrndx(object->elf, &object->section_names));
	while ((scn = elf_nextscn(object->elf, scn)))
		if (gelf_getshdr(scn, &header) && header.sh_type == SHT_SYMTAB) {
			object->symbols = elf_getdata(scn, NULL);
			object->symbol_names = header.sh_link;
			object->symbol_count = header.sh_size / header.sh_entsize;
		}
	assert_non_null(object->symbols);
	find_functions(object);
	while ((scn = elf_nextscn(object->elf, scn))) {
		assert_non_null(gelf_getshdr(scn, &header));
		if (header.sh_type == SHT_REL && is_code(object, header.sh_info))
			follow_relocations(object, scn, &header);
		else if (is_code(object, elf_ndxscn(scn)))
			follow_calls(object, elf_ndxscn(scn));
	}
}

static void object_close(struct object *object)
{
	for (size_t i = 0; i < object->function_count; i++)
		free(object->functions[i].calls);
	free(object->functions);
	elf_end(object->elf);
}

/* Adds up what the function calls, each callee once. */
static void add_up(struct object *object, struct function *function)
{
	unsigned int own = (function->frame + FRAME_ROUND - 1) / FRAME_ROUND * FRAME_ROUND;

	if (function->octets)
		return;
	if (function->open)
		fail_msg("%s calls itself", function->name);
	function->open = true;
	function->octets = own = own ? own : FRAME_ROUND;
	function->frames = 1;
	for (size_t i = 0; i < function->call_count; i++) {
		struct function *callee = &object->functions[function->calls[i]];

		add_up(object, callee);
		if (own + callee->octets > function->octets) {
			function->octets = own + callee->octets;
			function->deepest = callee;
		}
		if (1 + callee->frames > function->frames) {
			function->frames = 1 + callee->frames;
			function->longest = callee;
		}
	}
}

static void print_chain(const struct function *function, bool deepest)
{
	char text[512] = "";
	size_t used = 0;

	for (; function; function = deepest ? function->deepest : function->longest)
		used += snprintf(text + used, sizeof(text) - used, " %s %u", function->name,
				 function->frame);
	print_message("#%s\n", text);
}

static void test_stack_of_each_program(void **state)
{
	struct object object = {};
	size_t programs = 0, refused = 0;

	(void)state;
	object_open(&object);
	for (size_t i = 0; i < object.function_count; i++) {
		struct function *program = &object.functions[i];

		if (strcmp(section_name(&object, program->section), ".text") == 0)
			continue;
		add_up(&object, program);
		programs++;
		refused += program->octets > STACK_MAX || program->frames > FRAMES_MAX;
		print_message("# %s: %s: %u of %d octets of stack, %u of %d frames\n", SIPWARD_COMPILER,
			      program->name, program->octets, STACK_MAX, program->frames, FRAMES_MAX);
		if (program->octets > STACK_MAX)
			print_chain(program, true);
		if (program->frames > FRAMES_MAX)
			print_chain(program, false);
	}
	object_close(&object);
	assert_true(programs >= 3);
	assert_int_equal(0, refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stack_of_each_program),
	};

	return cmocka_run_group_tests_name("stack", tests, NULL, NULL);
}
