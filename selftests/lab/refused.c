/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Makes one system call that a filter refuses, and prints its own pid: does the kernel's log show
 * that here?
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mount.h>
#include <unistd.h>

int main(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter || seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1) < 0 ||
	    seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(umount2), 0) < 0 ||
	    seccomp_load(filter) < 0)
		return 1;
	umount2("/nowhere", 0);
	printf("%d\n", getpid());
	return 0;
}
