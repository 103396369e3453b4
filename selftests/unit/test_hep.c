/* SPDX-License-Identifier: GPL-2.0-only
 *
 * HEP packets as Homer reads them: every chunk by a reader that was written from the draft, and
 * not by what the encoder does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "export/hep.h"
#include "policy/prefix.h"

#include <cmocka.h>

#define TYPES 0x20

struct read {
	const uint8_t *octets[TYPES];
	size_t size[TYPES];
};

static size_t number(const uint8_t *octets, size_t size)
{
	size_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | octets[i];
	return value;
}

/* Each chunk once, all of the vendor 0, and nothing between them or behind. */
static struct read read_packet(const uint8_t *packet, size_t size)
{
	struct read r = {};
	size_t at = 6;

	assert_memory_equal(packet, "HEP3", 4);
	assert_int_equal(number(packet + 4, 2), size);
	while (at < size) {
		size_t type, length;

		assert_true(size - at >= 6);
		assert_int_equal(number(packet + at, 2), 0);
		type = number(packet + at + 2, 2);
		length = number(packet + at + 4, 2);
		assert_true(type < TYPES && !r.octets[type]);
		assert_true(length >= 6 && length <= size - at);
		r.octets[type] = packet + at + 6;
		r.size[type] = length - 6;
		at += length;
	}
	assert_int_equal(at, size);
	return r;
}

static size_t value(const struct read *r, int type, size_t size)
{
	assert_non_null(r->octets[type]);
	assert_int_equal(r->size[type], size);
	return number(r->octets[type], size);
}

static struct sw_event event_of(const char *from, const char *to)
{
	struct sw_event event = {.sport = 5062, .dport = 5060, .transport = SW_UDP};

	assert_int_equal(addr_parse(from, &event.src), 0);
	assert_int_equal(addr_parse(to, &event.dst), 0);
	return event;
}

static void test_ipv4(void **state)
{
	struct sw_event event = event_of("198.51.100.66", "192.0.2.10");
	const struct hep_packet packet = {
		.event = &event,
		.time = 1764460801123456789ull,
		.id = 0x01020304,
		.type = HEP_SIP,
		.correlation = {"call@there", 10},
		.payload = {"OPTIONS sip:a SIP/2.0\r\n", 23},
	};
	uint8_t to[HEP_PACKET_MAX];
	struct read r = read_packet(to, hep_encode(&packet, to));

	(void)state;
	assert_int_equal(value(&r, 0x01, 1), 2);
	assert_int_equal(value(&r, 0x02, 1), 17);
	assert_int_equal(value(&r, 0x03, 4), 0xc6336442);
	assert_int_equal(value(&r, 0x04, 4), 0xc000020a);
	assert_null(r.octets[0x05]);
	assert_null(r.octets[0x06]);
	assert_int_equal(value(&r, 0x07, 2), 5062);
	assert_int_equal(value(&r, 0x08, 2), 5060);
	assert_int_equal(value(&r, 0x09, 4), 1764460801);
	assert_int_equal(value(&r, 0x0a, 4), 123456);
	assert_int_equal(value(&r, 0x0b, 1), 1);
	assert_int_equal(value(&r, 0x0c, 4), 0x01020304);
	assert_int_equal(r.size[0x0f], 23);
	assert_memory_equal(r.octets[0x0f], packet.payload.octets, 23);
	assert_int_equal(r.size[0x11], 10);
	assert_memory_equal(r.octets[0x11], "call@there", 10);
}

static void test_ipv6_and_tcp(void **state)
{
	struct sw_event event = event_of("2001:db8::5", "2001:db8::10");
	const struct hep_packet packet = {.event = &event, .type = HEP_LOG, .payload = {"{}", 2}};
	uint8_t to[HEP_PACKET_MAX];
	struct read r;

	(void)state;
	event.transport = SW_TCP;
	r = read_packet(to, hep_encode(&packet, to));
	assert_int_equal(value(&r, 0x01, 1), 10);
	assert_int_equal(value(&r, 0x02, 1), 6);
	assert_null(r.octets[0x03]);
	assert_null(r.octets[0x04]);
	assert_int_equal(r.size[0x05], 16);
	assert_memory_equal(r.octets[0x05], event.src.octets, 16);
	assert_int_equal(r.size[0x06], 16);
	assert_memory_equal(r.octets[0x06], event.dst.octets, 16);
	assert_int_equal(value(&r, 0x0b, 1), 100);
	assert_null(r.octets[0x11]);
}

/* Whatever others write, the packet keeps within its room. */
static void test_long_texts_are_cut(void **state)
{
	static char text[2 * HEP_PACKET_MAX];
	struct sw_event event = event_of("2001:db8::5", "2001:db8::10");
	const struct hep_packet packet = {
		.event = &event,
		.type = HEP_SIP,
		.correlation = {text, sizeof(text)},
		.payload = {text, sizeof(text)},
	};
	uint8_t *to = malloc(HEP_PACKET_MAX);
	struct read r;

	(void)state;
	memset(text, 'x', sizeof(text));
	r = read_packet(to, hep_encode(&packet, to));
	assert_int_equal(r.size[0x11], HEP_NAME_MAX);
	assert_ptr_equal(r.octets[0x0f] + r.size[0x0f], to + HEP_PACKET_MAX);
	free(to);
}

/* In memory of its own, so that a look behind it is seen. */
static void finds(const char *message, const char *wanted)
{
	size_t size = strlen(message);
	char *copy = malloc(size ? size : 1);
	struct hep_text found;

	memcpy(copy, message, size);
	found = hep_call_id(copy, size);
	assert_int_equal(found.size, strlen(wanted));
	if (found.size)
		assert_memory_equal(found.octets, wanted, found.size);
	free(copy);
}

static void test_call_id(void **state)
{
	(void)state;
	finds("OPTIONS sip:a SIP/2.0\r\nVia: b\r\nCall-ID: abc@d\r\n\r\n", "abc@d");
	finds("OPTIONS sip:a SIP/2.0\ncALL-id \t:\t abc@d \t\n\n", "abc@d");
	finds("OPTIONS sip:a SIP/2.0\r\ni: abc\r\nCSeq: 1 OPTIONS\r\n", "abc");
	finds("OPTIONS sip:a SIP/2.0\r\nIn: abc\r\nCall-IDs: x\r\nCall-ID:y\r\n", "y");
	finds("OPTIONS sip:a SIP/2.0\r\nCall-ID:\r\n\r\n", "");
	finds("OPTIONS sip:a SIP/2.0\r\nCall-ID: cut", "");
	finds("OPTIONS sip:a SIP/2.0\r\n\r\nCall-ID: body\r\n", "");
	finds("Call-ID", "");
	finds("\n", "");
	finds("", "");
	assert_int_equal(hep_call_id(NULL, 0).size, 0);
}

/* Octets at random, in which lines and names are not rare. */
static void test_rubbish(void **state)
{
	static const char letters[] = "\r\n: \ti\rCall-ID\xff";

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t size = rand() % 64;
		char *text = malloc(size ? size : 1);
		struct hep_text found;

		for (size_t i = 0; i < size; i++)
			text[i] = letters[rand() % sizeof(letters)];
		found = hep_call_id(text, size);
		if (found.size) {
			assert_true((char *)found.octets > text);
			assert_true((char *)found.octets + found.size < text + size);
		}
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6_and_tcp),
		cmocka_unit_test(test_long_texts_are_cut),
		cmocka_unit_test(test_call_id),
		cmocka_unit_test(test_rubbish),
	};

	return cmocka_run_group_tests_name("hep", tests, NULL, NULL);
}
