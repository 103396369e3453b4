/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Datagrams in fragments: the first is judged, in whatever order they come, and nobody else's
 * fragments harm a datagram.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <netinet/in.h>

#include "rig.h"

static const char *const only_options = YAML_PLAIN "zones: [{name: public, methods: [OPTIONS]}]\n";
static const char *const drop_unknown =
	YAML_PLAIN "fragments: drop\nzones: [{name: public, methods: [OPTIONS]}]\n";

/* Octets `from`..`to` of the IP payload of a datagram (UDP header and message), as a fragment. */
struct piece {
	uint32_t from;
	uint32_t to;
	uint16_t id;
	bool more;
};

static uint8_t datagram[8 + 4096];
static size_t datagram_size;

static void make_datagram(const struct rig *rig, const char *method, unsigned int n)
{
	size_t size = request((char *)datagram + 8, sizeof(datagram) - 8, method, n, NULL);
	uint16_t header[4] = {htons(rig->from.port), htons(rig->to.port), htons(size + 8), 0};

	memcpy(datagram, header, sizeof(header));
	datagram_size = size + 8;
}

static void fragment(struct rig *rig, const struct piece *piece)
{
	bool ipv6 = rig->from.addr.words[2] != htonl(0xffff);
	uint16_t place = piece->from / 8;

	frame_ethernet(&rig->frame, ipv6 ? ETH_P_IPV6 : ETH_P_IP);
	frame_ip(&rig->frame, &rig->from.addr, &rig->to.addr,
		 ipv6 ? IPPROTO_FRAGMENT : IPPROTO_UDP);
	if (ipv6) {
		uint16_t header[4] = {htons(IPPROTO_UDP << 8), htons(place << 3 | piece->more), 0,
				      htons(piece->id)};

		frame_append(&rig->frame, header, sizeof(header));
	} else {
		struct iphdr *ip = (struct iphdr *)(rig->frame.octets + rig->frame.ip);

		ip->id = htons(piece->id);
		ip->frag_off = htons(place | (piece->more ? 0x2000 : 0));
	}
	frame_append(&rig->frame, datagram + piece->from, piece->to - piece->from);
	frame_finish(&rig->frame);
}

static void both_families(void (*test)(struct rig *rig), const char *yaml)
{
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		auto_rig struct rig rig;

		rig_open(&rig, yaml);
		if (ipv6) {
			rig.from.addr = address("2001:db8::7");
			rig.to.addr = address("2001:db8::1");
		}
		test(&rig);
	}
}

/* Of a refused datagram nothing is remembered: its rest may pass, for nothing comes of it. */
static void drop_is_forgotten(struct rig *rig)
{
	make_datagram(rig, "MESSAGE", 1);
	fragment(rig, &(struct piece){0, 256, 1, true});
	sends_frame(rig, SW_REASON_METHOD);
	fragment(rig, &(struct piece){256, datagram_size, 1, false});
	ignores_frame(rig);
	/* Nor does a good datagram of that id suffer, in whatever order it comes. */
	make_datagram(rig, "OPTIONS", 1);
	fragment(rig, &(struct piece){256, datagram_size, 1, false});
	ignores_frame(rig);
	fragment(rig, &(struct piece){0, 256, 1, true});
	sends_frame(rig, SW_REASON_NONE);
}

static void test_drop_is_forgotten(void **state)
{
	(void)state;
	both_families(drop_is_forgotten, only_options);
}

/* Somebody sends tiny first fragments of every id in another's name: each of his datagrams gets
 * through, and with `fragments: drop` each whose first fragment comes first. */
static void no_poison(struct rig *rig)
{
	for (unsigned int id = 0; id < 1024; id++) {
		make_datagram(rig, "OPTIONS", id);
		fragment(rig, &(struct piece){0, 16, id, true});
		sends_frame(rig, SW_REASON_FRAGMENT_TINY);
	}
	for (unsigned int id = 0; id < 1024; id += 7) {
		make_datagram(rig, "OPTIONS", id);
		fragment(rig, &(struct piece){0, 256, id, true});
		sends_frame(rig, SW_REASON_NONE);
		/* In between, the spoofer again. */
		fragment(rig, &(struct piece){0, 16, id, true});
		sends_frame(rig, SW_REASON_FRAGMENT_TINY);
		fragment(rig, &(struct piece){256, datagram_size, id, false});
		ignores_frame(rig);
	}
}

static void test_tiny_fragments_harm_nobody(void **state)
{
	(void)state;
	both_families(no_poison, only_options);
	both_families(no_poison, drop_unknown);
}

