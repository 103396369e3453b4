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
		nic->senders = channels.combined_count + channels.tx_count;
		nic->senders_max = channels.max_tx ? channels.max_tx : channels.max_combined;
		nic->combined = channels.combined_count > 0;
		nic->may_combine = channels.max_combined > 0;
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
		"atlantic",  "bnxt_en",   "bonding", "dpaa2-eth", "ena",  "fsl_enetc", "gve",
		"hv_netvsc", "i40e",      "ice",     "igb",       "igc",  "ixgbe",     "ixgbevf",
		"mlx4_en",   "mlx5_core", "mvneta",  "mvpp2",     "nfp",  "nicvf",     "qede",
		"sfc",       "st_gmac",   "tsnep",   "tun",       "veth", "vif",       "virtio_net",
	};

	for (size_t i = 0; i < array_size(drivers); i++)
		if (strcmp(nic->driver, drivers[i]) == 0)
			return true;
	return false;
}

/* Drivers that refuse native mode by how their queues or frames are set, from the sources of Linux
 * 6.1 to 6.18; the function that refuses is named. All others take any number of queues: virtio_net
 * shares its send queues since 5.13 where it has too few (virtnet_xdp_set), mlx5_core, ice, i40e,
 * igb, igc and sfc have queues of their own for it. sipward sends nothing from XDP, so a queue that
 * is shared for sending costs nothing. */
static const struct {
	const char *driver;
	bool spare; /* needs one more queue that sends for each that receives */
	bool equal, combined;
	unsigned int mtu;
	long cpus; /* at most */
	const char *rule;
} natives[] = {
	{"gve", true, true, false, 2032, 0,
	 "as many queues must send as receive, and half of those that can send must be unused "
	 "(verify_xdp_configuration)"},
	{"ena", true, false, false, 3498, 0,
	 "half of its queues must be unused (ena_xdp_legal_queue_count)"},
	{"bnxt_en", true, false, true, 0, 0,
	 "queues must be combined, and each needs an unused one to send (bnxt_xdp_set)"},
	{"nfp", true, false, false, 0, 0,
	 "each queue that receives needs an unused one to send (nfp_net_check_config)"},
	{"ixgbe", false, false, false, 0, 128,
	 "it has no more than 64 queues for it, shared by two processors at most "
	 "(ixgbe_xdp_setup)"},
};

struct nic_native nic_native(const struct nic *nic, long cpus)
{
	struct nic_native native = {.queues = nic->queues_max};

	for (size_t i = 0; i < array_size(natives); i++) {
		if (strcmp(nic->driver, natives[i].driver) != 0)
			continue;
		native.rule = natives[i].rule;
		native.mtu = natives[i].mtu;
		native.equal = natives[i].equal;
		native.combined = natives[i].combined;
		if (natives[i].spare && nic->senders_max / 2 < native.queues)
			native.queues = nic->senders_max / 2;
		if (natives[i].cpus && cpus > natives[i].cpus)
			native.queues = 0;
	}
	return native;
}

char *nic_queues_command(const struct nic *nic, unsigned int queues)
{
	if (!nic->may_combine)
		return xasprintf("ethtool -L %s rx %u tx %u", nic->name, queues, queues);
	if (!nic->combined)
		return xasprintf("ethtool -L %s rx 0 tx 0 combined %u", nic->name, queues);
	return xasprintf("ethtool -L %s combined %u", nic->name, queues);
}
