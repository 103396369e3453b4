/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Looks at the host with the eyes of somebody who knows what XDP programs stumble over.
 */
#include <net/if.h> /* first: then linux/if.h leaves its names alone */
#include <linux/if_bonding.h>
#include <string.h>
#include <sys/utsname.h>

#include "cli/cli.h"
#include "cli/options.h"
#include "export/json.h"
#include "kernel/apply.h"
#include "kernel/attachment.h"
#include "kernel/memory.h"
#include "kernel/nic.h"
#include "kernel/paths.h"
#include "kernel/pinned_interfaces.h"
#include "kernel/privilege.h"
#include "policy/text.h"

/* Frames up to this fit one page beside what XDP keeps before and behind them. */
#define ONE_BUFFER_MTU 3498

/* fine; worth knowing; in the way. */
enum level { LEVEL_OK, LEVEL_NOTE, LEVEL_BAD };

static const char *const level_names[] = {"ok", "note", "bad"};

struct examination {
	struct json_object *findings;
	const char *about; /* an interface, or "host" */
	bool bad;
};

/* `fix` is a command, or NULL. */
static __attribute__((format(printf, 4, 5))) void find(struct examination *x, enum level level,
						       const char *fix, const char *fmt, ...)
{
	struct json_object *o = json_object_new_object();
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	json_text(o, "level", level_names[level]);
	json_text(o, "about", x->about);
	json_text(o, "finding", text);
	json_text(o, "fix", fix);
	json_object_array_add(x->findings, o);
	x->bad |= level == LEVEL_BAD;
}

/* --- the host --- */

static long kernel_setting(const char *name)
{
	auto_free char *path = xasprintf("/proc/sys/%s", name);
	auto_free char *text =
		access(path, R_OK) == 0 ? read_whole_file(path, 64, NULL, NULL) : NULL;

	return text ? strtol(text, NULL, 10) : -1;
}

static void examine_kernel(struct examination *x)
{
	struct error e = {};
	struct utsname kernel;

	uname(&kernel);
	if (privilege_check(&e) < 0)
		find(x, LEVEL_BAD, "sudo sipward doctor", "%s", e.text);
	else if (kernel_check(&e) < 0)
		find(x, LEVEL_BAD, NULL, "%s", e.text);
	else
		find(x, LEVEL_OK, NULL, "kernel %s has all that sipward needs", kernel.release);
	if (kernel_setting("net/core/bpf_jit_enable") == 0)
		find(x, LEVEL_BAD, "sysctl -w net.core.bpf_jit_enable=1",
		     "the BPF compiler (JIT) "
		     "is off: programs are interpreted, and a flood costs many times more CPU");
	if (kernel_setting("net/core/bpf_jit_harden") == 2)
		find(x, LEVEL_NOTE, "sysctl -w net.core.bpf_jit_harden=1",
		     "constants of BPF "
		     "programs are blinded for root, too, which makes each packet cost more");
	if (kernel_setting("kernel/bpf_stats_enabled") == 1)
		find(x, LEVEL_NOTE, "sysctl -w kernel.bpf_stats_enabled=0",
		     "every run of a BPF "
		     "program is timed, which makes each packet cost more");
}

static void examine_bpffs(struct examination *x)
{
	const char *fix = "mount -t bpf bpf /sys/fs/bpf";

	if (is_bpffs("/sys/fs/bpf"))
		find(x, LEVEL_OK, NULL, "a BPF file system is mounted on /sys/fs/bpf");
	else
		find(x, LEVEL_NOTE, fix,
		     "no BPF file system is mounted on /sys/fs/bpf; sipward "
		     "run mounts one, but its pins are lost when that is unmounted");
}

static void examine_memory(struct examination *x, const struct policy *policy)
{
	struct error e = {};

	if (memory_check(policy, memory_allowed(policy), &e) < 0)
		find(x, LEVEL_BAD, NULL, "%s", e.text);
	else
		find(x, LEVEL_OK, NULL,
		     "the policy takes at most %.0f MB, of %.0f MB that "
		     "it may (since kernel 5.11 the memlock limit does not matter)",
		     policy_memory(policy, NULL) / 1e6, memory_allowed(policy) / 1e6);
}

/* --- an interface --- */

