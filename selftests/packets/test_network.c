/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Link, IP, fragments, transport headers, services: every packet that a peer was once seen to
 * let through or to kill by mistake, beside its nearest legal neighbour.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "rig.h"

static const char *const only_options = YAML_PLAIN "zones: [{name: public, methods: [OPTIONS]}]\n";

/* A message that the policy above refuses: a packet that is judged is dropped. */
static size_t forbidden(char *text, size_t size)
{
	return request(text, size, "MESSAGE", 1, NULL);
}

static void use_ipv6(struct rig *rig)
{
	rig->from.addr = address("2001:db8::7");
	rig->to.addr = address("2001:db8::1");
}

static void plain(struct rig *rig)
{
	char text[1024];
	size_t size = forbidden(text, sizeof(text));

	assert_true(frame_message(&rig->frame, &rig->from, &rig->to, false, text, size));
}

static struct iphdr *ipv4(struct rig *rig)
{
	return (struct iphdr *)(rig->frame.octets + rig->frame.ip);
}

static struct udphdr *udp(struct rig *rig)
{
	return (struct udphdr *)(rig->frame.octets + rig->frame.transport);
}

static void test_both_families(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, only_options);
	sends_method(&rig, "MESSAGE", 1, SW_REASON_METHOD);
	sends_method(&rig, "OPTIONS", 2, SW_REASON_NONE);
	use_ipv6(&rig);
	sends_method(&rig, "MESSAGE", 3, SW_REASON_METHOD);
	sends_method(&rig, "OPTIONS", 4, SW_REASON_NONE);
	assert_int_equal(counted_message(&rig, "public", SW_MESSAGE_MESSAGE), 2);
	assert_int_equal(counted_message(&rig, "public", SW_MESSAGE_OPTIONS), 2);
}

static void test_vlan_tags(void **state)
{
	static const uint16_t tags[][2] = {
		{0, 0}, {ETH_P_8021Q, 0}, {ETH_P_8021AD, ETH_P_8021Q}, {ETH_P_8021Q, ETH_P_8021Q}};
	auto_rig struct rig rig;
	char text[1024];
	size_t size = forbidden(text, sizeof(text));

	(void)state;
	rig_open(&rig, only_options);
	for (size_t i = 0; i < array_size(tags); i++) {
		frame_ethernet(&rig.frame, ETH_P_IP);
		for (int j = 0; j < 2 && tags[i][j]; j++)
			frame_vlan(&rig.frame, tags[i][j], 42 + j, ETH_P_IP);
		frame_ip(&rig.frame, &rig.from.addr, &rig.to.addr, IPPROTO_UDP);
		frame_udp(&rig.frame, 5060, 5060);
		frame_append(&rig.frame, text, size);
		frame_finish(&rig.frame);
		sends_frame(&rig, SW_REASON_METHOD);
	}
}

static void test_not_ip(void **state)
{
	static const uint16_t others[] = {ETH_P_ARP, ETH_P_LLDP, ETH_P_PPP_SES, 0x05dc,
					  ETH_P_MPLS_UC};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, only_options);
	for (size_t i = 0; i < array_size(others); i++) {
		plain(&rig);
		((struct ethhdr *)rig.frame.octets)->h_proto = htons(others[i]);
		ignores_frame(&rig);
	}
	/* Cut inside the Ethernet header's neighbour: nothing to judge, nothing to read. */
	plain(&rig);
	rig.frame.size = ETH_HLEN + 4;
	ignores_frame(&rig);
}

static void test_other_protocols(void **state)
{
	static const uint8_t others[] = {IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_SCTP, IPPROTO_ESP,
					 IPPROTO_GRE,  IPPROTO_IGMP,   112,          IPPROTO_NONE};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, only_options);
	for (int family = 0; family < 2; family++) {
		for (size_t i = 0; i < array_size(others); i++) {
			frame_ethernet(&rig.frame, family ? ETH_P_IPV6 : ETH_P_IP);
			frame_ip(&rig.frame, &rig.from.addr, &rig.to.addr, others[i]);
			frame_append(&rig.frame, "\x13\xc4\x13\xc4 what is this", 18);
			frame_finish(&rig.frame);
			ignores_frame(&rig);
		}
		use_ipv6(&rig);
	}
}

