/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/sockets.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "policy/model.h"

/* The client may have shut its side, and the server not yet closed: it still has the socket. */
#define ESTABLISHED (1u << TCP_ESTABLISHED | 1u << TCP_CLOSE_WAIT)

int sockets_open(struct sockets *sockets, struct error *e)
{
	sockets->netlink = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (!sockets->netlink || mnl_socket_bind(sockets->netlink, 0, MNL_SOCKET_AUTOPID) < 0)
		return fail(e, EXIT_FAILED, "sock_diag cannot be opened: %s", strerror(errno));
	return 0;
}

void sockets_close(struct sockets *sockets)
{
	if (sockets->netlink)
		mnl_socket_close(sockets->netlink);
	sockets->netlink = NULL;
}

static struct inet_diag_req_v2 *request(char *buffer, int type, int flags, int family)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *ask;

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	ask = mnl_nlmsg_put_extra_header(header, sizeof(*ask));
	ask->sdiag_family = family;
	ask->sdiag_protocol = IPPROTO_TCP;
	ask->idiag_states = ESTABLISHED;
	return ask;
}

static int run(struct sockets *sockets, char *buffer, size_t size, mnl_cb_t callback, void *context)
{
	struct nlmsghdr *header = (struct nlmsghdr *)buffer;
	unsigned int port = mnl_socket_get_portid(sockets->netlink);
	int state = MNL_CB_OK;

	if (mnl_socket_sendto(sockets->netlink, header, header->nlmsg_len) < 0)
		return -1;
	while (state > MNL_CB_STOP) {
		ssize_t got = mnl_socket_recvfrom(sockets->netlink, buffer, size);

		if (got < 0)
			return -1;
		state = mnl_cb_run(buffer, got, 0, port, callback, context);
	}
	return state;
}

int sockets_destroy(struct sockets *sockets, const struct endpoint *local,
		    const struct endpoint *remote)
{
	char buffer[8192];
	bool ipv4 = addr_is_ipv4(&remote->addr);
	struct inet_diag_req_v2 *ask =
		request(buffer, SOCK_DESTROY, NLM_F_ACK, ipv4 ? AF_INET : AF_INET6);

	memcpy(ask->id.idiag_src, local->addr.octets + (ipv4 ? 12 : 0), ipv4 ? 4 : 16);
	memcpy(ask->id.idiag_dst, remote->addr.octets + (ipv4 ? 12 : 0), ipv4 ? 4 : 16);
	ask->id.idiag_sport = htons(local->port);
	ask->id.idiag_dport = htons(remote->port);
	ask->id.idiag_cookie[0] = ask->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return run(sockets, buffer, sizeof(buffer), NULL, NULL) < 0 ? -1 : 0;
}

/* There is no connection between nobody and nobody: a kernel that can looks for it. */
bool sockets_can_destroy(struct sockets *sockets)
{
	struct endpoint nobody = {.addr.octets = {[10] = 0xff, [11] = 0xff}};

	return sockets_destroy(sockets, &nobody, &nobody) == 0 || errno == ENOENT;
}

struct visit {
	void (*visit)(void *, const struct endpoint *, const struct endpoint *);
	void *context;
};

static void read_end(struct endpoint *end, int family, const __be32 *addr, __be16 port)
{
	*end = (struct endpoint){.port = ntohs(port)};
	if (family == AF_INET)
		end->addr.octets[10] = end->addr.octets[11] = 0xff;
	memcpy(end->addr.octets + (family == AF_INET ? 12 : 0), addr, family == AF_INET ? 4 : 16);
}

static int on_socket(const struct nlmsghdr *header, void *context)
{
	const struct inet_diag_msg *socket = mnl_nlmsg_get_payload(header);
	const struct visit *visit = context;
	struct endpoint local, remote;

	read_end(&local, socket->idiag_family, socket->id.idiag_src, socket->id.idiag_sport);
	read_end(&remote, socket->idiag_family, socket->id.idiag_dst, socket->id.idiag_dport);
	visit->visit(visit->context, &local, &remote);
	return MNL_CB_OK;
}

int sockets_each(struct sockets *sockets,
		 void (*visit)(void *context, const struct endpoint *local,
			       const struct endpoint *remote),
		 void *context, struct error *e)
{
	struct visit to = {visit, context};
	static const int families[] = {AF_INET, AF_INET6};
	char buffer[32768];

	for (size_t i = 0; i < array_size(families); i++) {
		request(buffer, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, families[i]);
		if (run(sockets, buffer, sizeof(buffer), on_socket, &to) < 0)
			return fail(e, EXIT_FAILED, "sock_diag cannot be read: %s",
				    strerror(errno));
	}
	return 0;
}
