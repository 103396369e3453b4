/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/probe.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "agent/ring.h"
#include "kernel/frame.h"
#include "kernel/proof.h"
#include "kernel/state_values.h"
#include "policy/prefix.h"

#define PROBES_A_SECOND 200
#define PATIENT         2 /* of those as many are for newcomers that sent again this often */
#define PATIENT_PROBES  100
#define AGAIN_AFTER     (60 * SW_NS_PER_SEC)
#define REMEMBERED      4096                 /* a power of two */
#define ANSWER_WITHIN   (32 * SW_NS_PER_SEC) /* RFC 3261 17.1.2.2: Timer F */
#define PENDING_MAX     8192                 /* a power of two */

_Static_assert(PENDING_MAX >= 33 * PROBES_A_SECOND && PENDING_MAX <= SW_PROBES_MAX,
	       "every probe that may still be answered has a place here and in the kernel's table");

struct remembered {
	struct sw_addr addr;
	uint16_t port;
	uint64_t at;
};

/* A probe that is out, or was answered. */
struct pending {
	uint64_t token;
	uint64_t expires;
};

struct probe {
	const struct state *state;
	struct sw_meta meta;
	struct ring ring;
	int socket4;
	int socket6;
	uint64_t second; /* the one that `sent` counts */
	unsigned int sent;
	struct remembered recent[REMEMBERED];
	uint32_t first, next; /* of `pending`, modulo its size: the oldest, the next free one */
	struct pending pending[PENDING_MAX];
};

/* One slot for each hash: a collision forgets the older one, which costs one more probe. */
static struct remembered *slot_of(struct probe *probe, const struct sw_newcomer *newcomer)
{
	uint32_t hash = newcomer->port * 2654435761u;

	for (int i = 0; i < 4; i++)
		hash = (hash ^ newcomer->addr.words[i]) * 2654435761u;
	return &probe->recent[hash >> 20 & (REMEMBERED - 1)];
}

static bool was_probed(const struct remembered *slot, const struct sw_newcomer *newcomer,
		       uint64_t now)
{
	return slot->at && now - slot->at < AGAIN_AFTER && slot->port == newcomer->port &&
	       memcmp(&slot->addr, &newcomer->addr, sizeof(slot->addr)) == 0;
}

/* False for an address that no packet can come from: the kernel drops what says so, and a probe to
 * it would reach this host itself, or many. */
static bool may_be_sender(const struct probe *probe, const struct sw_addr *addr)
{
	const struct in6_addr *in6 = (const struct in6_addr *)addr->octets;
	uint8_t first = addr->octets[12];
	uint32_t local;

	if (bpf_map_lookup_elem(probe->state->fds[STATE_LOCAL_ADDRS], addr, &local) == 0)
		return false;
	if (addr_is_ipv4(addr))
		return first != 0 && first != 127 && first < 224;
	return !IN6_IS_ADDR_MULTICAST(in6) && !IN6_IS_ADDR_LOOPBACK(in6) &&
	       !IN6_IS_ADDR_UNSPECIFIED(in6);
}

static bool within_budget(struct probe *probe, const struct sw_newcomer *newcomer, uint64_t now)
{
	unsigned int budget = PROBES_A_SECOND;

	if (newcomer->backoff < PATIENT)
		budget -= PATIENT_PROBES;
	if (probe->second != now / SW_NS_PER_SEC) {
		probe->second = now / SW_NS_PER_SEC;
		probe->sent = 0;
	}
	return probe->sent < budget && ++probe->sent;
}

static int random_hex(char *text, size_t digits)
{
	uint8_t octets[32];

	if (getrandom(octets, digits / 2, 0) != (ssize_t)digits / 2)
		return -1;
	for (size_t i = 0; i < digits / 2; i++)
		snprintf(text + 2 * i, 3, "%02x", octets[i]);
	return 0;
}

static void host_text(const struct sw_addr *addr, char text[INET6_ADDRSTRLEN + 2])
{
	char bare[INET6_ADDRSTRLEN + 18];

	addr_text(addr, bare, sizeof(bare));
	snprintf(text, INET6_ADDRSTRLEN + 2, addr_is_ipv4(addr) ? "%s" : "[%s]", bare);
}

static int write_message(const struct sw_newcomer *to, const char *branch, char *text, size_t size)
{
	char local[INET6_ADDRSTRLEN + 2], peer[INET6_ADDRSTRLEN + 2], id[33], tag[17];

	if (random_hex(id, 32) < 0 || random_hex(tag, 16) < 0)
		return -1;
	host_text(&to->local, local);
	host_text(&to->addr, peer);
	return snprintf(text, size,
			"OPTIONS sip:%s:%u SIP/2.0\r\n"
			"Via: SIP/2.0/UDP %s:%u;branch=%s;rport\r\n"
			"Max-Forwards: 0\r\n"
			"From: <sip:%s>;tag=%s\r\n"
			"To: <sip:%s:%u>\r\n"
			"Call-ID: %s\r\n"
			"CSeq: 1 OPTIONS\r\n"
			"Content-Length: 0\r\n\r\n",
			peer, to->port, local, to->local_port, branch, local, tag, peer, to->port,
			id);
}