/* Whether sipward is attached, or could be. */
static void examine_attachment(struct examination *x, const struct nic *nic)
{
	auto_attachment struct attachment attachment = {};
	struct error e = {};

	if (!nic->up) {
		auto_free char *fix = xasprintf("ip link set %s up", nic->name);

		find(x, LEVEL_BAD, fix, "it is down: nothing can be attached");
	} else if (attachment_read(nic->name, &attachment, &e) < 0 ||
		   (attachment.mode == ATTACH_NONE && attach_check(nic->name, &e) < 0)) {
		find(x, LEVEL_BAD, NULL, "%s", e.text);
	} else if (attachment.mode == ATTACH_ELSEWHERE) {
		find(x, LEVEL_BAD, NULL,
		     "sipward's program of this name runs on an interface that "
		     "is not in this network namespace");
	} else if (attachment.mode == ATTACH_GENERIC) {
		find(x, LEVEL_NOTE, NULL,
		     "sipward is attached in generic mode, which runs after "
		     "the socket buffer is built: a flood costs several times more CPU than in "
		     "native mode");
	} else if (attachment.mode == ATTACH_NATIVE) {
		find(x, LEVEL_OK, NULL, "sipward is attached in native mode%s",
		     attachment.multi_buffer ? "" : ", without multi-buffer frames");
	} else {
		find(x, LEVEL_OK, NULL,
		     "nothing is attached, and nothing prevents sipward from "
		     "attaching");
	}
}

static void examine_driver(struct examination *x, const struct nic *nic)
{
	if (*nic->parent) {
		auto_free char *fix = xasprintf("sipward run -i %s", nic->parent);

		find(x, LEVEL_NOTE, fix,
		     "it is a VLAN of %s, where only generic mode works; "
		     "attached to %s, sipward sees its packets with their tags in the driver",
		     nic->parent, nic->parent);
	} else if (strcmp(nic->driver, "bridge") == 0 || strcmp(nic->driver, "team") == 0) {
		find(x, LEVEL_NOTE, NULL,
		     "it is a %s, where only generic mode works; attach to "
		     "its ports instead",
		     nic->driver);
	} else if (!*nic->driver) {
		find(x, LEVEL_NOTE, NULL,
		     "the driver does not report its name; whether native "
		     "mode works is known after sipward is attached");
	} else if (nic_has_native_xdp(nic)) {
		find(x, LEVEL_OK, NULL, "driver %s has native mode", nic->driver);
	} else {
		find(x, LEVEL_NOTE, NULL,
		     "driver %s is not known to have native mode; in generic "
		     "mode a flood costs several times more",
		     nic->driver);
	}
}

static void examine_bond(struct examination *x, const struct nic *nic)
{
	auto_free char *members = xstrdup("");

	if (nic->bond_mode < 0)
		return;
	for (size_t i = 0; i < nic->member_count; i++) {
		struct nic member;
		struct error ignored = {};
		auto_free char *before = members;

		members = xasprintf("%s%s%s", before, i ? ", " : "", nic->members[i]);
		if (nic_read(nic->members[i], &member, &ignored) == 0 &&
		    !nic_has_native_xdp(&member))
			find(x, LEVEL_NOTE, NULL,
			     "its member %s (driver %s) is not known to have "
			     "native mode, and a bond has it only when all members do",
			     member.name, member.driver);
	}
	if (nic->bond_mode == BOND_MODE_BROADCAST || nic->bond_mode == BOND_MODE_TLB ||
	    nic->bond_mode == BOND_MODE_ALB)
		find(x, LEVEL_NOTE, NULL,
		     "its bonding mode has no native mode; balance-rr, "
		     "active-backup, balance-xor and 802.3ad have");
	find(x, LEVEL_OK, NULL, "it is a bond of %s; attach to the bond, not to its members",
	     *members ? members : "no members yet");
}

/* Queues and frames as the driver wants them for native mode, and then one queue a processor. */
static void examine_queues(struct examination *x, const struct nic *nic)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct nic_native native = nic_native(nic, sysconf(_SC_NPROCESSORS_CONF));
	unsigned int best = cpus < (long)native.queues ? cpus : native.queues;
	auto_free char *fix = nic_queues_command(nic, best);
	auto_free char *mtu = xasprintf("ip link set dev %s mtu %u", nic->name, native.mtu);

	if (native.mtu && nic->mtu > native.mtu)
		find(x, LEVEL_NOTE, mtu,
		     "MTU %u: driver %s has native mode up to %u only; in "
		     "generic mode a flood costs several times more",
		     nic->mtu, nic->driver, native.mtu);
	else if (nic->mtu > ONE_BUFFER_MTU)
		find(x, LEVEL_NOTE, NULL,
		     "MTU %u: native mode needs a driver that takes "
		     "multi-buffer frames (mtu above %d)",
		     nic->mtu, ONE_BUFFER_MTU);
	if (!nic->queues)
		return;
	if (!native.queues)
		find(x, LEVEL_NOTE, NULL, "driver %s can have no native mode here: %s", nic->driver,
		     native.rule);
	else if (nic->queues > native.queues || (native.equal && nic->queues != nic->senders) ||
		 (native.combined && !nic->combined))
		find(x, LEVEL_NOTE, fix,
		     "%u queues receive and %u send, with which driver %s "
		     "refuses native mode: %s; at most %u of %u may receive",
		     nic->queues, nic->senders, nic->driver, native.rule, native.queues,
		     nic->queues_max);
	else if (nic->queues == 1 && best > 1)
		find(x, LEVEL_NOTE, fix,
		     "one receive queue of %u%s: one CPU of %ld has to handle "
		     "a whole flood",
		     nic->queues_max,
		     native.queues < nic->queues_max ? ", of which native mode leaves half" : "",
		     cpus);
}