static void test_other_ports(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size = forbidden(text, sizeof(text));
	static const uint16_t ports[] = {0, 1, 22, 53, 5059, 5061, 5062, 16384, 65535};

	(void)state;
	rig_open(&rig, only_options);
	for (size_t i = 0; i < array_size(ports); i++) {
		rig.to.port = ports[i];
		frame_message(&rig.frame, &rig.from, &rig.to, false, text, size);
		ignores_frame(&rig);
	}
	/* 5061 is TLS, hence TCP: it was not UDP's, and is TCP's. */
	rig.to.port = 5061;
	sends_tcp(&rig, text, size, SW_REASON_NONE);
	assert_int_equal(counted_message(&rig, "public", SW_MESSAGE_OPAQUE), 1);
}

static void test_port_ranges_and_addresses(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, "version: 1\nservices: [{transport: udp, port: 5060-5063, "
		       "addresses: [192.0.2.1, \"2001:db8::1\"]}]\n"
		       "zones: [{name: public, methods: [OPTIONS]}]\n");
	for (int port = 5060; port <= 5063; port++) {
		rig.to.port = port;
		sends_method(&rig, "MESSAGE", port, SW_REASON_METHOD);
	}
	rig.to.port = 5064;
	plain(&rig);
	ignores_frame(&rig);
	rig.to.port = 5060;
	rig.to.addr = address("192.0.2.2"); /* transit, or another server's */
	plain(&rig);
	ignores_frame(&rig);
	use_ipv6(&rig);
	sends_method(&rig, "MESSAGE", 1, SW_REASON_METHOD);
	rig.to.addr = address("2001:db8::2");
	plain(&rig);
	ignores_frame(&rig);
}

static void test_ipv4_options(void **state)
{
	auto_rig struct rig rig;
	uint8_t options[40] = {1, 1, 1, 1};
	char text[1024];
	size_t size = forbidden(text, sizeof(text));

	(void)state;
	rig_open(&rig, only_options);
	for (size_t octets = 4; octets <= sizeof(options); octets += 4) {
		frame_ethernet(&rig.frame, ETH_P_IP);
		frame_ip(&rig.frame, &rig.from.addr, &rig.to.addr, IPPROTO_UDP);
		frame_append(&rig.frame, options, octets);
		ipv4(&rig)->ihl = 5 + octets / 4;
		frame_udp(&rig.frame, 5060, 5060);
		frame_append(&rig.frame, text, size);
		frame_finish(&rig.frame);
		sends_frame(&rig, SW_REASON_METHOD);
	}
}

static void test_ipv4_header(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	plain(&rig);
	sends_frame(&rig, SW_REASON_NONE);
	for (int ihl = 0; ihl < 5; ihl++) {
		plain(&rig);
		ipv4(&rig)->ihl = ihl;
		sends_frame(&rig, SW_REASON_IP_HEADER);
	}
	plain(&rig);
	ipv4(&rig)->version = 6;
	sends_frame(&rig, SW_REASON_IP_HEADER);
	plain(&rig);
	ipv4(&rig)->tot_len = htons(rig.frame.size - rig.frame.ip + 1);
	sends_frame(&rig, SW_REASON_IP_LENGTH);
	plain(&rig);
	ipv4(&rig)->tot_len = htons(19);
	sends_frame(&rig, SW_REASON_IP_LENGTH);
	/* Padding behind the IP packet is legal: short frames are filled up. */
	plain(&rig);
	frame_append(&rig.frame, "padding", 7);
	sends_frame(&rig, SW_REASON_NONE);
}

/* Lengths are compared in host order: 256, 512 ... must not slip through as 1, 2 ... */
static void test_udp_length(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	for (unsigned int length = 0; length < 2000; length++) {
		uint32_t real;

		plain(&rig);
		real = rig.frame.size - rig.frame.transport;
		udp(&rig)->len = htons(length);
		if (length < 8 || length > real)
			sends_frame(&rig, SW_REASON_UDP_LENGTH);
		else if (length < 8 + 20 || length == real)
			sends_frame(&rig, SW_REASON_NONE);
	}
}

static void test_ipv6_extensions(void **state)
{
	static const uint8_t order[] = {IPPROTO_HOPOPTS,  IPPROTO_DSTOPTS, IPPROTO_ROUTING,
					IPPROTO_FRAGMENT, IPPROTO_AH,      IPPROTO_DSTOPTS};
	auto_rig struct rig rig;
	char text[1024];
	size_t size = forbidden(text, sizeof(text));

	(void)state;
	rig_open(&rig, only_options);
	use_ipv6(&rig);
	for (size_t count = 1; count <= array_size(order); count++) {
		frame_ethernet(&rig.frame, ETH_P_IPV6);
		frame_ip(&rig.frame, &rig.from.addr, &rig.to.addr, order[0]);
		for (size_t i = 0; i < count; i++) {
			uint8_t header[24] = {i + 1 < count ? order[i + 1] : IPPROTO_UDP};
			size_t octets = order[i] == IPPROTO_FRAGMENT ? 8 : 24;

			/* AH counts 4-octet units less 2, the others 8-octet units less 1. */
			if (order[i] == IPPROTO_AH)
				header[1] = 4;
			else
				header[1] = order[i] == IPPROTO_FRAGMENT ? 0 : 2;
			frame_append(&rig.frame, header, octets);
		}
		frame_udp(&rig.frame, 5060, 5060);
		frame_append(&rig.frame, text, size);
		frame_finish(&rig.frame);
		sends_frame(&rig, SW_REASON_METHOD);
	}
}