/* RFC 768, over the pseudo header; both ends are in the IP header. */
static uint16_t udp_checksum(const struct frame *frame, const struct sw_newcomer *to)
{
	const uint8_t *udp = frame->octets + frame->transport;
	uint32_t size = frame->size - frame->transport, sum = IPPROTO_UDP + size;
	const struct sw_addr *ends[] = {&to->local, &to->addr};
	int from = addr_is_ipv4(&to->addr) ? 12 : 0;

	for (int i = 0; i < 2; i++)
		for (int at = from; at < 16; at += 2)
			sum += ends[i]->octets[at] << 8 | ends[i]->octets[at + 1];
	for (uint32_t i = 0; i < size; i += 2)
		sum += udp[i] << 8 | (i + 1 < size ? udp[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	return htons(sum ? sum : 0xffff);
}

static void send_packet(const struct probe *probe, const struct frame *frame,
			const struct sw_newcomer *to)
{
	const uint8_t *ip = frame->octets + frame->ip;
	struct sockaddr_in to4 = {.sin_family = AF_INET};
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
	bool ipv4 = addr_is_ipv4(&to->addr);

	memcpy(&to4.sin_addr, to->addr.octets + 12, 4);
	memcpy(&to6.sin6_addr, to->addr.octets, 16);
	if (!ipv4 && IN6_IS_ADDR_LINKLOCAL(&to6.sin6_addr))
		to6.sin6_scope_id = to->ifindex;
	/* A probe that cannot be sent leaves a newcomer what it was. */
	if (ipv4)
		sendto(probe->socket4, ip, frame->size - frame->ip, MSG_DONTWAIT,
		       (struct sockaddr *)&to4, sizeof(to4));
	else
		sendto(probe->socket6, ip, frame->size - frame->ip, MSG_DONTWAIT,
		       (struct sockaddr *)&to6, sizeof(to6));
}

/* Takes probes out of the kernel's table whose time is over. */
static void forget_old(struct probe *probe, uint64_t now)
{
	while (probe->first != probe->next) {
		struct pending *oldest = &probe->pending[probe->first & (PENDING_MAX - 1)];

		if (oldest->expires > now && probe->next - probe->first < PENDING_MAX)
			break;
		proof_forget(probe->state, oldest->token);
		probe->first++;
	}
}

/* From now on an answer to this branch proves the newcomer. */
static bool expect_answer(struct probe *probe, const struct sw_newcomer *newcomer,
			  const char *branch, uint64_t now)
{
	struct pending fresh = {.expires = now + ANSWER_WITHIN};

	forget_old(probe, now);
	if (proof_expect(probe->state, &probe->meta, branch, &newcomer->addr, fresh.expires,
			 &fresh.token, NULL) < 0)
		return false;
	probe->pending[probe->next++ & (PENDING_MAX - 1)] = fresh;
	return true;
}

static void on_newcomer(void *context, const void *data, size_t size)
{
	static struct frame frame;
	const struct sw_newcomer *newcomer = data;
	struct probe *probe = context;
	uint64_t now = monotonic_ns();
	char branch[sizeof(SW_PROBE_BRANCH) + 32] = SW_PROBE_BRANCH, text[1024];
	struct endpoint local = {.addr = newcomer->local, .port = newcomer->local_port};
	struct endpoint peer = {.addr = newcomer->addr, .port = newcomer->port};
	struct remembered *slot;
	uint16_t checksum;
	int length;

	if (size < sizeof(*newcomer))
		return;
	/* Only who is probed is remembered: whom the budget kept out may come again. */
	slot = slot_of(probe, newcomer);
	if (!may_be_sender(probe, &newcomer->addr) || was_probed(slot, newcomer, now) ||
	    !within_budget(probe, newcomer, now) ||
	    random_hex(branch + strlen(SW_PROBE_BRANCH), 32) < 0)
		return;
	*slot = (struct remembered){newcomer->addr, newcomer->port, now};
	length = write_message(newcomer, branch, text, sizeof(text));
	if (length < 0 || !expect_answer(probe, newcomer, branch, now) ||
	    !frame_message(&frame, &local, &peer, false, text, length))
		return;
	checksum = udp_checksum(&frame, newcomer);
	memcpy(frame.octets + frame.transport + offsetof(struct udphdr, uh_sum), &checksum, 2);
	send_packet(probe, &frame, newcomer);
}

struct probe *probe_open(const struct state *state, struct error *e)
{
	cleanup(probe_close) struct probe *probe = xcalloc(1, sizeof(*probe));

	probe->state = state;
	probe->socket4 = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	probe->socket6 = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (probe->socket4 < 0) {
		fail(e, EXIT_PRIVILEGE,
		     "newcomers: probe: a raw socket cannot be opened: %s; give "
		     "the service CAP_NET_RAW, or write probe: off",
		     strerror(errno));
		return NULL;
	}
	if (state_meta_read(state, &probe->meta, e) < 0 || proof_forget_all(state, e) < 0)
		return NULL;
	if (ring_open(&probe->ring, state->fds[STATE_NEWCOMERS], "newcomers", on_newcomer, probe,
		      e) < 0)
		return NULL;
	return take(probe);
}

void probe_close(struct probe **probe)
{
	if (!*probe)
		return;
	ring_close(&(*probe)->ring);
	close_fd(&(*probe)->socket4);
	close_fd(&(*probe)->socket6);
	free(*probe);
	*probe = NULL;
}

int probe_fd(const struct probe *probe)
{
	return ring_fd(&probe->ring);
}

void probe_read(struct probe *probe)
{
	ring_read(&probe->ring);
}
