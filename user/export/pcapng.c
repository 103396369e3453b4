/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/pcapng.h"

#include <errno.h>
#include <string.h>

/* Blocks and options, by the numbers of the draft. Numbers are in the order of this host, which
 * the first block tells. */
#define BLOCK_SECTION   0x0a0d0d0a
#define BLOCK_INTERFACE 1
#define BLOCK_PACKET    6
#define BYTE_ORDER_MARK 0x1a2b3c4d
#define LINK_ETHERNET   1

#define OPTION_END        0
#define OPTION_COMMENT    1
#define OPTION_USER_APPL  4
#define OPTION_IF_NAME    2
#define OPTION_IF_TSRESOL 9

struct block {
	char *octets;
	size_t count;
};

static void put(struct block *block, const void *octets, size_t size)
{
	static const char zeros[4];
	size_t padding = -size & 3;

	block->octets = xrealloc(block->octets, block->count + size + padding);
	memcpy(block->octets + block->count, octets, size);
	memcpy(block->octets + block->count + size, zeros, padding);
	block->count += size + padding;
}

static void put_number(struct block *block, uint32_t number)
{
	put(block, &number, sizeof(number));
}

static void put_option(struct block *block, uint16_t code, const void *value, size_t size)
{
	const uint16_t head[] = {code, size};

	put(block, head, sizeof(head));
	if (size)
		put(block, value, size);
}

/* Type and length stand in front, and the length behind, too. */
static void write_block(struct pcapng *pcapng, uint32_t type, struct block *block)
{
	FILE *out = pcapng->out;
	uint32_t length = block->count + 3 * sizeof(uint32_t);

	fwrite(&type, sizeof(type), 1, out);
	fwrite(&length, sizeof(length), 1, out);
	fwrite(block->octets, block->count, 1, out);
	fwrite(&length, sizeof(length), 1, out);
	fflush(out); /* whoever reads at the other end of a pipe sees it now */
	if (ferror(out) && !pcapng->error)
		pcapng->error = errno;
	free(block->octets);
}

void pcapng_begin(struct pcapng *pcapng, FILE *out)
{
	static const char program[] = "sipward " SIPWARD_VERSION;
	const uint16_t version[] = {1, 0};
	const uint64_t unknown_length = UINT64_MAX;
	struct block block = {};

	memset(pcapng, 0, sizeof(*pcapng));
	pcapng->out = out;
	put_number(&block, BYTE_ORDER_MARK);
	put(&block, version, sizeof(version));
	put(&block, &unknown_length, sizeof(unknown_length));
	put_option(&block, OPTION_USER_APPL, program, strlen(program));
	put_option(&block, OPTION_END, NULL, 0);
	write_block(pcapng, BLOCK_SECTION, &block);
}

void pcapng_free(struct pcapng *pcapng)
{
	free(pcapng->interfaces);
	memset(pcapng, 0, sizeof(*pcapng));
}

static uint32_t interface_number(struct pcapng *pcapng, uint32_t ifindex, const char *name)
{
	const uint16_t link[] = {LINK_ETHERNET, 0};
	const uint8_t nanoseconds = 9;
	struct block block = {};

	for (size_t i = 0; i < pcapng->interface_count; i++)
		if (pcapng->interfaces[i] == ifindex)
			return i;
	append(pcapng->interfaces, pcapng->interface_count, ifindex);
	put(&block, link, sizeof(link));
	put_number(&block, 0); /* frames of any length */
	if (name)
		put_option(&block, OPTION_IF_NAME, name, strlen(name));
	put_option(&block, OPTION_IF_TSRESOL, &nanoseconds, sizeof(nanoseconds));
	put_option(&block, OPTION_END, NULL, 0);
	write_block(pcapng, BLOCK_INTERFACE, &block);
	return pcapng->interface_count - 1;
}

void pcapng_packet(struct pcapng *pcapng, uint32_t ifindex, const char *name, uint64_t time,
		   const void *frame, uint32_t size, const char *comment)
{
	uint32_t number = interface_number(pcapng, ifindex, name);
	struct block block = {};

	put_number(&block, number);
	put_number(&block, time >> 32);
	put_number(&block, time);
	put_number(&block, size);
	put_number(&block, size);
	put(&block, frame, size);
	put_option(&block, OPTION_COMMENT, comment, strlen(comment));
	put_option(&block, OPTION_END, NULL, 0);
	write_block(pcapng, BLOCK_PACKET, &block);
}
