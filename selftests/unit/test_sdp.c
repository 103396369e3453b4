/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Session descriptions: for each fault a body that has it and its nearest legal neighbour.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sip/sdp_plain.h"

#define BIT(fault) (1u << SDP_##fault)

static const char plain[] = "v=0\r\n"
			    "o=alice 2890844526 2890844527 IN IP4 192.0.2.10\r\n"
			    "s=-\r\n"
			    "c=IN IP4 192.0.2.10\r\n"
			    "t=0 0\r\n"
			    "m=audio 49170 RTP/AVP 0 8 101\r\n"
			    "b=AS:64\r\n"
			    "a=rtpmap:0 PCMU/8000\r\n";

/* On a heap block of exactly the body and the pad that each buffer has. Plain lines are judged as
 * sdp_step() judges them. */
static uint32_t judge(const char *body, size_t size)
{
	char *block = malloc(size + SIP_PAD);
	struct sdp sdp = {.end = size}, again = sdp;
	uint32_t found;
	int steps = 0;

	memcpy(block, body, size);
	memset(block + size, '7', SIP_PAD);
	found = sdp_judge((const struct sip_buf *)block, &sdp);
	while (steps < SDP_LINES_MAX && !sdp_step((const struct sip_buf *)block, &again))
		steps++;
	free(block);
	assert_int_equal(found, sdp_finish(&again));
	return found;
}

static void is(const char *body, uint32_t wanted)
{
	uint32_t got = judge(body, strlen(body));

	if (got != wanted)
		print_error("faults %x and not %x: %s\n", got, wanted, body);
	assert_int_equal(got, wanted);
}

struct row {
	uint32_t fault;
	const char *what;
	const char *bad;
	const char *good;
};

