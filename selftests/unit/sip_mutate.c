/* SPDX-License-Identifier: GPL-2.0-only */
#include "sip_generate.h"

#include <stdbool.h>
#include <string.h>

#include <sipward/abi.h>

#include "base/base.h"

struct victim {
	struct sip_random *random;
	uint8_t *text;
	size_t size;
	size_t room;
};

static size_t somewhere(const struct victim *v, size_t size)
{
	return size ? sip_random_below(v->random, size) : 0;
}

/* Puts `size` octets in the place of `old` ones at `at`, as far as there is room. */
static void replace(struct victim *v, size_t at, size_t old, const void *octets, size_t size)
{
	if (v->size - old + size > v->room)
		return;
	memmove(v->text + at + size, v->text + at + old, v->size - at - old);
	memcpy(v->text + at, octets, size);
	v->size += size - old;
}

static size_t line_begin(const struct victim *v, size_t at)
{
	while (at > 0 && v->text[at - 1] != '\n')
		at--;
	return at;
}

static size_t line_end(const struct victim *v, size_t at)
{
	while (at < v->size && v->text[at] != '\n')
		at++;
	return at < v->size ? at + 1 : at;
}

static void flip_bit(struct victim *v)
{
	size_t at = somewhere(v, v->size);

	if (v->size)
		v->text[at] ^= 1 << sip_random_below(v->random, 8);
}

static void cut_end(struct victim *v)
{
	v->size = somewhere(v, v->size + 1);
}

static void cut_out(struct victim *v)
{
	size_t at = somewhere(v, v->size), size = somewhere(v, 40);

	if (size > v->size - at)
		size = v->size - at;
	replace(v, at, size, "", 0);
}

static void delete_line(struct victim *v)
{
	size_t begin = line_begin(v, somewhere(v, v->size)), end = line_end(v, begin);

	replace(v, begin, end - begin, "", 0);
}

static void repeat_line(struct victim *v)
{
	static uint8_t line[SW_MESSAGE_MAX];
	size_t begin = line_begin(v, somewhere(v, v->size)), size = line_end(v, begin) - begin;

	if (size > sizeof(line))
		return;
	memcpy(line, v->text + begin, size);
	for (size_t i = 1 + somewhere(v, somewhere(v, 10) ? 2 : 200); i; i--)
		replace(v, begin, 0, line, size);
}

/* An octet that parsers trip over. */
static uint8_t odd_octet(struct victim *v)
{
	static const char odd[] = "\0\r\n\t \"\\<>;:,@?=/()[]%*\x01\x1f\x7f";

	if (sip_random_below(v->random, 5) == 0)
		return 0x80 + sip_random_below(v->random, 0x80);
	return odd[sip_random_below(v->random, sizeof(odd) - 1)];
}

static void swap_octet(struct victim *v)
{
	size_t at = somewhere(v, v->size);

	if (v->size)
		v->text[at] = odd_octet(v);
}

static void insert_octets(struct victim *v)
{
	size_t at = somewhere(v, v->size + 1), count = 1 + somewhere(v, somewhere(v, 8) ? 3 : 400);
	uint8_t octet = odd_octet(v);

	while (count--)
		replace(v, at, 0, &octet, 1);
}

static void insert_words(struct victim *v)
{
	/* clang-format off */
	static const char *const words[] = {
		";;", ",,", "\r\n", "\r\n\r\n", "\n\n", "\r\n ", "\r\r", "\n ", "\\\"", " : ",
		";tag=", ";branch=z9hG4bK", "sip:", "tel:", "2001:db8::1", "255.255.255.255",
		"SIP/2.0", "SIP/2.0 200 ", "<sip:", "?", "\xc0\xaf", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\r\nCSeq: 1 ACK", "\r\nl: 0", "\r\nv:",
		"\r\nMax-Forwards: 256", "\r\n: x", "\r\nExpires: 4294967296",
		"\r\nContent-Length: 99999",
	};
	/* clang-format on */
	const char *word = words[sip_random_below(v->random, array_size(words))];

	replace(v, somewhere(v, v->size + 1), 0, word, strlen(word));
}

static void grow_number(struct victim *v)
{
	/* clang-format off */
	static const char *const numbers[] = {
		"0", "-1", "256", "2147483647", "2147483648", "4294967295", "4294967296",
		"18446744073709551616", "00000000000000000000000000000001", "1e3", "+5",
		"9999999999999999999999999999999999999999999",
	};
	/* clang-format on */
	const char *number = numbers[sip_random_below(v->random, array_size(numbers))];
	size_t begin = somewhere(v, v->size), end;

	while (begin < v->size && (v->text[begin] < '0' || v->text[begin] > '9'))
		begin++;
	end = begin;
	while (end < v->size && v->text[end] >= '0' && v->text[end] <= '9')
		end++;
	replace(v, begin, end - begin, number, strlen(number));
}

/* The head of this message and the tail of another. */
static void splice(struct victim *v)
{
	static uint8_t other[SW_MESSAGE_MAX];
	size_t size = sip_generate(v->random, other, sizeof(other));
	size_t from = somewhere(v, size), at = somewhere(v, v->size + 1);

	replace(v, at, v->size - at, other + from, size - from);
}

static void swap_lines(struct victim *v)
{
	static uint8_t line[SW_MESSAGE_MAX];
	size_t begin = line_begin(v, somewhere(v, v->size)), size = line_end(v, begin) - begin;

	if (size > sizeof(line))
		return;
	memcpy(line, v->text + begin, size);
	replace(v, begin, size, "", 0);
	replace(v, line_begin(v, somewhere(v, v->size)), 0, line, size);
}

size_t sip_mutate(struct sip_random *random, uint8_t *text, size_t size, size_t room)
{
	static void (*const ways[])(struct victim *) = {
		flip_bit,    cut_end,    cut_out,       delete_line,  repeat_line,
		swap_octet,  swap_octet, insert_octets, insert_words, insert_words,
		grow_number, splice,     swap_lines,
	};
	struct victim v = {.random = random, .text = text, .size = size, .room = room};

	for (uint32_t i = 1 + sip_random_below(random, sip_random_below(random, 2) ? 2 : 8); i; i--)
		ways[sip_random_below(random, array_size(ways))](&v);
	return v.size;
}
