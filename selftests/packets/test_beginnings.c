/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The first payload of a TCP connection, cut, ordered, repeated and overlapped in every way that a
 * generator finds. Every text that a server may assemble of the segments that passed must pass as
 * one segment, too; and an honest client gets all of a good payload through, whatever is lost.
 *
 * Both take more rounds with BEGINNINGS=N, and another course with SEED=N.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "client.h"

#define RST 0x04
#define URG 0x20

#define TEXT_MAX   4096
#define SYNS_MAX   6
#define ROUNDS_MAX 400 /* of a client that sends what is missing */

/* All of it happens at one moment. */
#define UNPROVEN "unproven: {syn: 1000000/s, segment: 1000000/s}"

static const char *const policy_text =
	"version: 1\n"
	"services:\n"
	"  - {transport: tcp, port: 5060}\n"
	"  - {transport: tls, port: 5061}\n"
	"  - {transport: tls, port: 5062, tls: {min_version: 1.3}}\n"
	"zones:\n"
	"  - {name: ims, sources: [198.51.100.0/24], require: ipsec, "
	"cleartext: 1000000/s, " UNPROVEN "}\n"
	"  - {name: trunk, sources: [203.0.113.0/24], require: tls, " UNPROVEN "}\n"
	"  - {name: public, " UNPROVEN "}\n"
	"emergency: {numbers: [\"112\"]}\n";

struct text {
	uint8_t octets[TEXT_MAX];
	size_t size;
};

/* Where a connection comes from and goes to, and texts of which some are good there. */
struct setting {
	const char *name;
	const char *from;
	uint16_t port;
	struct text good;
	struct text bad[3];
	size_t bad_count;
};

/* A server that assembles the segments. */
struct server {
	uint32_t first; /* sequence number of the stream's first octet */
	uint8_t octets[TEXT_MAX];
	bool has[TEXT_MAX];
	size_t next; /* octets that are there without a gap: delivered */
};

static uint64_t random_state;

static uint32_t chance(uint32_t below)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (random_state >> 33) % below;
}

static void put(struct text *text, const void *octets, size_t size)
{
	assert_true(text->size + size <= sizeof(text->octets));
	memcpy(text->octets + text->size, octets, size);
	text->size += size;
}

static void put_request(struct text *text, const char *method, const char *uri)
{
	char line[256], all[2048];
	size_t size = request(all, sizeof(all), method, 1, NULL);
	const char *headers = strchr(all, '\n') + 1;

	put(text, line, snprintf(line, sizeof(line), "%s %s SIP/2.0\r\n", method, uri));
	put(text, headers, size - (headers - all));
}

static void put_hello(struct text *text, unsigned int legacy, unsigned int newest)
{
	uint8_t octets[512];

	put(text, octets, hello(octets, 0x0301, legacy, newest));
}

static void put_http(struct text *text, const char *method)
{
	char all[128];

	put(text, all, snprintf(all, sizeof(all), "%s /x HTTP/1.1\r\nHost: a\r\n\r\n", method));
}

#define SETTINGS 6

static void make_settings(struct setting s[SETTINGS])
{
	static const char *const names[SETTINGS] = {
		"plain", "plain behind keepalives", "ipsec", "require tls", "tls", "tls 1.3"};
	static const char *const from[SETTINGS] = {"192.0.2.77",  "192.0.2.77", "198.51.100.7",
						   "203.0.113.5", "192.0.2.77", "192.0.2.77"};

	memset(s, 0, SETTINGS * sizeof(*s));
	for (int i = 0; i < SETTINGS; i++) {
		s[i].name = names[i];
		s[i].from = from[i];
		s[i].port = i < 4 ? 5060 : 5057 + i;
		s[i].bad_count = 3;
		put_http(&s[i].bad[0], "HEAD");
	}
	put(&s[1].good, "\r\n\r\n\r\n", 6);
	for (int i = 0; i < 2; i++) {
		put_request(&s[i].good, "OPTIONS", "sip:alice@example.com");
		put(&s[i].bad[1], "SSH-2.0-OpenSSH_9.2p1\r\n", 23);
		put(&s[i].bad[2], "\r\n\r\n", 4);
		put_http(&s[i].bad[2], "OPTIONS");
	}
	put_request(&s[2].good, "REGISTER", "sip:example.com");
	put_request(&s[3].good, "INVITE", "urn:service:sos");
	for (int i = 2; i < 4; i++) {
		put_request(&s[i].bad[1], "INVITE", "sip:alice@example.com");
		put_hello(&s[i].bad[2], 0x0303, 0x0304);
	}
	for (int i = 4; i < 6; i++) {
		put_hello(&s[i].good, 0x0303, 0x0304);
		put_request(&s[i].bad[1], "INVITE", "sip:alice@example.com");
	}
	put_hello(&s[4].bad[2], 0x0300, 0);
	put_hello(&s[5].bad[2], 0x0303, 0);
}

