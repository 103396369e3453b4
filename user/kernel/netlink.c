/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#define READS_MAX 16

static void one_address(const struct netlink_events *events, int family, const struct nlattr *attr,
			bool gone)
{
	struct sw_addr addr = {};
	size_t size = family == AF_INET ? 4 : 16;

	if (mnl_attr_get_payload_len(attr) != size)
		return;
	if (family == AF_INET)
		addr.octets[10] = addr.octets[11] = 0xff;
	memcpy(addr.octets + 16 - size, mnl_attr_get_payload(attr), size);
	events->address(events->context, &addr, gone);
}

/* The kernel takes what is for the first and the last address of an IPv4 network, whether or not
 * somebody wrote a broadcast address (fib_add_ifaddr(); the first one before Linux 5.14). */
static void network_ends(const struct netlink_events *events, const struct nlattr *address,
			 unsigned int length, bool gone)
{
	struct sw_addr first = {.octets = {[10] = 0xff, [11] = 0xff}}, last = first;
	uint32_t network, mask = length ? UINT32_MAX << (32 - length) : 0;

	if (length >= 31 || mnl_attr_get_payload_len(address) != sizeof(network))
		return;
	network = ntohl(mnl_attr_get_u32(address)) & mask;
	first.words[3] = htonl(network);
	last.words[3] = htonl(network | ~mask);
	events->address(events->context, &first, gone);
	events->address(events->context, &last, gone);
}

static void address_message(const struct nlmsghdr *header, const struct netlink_events *events)
{
	const struct ifaddrmsg *message = mnl_nlmsg_get_payload(header);
	const struct nlattr *attr, *address = NULL, *local = NULL;

	if (!events->address || (message->ifa_family != AF_INET && message->ifa_family != AF_INET6))
		return;
	mnl_attr_for_each(attr, header, sizeof(*message)) {
		if (mnl_attr_get_type(attr) == IFA_LOCAL)
			local = attr;
		else if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			address = attr;
		else if (mnl_attr_get_type(attr) == IFA_BROADCAST)
			one_address(events, message->ifa_family, attr,
				    header->nlmsg_type == RTM_DELADDR);
	}
	/* On a point-to-point link IFA_ADDRESS is the peer, and IFA_LOCAL is ours. */
	if (address && message->ifa_family == AF_INET)
		network_ends(events, address, message->ifa_prefixlen,
			     header->nlmsg_type == RTM_DELADDR);
	if (local || address)
		one_address(events, message->ifa_family, local ? local : address,
			    header->nlmsg_type == RTM_DELADDR);
}

static void link_message(const struct nlmsghdr *header, const struct netlink_events *events)
{
	const struct ifinfomsg *message = mnl_nlmsg_get_payload(header);
	const struct nlattr *attr;

	if (!events->link)
		return;
	mnl_attr_for_each(attr, header, sizeof(*message))
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			events->link(events->context, mnl_attr_get_str(attr),
				     header->nlmsg_type == RTM_DELLINK,
				     message->ifi_flags & IFF_UP);
}

/* fe80::/64 is on every interface, bridge ports included, and leads to no peer. */
static bool link_local(const struct nlmsghdr *header, const struct rtmsg *message)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, header, sizeof(*message))
		if (mnl_attr_get_type(attr) == RTA_DST && message->rtm_family == AF_INET6)
			return IN6_IS_ADDR_LINKLOCAL((struct in6_addr *)mnl_attr_get_payload(attr));
	return false;
}

static void route_message(const struct nlmsghdr *header, const struct netlink_events *events)
{
	const struct rtmsg *message = mnl_nlmsg_get_payload(header);
	const struct nlattr *attr;

	if (!events->route || message->rtm_type != RTN_UNICAST || link_local(header, message))
		return;
	mnl_attr_for_each(attr, header, sizeof(*message)) {
		if (mnl_attr_get_type(attr) == RTA_OIF) {
			events->route(events->context, mnl_attr_get_u32(attr));
		} else if (mnl_attr_get_type(attr) == RTA_MULTIPATH) {
			const struct rtnexthop *hop = mnl_attr_get_payload(attr);
			int left = mnl_attr_get_payload_len(attr);

			for (; RTNH_OK(hop, left);
			     left -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop))
				events->route(events->context, hop->rtnh_ifindex);
		}
	}
}

static void filter_message(const struct nlmsghdr *header, const struct netlink_events *events)
{
	const struct tcmsg *message = mnl_nlmsg_get_payload(header);

	if (events->filter)
		events->filter(events->context, message->tcm_ifindex);
}

static int on_message(const struct nlmsghdr *header, void *context)
{
	const struct netlink_events *events = context;

	switch (header->nlmsg_type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		address_message(header, events);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		link_message(header, events);
		break;
	case RTM_NEWROUTE:
		route_message(header, events);
		break;
	case RTM_DELQDISC:
	case RTM_DELTFILTER:
		filter_message(header, events);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink->socket)
		mnl_socket_close(netlink->socket);
	netlink->socket = NULL;
}

static int open_socket(struct netlink *netlink, unsigned int groups, int flags, struct error *e)
{
	netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);
	if (!netlink->socket || mnl_socket_bind(netlink->socket, groups, MNL_SOCKET_AUTOPID) < 0)
		return fail(e, EXIT_FAILED, "rtnetlink cannot be opened: %s", strerror(errno));
	return 0;
}

int netlink_open(struct netlink *netlink, const struct netlink_events *events, struct error *e)
{
	unsigned int groups = 0;

	if (events->link)
		groups |= RTMGRP_LINK;
	if (events->address)
		groups |= RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
	if (events->route)
		groups |= RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
	if (events->filter)
		groups |= RTMGRP_TC;
	netlink->events = events;
	return open_socket(netlink, groups, SOCK_NONBLOCK, e);
}

