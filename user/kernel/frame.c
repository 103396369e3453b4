/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/frame.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <string.h>

#include "policy/model.h"

/* Room for headers is always there: FRAME_MAX leaves 512 octets for them. */
static void *extend(struct frame *frame, uint32_t size)
{
	void *at = frame->octets + frame->size;

	frame->size += size;
	return memset(at, 0, size);
}

void frame_ethernet(struct frame *frame, uint16_t ethertype)
{
	static const uint8_t to[ETH_ALEN] = {2, 0, 0, 0, 0, 2}, from[ETH_ALEN] = {2, 0, 0, 0, 0, 1};
	struct ethhdr *eth;

	frame->size = frame->ip = frame->transport = 0;
	frame->ipv6 = frame->udp = false;
	eth = extend(frame, sizeof(*eth));
	memcpy(eth->h_dest, to, sizeof(to));
	memcpy(eth->h_source, from, sizeof(from));
	eth->h_proto = htons(ethertype);
}

/* The ethertype of the header before becomes the tag's, and the tag carries the next one. */
void frame_vlan(struct frame *frame, uint16_t outer_ethertype, uint16_t id, uint16_t ethertype)
{
	uint16_t outer = htons(outer_ethertype), *tag;

	memcpy(frame->octets + frame->size - 2, &outer, 2);
	tag = extend(frame, 4);
	tag[0] = htons(id);
	tag[1] = htons(ethertype);
}

void frame_ip(struct frame *frame, const struct sw_addr *src, const struct sw_addr *dst,
	      uint8_t protocol)
{
	frame->ip = frame->size;
	frame->ipv6 = !addr_is_ipv4(src);
	if (frame->ipv6) {
		struct ipv6hdr *ip = extend(frame, sizeof(*ip));

		ip->version = 6;
		ip->nexthdr = protocol;
		ip->hop_limit = 64;
		memcpy(&ip->saddr, src->octets, 16);
		memcpy(&ip->daddr, dst->octets, 16);
	} else {
		struct iphdr *ip = extend(frame, sizeof(*ip));

		ip->version = 4;
		ip->ihl = 5;
		ip->ttl = 64;
		ip->protocol = protocol;
		memcpy(&ip->saddr, src->octets + 12, 4);
		memcpy(&ip->daddr, dst->octets + 12, 4);
	}
}

void frame_udp(struct frame *frame, uint16_t sport, uint16_t dport)
{
	struct udphdr *udp;

	frame->transport = frame->size;
	frame->udp = true;
	udp = extend(frame, sizeof(*udp));
	udp->source = htons(sport);
	udp->dest = htons(dport);
}

void frame_tcp(struct frame *frame, uint16_t sport, uint16_t dport, uint8_t flags)
{
	struct tcphdr *tcp;

	frame->transport = frame->size;
	tcp = extend(frame, sizeof(*tcp));
	tcp->source = htons(sport);
	tcp->dest = htons(dport);
	tcp->doff = sizeof(*tcp) / 4;
	((uint8_t *)tcp)[13] = flags;
}

bool frame_append(struct frame *frame, const void *data, size_t size)
{
	if (size > sizeof(frame->octets) - frame->size)
		return false;
	memcpy(frame->octets + frame->size, data, size);
	frame->size += size;
	return true;
}

static uint16_t ip_checksum(const uint8_t *header, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i += 2)
		sum += header[i] << 8 | header[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

void frame_finish(struct frame *frame)
{
	uint8_t *ip = frame->octets + frame->ip;

	if (frame->ipv6) {
		((struct ipv6hdr *)ip)->payload_len =
			htons(frame->size - frame->ip - sizeof(struct ipv6hdr));
	} else {
		struct iphdr *ip4 = (struct iphdr *)ip;

		ip4->tot_len = htons(frame->size - frame->ip);
		ip4->check = 0;
		ip4->check = ip_checksum(ip, ip4->ihl * 4);
	}
	if (frame->udp)
		((struct udphdr *)(frame->octets + frame->transport))->len =
			htons(frame->size - frame->transport);
}

bool frame_message(struct frame *frame, const struct endpoint *from, const struct endpoint *to,
		   bool tcp, const void *payload, size_t size)
{
	frame_ethernet(frame, addr_is_ipv4(&from->addr) ? ETH_P_IP : ETH_P_IPV6);
	frame_ip(frame, &from->addr, &to->addr, tcp ? IPPROTO_TCP : IPPROTO_UDP);
	if (tcp)
		frame_tcp(frame, from->port, to->port, 0x18);
	else
		frame_udp(frame, from->port, to->port);
	if (!frame_append(frame, payload, size))
		return false;
	frame_finish(frame);
	return true;
}