static const struct row rows[] = {
	{BIT(NUMBER), "v=0", "v=1", "v=0 "},
	{BIT(NUMBER), "v=0", "v=", "v=0"},
	{BIT(ORDER), "v=0\r\n", "", "v=0\r\n"},
	{BIT(ORDER), "v=0\r\n", "a=x\r\nv=0\r\n", "v=0\r\na=x\r\n"},
	{BIT(ORDER), "s=-\r\n", "", "s=\r\n"},
	{BIT(ORDER), "s=-\r\n", "s=-\r\ns=-\r\n", "s=-\r\ni=-\r\n"},
	{BIT(ORDER), "t=0 0\r\n", "", "t=0 0\r\nt=0 0\r\n"},
	{BIT(ORDER), "c=IN IP4 192.0.2.10\r\nt=0 0\r\n", "t=0 0\r\nc=IN IP4 192.0.2.10\r\n",
	 "c=IN IP4 192.0.2.10\r\nb=CT:1\r\nt=0 0\r\n"},
	{BIT(ORDER), "c=IN IP4 192.0.2.10\r\n", "", "e=a@b\r\nc=IN IP4 192.0.2.10\r\n"},
	{BIT(ORDER), "o=alice", "s=x\r\no=alice", "o=bob"},
	{BIT(ORDER), "a=rtpmap", "t=0 0\r\na=rtpmap", "c=IN IP4 192.0.2.1\r\na=rtpmap"},
	{BIT(NUMBER), "2890844526", "28908x4526", "0"},
	{BIT(NUMBER), "2890844526", "18446744073709551616", "18446744073709551606"},
	{BIT(NUMBER), "2890844527", "-1", "00000000000000000001"},
	{BIT(NUMBER), "0 0\r\n", "0 x\r\n", "0 4294967296\r\n"},
	{BIT(NUMBER), "0 0\r\n", "0\r\n", "0 0 \r\n"},
	{BIT(NUMBER), "49170", "65536", "65535"},
	{BIT(NUMBER), "49170", "49170/x", "49170/2"},
	{BIT(NUMBER), "49170", "%d", "0"},
	{BIT(NUMBER), "AS:64", "AS:4294967296", "AS:4294967295"},
	{BIT(NUMBER), "AS:64", "AS", "X-YZ:1"},
	{BIT(LINE), "m=audio 49170 RTP/AVP 0 8 101", "m=audio 49170 RTP/AVP",
	 "m=audio 49170 RTP/AVP 0"},
	{BIT(LINE), "m=audio 49170", "m= 49170", "m=video 49170"},
	{BIT(LINE), "a=rtpmap", "A=rtpmap", "z=rtpmap"},
	{BIT(LINE), "a=rtpmap", "a rtpmap", "a="},
	{BIT(LINE), "a=rtpmap", "ab=rtpmap", "a==rtpmap"},
	{BIT(LINE), "a=rtpmap", "\r\na=rtpmap", "a=\r\na=rtpmap"},
	{BIT(LINE), "PCMU", "PC\x01MU", "PC\tM\xc3\xbc"},
	{BIT(LINE), "PCMU", "PC\rMU", "PC MU"},
	{BIT(LINE), "PCMU", "PC\x7fMU", "PC~MU"},
	{BIT(LINE), " IN IP4 192.0.2.10\r\ns", "\r\ns", " IN IP4 host.example.com\r\ns"},
	{BIT(ADDRESS), "c=IN IP4 192.0.2.10", "c=IN IP4 192.0.2.256", "c=IN IP4 192.0.2.255"},
	{BIT(ADDRESS), "c=IN IP4 192.0.2.10", "c=IN IP4 192.0.2", "c=IN IP4 phone.example.com"},
	{BIT(ADDRESS), "c=IN IP4 192.0.2.10", "c=IN IP4 192.0..2", "c=IN IP4 224.2.1.1/127/3"},
	{BIT(ADDRESS), "c=IN IP4 192.0.2.10", "c=IN IP5 192.0.2.10", "c=IN IP4 0.0.0.0"},
	{BIT(ADDRESS), "c=IN IP4 192.0.2.10", "c=IN IP4 a b", "c=IN IP4 192.0.2.10 "},
	{BIT(ADDRESS), "c=IN IP4 192.0.2.10", "c=IN IP6 2001:db8::1::2", "c=IN IP6 2001:db8::1"},
	{BIT(ADDRESS), "c=IN IP4 192.0.2.10", "c=IN IP6 2001:db8:1:2:3:4:5",
	 "c=IN IP6 2001:db8:1:2:3:4:5:6"},
	{BIT(ADDRESS), "c=IN IP4 192.0.2.10", "c=IN IP6 2001:db8::12345", "c=IN IP6 ::"},
	{BIT(ADDRESS), "c=IN IP4 192.0.2.10", "c=IN IP6 2001:db8::g", "c=IN IP6 ff15::101/3"},
	{BIT(ADDRESS), "c=IN IP4 192.0.2.10", "c=IN", "c=IN IP6 ::ffff:192.0.2.1"},
	{BIT(ADDRESS), "c=IN IP4 192.0.2.10", "c=IN IP4 ", "c=IN IP4 x"},
	{BIT(ADDRESS), "IN IP4 192.0.2.10\r\ns", "XX IP4 192.0.2.10\r\ns", "IN IP6 ::1\r\ns"},
};

static void replaced(const char *what, const char *with, char *text, size_t room)
{
	const char *at = strstr(plain, what);

	assert_non_null(at);
	snprintf(text, room, "%.*s%s%s", (int)(at - plain), plain, with, at + strlen(what));
}

static void test_rows(void **state)
{
	char text[4096];

	(void)state;
	is(plain, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		replaced(rows[i].what, rows[i].bad, text, sizeof(text));
		is(text, rows[i].fault);
		replaced(rows[i].what, rows[i].good, text, sizeof(text));
		is(text, 0);
	}
}

static void test_ends_of_the_body(void **state)
{
	char text[512];

	(void)state;
	/* LF alone, no line end at the end, empty lines at the end. */
	is("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 0 x y", 0);
	snprintf(text, sizeof(text), "%s\r\n\r\n", plain);
	is(text, 0);
	is("", BIT(ORDER));
	is("\r\n", BIT(ORDER));
	/* A media that is declined needs no address. */
	is("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nm=audio 0 RTP/AVP 0\n", 0);
	is("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nm=audio 9 RTP/AVP 0\n", BIT(ORDER));
	is("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nm=audio 9 RTP/AVP 0\nm=video 9 x 0\n"
	   "c=IN IP4 192.0.2.1\n",
	   BIT(ORDER));
	assert_int_equal(judge("v=0\0\r\n", 6) & BIT(LINE), BIT(LINE));
}