int netlink_fd(const struct netlink *netlink)
{
	return mnl_socket_get_fd(netlink->socket);
}

/* Sends what stands in the buffer, and calls back for each object of the answer. 0; or -1 and *e,
 * with errno as the kernel answered. */
static int ask(struct netlink *netlink, char *buffer, size_t size, mnl_cb_t callback, void *context,
	       struct error *e)
{
	struct nlmsghdr *header = (struct nlmsghdr *)buffer;
	unsigned int sequence = header->nlmsg_seq = time(NULL);
	bool dump = (header->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int state = MNL_CB_OK;

	if (mnl_socket_sendto(netlink->socket, header, header->nlmsg_len) < 0)
		return fail(e, EXIT_FAILED, "rtnetlink cannot be queried: %s", strerror(errno));
	do {
		ssize_t got = mnl_socket_recvfrom(netlink->socket, buffer, size);

		if (got < 0)
			return fail(e, EXIT_FAILED, "rtnetlink cannot be read: %s",
				    strerror(errno));
		state = mnl_cb_run(buffer, got, sequence, mnl_socket_get_portid(netlink->socket),
				   callback, context);
	} while (dump && state > MNL_CB_STOP);
	return state < 0 ? fail(e, EXIT_FAILED, "rtnetlink answered: %s", strerror(errno)) : 0;
}

/* Asks for all objects of a kind (RTM_GET...) and calls back for each. */
static int dump(int type, size_t payload, mnl_cb_t callback, void *context, struct error *e)
{
	cleanup(netlink_close) struct netlink netlink = {};
	char buffer[32768];
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);

	if (open_socket(&netlink, 0, 0, e) < 0)
		return -1;
	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(header, payload); /* zeroed: every family */
	return ask(&netlink, buffer, sizeof(buffer), callback, context, e);
}

int netlink_dump_addresses(const struct netlink_events *events, struct error *e)
{
	return dump(RTM_GETADDR, sizeof(struct ifaddrmsg), on_message, (void *)events, e);
}

int netlink_dump_routes(void (*route)(void *, int), void *context, struct error *e)
{
	const struct netlink_events events = {.route = route, .context = context};

	return dump(RTM_GETROUTE, sizeof(struct rtmsg), on_message, (void *)&events, e);
}

/* --- links --- */

static void read_xdp(const struct nlattr *xdp, struct link_now *now)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, xdp) {
		if (mnl_attr_get_type(attr) == IFLA_XDP_DRV_PROG_ID)
			now->native = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_XDP_SKB_PROG_ID)
			now->generic = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == IFLA_XDP_HW_PROG_ID)
			now->offloaded = mnl_attr_get_u32(attr);
	}
}

static void read_link(const struct nlmsghdr *header, struct link_now *now)
{
	const struct ifinfomsg *message = mnl_nlmsg_get_payload(header);
	const struct nlattr *attr;

	*now = (struct link_now){.ifindex = message->ifi_index, .up = message->ifi_flags & IFF_UP};
	mnl_attr_for_each(attr, header, sizeof(*message)) {
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			snprintf(now->name, sizeof(now->name), "%s", mnl_attr_get_str(attr));
		else if (mnl_attr_get_type(attr) == IFLA_XDP)
			read_xdp(attr, now);
	}
}

static int on_one_link(const struct nlmsghdr *header, void *context)
{
	if (header->nlmsg_type == RTM_NEWLINK)
		read_link(header, context);
	return MNL_CB_OK;
}

int netlink_link(int ifindex, struct link_now *now, struct error *e)
{
	cleanup(netlink_close) struct netlink netlink = {};
	char buffer[32768];
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *which;
	struct error answer = {};

	memset(now, 0, sizeof(*now));
	if (open_socket(&netlink, 0, 0, e) < 0)
		return -1;
	header->nlmsg_type = RTM_GETLINK;
	header->nlmsg_flags = NLM_F_REQUEST;
	which = mnl_nlmsg_put_extra_header(header, sizeof(*which));
	which->ifi_index = ifindex;
	if (ask(&netlink, buffer, sizeof(buffer), on_one_link, now, &answer) == 0)
		return now->ifindex == ifindex;
	return errno == ENODEV ? 0 : fail(e, answer.code, "%s", answer.text);
}

struct each_link {
	void (*visit)(void *context, const struct link_now *now);
	void *context;
};

static int on_each_link(const struct nlmsghdr *header, void *context)
{
	const struct each_link *each = context;
	struct link_now now;

	if (header->nlmsg_type == RTM_NEWLINK) {
		read_link(header, &now);
		each->visit(each->context, &now);
	}
	return MNL_CB_OK;
}

int netlink_dump_links(void (*visit)(void *, const struct link_now *), void *context,
		       struct error *e)
{
	struct each_link each = {visit, context};

	return dump(RTM_GETLINK, sizeof(struct ifinfomsg), on_each_link, &each, e);
}

int netlink_read(struct netlink *netlink, bool *lost, struct error *e)
{
	char buffer[32768];

	/* The rest is there next time: a host that changes all the time keeps nobody here. */
	for (int i = 0; i < READS_MAX; i++) {
		ssize_t got = mnl_socket_recvfrom(netlink->socket, buffer, sizeof(buffer));

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (got < 0 && errno == ENOBUFS) {
			*lost = true;
			continue;
		}
		if (got < 0)
			return fail(e, EXIT_FAILED, "rtnetlink cannot be read: %s",
				    strerror(errno));
		mnl_cb_run(buffer, got, 0, 0, on_message, (void *)netlink->events);
	}
	return 0;
}
