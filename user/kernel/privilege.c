/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/privilege.h"

#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <string.h>
#include <sys/utsname.h>

int privilege_check(struct error *e)
{
	static const struct {
		unsigned int capability;
		const char *name;
		const char *why;
	} wanted[] = {
		{CAP_BPF, "CAP_BPF", "to load programs and maps"},
		{CAP_PERFMON, "CAP_PERFMON", "for the verifier to let a program compare pointers"},
		{CAP_NET_ADMIN, "CAP_NET_ADMIN", "to attach to an interface"},
	};

	if (capng_get_caps_process() < 0)
		return fail(e, EXIT_PRIVILEGE, "the capabilities of this process cannot be read");
	for (size_t i = 0; i < array_size(wanted); i++) {
		bool admin = wanted[i].capability != CAP_NET_ADMIN &&
			     capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN);

		if (!admin && !capng_have_capability(CAPNG_EFFECTIVE, wanted[i].capability))
			return fail(e, EXIT_PRIVILEGE, "%s is missing (%s); run it as root, or "
				    "give the service CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN",
				    wanted[i].name, wanted[i].why);
	}
	return 0;
}

int kernel_check(struct error *e)
{
	static const struct {
		enum bpf_func_id helper;
		const char *name;
		const char *since;
	} wanted[] = {
		{BPF_FUNC_ringbuf_reserve, "ring buffers", "5.8"},
		{BPF_FUNC_xdp_load_bytes, "multi-buffer XDP (bpf_xdp_load_bytes)", "5.18"},
	};
	struct utsname kernel;

	uname(&kernel);
	for (size_t i = 0; i < array_size(wanted); i++) {
		if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, wanted[i].helper, NULL) == 0)
			return fail(e, EXIT_FAILED, "kernel %s has no %s (since %s); sipward needs "
				    "kernel 6.1 or newer", kernel.release, wanted[i].name,
				    wanted[i].since);
	}
	return 0;
}
