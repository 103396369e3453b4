/* SPDX-License-Identifier: GPL-2.0-only */
#include "object.h"

#include "kernel/skeleton.h"

#ifndef R_BPF_64_32
#define R_BPF_64_32 10
#endif

const struct bpf_insn *code_of(const struct object *object, size_t section, size_t *count)
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

const char *section_name(const struct object *object, size_t section)
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

/* Calls inside a section. A call with a relocation is left to the code that reads relocations. */
static void follow_calls(struct object *object, size_t section)
{
	const struct bpf_insn *code;
	size_t count;

	code = code_of(object, section, &count);
	for (size_t i = 0; i < count; i++)
		if (code[i].code == (BPF_JMP | BPF_CALL) && code[i].src_reg == BPF_PSEUDO_CALL &&
		    !is_relocated(object, section, i * sizeof(*code)))
			add_call(object, section, i * sizeof(*code),
				 function_at(object, section,
					     (i + code[i].imm + 1) * sizeof(*code)));
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
		append(object->functions, object->function_count, function);
	}
}

void object_open(struct object *object)
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

void object_close(struct object *object)
{
	for (size_t i = 0; i < object->function_count; i++)
		free(object->functions[i].calls);
	free(object->functions);
	elf_end(object->elf);
}