static void chain(struct rig *rig, unsigned int count, uint8_t length_field)
{
	uint8_t header[8] = {IPPROTO_DSTOPTS, length_field};
	char text[1024];
	size_t size = forbidden(text, sizeof(text));

	frame_ethernet(&rig->frame, ETH_P_IPV6);
	frame_ip(&rig->frame, &rig->from.addr, &rig->to.addr, IPPROTO_DSTOPTS);
	for (unsigned int i = 0; i < count; i++) {
		if (i == count - 1)
			header[0] = IPPROTO_UDP;
		frame_append(&rig->frame, header, sizeof(header));
	}
	frame_udp(&rig->frame, 5060, 5060);
	frame_append(&rig->frame, text, size);
	frame_finish(&rig->frame);
}

static void test_ipv6_bounds(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	use_ipv6(&rig);
	chain(&rig, 8, 0);
	sends_frame(&rig, SW_REASON_NONE);
	chain(&rig, 9, 0);
	sends_frame(&rig, SW_REASON_IPV6_EXTENSIONS);
	chain(&rig, 1, 255); /* longer than the packet */
	sends_frame(&rig, SW_REASON_IP_LENGTH);
	plain(&rig);
	((struct ipv6hdr *)(rig.frame.octets + rig.frame.ip))->payload_len = htons(60000);
	sends_frame(&rig, SW_REASON_IP_LENGTH);
	plain(&rig);
	((struct ipv6hdr *)(rig.frame.octets + rig.frame.ip))->version = 4;
	sends_frame(&rig, SW_REASON_IP_HEADER);
}

/* An IPv6 packet must not stand for the IPv4 source that its address spells. */
static void test_mapped_source(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, only_options);
	use_ipv6(&rig);
	plain(&rig);
	memcpy(rig.frame.octets + rig.frame.ip + 8, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc6\x33\x64\x07",
	       16);
	ignores_frame(&rig);
}

static void test_tcp_header(void **state)
{
	static const struct {
		uint8_t flags;
		bool legal;
	} flags[] = {
		{0x02, true},  {0x12, true},  {0x10, true},  {0x18, true},
		{0x11, true},  {0x04, true},  {0x14, true},  {0xc2, true},
		{0x00, false}, {0x03, false}, {0x06, false}, {0x29, false},
		{0x01, false}, {0x08, false}, {0x3f, false}, {0x30, false},
	};
	auto_rig struct rig rig;
	struct tcphdr *tcp;

	(void)state;
	rig_open(&rig, YAML_PLAIN);
	for (size_t i = 0; i < array_size(flags); i++) {
		frame_message(&rig.frame, &rig.from, &rig.to, true, "", 0);
		rig.frame.octets[rig.frame.transport + 13] = flags[i].flags;
		sends_frame(&rig, flags[i].legal ? SW_REASON_NONE : SW_REASON_TCP_FLAGS);
	}
	for (int doff = 0; doff < 16; doff++) {
		frame_message(&rig.frame, &rig.from, &rig.to, true, "abcdefghijkl", 12);
		tcp = (struct tcphdr *)(rig.frame.octets + rig.frame.transport);
		tcp->doff = doff;
		tcp->seq = htonl(1 << 20); /* far behind the SYNs above */
		sends_frame(&rig, doff < 5 || doff > 8 ? SW_REASON_TCP_HEADER : SW_REASON_NONE);
	}
}

/* Any number of priority tags, which Linux takes off, before and between tags with an id, of which
 * it has a device for up to eight. */
