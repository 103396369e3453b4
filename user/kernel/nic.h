/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The properties and settings of a network interface, as far as a program in its driver depends on
 * them. Asked by ioctl, so that it is right in any network namespace. Judges nothing.
 */
#ifndef SIPWARD_KERNEL_NIC_H
#define SIPWARD_KERNEL_NIC_H

#include <net/if.h>

#include "base/base.h"

#define NIC_MEMBERS_MAX 16

struct nic {
	char name[IFNAMSIZ];
	char driver[32]; /* as ethtool names it; empty when it says nothing */
	bool up;
	unsigned int mtu;
	unsigned int queues; /* that receive; 0: not told */
	unsigned int queues_max;
	unsigned int senders; /* queues that send */
	unsigned int senders_max;
	bool combined;     /* a queue both receives and sends (`ethtool -L ... combined`) */
	bool may_combine;  /* it could */
	unsigned int ring; /* descriptors of a receive queue; 0: not told */
	unsigned int ring_max;
	bool lro;                                /* large receive offload is on */
	bool strips_vlan;                        /* VLAN tags are taken off by the hardware */
	char parent[IFNAMSIZ];                   /* of a VLAN interface */
	int bond_mode;                           /* of a bond, BOND_MODE_*; -1: it is none */
	char members[NIC_MEMBERS_MAX][IFNAMSIZ]; /* of a bond */
	size_t member_count;
};

/* Says that there is none, and which name is near. -1. */
int fail_no_interface(const char *name, struct error *e);

/* 0; -1 and EXIT_INTERFACE when there is no such interface. */
int nic_read(const char *name, struct nic *nic, struct error *e);

/* True when the driver is known to run XDP programs itself (kernel 6.1). */
bool nic_has_native_xdp(const struct nic *nic);

/* The conditions of the driver for native mode, beyond a program that it can run. */
struct nic_native {
	unsigned int queues; /* at most as many may receive; 0: it can have no native mode */
	unsigned int mtu;    /* at most; 0: no such limit is known */
	bool equal;          /* as many must send as receive */
	bool combined;       /* queues must be combined */
	const char *rule;    /* a clause that says why, or NULL */
};
struct nic_native nic_native(const struct nic *nic, long cpus);

/* The command that gives the interface so many queues; owned by the caller. */
char *nic_queues_command(const struct nic *nic, unsigned int queues);

#endif
