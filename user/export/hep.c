/* SPDX-License-Identifier: GPL-2.0-only */
#include "export/hep.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "policy/model.h"

#define VENDOR_GENERIC 0

enum chunk {
	CHUNK_FAMILY = 0x01,
	CHUNK_PROTOCOL = 0x02,
	CHUNK_SOURCE4 = 0x03,
	CHUNK_DESTINATION4 = 0x04,
	CHUNK_SOURCE6 = 0x05,
	CHUNK_DESTINATION6 = 0x06,
	CHUNK_SOURCE_PORT = 0x07,
	CHUNK_DESTINATION_PORT = 0x08,
	CHUNK_SECONDS = 0x09,
	CHUNK_MICROSECONDS = 0x0a,
	CHUNK_TYPE = 0x0b,
	CHUNK_ID = 0x0c,
	CHUNK_PAYLOAD = 0x0f,
	CHUNK_CORRELATION = 0x11,
};

#define HEAD 6 /* octets: "HEP3" and a length; vendor, type and length */

struct writer {
	uint8_t *to;
	size_t size;
};

/* There is room: fixed chunks are small, and those of others are cut before. */
static void put_chunk(struct writer *w, enum chunk type, const void *octets, size_t size)
{
	const uint16_t head[] = {htons(VENDOR_GENERIC), htons(type), htons(HEAD + size)};

	memcpy(w->to + w->size, head, HEAD);
	if (size)
		memcpy(w->to + w->size + HEAD, octets, size);
	w->size += HEAD + size;
}

static void put_8(struct writer *w, enum chunk type, uint8_t value)
{
	put_chunk(w, type, &value, sizeof(value));
}

static void put_16(struct writer *w, enum chunk type, uint16_t value)
{
	value = htons(value);
	put_chunk(w, type, &value, sizeof(value));
}

static void put_32(struct writer *w, enum chunk type, uint32_t value)
{
	value = htonl(value);
	put_chunk(w, type, &value, sizeof(value));
}

/* An event of a ban has no destination: the packet is one of the source's family all the same. */
static void put_addresses(struct writer *w, const struct sw_event *event)
{
	if (addr_is_ipv4(&event->src)) {
		put_8(w, CHUNK_FAMILY, AF_INET);
		put_chunk(w, CHUNK_SOURCE4, event->src.octets + 12, 4);
		put_chunk(w, CHUNK_DESTINATION4, event->dst.octets + 12, 4);
		return;
	}
	put_8(w, CHUNK_FAMILY, AF_INET6);
	put_chunk(w, CHUNK_SOURCE6, event->src.octets, 16);
	put_chunk(w, CHUNK_DESTINATION6, event->dst.octets, 16);
}

_Static_assert(AF_INET == 2 && AF_INET6 == 10, "HEP has the numbers of Linux");

static struct hep_text cut(struct hep_text text, size_t most)
{
	if (text.size > most)
		text.size = most;
	return text;
}

size_t hep_encode(const struct hep_packet *packet, uint8_t to[HEP_PACKET_MAX])
{
	struct hep_text correlation = cut(packet->correlation, HEP_NAME_MAX), payload;
	const struct sw_event *event = packet->event;
	struct writer w = {.to = to, .size = HEAD};
	uint16_t size;

	memcpy(to, "HEP3", 4);
	put_addresses(&w, event);
	put_8(&w, CHUNK_PROTOCOL, SW_IS_STREAM(event->transport) ? IPPROTO_TCP : IPPROTO_UDP);
	put_16(&w, CHUNK_SOURCE_PORT, event->sport);
	put_16(&w, CHUNK_DESTINATION_PORT, event->dport);
	put_32(&w, CHUNK_SECONDS, packet->time / SW_NS_PER_SEC);
	put_32(&w, CHUNK_MICROSECONDS, packet->time % SW_NS_PER_SEC / 1000);
	put_8(&w, CHUNK_TYPE, packet->type);
	put_32(&w, CHUNK_ID, packet->id);
	if (correlation.size)
		put_chunk(&w, CHUNK_CORRELATION, correlation.octets, correlation.size);
	payload = cut(packet->payload, HEP_PACKET_MAX - w.size - HEAD);
	put_chunk(&w, CHUNK_PAYLOAD, payload.octets, payload.size);
	size = htons(w.size);
	memcpy(to + 4, &size, sizeof(size));
	return w.size;
}

/* --- Call-ID --- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* The value of a line "NAME : VALUE"; size 0 when it has another name. */
static struct hep_text value_of(const char *line, const char *end, const char *name)
{
	size_t size = strlen(name);

	if ((size_t)(end - line) <= size || strncasecmp(line, name, size) != 0)
		return (struct hep_text){};
	line += size;
	while (line < end && is_space(*line))
		line++;
	if (line == end || *line++ != ':')
		return (struct hep_text){};
	while (line < end && is_space(*line))
		line++;
	while (end > line && is_space(end[-1]))
		end--;
	return (struct hep_text){line, end - line};
}

struct hep_text hep_call_id(const void *message, size_t size)
{
	const char *line = message, *stop = line + size;

	while (line < stop) {
		const char *next = memchr(line, '\n', stop - line), *end = next;
		struct hep_text found;

		if (!next)
			break; /* the line may go on behind what there is */
		if (end > line && end[-1] == '\r')
			end--;
		if (end == line)
			break;
		found = value_of(line, end, "call-id");
		if (!found.size)
			found = value_of(line, end, "i");
		if (found.size)
			return found;
		line = next + 1;
	}
	return (struct hep_text){};
}
