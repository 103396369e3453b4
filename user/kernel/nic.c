/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/nic.h"

#include <linux/ethtool.h>
#include <linux/if_bonding.h>
#include <linux/if_vlan.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define NAMES_MAX 256 /* that a wrong name is compared with */

static int ask(int fd, const struct nic *nic, unsigned long what, void *data)
{
	struct ifreq request = {};

	memcpy(request.ifr_name, nic->name, IFNAMSIZ);
	request.ifr_data = data;
	return ioctl(fd, what, &request);
}

static void read_ethtool(int fd, struct nic *nic)
{
	struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ethtool_ringparam ring = {.cmd = ETHTOOL_GRINGPARAM};
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};

	if (ask(fd, nic, SIOCETHTOOL, &driver) == 0)
		snprintf(nic->driver, sizeof(nic->driver), "%.31s", driver.driver);
	if (ask(fd, nic, SIOCETHTOOL, &channels) == 0) {
		nic->queues = channels.combined_count + channels.rx_count;
		nic->queues_max = channels.max_combined ? channels.max_combined : channels.max_rx;
	}
	if (ask(fd, nic, SIOCETHTOOL, &ring) == 0) {
		nic->ring = ring.rx_pending;
		nic->ring_max = ring.rx_max_pending;
	}
	if (ask(fd, nic, SIOCETHTOOL, &flags) == 0) {
		nic->lro = flags.data & ETH_FLAG_LRO;
		nic->strips_vlan = flags.data & ETH_FLAG_RXVLAN;
	}
}

static void read_vlan(int fd, struct nic *nic)
{
	struct vlan_ioctl_args args = {.cmd = GET_VLAN_REALDEV_NAME_CMD};

	memcpy(args.device1, nic->name, IFNAMSIZ);
	if (ioctl(fd, SIOCGIFVLAN, &args) == 0)
		snprintf(nic->parent, sizeof(nic->parent), "%.15s", args.u.device2);
}

static void read_bond(int fd, struct nic *nic)
{
	struct ifbond bond = {};

	nic->bond_mode = -1;
	if (strcmp(nic->driver, "bonding") != 0 || ask(fd, nic, SIOCBONDINFOQUERY, &bond) < 0)
		return;
	nic->bond_mode = bond.bond_mode;
	for (int i = 0; i < bond.num_slaves && i < NIC_MEMBERS_MAX; i++) {
		struct ifslave member = {.slave_id = i};

		if (ask(fd, nic, SIOCBONDSLAVEINFOQUERY, &member) == 0)
			memcpy(nic->members[nic->member_count++], member.slave_name, IFNAMSIZ);
	}
}

int fail_no_interface(const char *name, struct error *e)
{
	struct if_nameindex *all = if_nameindex();
	const char *names[NAMES_MAX + 1] = {}, *near;

	for (size_t i = 0; all && all[i].if_index && i < NAMES_MAX; i++)
		names[i] = all[i].if_name;
	near = nearest_word(name, names);
	fail(e, EXIT_INTERFACE, "no such interface: %s%s%s%s; `ip link` lists them", name,
	     near ? " (did you mean " : "", near ?: "", near ? "?)" : "");
	if_freenameindex(all);
	return -1;
}

int nic_read(const char *name, struct nic *nic, struct error *e)
{
	auto_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = {};

	memset(nic, 0, sizeof(*nic));
	if (fd < 0 || strlen(name) >= IFNAMSIZ || !if_nametoindex(name))
		return fail_no_interface(name, e);
	strcpy(nic->name, name);
	strcpy(request.ifr_name, name);
	if (ioctl(fd, SIOCGIFFLAGS, &request) == 0)
		nic->up = request.ifr_flags & IFF_UP;
	if (ioctl(fd, SIOCGIFMTU, &request) == 0)
		nic->mtu = request.ifr_mtu;
	read_ethtool(fd, nic);
	read_vlan(fd, nic);
	read_bond(fd, nic);
	return 0;
}

bool nic_has_native_xdp(const struct nic *nic)
{
	static const char *const drivers[] = {
		"atlantic", "bnxt_en", "bonding", "dpaa2-eth", "ena", "fsl_enetc", "gve",
		"hv_netvsc", "i40e", "ice", "igb", "igc", "ixgbe", "ixgbevf", "mlx4_en",
		"mlx5_core", "mvneta", "mvpp2", "nfp", "nicvf", "qede", "sfc", "st_gmac", "tsnep",
		"tun", "veth", "vif", "virtio_net",
	};

	for (size_t i = 0; i < array_size(drivers); i++)
		if (strcmp(nic->driver, drivers[i]) == 0)
			return true;
	return false;
}
