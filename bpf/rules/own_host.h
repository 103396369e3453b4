/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Whether a host that a message names is this host: an address that it has. Names are not
 * resolved here.
 */
#ifndef SIPWARD_BPF_RULES_OWN_HOST_H
#define SIPWARD_BPF_RULES_OWN_HOST_H

#include <bpf/bpf_endian.h>

#include "lib/packet.h"

#define HOSTS_USED (policy.content & (SW_CONTENT_ROUTING | SW_CONTENT_HEADERS))

/* The state of the parser stands in memory: in registers, the verifier would tell apart all the
 * values that it can have. */
static __always_inline void start_address(struct content *content)
{
	content->group_count = content->group = content->octets = 0;
	content->group_gap = 9;
}

/* A part of an address goes to its place: groups before "::" from the start, and those behind
 * it are moved to the end when their number is known. */
static __always_inline void put_group(struct content *content)
{
	content->groups[content->group_count++ & 7] = content->group;
	content->group = content->octets = 0;
}

static __always_inline void take_ipv4(struct content *content, __u32 address)
{
	struct sw_addr *addr = &content->addr;

	addr->words[0] = addr->words[1] = 0;
	addr->words[2] = bpf_htonl(0xffff);
	addr->words[3] = bpf_htonl(address);
}

/* Dotted decimal at pos, of at most 3 digits a group, with an octet behind it that ends a host, to
 * content->addr: where it ends. 0 where that cannot be told by a few words. */
static __always_inline __u32 plain_ipv4(struct scratch *scratch, __u32 pos, __u32 end)
{
	__u64 address = 0, others = 0, word = 0;

	_Pragma("GCC unroll 4")
	for (int i = 0; i < 4; i++) {
		__u32 digits, n, group;

		word = sip_load(&scratch->buf, pos) ^ SIP_EACH('0');
		others = sip_no_digits(word) & 0x80808080;
		if (!others || others & 0x80)
			return 0;
		n = sip_lowest(others);
		digits = (__u32)word << (32 - 8 * n) >> 8;
		group = (digits & 0xff) * 100 + (digits >> 8 & 0xff) * 10 + (digits >> 16);
		address = address << 8 | group;
		if (group > 255 || (i < 3 && (word >> 8 * n & 0xff) != ('.' ^ '0')))
			return 0;
		pos = sip_forget(pos + n + (i < 3));
	}
	word = sip_marks(sip_load(&scratch->buf, pos));
	if (pos > end || (pos < end && !(word & 0x80)))
		return 0;
	take_ipv4(&scratch->content, address);
	return pos;
}

/* Dotted decimal in [pos, end) as a local address is kept, to content->addr; 0 when it is none. */
__noinline int parse_ipv4(struct scratch *scratch, __u32 pos, __u32 end)
{
	struct content *content;

	if (!scratch || !HOSTS_USED || pos + 7 > end || pos + 15 < end)
		return 0;
	content = &scratch->content;
	start_address(content);
	for (__u32 i = 0; i < 15; i++) {
		__u32 digit;

		if (pos >= end)
			break;
		digit = (__u32)sip_octet(&scratch->buf, pos) - '0';
		pos++;
		if (digit <= 9)
			content->group = content->group * 10 + digit;
		else if (digit == (__u32)'.' - '0' && content->group < 256)
			put_group(content);
		else
			return 0;
	}
	if (content->group_count != 3 || content->group > 255)
		return 0;
	take_ipv4(content, (__u32)content->groups[0] << 24 | (__u32)content->groups[1] << 16 |
				   (__u32)content->groups[2] << 8 | content->group);
	return 1;
}

static __always_inline __u32 hex_digit(__u8 octet)
{
	__u32 letter = (__u32)(octet | 0x20) - 'a';

	if ((__u32)octet - '0' <= 9)
		return octet - '0';
	return letter < 6 ? letter + 10 : 16;
}

/* The groups behind "::", if it is there, move to the end. */
static __always_inline int place_groups(struct content *content, struct sw_addr *addr)
{
	__u32 count = content->group_count, gap = content->group_gap, missing = 8 - count;
	__u16 *to = (__u16 *)addr->octets;

	if (count > 8 || (gap > 8 && count != 8))
		return 0;
	__builtin_memset(addr, 0, sizeof(*addr));
	for (__u32 i = 0; i < 8; i++) {
		if (i >= count)
			break;
		to[(i < gap ? i : i + missing) & 7] = bpf_htons(content->groups[i]);
	}
	return 1;
}

/* Parses the text between the brackets of an IPv6 reference, but for dotted decimal in it. */
__noinline int parse_ipv6(struct scratch *scratch, __u32 pos, __u32 end)
{
	struct content *content;

	if (!scratch || !HOSTS_USED)
		return 0;
	content = &scratch->content;
	start_address(content);
	for (__u32 i = 0; i < 40; i++) {
		__u32 digit;
		__u8 octet;

		if (pos >= end)
			break;
		octet = sip_octet(&scratch->buf, pos);
		pos++;
		digit = hex_digit(octet);
		if (digit < 16) {
			content->group = content->group << 4 | digit;
			content->octets = 1;
			continue;
		}
		if (octet != ':')
			return 0;
		if (content->octets)
			put_group(content);
		if (pos < end && sip_octet(&scratch->buf, pos) == ':')
			content->group_gap = content->group_count;
	}
	if (content->octets)
		put_group(content);
	return place_groups(content, &content->addr);
}

/* Whether content->addr is an address of this host. */
static __always_inline int is_local(const struct scratch *scratch)
{
	struct sw_addr addr =
		scratch->content.addr; /* 6.1 wants the keys of lookups on the stack */

	return bpf_map_lookup_elem(&local_addrs, &addr) != 0;
}

/* Whether [pos, end) is an address of this host; that of IPv6 stands in brackets. */
__noinline int is_own_host(struct scratch *scratch, __u32 pos, __u32 end)
{
	int parsed;

	if (!scratch || !HOSTS_USED || pos >= end)
		return 0;
	parsed = sip_octet(&scratch->buf, pos) == '[' ? parse_ipv6(scratch, pos + 1, end - 1) :
							parse_ipv4(scratch, pos, end);
	return parsed && is_local(scratch);
}

#endif
