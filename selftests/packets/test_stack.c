/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The stack's budget, counted in the object as kernel 6.1 counts: every frame rounded up to 32
 * octets, at least 32, and 512 octets and 8 frames for the deepest chain of calls. Later kernels
 * round up to 16 (6.8), so that what fits here fits there. Calls and frames that the verifier
 * would find dead for one policy count: another one needs them.
 */
#include "object.h"

#define STACK_MAX     512
#define FRAMES_MAX    8
#define FRAME_ROUND   32
#define FRAME_POINTER BPF_REG_10

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
	for (size_t i = 0; i < object.function_count; i++)
		measure(&object, &object.functions[i]);
	for (size_t i = 0; i < object.function_count; i++) {
		struct function *program = &object.functions[i];

		if (strcmp(section_name(&object, program->section), ".text") == 0)
			continue;
		add_up(&object, program);
		programs++;
		refused += program->octets > STACK_MAX || program->frames > FRAMES_MAX;
		print_message("# %s: %s: %u of %d octets of stack, %u of %d frames\n",
			      SIPWARD_COMPILER, program->name, program->octets, STACK_MAX,
			      program->frames, FRAMES_MAX);
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
