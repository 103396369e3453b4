/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Code that the verifier of kernel 6.1 refuses and later ones accept. It is searched for in the
 * object's instructions, so that it shows before that kernel is booted (selftests/kernels):
 *
 *  - a key, or a value to be written, at an address that the function was handed: 6.1 takes a key
 *    from the stack, a packet or a map's value only, and what a global function is handed is
 *    none of them;
 *  - a length that was compared before it is used, of which 6.1 forgets the bounds when the
 *    compiler keeps two copies: copy_size() masks it.
 *
 * Read from top to bottom, as the stack's budget is: registers are set close to the call.
 */
#include "object.h"

#define SPILLS 512 /* octets of a frame */

enum kind { OTHER, HANDED, CONSTANT, MASKED, LENGTH };

struct registers {
	enum kind of[16];
	enum kind spilled[SPILLS]; /* by how far they are below the frame pointer */
};

static enum kind *spill(struct registers *registers, int offset)
{
	return offset < 0 && -offset < SPILLS ? &registers->spilled[-offset] : NULL;
}

static bool is_move(uint8_t code)
{
	return code == (BPF_ALU64 | BPF_MOV | BPF_X) || code == (BPF_ALU | BPF_MOV | BPF_X);
}

static enum kind calculated(uint8_t code, enum kind before, int imm)
{
	uint8_t op = BPF_OP(code);

	if (op == BPF_MOV)
		return CONSTANT;
	if (op == BPF_AND)
		return MASKED;
	if (op == BPF_ADD && before == MASKED && BPF_SRC(code) == BPF_K && imm == 1)
		return LENGTH;
	return before == HANDED && op == BPF_ADD ? HANDED : OTHER;
}

static void step(struct registers *r, const struct bpf_insn *insn)
{
	uint8_t class = BPF_CLASS(insn->code), to = insn->dst_reg, from = insn->src_reg;
	enum kind *spilled = spill(r, insn->off);

	if (class == BPF_STX && to == BPF_REG_10 && spilled) {
		*spilled = r->of[from];
	} else if (class == BPF_LDX) {
		r->of[to] = from == BPF_REG_10 && spilled ? *spilled : OTHER;
	} else if (is_move(insn->code)) {
		r->of[to] = r->of[from];
	} else if (class == BPF_ALU64 || class == BPF_ALU) {
		r->of[to] = calculated(insn->code, r->of[to], insn->imm);
	} else if (class == BPF_LD) {
		r->of[to] = OTHER;
	} else if (insn->code == (BPF_JMP | BPF_CALL)) {
		memset(r->of, 0, (BPF_REG_5 + 1) * sizeof(*r->of));
	}
}

/* The register that holds a length, of helpers that copy as much as they are told; 0: none. */
static uint8_t length_register(int helper)
{
	switch (helper) {
	case BPF_FUNC_skb_load_bytes:
	case BPF_FUNC_skb_load_bytes_relative:
	case BPF_FUNC_xdp_load_bytes:
		return BPF_REG_4;
	default:
		return 0;
	}
}

static const char *trap(const struct registers *r, const struct bpf_insn *insn)
{
	uint8_t length;

	if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg != 0)
		return NULL;
	if ((insn->imm == BPF_FUNC_map_lookup_elem || insn->imm == BPF_FUNC_map_update_elem ||
	     insn->imm == BPF_FUNC_map_delete_elem) &&
	    r->of[BPF_REG_2] == HANDED)
		return "its key is where the function was handed an address; copy it to the stack";
	if (insn->imm == BPF_FUNC_map_update_elem && r->of[BPF_REG_3] == HANDED)
		return "its value is where the function was handed an address";
	length = length_register(insn->imm);
	if (length && r->of[length] != CONSTANT && r->of[length] != LENGTH)
		return "its length is neither a constant nor of copy_size()";
	return NULL;
}

/* Says where, and how many there are. */
static unsigned int traps_of(const struct object *object, const struct function *function,
			     unsigned int *calls)
{
	struct registers r = {.of = {[1 ... 5] = HANDED}};
	const struct bpf_insn *code;
	unsigned int found = 0;
	size_t count;

	code = code_of(object, function->section, &count);
	for (size_t i = function->start / 8; i < function->end / 8; i++) {
		const char *why = trap(&r, &code[i]);

		if (why)
			print_message("# %s: %s: instruction %zu, helper %d: %s\n",
				      SIPWARD_COMPILER, function->name, i - function->start / 8,
				      code[i].imm, why);
		found += why != NULL;
		*calls += code[i].code == (BPF_JMP | BPF_CALL) &&
			  (code[i].imm == BPF_FUNC_map_lookup_elem || length_register(code[i].imm));
		step(&r, &code[i]);
		if (code[i].code == (BPF_LD | BPF_IMM | BPF_DW))
			i++; /* it takes two */
	}
	return found;
}

static void test_traps_of_old_kernels(void **state)
{
	struct object object = {};
	unsigned int calls = 0, found = 0;

	(void)state;
	object_open(&object);
	for (size_t i = 0; i < object.function_count; i++)
		found += traps_of(&object, &object.functions[i], &calls);
	print_message("# %s: %u calls\n", SIPWARD_COMPILER, calls);
	object_close(&object);
	assert_true(calls > 50);
	assert_int_equal(0, found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_traps_of_old_kernels),
	};

	return cmocka_run_group_tests_name("traps", tests, NULL, NULL);
}