/* One segment; with random flags of no consequence, it passes or not. */
static bool passes(struct rig *rig, uint32_t seq, uint8_t flags, const void *octets, size_t size)
{
	sequence = seq;
	lay_segment(rig, flags, octets, size);
	return gets_in_frame(rig);
}

/* Another connection of the same client. */
static void next_connection(struct rig *rig)
{
	if (++rig->from.port == 0) {
		rig->from.port = 1024;
		rig->from.addr.words[3] ^= htonl(2);
	}
}

/* The text in one segment, of a connection of its own. */
static bool passes_whole(struct rig *rig, const uint8_t *octets, size_t size)
{
	uint32_t isn = chance(~0u);

	next_connection(rig);
	assert_true(passes(rig, isn, SYN, "", 0));
	return passes(rig, isn + 1, ACK, octets, size);
}

/* The server takes a segment. An octet that it has not delivered yet may be replaced by a later
 * copy, as Linux does when that one is longer. */
static void accepts(struct server *server, uint32_t seq, const uint8_t *octets, size_t size)
{
	bool replace = chance(2);

	for (size_t i = 0; i < size; i++) {
		int32_t at = seq + i - server->first;

		if (at < 0 || at >= TEXT_MAX || (size_t)at < server->next ||
		    (server->has[at] && !replace))
			continue;
		server->octets[at] = octets[i];
		server->has[at] = true;
	}
	while (server->next < TEXT_MAX && server->has[server->next])
		server->next++;
}

static unsigned long rounds(unsigned long wanted)
{
	const char *all = getenv("BEGINNINGS"), *seed = getenv("SEED");

	random_state = seed ? strtoul(seed, NULL, 0) : 1;
	return all ? strtoul(all, NULL, 0) : wanted;
}

/* --- an honest client --- */

/* A piece of the text as a client might send it now: from what it believes to be missing, or
 * somewhat before or behind. */
static void choose_piece(const struct server *server, size_t size, size_t *from, size_t *to)
{
	size_t start = server->next, length;

	if (!chance(3))
		start -= chance(start + 1) / (1 + chance(4));
	if (!chance(4))
		start += chance(64);
	if (start >= size)
		start = size - 1;
	length = chance(2) ? 1 + chance(chance(2) ? 4 : 40) : 1 + chance(1460);
	*from = start;
	*to = start + length < size ? start + length : size;
}

/* Sends the text until all of it is there. False when it never is. */
static bool delivers(struct rig *rig, const struct text *text, struct server *server)
{
	uint32_t isn = chance(4) ? chance(~0u) : 0xffffff00 + chance(256);

	next_connection(rig);
	memset(server, 0, sizeof(*server));
	server->first = isn + 1;
	assert_true(passes(rig, isn, SYN, "", 0));
	for (int i = 0; i < ROUNDS_MAX && server->next < text->size; i++) {
		size_t from, to;

		if (!chance(8))
			assert_true(passes(rig, isn, SYN, "", 0)); /* the answer was lost */
		if (!chance(8))                                    /* a keepalive of TCP */
			assert_true(passes(rig, server->first + server->next - 1, ACK, "", 0));
		choose_piece(server, text->size, &from, &to);
		if (passes(rig, server->first + from, ACK, text->octets + from, to - from) &&
		    chance(8)) /* else it is lost behind us */
			accepts(server, server->first + from, text->octets + from, to - from);
	}
	return server->next == text->size;
}

static void test_honest_client_gets_through(void **state)
{
	static struct setting settings[SETTINGS];
	static struct server server;
	unsigned long count = rounds(150);
	auto_rig struct rig rig;

	(void)state;
	make_settings(settings);
	rig_open(&rig, policy_text);
	for (int i = 0; i < SETTINGS; i++) {
		struct setting *s = &settings[i];

		rig.from.addr = address(s->from);
		rig.to.port = s->port;
		assert_true(passes_whole(&rig, s->good.octets, s->good.size));
		for (unsigned long j = 0; j < count; j++) {
			if (!delivers(&rig, &s->good, &server))
				fail_msg("%s: %zu of %zu octets (%lu)", s->name, server.next,
					 s->good.size, j);
			assert_memory_equal(server.octets, s->good.octets, s->good.size);
		}
		for (size_t k = 0; k < s->bad_count; k++) {
			assert_false(passes_whole(&rig, s->bad[k].octets, s->bad[k].size));
			for (unsigned long j = 0; j < count / 10 + 1; j++) {
				if (delivers(&rig, &s->bad[k], &server))
					fail_msg("%s: text %zu gets in (%lu)", s->name, k, j);
				assert_true(passes_whole(&rig, server.octets, server.next));
			}
		}
	}
}

