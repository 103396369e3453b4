/* SPDX-License-Identifier: GPL-2.0-only */
#include "connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define REPAIR_OFF (-1) /* TCP_REPAIR_OFF_NO_WP */

void connection_close(struct connection *connection)
{
	close_fd(&connection->listener);
	close_fd(&connection->client);
	close_fd(&connection->server);
}

void connection_abort(struct connection *connection)
{
	const struct linger at_once = {.l_onoff = 1};

	setsockopt(connection->client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close_fd(&connection->client);
	close_fd(&connection->server);
}

static uint32_t queue_seq(int fd, int queue)
{
	uint32_t seq = 0;
	socklen_t size = sizeof(seq);

	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, &queue, sizeof(queue)), 0);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, &seq, &size), 0);
	return seq;
}

/* The client's own address. */
static void bind_client(const struct connection *connection)
{
	const struct sockaddr_in from = {.sin_family = AF_INET,
					 .sin_addr.s_addr =
						 htonl(INADDR_LOOPBACK - 1 + connection->host)};

	assert_int_equal(bind(connection->client, (const struct sockaddr *)&from, sizeof(from)), 0);
}

static void begin(struct connection *connection, struct sockaddr *to, socklen_t size)
{
	int one = 1;

	connection->listener = socket(to->sa_family, SOCK_STREAM, 0);
	connection->client = socket(to->sa_family, SOCK_STREAM, 0);
	setsockopt(connection->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (connection->half)
		assert_int_equal(setsockopt(connection->listener, IPPROTO_TCP, TCP_DEFER_ACCEPT,
					    &(int){60}, sizeof(int)),
				 0);
	assert_int_equal(bind(connection->listener, to, size), 0);
	assert_int_equal(listen(connection->listener, 5), 0);
	if (connection->host)
		bind_client(connection);
	assert_int_equal(connect(connection->client, to, size), 0);
	if (connection->half)
		return;
	connection->server = accept(connection->listener, NULL, NULL);
	assert_true(connection->server >= 0);
}

void connect_ends(struct rig *rig, struct connection *connection, bool ipv6)
{
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6,
				  .sin6_port = htons(5060),
				  .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in a4 = {.sin_family = AF_INET,
				 .sin_port = htons(5060),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr *to = ipv6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4;
	socklen_t size = ipv6 ? sizeof(a6) : sizeof(a4);
	int one = 1, off = REPAIR_OFF;

	begin(connection, to, size);
	assert_int_equal(getsockname(connection->client, to, &size), 0);
	assert_int_equal(setsockopt(connection->client, IPPROTO_TCP, TCP_REPAIR, &one, sizeof(one)),
			 0);
	connection->seq = queue_seq(connection->client, TCP_SEND_QUEUE);
	connection->ack = queue_seq(connection->client, TCP_RECV_QUEUE);
	setsockopt(connection->client, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off));
	rig->from.addr = rig->to.addr = address(ipv6 ? "::1" : "127.0.0.1");
	if (connection->host)
		rig->from.addr.octets[15] = connection->host;
	rig->from.port = ntohs(ipv6 ? a6.sin6_port : a4.sin_port);
}

void client_sends(struct connection *connection, const void *text, size_t size)
{
	char taken[4096];

	assert_int_equal(send(connection->client, text, size, 0), (ssize_t)size);
	assert_int_equal(recv(connection->server, taken, size, MSG_WAITALL), (ssize_t)size);
	connection->seq += size;
}

void lay_data(struct rig *rig, uint32_t seq, uint32_t ack, const void *text, size_t size)
{
	struct tcphdr *tcp;

	assert_true(frame_message(&rig->frame, &rig->from, &rig->to, true, text, size));
	tcp = (struct tcphdr *)(rig->frame.octets + rig->frame.transport);
	tcp->seq = htonl(seq);
	tcp->ack_seq = htonl(ack);
}

void lay_syn(struct rig *rig, uint32_t seq, const void *text, size_t size)
{
	struct tcphdr *tcp;

	lay_data(rig, seq, 0, text, size);
	tcp = (struct tcphdr *)(rig->frame.octets + rig->frame.transport);
	tcp->syn = 1;
	tcp->ack = 0;
	tcp->psh = 0;
}

void set_syncookies(const char *value)
{
	auto_fd int fd = open("/proc/sys/net/ipv4/tcp_syncookies", O_WRONLY);

	assert_int_equal(write(fd, value, strlen(value)), (ssize_t)strlen(value));
}

int own_network(void **state)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	auto_fd int fd = -1;

	(void)state;
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	return ioctl(fd, SIOCSIFFLAGS, &lo);
}
