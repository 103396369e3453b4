/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/prefix.h"

#include <arpa/inet.h>
#include <string.h>

#include "policy/decimal.h"

#define V4_OFFSET 12 /* octets of ::ffff:0:0/96 before the IPv4 address */
#define V4_BITS   96

static bool is_mapped(const struct sw_addr *addr)
{
	static const uint8_t start[V4_OFFSET] = {[10] = 0xff, [11] = 0xff};

	return memcmp(addr->octets, start, sizeof(start)) == 0;
}

static int addr_read(const char *text, struct sw_addr *addr, bool *ipv6)
{
	memset(addr, 0, sizeof(*addr));
	*ipv6 = strchr(text, ':') != NULL;
	if (*ipv6)
		return inet_pton(AF_INET6, text, addr->octets) == 1 ? 0 : -1;
	addr->octets[10] = addr->octets[11] = 0xff;
	return inet_pton(AF_INET, text, addr->octets + V4_OFFSET) == 1 ? 0 : -1;
}

int addr_parse(const char *text, struct sw_addr *addr)
{
	bool ipv6;

	if (addr_read(text, addr, &ipv6) < 0 || (ipv6 && is_mapped(addr)))
		return -1;
	return 0;
}

/* Clears what is behind the first `length` bits of 128; whether anything was set there. */
static bool clear_host_bits(struct sw_addr *addr, unsigned int length)
{
	bool cleared = false;

	for (unsigned int i = length / 8; i < sizeof(addr->octets); i++) {
		uint8_t keep = i == length / 8 ? (uint8_t)(0xff00 >> length % 8) : 0;

		cleared |= (addr->octets[i] & ~keep) != 0;
		addr->octets[i] &= keep;
	}
	return cleared;
}

static int length_read(const char *text, unsigned int max, uint8_t *length)
{
	uint64_t value;

	if (decimal(&text, max, &value) < 0 || *text)
		return -1;
	*length = value;
	return 0;
}

enum prefix_fault prefix_read(const char *text, struct prefix *prefix)
{
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	char address[INET6_ADDRSTRLEN];
	unsigned int bits;
	bool host_bits;

	memset(prefix, 0, sizeof(*prefix));
	if (size >= sizeof(address))
		return PREFIX_NO_ADDRESS;
	memcpy(address, text, size);
	address[size] = '\0';
	if (addr_read(address, &prefix->addr, &prefix->ipv6) < 0)
		return PREFIX_NO_ADDRESS;
	bits = prefix->ipv6 ? 128 : 32;
	prefix->length = bits;
	if (slash && length_read(slash + 1, bits, &prefix->length) < 0)
		return PREFIX_NO_LENGTH;
	host_bits = clear_host_bits(&prefix->addr, prefix->length + 128 - bits);
	if (prefix->ipv6 && prefix->length >= V4_BITS && is_mapped(&prefix->addr)) {
		prefix->ipv6 = false;
		prefix->length -= V4_BITS;
		return PREFIX_MAPPED;
	}
	return host_bits ? PREFIX_HOST_BITS : PREFIX_FINE;
}

int prefix_parse(const char *text, struct prefix *prefix, const char **why)
{
	static const char *const faults[PREFIX_FAULTS] = {
		[PREFIX_NO_ADDRESS] = "it does not begin with an IPv4 or IPv6 address",
		[PREFIX_NO_LENGTH] = "its length is not a number within 0..32 (IPv4) or 0..128 "
				     "(IPv6)",
		[PREFIX_HOST_BITS] = "it has bits set after its length",
		[PREFIX_MAPPED] = "it is an IPv4 prefix written as IPv6",
	};
	enum prefix_fault fault = prefix_read(text, prefix);

	*why = faults[fault];
	return fault == PREFIX_FINE ? 0 : -1;
}

int prefix_compare(const struct prefix *a, const struct prefix *b)
{
	int order = a->ipv6 - b->ipv6;

	if (!order)
		order = memcmp(&a->addr, &b->addr, sizeof(a->addr));
	return order ? order : a->length - b->length;
}

bool prefix_holds(const struct prefix *prefix, const struct sw_addr *addr)
{
	struct sw_addr cut = *addr;

	if (prefix->ipv6 == is_mapped(addr))
		return false;
	clear_host_bits(&cut, prefix->length + (prefix->ipv6 ? 0 : V4_BITS));
	return memcmp(&cut, &prefix->addr, sizeof(cut)) == 0;
}

const char *addr_text(const struct sw_addr *addr, char *text, size_t size)
{
	bool v4 = is_mapped(addr);

	if (!inet_ntop(v4 ? AF_INET : AF_INET6, addr->octets + (v4 ? V4_OFFSET : 0), text, size))
		*text = '\0';
	return text;
}

const char *prefix_text(const struct prefix *prefix, char *text, size_t size)
{
	size_t used;

	addr_text(&prefix->addr, text, size);
	used = strlen(text);
	if (prefix->length != (prefix->ipv6 ? 128 : 32))
		snprintf(text + used, size - used, "/%u", prefix->length);
	return text;
}
