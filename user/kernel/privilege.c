/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/privilege.h"

#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#define NOBODY 65534 /* user and group */

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
			return fail(e, EXIT_PRIVILEGE,
				    "%s is missing (%s); run it as root, or "
				    "give the service CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN",
				    wanted[i].name, wanted[i].why);
	}
	return 0;
}

int privilege_check_agent(struct error *e)
{
	if (privilege_check(e) < 0)
		return -1;
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN))
		return 0;
	return fail(e, EXIT_PRIVILEGE,
		    "CAP_SYS_ADMIN is missing (to open the programs that are "
		    "attached by their numbers: only so a reload can replace its own, and leave "
		    "those of others alone); run it as root, or give the service CAP_BPF, "
		    "CAP_PERFMON, CAP_NET_ADMIN and CAP_SYS_ADMIN");
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
			return fail(e, EXIT_FAILED,
				    "kernel %s has no %s (since %s); sipward needs "
				    "kernel 6.1 or newer",
				    kernel.release, wanted[i].name, wanted[i].since);
	}
	return 0;
}

/* The capabilities that the agent goes on to need: a reload loads programs, and a policy may bring
 * anything that a start may. The agent gains none that it does not have. */
/* clang-format off */
static const unsigned int kept[] = {
	CAP_BPF, CAP_PERFMON, /* a reload loads programs and maps */
	CAP_NET_ADMIN,        /* attaches them; mends the observer's filter; ends connections */
	CAP_SYS_ADMIN,        /* opens a program by its number: bpf(2), BPF_PROG_GET_FD_BY_ID */
	CAP_NET_RAW,          /* probes */
	CAP_DAC_READ_SEARCH,  /* reads a policy in somebody's home directory again */
	CAP_SETUID, CAP_SETGID, /* a new process of the exporter becomes nobody */
};
/* clang-format on */

static bool is_kept(unsigned int capability)
{
	for (size_t i = 0; i < array_size(kept); i++)
		if (kept[i] == capability)
			return true;
	return false;
}

/* Needs CAP_SETPCAP. Without it the set stays, and nothing can be gained from it: no program that
 * this process runs gets more than it has. */
static void drop_bounding(bool keep)
{
	for (unsigned int i = 0; i <= CAP_LAST_CAP; i++)
		if (!keep || !is_kept(i))
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

static int drop(bool keep, struct error *e)
{
	bool have[CAP_LAST_CAP + 1] = {};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || capng_get_caps_process() < 0)
		return fail(e, EXIT_FAILED, "privileges cannot be given up: %s", strerror(errno));
	for (size_t i = 0; keep && i < array_size(kept); i++)
		have[kept[i]] = capng_have_capability(CAPNG_PERMITTED, kept[i]);
	drop_bounding(keep);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	capng_clear(CAPNG_SELECT_CAPS);
	for (unsigned int i = 0; i <= CAP_LAST_CAP; i++)
		if (have[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, i);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return fail(e, EXIT_FAILED, "capabilities cannot be given up: %s", strerror(errno));
	return 0;
}

int privilege_drop(struct error *e)
{
	return drop(true, e);
}

/* Where this is not allowed (a service without CAP_SETUID), root without capabilities and with
 * the sandbox around it is what is left. */
static int become_nobody(struct error *e)
{
	if (geteuid() != 0)
		return 0;
	if ((setgroups(0, NULL) < 0 && errno != EPERM) ||
	    (setresgid(NOBODY, NOBODY, NOBODY) < 0 && errno != EPERM) ||
	    (setresuid(NOBODY, NOBODY, NOBODY) < 0 && errno != EPERM))
		return fail(e, EXIT_FAILED, "user nobody (%d): %s", NOBODY, strerror(errno));
	return 0;
}

int privilege_drop_all(struct error *e)
{
	if (become_nobody(e) < 0 || drop(false, e) < 0)
		return -1;
	/* A change of the user takes this back. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	return 0;
}

int privilege_drop_to(const char *user, struct error *e)
{
	struct passwd *found;

	if (geteuid() == 0) {
		found = getpwnam(user);
		if (!found)
			return fail(e, EXIT_FAILED, "there is no user '%s' on this host", user);
		if (initgroups(user, found->pw_gid) < 0 ||
		    setresgid(found->pw_gid, found->pw_gid, found->pw_gid) < 0 ||
		    setresuid(found->pw_uid, found->pw_uid, found->pw_uid) < 0)
			return fail(e, EXIT_FAILED, "user %s: %s", user, strerror(errno));
	}
	return drop(false, e);
}