/* A flood of first fragments for no service fills a table of its own: a datagram that was judged
 * stays known. */
static void test_full_table(void **state)
{
	static const char small[] = YAML_PLAIN "fragments: drop\ntables: {fragments: 1024}\n"
					       "zones: [{name: public, methods: [OPTIONS]}]\n";
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, small);
	make_datagram(&rig, "OPTIONS", 1);
	fragment(&rig, &(struct piece){0, 256, 1, true});
	sends_frame(&rig, SW_REASON_NONE);
	rig.to.port = 9;
	make_datagram(&rig, "OPTIONS", 1);
	for (unsigned int i = 0; i < 8192; i++) {
		rig.from.addr.words[3] = htonl(0x0a000000 + i);
		fragment(&rig, &(struct piece){0, 256, i, true});
		assert_true(gets_in_frame(&rig));
	}
	rig.from.addr = address("198.51.100.7");
	fragment(&rig, &(struct piece){256, datagram_size, 1, false});
	ignores_frame(&rig);
	/* Forgotten after what Linux itself waits for the rest. */
	rig.test_run.now += 61 * SECOND;
	sends_frame(&rig, SW_REASON_FRAGMENT_UNKNOWN);
}

static void good_in_any_order(struct rig *rig)
{
	make_datagram(rig, "OPTIONS", 1);
	fragment(rig, &(struct piece){256, datagram_size, 3, false});
	ignores_frame(rig);
	fragment(rig, &(struct piece){0, 256, 3, true});
	sends_frame(rig, SW_REASON_NONE);
	fragment(rig, &(struct piece){256, datagram_size, 3, false});
	ignores_frame(rig);
}

static void test_good_in_any_order(void **state)
{
	(void)state;
	both_families(good_in_any_order, only_options);
}

/* 3.5 kB at MTU 1500, as INVITEs through many proxies are: every order of its three fragments. */
static void large_in_any_order(struct rig *rig)
{
	static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					{1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	static const char pad[] = "Record-Route: "
				  "<sip:proxy.example.com;lr;did=0123456789abcdef>\r\n";
	char *headers;
	size_t rest;

	make_datagram(rig, "INVITE", 1);
	headers = strstr((char *)datagram + 8, "Max-Forwards");
	while (datagram_size < 3500) {
		rest = datagram_size - ((uint8_t *)headers - datagram);
		memmove(headers + sizeof(pad) - 1, headers, rest);
		memcpy(headers, pad, sizeof(pad) - 1);
		datagram_size += sizeof(pad) - 1;
	}
	datagram[4] = datagram_size >> 8;
	datagram[5] = datagram_size;
	for (size_t i = 0; i < array_size(orders); i++) {
		for (int j = 0; j < 3; j++) {
			uint32_t from = orders[i][j] * 1448, to = from + 1448;

			fragment(rig, &(struct piece){from, to < datagram_size ? to : datagram_size,
						      100 + i, to < datagram_size});
			if (from)
				ignores_frame(rig);
			else
				sends_frame(rig, SW_REASON_NONE);
		}
	}
}

static void test_large_in_any_order(void **state)
{
	(void)state;
	both_families(large_in_any_order, YAML_PLAIN);
}

/* A first fragment must hold the start line and the top Via. */
static void tiny(struct rig *rig)
{
	size_t start = strlen("MESSAGE sip:alice@example.com SIP/2.0\r\n");

	make_datagram(rig, "OPTIONS", 1);
	for (uint32_t size = 8; size <= 8 + start; size += 8) {
		fragment(rig, &(struct piece){0, size, size, true});
		sends_frame(rig, SW_REASON_FRAGMENT_TINY);
	}
	fragment(rig, &(struct piece){0, 160, 500, true});
	sends_frame(rig, SW_REASON_NONE);
}

static void test_tiny_first_fragment(void **state)
{
	(void)state;
	both_families(tiny, only_options);
}

static void unknown_dropped(struct rig *rig)
{
	make_datagram(rig, "OPTIONS", 1);
	fragment(rig, &(struct piece){256, datagram_size, 4, false});
	sends_frame(rig, SW_REASON_FRAGMENT_UNKNOWN);
	fragment(rig, &(struct piece){0, 256, 4, true});
	sends_frame(rig, SW_REASON_NONE);
	fragment(rig, &(struct piece){256, datagram_size, 4, false});
	ignores_frame(rig);
	/* Media in fragments is not ours, and its rest must not suffer. */
	rig->to.port = 16384;
	make_datagram(rig, "OPTIONS", 1);
	fragment(rig, &(struct piece){0, 256, 5, true});
	ignores_frame(rig);
	fragment(rig, &(struct piece){256, datagram_size, 5, false});
	ignores_frame(rig);
}

static void test_unknown_dropped(void **state)
{
	(void)state;
	both_families(unknown_dropped, drop_unknown);
}

/* The payload of a later fragment must not be read as ports. */
static void payload_is_no_header(struct rig *rig)
{
	make_datagram(rig, "MESSAGE", 1);
	memcpy(datagram + 256, "\x13\xc4\x13\xc4\x01\x00\x00\x00", 8);
	fragment(rig, &(struct piece){256, datagram_size, 6, false});
	ignores_frame(rig);
}

static void test_payload_is_no_header(void **state)
{
	(void)state;
	both_families(payload_is_no_header, only_options);
}

/* IPv6 allows a fragment header on a datagram that is whole (RFC 6946). */
static void test_atomic_fragment(void **state)
{
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, only_options);
	rig.from.addr = address("2001:db8::7");
	rig.to.addr = address("2001:db8::1");
	make_datagram(&rig, "MESSAGE", 1);
	fragment(&rig, &(struct piece){0, datagram_size, 7, false});
	sends_frame(&rig, SW_REASON_METHOD);
	make_datagram(&rig, "OPTIONS", 1);
	fragment(&rig, &(struct piece){0, datagram_size, 7, false});
	sends_frame(&rig, SW_REASON_NONE);
}