/* --- an attacker --- */

struct attack {
	const struct setting *setting;
	uint32_t syns[SYNS_MAX]; /* that passed: the stream of each begins behind it */
	size_t syn_count;
	struct server server[SYNS_MAX]; /* one for each that the server may have taken */
	size_t passed;
	size_t dropped;
};

/* A SYN anywhere, close to another one, or again. */
static void send_syn(struct rig *rig, struct attack *a, const struct text *text)
{
	uint32_t isn = chance(~0u);
	size_t size = chance(3) ? 0 : chance(text->size);

	if (!chance(4)) /* where one part of sequence space ends, and the next begins */
		isn = (isn & 0xffffe000) - 16 + chance(32);
	if (a->syn_count && chance(2))
		isn = a->syns[chance(a->syn_count)] + chance(64) - 32;
	if (a->syn_count && !chance(4))
		isn = a->syns[chance(a->syn_count)] + chance(200000) - 100000;
	if (a->syn_count == SYNS_MAX || !passes(rig, isn, SYN, text->octets, size))
		return;
	a->syns[a->syn_count] = isn;
	a->server[a->syn_count].first = isn + 1;
	if (chance(2)) /* Fast Open: Linux may take its text */
		accepts(&a->server[a->syn_count], isn + 1, text->octets, size);
	a->syn_count++;
}

/* Octets of one of the texts, or of two of them, at or around their place in one of the streams.
 * Linux may throw away what passed. */
static void send_segment(struct rig *rig, struct attack *a, const struct text *text)
{
	uint8_t octets[TEXT_MAX + 16];
	uint32_t first = a->syns[chance(a->syn_count)] + 1;
	int32_t before = chance(3) ? 0 : chance(16);
	size_t from = chance(2) ? 0 : chance(chance(2) ? 12 : text->size);
	size_t size = 1 + chance(chance(2) ? 12 : text->size);
	uint8_t flags = chance(12) ? ACK : ACK | (chance(2) ? RST : URG);

	if (size > text->size - from)
		size = text->size - from;
	memset(octets, chance(2) ? 'x' : '\r', before);
	memcpy(octets + before, text->octets + from, size);
	if (!passes(rig, first + from - before, flags, octets, size + before)) {
		a->dropped++;
		return;
	}
	a->passed++;
	assert_false(flags & URG);
	if (flags & RST || !chance(3))
		return;
	for (size_t i = 0; i < a->syn_count; i++)
		accepts(&a->server[i], first + from - before, octets, size + before);
}

static void attack_once(struct rig *rig, struct attack *a, unsigned long number)
{
	const struct setting *s = a->setting;
	const struct text *texts[] = {&s->good, &s->bad[chance(s->bad_count)]};

	next_connection(rig);
	for (int i = 0; i < 24; i++) {
		const struct text *text = texts[chance(3) != 0];

		if (!a->syn_count || !chance(12))
			send_syn(rig, a, text);
		else
			send_segment(rig, a, text);
	}
	for (size_t i = 0; i < a->syn_count; i++)
		if (!passes_whole(rig, a->server[i].octets, a->server[i].next))
			fail_msg("%s: attack %lu: '%.*s' got in", s->name, number,
				 (int)a->server[i].next, (const char *)a->server[i].octets);
}

static void test_attacker_smuggles_nothing(void **state)
{
	static struct setting settings[SETTINGS];
	static struct attack attack;
	unsigned long count = rounds(1500);
	auto_rig struct rig rig;

	(void)state;
	make_settings(settings);
	rig_open(&rig, policy_text);
	for (int i = 0; i < SETTINGS; i++) {
		size_t passed = 0, dropped = 0;

		rig.from.addr = address(settings[i].from);
		rig.to.port = settings[i].port;
		for (unsigned long j = 0; j < count; j++) {
			memset(&attack, 0, sizeof(attack));
			attack.setting = &settings[i];
			attack_once(&rig, &attack, j);
			passed += attack.passed;
			dropped += attack.dropped;
		}
		print_message("# %s: %lu attacks, %zu segments passed, %zu were dropped\n",
			      settings[i].name, count, passed, dropped);
		assert_true(passed && dropped);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_honest_client_gets_through),
		cmocka_unit_test(test_attacker_smuggles_nothing),
	};

	return cmocka_run_group_tests_name("beginnings", tests, NULL, NULL);
}