static void test_many_tags(void **state)
{
	static const uint16_t ids[] = {0, 0, 0, 42, 0, 43, 0, 0, 0, 0};
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig, only_options);
	for (int family = 0; family < 2; family++) {
		for (unsigned int count = 0; count <= array_size(ids); count++) {
			for (unsigned int bad = 0; bad < 2; bad++) {
				size_t size = request(text, sizeof(text),
						      bad ? "MESSAGE" : "OPTIONS", 1, NULL);

				frame_ethernet(&rig.frame, family ? ETH_P_IPV6 : ETH_P_IP);
				for (unsigned int i = 0; i < count; i++)
					frame_vlan(&rig.frame, i % 3 ? ETH_P_8021Q : ETH_P_8021AD,
						   ids[i], family ? ETH_P_IPV6 : ETH_P_IP);
				frame_ip(&rig.frame, &rig.from.addr, &rig.to.addr, IPPROTO_UDP);
				frame_udp(&rig.frame, 5060, 5060);
				frame_append(&rig.frame, text, size);
				frame_finish(&rig.frame);
				sends_frame(&rig, count > 8 ? SW_REASON_VLAN_TAGS :
						  bad       ? SW_REASON_METHOD :
							      SW_REASON_NONE);
			}
		}
		use_ipv6(&rig);
	}
	/* Cut among its tags, and what is no IP behind them. */
	frame_ethernet(&rig.frame, ETH_P_ARP);
	for (int i = 0; i < 5; i++)
		frame_vlan(&rig.frame, ETH_P_8021Q, 0, ETH_P_ARP);
	ignores_frame(&rig);
	rig.frame.size -= 6;
	ignores_frame(&rig);
}

/* An extension header of this many octets, a multiple of 8. */
static void add_options(struct rig *rig, uint8_t next, size_t octets)
{
	uint8_t header[2048] = {next, octets / 8 - 1, 1, 4};

	for (size_t at = 8; at < octets; at += 8)
		header[at] = 1, header[at + 1] = 6;
	assert_true(frame_append(&rig->frame, header, octets));
}

/* A frame whose transport header stands this far behind the IPv6 header. */
static void put_far(struct rig *rig, size_t octets, uint8_t protocol, const char *text, size_t size)
{
	frame_ethernet(&rig->frame, ETH_P_IPV6);
	frame_ip(&rig->frame, &rig->from.addr, &rig->to.addr, IPPROTO_DSTOPTS);
	while (octets) {
		size_t now = octets > 2048 ? 2048 : octets;

		octets -= now;
		add_options(rig, octets ? IPPROTO_DSTOPTS : protocol, now);
	}
	if (protocol == IPPROTO_UDP)
		frame_udp(&rig->frame, 5060, 5060);
	else
		frame_tcp(&rig->frame, 5060, 5060, 0x18);
	assert_true(frame_append(&rig->frame, text, size));
	frame_finish(&rig->frame);
}

/* The kernel gives a test's frame 3520 octets of a first buffer: the header behind the extension
 * headers lies in it, across its end, or beyond. */
static void test_beyond_first_buffer(void **state)
{
	static const size_t far[] = {4080, 4096, 8192, 16384};
	static const char short_header[] = "\x13\xc4\x13\xc4";
	auto_rig struct rig rig;
	char text[1024];

	(void)state;
	rig_open(&rig, only_options);
	use_ipv6(&rig);
	for (size_t i = 0; i < 64 + array_size(far); i++) {
		size_t octets = i < 64 ? 3200 + 8 * i : far[i - 64];
		size_t size = forbidden(text, sizeof(text));
		uint64_t seen = counted(&rig, SW_MODE_MONITOR, SW_REASON_METHOD);

		put_far(&rig, octets, IPPROTO_UDP, text, size);
		sends_frame(&rig, SW_REASON_METHOD);
		put_far(&rig, octets, IPPROTO_TCP, text, size);
		assert_true(gets_in_frame(&rig));
		assert_int_equal(outcome.transport, SW_TCP);
		assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_METHOD), seen + 1);
		size = request(text, sizeof(text), "OPTIONS", 1, NULL);
		put_far(&rig, octets, IPPROTO_UDP, text, size);
		sends_frame(&rig, SW_REASON_NONE);
	}
	put_far(&rig, 9 * 2048, IPPROTO_UDP, text, 20);
	sends_frame(&rig, SW_REASON_IPV6_EXTENSIONS);
	/* It has ports and no more: no datagram, and no segment. */
	put_far(&rig, 4096, IPPROTO_UDP, "", 0);
	rig.frame.size = rig.frame.transport + 4;
	memcpy(rig.frame.octets + rig.frame.transport, short_header, 4);
	rig.frame.udp = false;
	frame_finish(&rig.frame);
	ignores_frame(&rig);
}