static void examine_settings(struct examination *x, const struct nic *nic)
{
	auto_free char *lro = xasprintf("ethtool -K %s lro off", nic->name);
	auto_free char *vlan = xasprintf("ethtool -K %s rxvlan off", nic->name);
	auto_free char *ring = xasprintf("ethtool -G %s rx %u", nic->name, nic->ring_max);

	if (nic->lro)
		find(x, LEVEL_BAD, lro,
		     "large receive offload is on: it joins packets before a "
		     "program can see them, and most drivers refuse native mode with it");
	if (nic->strips_vlan && !*nic->parent && strcmp(nic->driver, "veth") != 0)
		find(x, LEVEL_NOTE, vlan,
		     "the hardware removes VLAN tags before a program sees "
		     "the frame: packets of all VLANs look alike");
	if (nic->ring && nic->ring < nic->ring_max)
		find(x, LEVEL_NOTE, ring,
		     "receive rings have %u of %u descriptors: bursts may be "
		     "lost before any program sees them",
		     nic->ring, nic->ring_max);
}

static void examine_interface(struct examination *x, const char *name)
{
	struct error e = {};
	struct nic nic;

	x->about = name;
	if (nic_read(name, &nic, &e) < 0) {
		find(x, LEVEL_BAD, "ip link", "%s", e.text);
		return;
	}
	examine_attachment(x, &nic);
	examine_driver(x, &nic);
	examine_bond(x, &nic);
	examine_settings(x, &nic);
	examine_queues(x, &nic);
}

/* --- the command --- */

static void print_finding(struct json_object *o)
{
	printf("%-4s  %s: %s\n", text_of(o, "level"), text_of(o, "about"), text_of(o, "finding"));
	if (text_of(o, "fix"))
		printf("      fix: %s\n", text_of(o, "fix"));
}

/* The names behind -i, else those of the policy, else those that have something of sipward. */
static void examine_all(struct examination *x, char **names, size_t count,
			const struct policy *policy)
{
	auto_string_list char **attached = NULL;

	x->about = "host";
	examine_kernel(x);
	examine_bpffs(x);
	examine_memory(x, policy);
	for (size_t i = 0; i < count; i++)
		examine_interface(x, names[i]);
	for (size_t i = 0; !count && i < policy->interface_count; i++)
		examine_interface(x, policy->interfaces[i]);
	if (count || policy->interface_count)
		return;
	attached = state_interfaces();
	for (char **name = attached; *name; name++)
		examine_interface(x, *name);
	if (!attached[0])
		find(x, LEVEL_NOTE, "sipward doctor -i IFACE",
		     "no interface is given or attached, "
		     "so none was checked");
}

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	static const struct option options[] = {
		{"interface", required_argument, NULL, 'i'},
		{"policy", required_argument, NULL, 'p'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	auto_json struct json_object *findings = json_object_new_array();
	struct examination x = {.findings = findings};
	auto_policy struct policy policy = {};
	auto_free char **names = NULL;
	const char *path = NULL;
	size_t count = 0;
	bool json = false;
	int letter;

	while ((letter = next_option(self, argc, argv, "i:p:j", options, e)) >= 0) {
		if (letter == 'i')
			append(names, count, optarg);
		else if (letter == 'p')
			path = optarg;
		else
			json = true;
	}
	if (letter == -2)
		return -1;
	if (optind < argc)
		return fail(e, EXIT_USAGE,
			    "doctor: unexpected argument '%s'; an interface is given as -i %s",
			    argv[optind], argv[optind]);
	if (policy_load(path, &policy, e) < 0)
		return -1;
	examine_all(&x, names, count, &policy);
	if (json)
		print_json(findings);
	for (size_t i = 0; !json && i < json_object_array_length(findings); i++)
		print_finding(json_object_array_get_idx(findings, i));
	return x.bad ? -1 : 0;
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "checks kernel, memory and interfaces for problems, and tells how to fix them",
	.help = "Usage: sipward doctor [-i IFACE]... [-p POLICY] [-j]\n\n"
		"  -i, --interface IFACE  check this interface; default: those of the policy, else\n"
		"                         those that sipward is attached to\n"
		"  -p, --policy FILE      whose tables must fit; default: the embedded one\n\n"
		"Changes nothing. ok: no problem. note: worth knowing. bad: sipward cannot work; the\n"
		"exit code is then 1.\n",
	.run = run,
};
