/* SPDX-License-Identifier: GPL-2.0-only
 *
 * libFuzzer target of the SIP scanner. The first octet picks mode and profile, the rest is
 * the message, on a heap block with nothing behind it but SIP_PAD hostile octets. Checked
 * besides memory: the pad has no influence; spans lie inside the message, addresses inside
 * their values; a cut is never judged for what is missing; early and resumed is the same as
 * in one go, and a peek finds no other; what nobody needs is left out without a difference. From
 * the top:
 *   clang -g -O1 -std=gnu11 -D_GNU_SOURCE -Iinclude -iquote bpf -iquote selftests/unit \
 *     -fsanitize=fuzzer,address,undefined selftests/fuzz/fuzz_scan.c -o fuzz_scan
 *   ./fuzz_scan -max_len=2048 CORPUS selftests/corpus/ordinary selftests/corpus/torture
 */
#include "sip_needs.h"

#define MISSING                                                                                 \
	(SW_SANITY_BIT(HEADER_END) | SW_SANITY_BIT(VIA_MISSING) | SW_SANITY_BIT(FROM_MISSING) | \
	 SW_SANITY_BIT(TO_MISSING) | SW_SANITY_BIT(CALL_ID_MISSING) |                           \
	 SW_SANITY_BIT(CSEQ_MISSING) | SW_SANITY_BIT(MAX_FORWARDS_MISSING) |                    \
	 SW_SANITY_BIT(FROM_TAG_MISSING) | SW_SANITY_BIT(CONTACT_MISSING))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

/* Something is called missing that was not seen, though it may come: an empty header was seen. */
static bool misses_unseen(const struct sip_msg *msg)
{
	uint64_t empty = 0;

	if (msg->present & SIP_PRESENT(VIA))
		empty |= SW_SANITY_BIT(VIA_MISSING);
	if (msg->present & SIP_PRESENT(FROM))
		empty |= SW_SANITY_BIT(FROM_MISSING);
	if (msg->present & SIP_PRESENT(TO))
		empty |= SW_SANITY_BIT(TO_MISSING);
	return msg->violations & MISSING & ~empty;
}

static void check_spans(const struct sip_msg *msg, size_t size)
{
	const struct sip_span *first = &msg->method;
	size_t count = (sizeof(*msg) - offsetof(struct sip_msg, method)) / sizeof(*first);

	for (size_t i = 0; i < count; i++)
		check((size_t)first[i].offset + first[i].length <= size);
	check(msg->begin <= size && msg->body_offset <= size);
}

/* The user and the host of a value's address lie inside the value. */
static void check_addresses(const struct sip_buf *buf, const struct sip_msg *msg)
{
	for (int i = 0; i < SIP_HEADER_COUNT; i++) {
		size_t begin = msg->value[i].offset, end = begin + msg->value[i].length;
		uint64_t address = sip_address(buf, begin, end);
		struct sip_span user = sip_address_user(address), host = sip_address_host(address);

		check(!user.length || (user.offset >= begin && user.offset + user.length <= end));
		check(!host.length || (host.offset >= begin && host.offset + host.length <= end));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t modes[] = {0, SIP_STREAM, SIP_FRAGMENT};
	struct sip_msg msg = {0}, again = {0};
	struct sip_input in;
	uint8_t choice, *block;

	needs = SIP_NEED_ALL;
	if (!size || size > SW_MESSAGE_MAX)
		return 0;
	choice = *data++;
	size--;
	in = sip_exact_input(size, modes[choice % 3],
			     choice & 0x40 ? SW_SANITY_DEFAULT : SW_SANITY_STRICT);
	check(sip_scan_exact(data, &in, choice, &msg));
	check_spans(&msg, size);
	block = malloc(size + SIP_PAD);
	memcpy(block, data, size);
	memset(block + size, choice, SIP_PAD);
	check_addresses((const struct sip_buf *)block, &msg);
	free(block);
	check(!(msg.violations & ~SW_SANITY_STRICT));
	if (in.flags && !(msg.flags & SIP_COMPLETE))
		check(!misses_unseen(&msg));

	in.flags |= SIP_EARLY;
	check(sip_scan_exact(data, &in, choice, &again));
	check(!misses_unseen(&again));
	in.flags = (in.flags & ~SIP_EARLY) | SIP_RESUME;
	check(sip_scan_exact(data, &in, choice, &again));
	check(!memcmp(&msg, &again, sizeof(msg)));
	check(peek(data, size, choice) != PEEK_DIFFERS);
	check(needs_that_differ(data, size, modes[choice % 3], choice) == ~0u);
	return 0;
}