/* First payloads that begin beyond the first buffer are judged like others. */
static void test_first_payload_beyond_first_buffer(void **state)
{
	static const char ssh[] = "SSH-2.0-OpenSSH_9.2p1\r\n";
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, only_options);
	use_ipv6(&rig);
	for (size_t octets = 3400; octets < 3600; octets += 8) {
		rig.from.addr.octets[15]++;
		put_far(&rig, octets, IPPROTO_TCP, "", 0);
		rig.frame.octets[rig.frame.transport + 13] = 0x02;
		sends_frame(&rig, SW_REASON_NONE);
		put_far(&rig, octets, IPPROTO_TCP, ssh, sizeof(ssh) - 1);
		rig.frame.octets[rig.frame.transport + 7] = 1;
		sends_frame(&rig, SW_REASON_TCP_FIRST);
	}
}

/* Stacks of tags and extension headers as chance has them: packets that Linux would deliver are
 * judged. */
static void test_random_stacks_of_headers(void **state)
{
	static const uint8_t kinds[] = {IPPROTO_HOPOPTS, IPPROTO_DSTOPTS, IPPROTO_ROUTING};
	auto_rig struct rig rig;
	char text[1024];
	size_t refused = 0;

	(void)state;
	rig_open(&rig, only_options);
	use_ipv6(&rig);
	srandom(1);
	for (int round = 0; round < 1500; round++) {
		unsigned int tags = random() % 10, headers = random() % 10, bad = random() % 2;
		size_t size = request(text, sizeof(text), bad ? "MESSAGE" : "OPTIONS", 1, NULL);
		uint8_t next = headers ? kinds[random() % 3] : IPPROTO_UDP;

		frame_ethernet(&rig.frame, ETH_P_IPV6);
		for (unsigned int i = 0; i < tags; i++)
			frame_vlan(&rig.frame, random() % 2 ? ETH_P_8021Q : ETH_P_8021AD,
				   random() % 3 ? 0 : random() % 4096, ETH_P_IPV6);
		frame_ip(&rig.frame, &rig.from.addr, &rig.to.addr, next);
		for (unsigned int i = 0; i < headers; i++) {
			next = i + 1 < headers ? kinds[random() % 3] : IPPROTO_UDP;
			add_options(&rig, next, 8 * (1 + random() % (random() % 4 ? 8 : 256)));
		}
		frame_udp(&rig.frame, 5060, 5060);
		assert_true(frame_append(&rig.frame, text, size));
		frame_finish(&rig.frame);
		refused += tags > 8 || headers > 8;
		sends_frame(&rig, tags > 8    ? SW_REASON_VLAN_TAGS :
				  headers > 8 ? SW_REASON_IPV6_EXTENSIONS :
				  bad         ? SW_REASON_METHOD :
						SW_REASON_NONE);
	}
	assert_true(refused > 150 && refused < 600);
}

/* Content on TCP never drops a segment: it is counted, and the connection lives. */
static void test_tcp_content(void **state)
{
	auto_rig struct rig rig;
	char text[1024];
	size_t size = forbidden(text, sizeof(text));

	(void)state;
	rig_open(&rig, only_options);
	frame_message(&rig.frame, &rig.from, &rig.to, true, text, size);
	assert_true(gets_in_frame(&rig));
	assert_int_equal(counted(&rig, SW_MODE_MONITOR, SW_REASON_METHOD), 1);
	assert_int_equal(counted(&rig, SW_MODE_ENFORCE, SW_REASON_METHOD), 0);
	/* The middle of a message is not taken for a new one. */
	frame_message(&rig.frame, &rig.from, &rig.to, true, text + 40, size - 40);
	sends_frame(&rig, SW_REASON_NONE);
	assert_int_equal(outcome.message, SW_MESSAGE_OPAQUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_families),
		cmocka_unit_test(test_vlan_tags),
		cmocka_unit_test(test_not_ip),
		cmocka_unit_test(test_other_protocols),
		cmocka_unit_test(test_other_ports),
		cmocka_unit_test(test_port_ranges_and_addresses),
		cmocka_unit_test(test_ipv4_options),
		cmocka_unit_test(test_ipv4_header),
		cmocka_unit_test(test_udp_length),
		cmocka_unit_test(test_ipv6_extensions),
		cmocka_unit_test(test_ipv6_bounds),
		cmocka_unit_test(test_mapped_source),
		cmocka_unit_test(test_tcp_header),
		cmocka_unit_test(test_many_tags),
		cmocka_unit_test(test_beyond_first_buffer),
		cmocka_unit_test(test_first_payload_beyond_first_buffer),
		cmocka_unit_test(test_random_stacks_of_headers),
		cmocka_unit_test(test_tcp_content),
	};

	return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