/* Linux does not take the octets of a first fragment behind the last multiple of 8, so these octets
 * are not looked at either. The top Via ends in the next fragment. */
static void test_length_no_multiple_of_eight(void **state)
{
	auto_rig struct rig rig;
	uint32_t end;

	(void)state;
	rig_open(&rig, only_options);
	for (unsigned int pad = 0; pad < 8; pad++) {
		char *via;

		make_datagram(&rig, "OPTIONS", 1);
		via = strstr((char *)datagram + 8, ";rport\r\n");
		memmove(via + pad, via, datagram + datagram_size - (uint8_t *)via);
		memset(via, 'x', pad);
		datagram_size += pad;
		datagram[4] = datagram_size >> 8;
		datagram[5] = datagram_size;
		/* Behind the octet that shows that no folded line follows. */
		end = (uint8_t *)strstr((char *)datagram + 8, "Max-Forwards") + 1 - datagram;
		fragment(&rig, &(struct piece){0, end, pad, true});
		sends_frame(&rig, end % 8 ? SW_REASON_FRAGMENT_TINY : SW_REASON_NONE);
		fragment(&rig, &(struct piece){0, (end + 7) / 8 * 8, pad, true});
		sends_frame(&rig, SW_REASON_NONE);
	}
}

/* A first fragment without the ports: behind IPv6 headers one may end anywhere. */
static void test_no_ports(void **state)
{
	uint16_t header[4] = {htons(IPPROTO_DSTOPTS << 8), htons(1), 0, htons(9)};
	uint8_t options[8] = {IPPROTO_UDP, 0, 1, 4};
	auto_rig struct rig rig;

	(void)state;
	rig_open(&rig, only_options);
	rig.from.addr = address("2001:db8::7");
	rig.to.addr = address("2001:db8::1");
	make_datagram(&rig, "OPTIONS", 1);
	for (size_t size = 0; size <= 256; size += 256) {
		frame_ethernet(&rig.frame, ETH_P_IPV6);
		frame_ip(&rig.frame, &rig.from.addr, &rig.to.addr, IPPROTO_FRAGMENT);
		frame_append(&rig.frame, header, sizeof(header));
		frame_append(&rig.frame, options, sizeof(options));
		frame_append(&rig.frame, datagram, size);
		frame_finish(&rig.frame);
		sends_frame(&rig, size ? SW_REASON_NONE : SW_REASON_FRAGMENT_TINY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drop_is_forgotten),
		cmocka_unit_test(test_tiny_fragments_harm_nobody),
		cmocka_unit_test(test_full_table),
		cmocka_unit_test(test_good_in_any_order),
		cmocka_unit_test(test_large_in_any_order),
		cmocka_unit_test(test_tiny_first_fragment),
		cmocka_unit_test(test_unknown_dropped),
		cmocka_unit_test(test_payload_is_no_header),
		cmocka_unit_test(test_atomic_fragment),
		cmocka_unit_test(test_length_no_multiple_of_eight),
		cmocka_unit_test(test_no_ports),
	};

	return cmocka_run_group_tests_name("fragments", tests, NULL, NULL);
}
