/* SPDX-License-Identifier: GPL-2.0-only */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "bench.h"

int empty_program(bool outbound)
{
	struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K,
		 .dst_reg = BPF_REG_0,
		 .imm = outbound ? 0 : XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(outbound ? BPF_PROG_TYPE_SCHED_CLS : BPF_PROG_TYPE_XDP, "empty",
			       "GPL", code, array_size(code), NULL);

	if (fd < 0)
		die("the empty program does not load");
	return fd;
}

/* Counts each packet in one cell for all processors: the dearest thing to share. */
int counting_program(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "one_cell", 4, 8, 1, &opts), fd;
	struct bpf_insn code[] = {
		{.code = BPF_LD | BPF_DW | BPF_IMM,
		 .dst_reg = BPF_REG_1,
		 .src_reg = BPF_PSEUDO_MAP_VALUE,
		 .imm = map},
		{.imm = 0}, /* the offset in the value */
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = 1},
		{.code = BPF_STX | BPF_DW | BPF_ATOMIC,
		 .dst_reg = BPF_REG_1,
		 .src_reg = BPF_REG_2,
		 .imm = BPF_ADD},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};

	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "counting", "GPL", code, array_size(code), NULL);
	if (map < 0 || fd < 0)
		die("the counting program does not load");
	return fd;
}

/* As `xdp-filter load -p allow` takes it, where libxdp1 of Debian keeps it; XDP_FILTER says where
 * else. */
static struct bpf_object *open_filter(void)
{
	const char *path = getenv("XDP_FILTER");
	struct bpf_object *object;
	struct bpf_map *map;

	if (!path)
		path = "/usr/lib/x86_64-linux-gnu/bpf/xdpfilt_alw_ip.o";
	if (access(path, R_OK) < 0)
		return NULL;
	object = bpf_object__open_file(path, NULL);
	if (!object)
		return NULL;
	bpf_object__for_each_map(map, object)
		bpf_map__set_pin_path(map, NULL); /* nothing of it stays */
	return object;
}

/* The program of xdp-filter that drops by source address, with one address in its table. */
int xdp_filter_open(const char *denied)
{
	struct bpf_object *object = open_filter();
	int cpus = libbpf_num_possible_cpus();
	struct bpf_program *program;
	uint64_t *values;
	uint32_t address = 0;

	if (!object)
		return -1;
	program = bpf_object__next_program(object, NULL);
	if (!program || bpf_program__set_type(program, BPF_PROG_TYPE_XDP) ||
	    bpf_object__load(object) || inet_pton(AF_INET, denied, &address) != 1)
		die("xdp-filter does not load");
	values = xcalloc(cpus, sizeof(*values));
	for (int i = 0; i < cpus; i++)
		values[i] = 1; /* source addresses */
	if (bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "filter_ipv4"), &address,
				values, BPF_ANY))
		die("xdp-filter takes no address");
	free(values);
	return bpf_program__fd(program); /* until the bench ends */
}
