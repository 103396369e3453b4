/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/capture.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <pcap/pcap.h>
#include <pcap/sll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

struct capture {
	pcap_t *pcap;
	const char *path;
	int link_type;
	struct frame frame;
};

/* A file with such a name is meant to be a capture: say that it is none, do not read SIP. */
static bool named_as_one(const char *path)
{
	static const char *const ends[] = {".pcap", ".pcapng", ".cap"};

	for (size_t i = 0; i < array_size(ends); i++) {
		size_t size = strlen(path), end = strlen(ends[i]);

		if (size >= end && strcasecmp(path + size - end, ends[i]) == 0)
			return true;
	}
	return false;
}

bool capture_is_one(const char *path, const uint8_t *octets, size_t size)
{
	static const uint8_t magics[][4] = {
		{0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1}, /* microseconds */
		{0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1}, /* nanoseconds */
		{0x0a, 0x0d, 0x0d, 0x0a},                           /* pcapng */
	};

	for (size_t i = 0; size >= 4 && i < array_size(magics); i++)
		if (memcmp(octets, magics[i], 4) == 0)
			return true;
	return named_as_one(path);
}

struct capture *capture_open(const char *path, struct error *e)
{
	static const int known[] = {DLT_EN10MB,    DLT_RAW,        DLT_IPV4, DLT_IPV6,
				    DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL, DLT_LOOP};
	auto_capture struct capture *capture = xcalloc(1, sizeof(*capture));
	char why[PCAP_ERRBUF_SIZE] = "";

	capture->path = path;
	capture->pcap =
		pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, why);
	if (!capture->pcap) {
		fail(e, EXIT_FAILED, "%s: the capture cannot be read: %s", path, why);
		return NULL;
	}
	capture->link_type = pcap_datalink(capture->pcap);
	for (size_t i = 0; i < array_size(known); i++)
		if (capture->link_type == known[i])
			return take(capture);
	fail(e, EXIT_FAILED,
	     "%s: its link type %d (%s) is not supported; Ethernet, raw IP, Linux "
	     "cooked (v1, v2) and loopback are",
	     path, capture->link_type, pcap_datalink_val_to_name(capture->link_type) ?: "?");
	return NULL;
}

void capture_close(struct capture **capture)
{
	if (*capture && (*capture)->pcap)
		pcap_close((*capture)->pcap);
	free(*capture);
	*capture = NULL;
}

static uint16_t ip_ethertype(const uint8_t *octets, size_t size)
{
	if (size && octets[0] >> 4 == 6)
		return ETH_P_IPV6;
	return ETH_P_IP;
}

/* Octets of the link header, and the ethertype behind it; SIZE_MAX when it is cut. */
static size_t link_header(int type, const uint8_t *octets, size_t size, uint16_t *ethertype)
{
	uint32_t family;
	uint16_t protocol;

	switch (type) {
	case DLT_LINUX_SLL:
		if (size < SLL_HDR_LEN)
			return SIZE_MAX;
		memcpy(&protocol, octets + 14, sizeof(protocol));
		*ethertype = ntohs(protocol);
		return SLL_HDR_LEN;
	case DLT_LINUX_SLL2:
		if (size < SLL2_HDR_LEN)
			return SIZE_MAX;
		memcpy(&protocol, octets, sizeof(protocol));
		*ethertype = ntohs(protocol);
		return SLL2_HDR_LEN;
	case DLT_NULL:
	case DLT_LOOP:
		if (size < sizeof(family))
			return SIZE_MAX;
		/* The family's number differs from system to system; the packet says what it is. */
		*ethertype = ip_ethertype(octets + sizeof(family), size - sizeof(family));
		return sizeof(family);
	default:
		*ethertype = ip_ethertype(octets, size);
		return 0;
	}
}

static void reframe(struct capture *capture, const uint8_t *octets, size_t size,
		    struct captured *packet)
{
	uint16_t ethertype = 0;
	size_t header = link_header(capture->link_type, octets, size, &ethertype);

	if (header == SIZE_MAX)
		header = size;
	frame_ethernet(&capture->frame, ethertype);
	frame_append(&capture->frame, octets + header, size - header);
	packet->octets = capture->frame.octets;
	packet->size = capture->frame.size;
}

int capture_next(struct capture *capture, struct captured *packet, struct error *e)
{
	struct pcap_pkthdr *header;
	const uint8_t *octets;
	int got = pcap_next_ex(capture->pcap, &header, &octets);

	if (got == PCAP_ERROR_BREAK)
		return 0;
	if (got != 1)
		return fail(e, EXIT_FAILED, "%s: the capture is damaged: %s", capture->path,
			    pcap_geterr(capture->pcap));
	packet->time = (uint64_t)header->ts.tv_sec * SW_NS_PER_SEC + header->ts.tv_usec;
	packet->cut = header->len > header->caplen ? header->len - header->caplen : 0;
	packet->octets = octets;
	packet->size = header->caplen;
	if (capture->link_type != DLT_EN10MB)
		reframe(capture, octets, header->caplen, packet);
	return 1;
}