/* `count` times a line behind the plain body. */
static uint32_t with_many(const char *line, size_t count)
{
	size_t size = sizeof(plain) - 1, each = strlen(line);
	char *text = malloc(size + count * each);
	uint32_t found;

	memcpy(text, plain, size);
	for (size_t i = 0; i < count; i++)
		memcpy(text + size + i * each, line, each);
	found = judge(text, size + count * each);
	free(text);
	return found;
}

static void test_bounds(void **state)
{
	char line[SDP_LINE_MAX + 8], formats[1024] = "m=audio 9 RTP/AVP";

	(void)state;
	assert_int_equal(with_many("a=x\n", SDP_ATTRIBUTES_MAX - 1), 0);
	assert_int_equal(with_many("a=x\n", SDP_ATTRIBUTES_MAX), BIT(BOUNDS));
	assert_int_equal(with_many("m=x 9 y z\n", SDP_MEDIAS_MAX - 1), 0);
	assert_int_equal(with_many("m=x 9 y z\n", SDP_MEDIAS_MAX), BIT(BOUNDS));
	assert_int_equal(with_many("c=IN IP4 a\n", SDP_ADDRESSES_MAX), 0);
	assert_int_equal(with_many("c=IN IP4 a\n", SDP_ADDRESSES_MAX + 1), BIT(BOUNDS));
	assert_int_equal(with_many("i=\n", SDP_LINES_MAX - 8), 0);
	assert_int_equal(with_many("i=\n", SDP_LINES_MAX - 7), BIT(BOUNDS));
	memset(line, 'x', sizeof(line));
	memcpy(line, "a=", 2);
	strcpy(line + SDP_LINE_MAX, "\n");
	assert_int_equal(with_many(line, 1), 0);
	strcpy(line + SDP_LINE_MAX, "x\n");
	assert_int_equal(with_many(line, 1), BIT(BOUNDS));
	for (int i = 0; i < SDP_FORMATS_MAX; i++)
		strcat(formats, " 0");
	strcat(formats, "\n");
	assert_int_equal(with_many(formats, 1), 0);
	strcpy(formats + strlen(formats) - 1, " 0\n");
	assert_int_equal(with_many(formats, 1), BIT(BOUNDS));
}

/* Every description in the ordinary corpus is good. */
static void test_corpus(void **state)
{
	static char octets[SW_MESSAGE_MAX];
	DIR *dir = opendir("selftests/corpus/ordinary");
	struct dirent *entry;
	int seen = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[512], *body;
		uint32_t found;
		size_t size;
		FILE *file;

		snprintf(path, sizeof(path), "selftests/corpus/ordinary/%s", entry->d_name);
		file = strstr(entry->d_name, ".sip") ? fopen(path, "rb") : NULL;
		if (!file)
			continue;
		size = fread(octets, 1, sizeof(octets) - 1, file);
		fclose(file);
		octets[size] = '\0';
		body = strstr(octets, "\r\n\r\n");
		if (!body || strncmp(body + 4, "v=0", 3) != 0)
			continue;
		found = judge(body + 4, octets + size - body - 4);
		if (found)
			print_error("%s: faults %x\n", entry->d_name, found);
		assert_int_equal(found, 0);
		seen++;
	}
	closedir(dir);
	assert_true(seen > 10);
}

/* For any text the parser comes to an end, and reads nothing behind the body. */
static void test_hostile(void **state)
{
	uint64_t seed = 88172645463325252ull;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[sizeof(plain)];
		size_t size;

		memcpy(text, plain, sizeof(plain));
		for (int n = 0; n < 4; n++) {
			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			text[seed % (sizeof(plain) - 1)] = seed >> 32;
		}
		size = seed >> 20 & 1 ? sizeof(plain) - 1 : (seed >> 24) % (sizeof(plain) - 1);
		judge(text, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),    cmocka_unit_test(test_ends_of_the_body),
		cmocka_unit_test(test_bounds),  cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests_name("session descriptions", tests, NULL, NULL);
}
