/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Signs of toll fraud: a source that calls ever more numbers, the same number behind one
 * junk prefix after the other (0, 00, 9, 900, 011, 9011, 810, ...), or numbers in a row. It is a
 * limit, as rates are: a call over it is refused and changes nothing, and calls to numbers that
 * were called before go on.
 *
 * Sources by the path of a proof, over TCP, and all others are apart: a spoofer of an address
 * cannot spend the counts of its proofs and connections.
 */
#ifndef SIPWARD_BPF_RULES_FRAUD_H
#define SIPWARD_BPF_RULES_FRAUD_H

#include "rules/rule.h"
#include "sip/sip_brief.h"
#include "lib/token.h"
#include "lib/ways.h"

/* The last digits by which a number is the same whatever stands before it. */
#define SWEEP_DIGITS 8
/* People dial one number plain, with 0, with 00 or + and the country, and all that behind a 9
 * for the outside line. A source that tries more than SW_PREFIXES_MAX ways does not know how to
 * dial. */
/* Calls in a row, each to the number behind the last. */
#define SWEEP_RUN    16
#define NUMBER_MAX   32 /* octets that are looked at */

struct dialled {
	__u32 tail;   /* the last digits */
	__u32 prefix; /* what stands before them, hashed */
};

/* 1 when the n octets from pos on, 1..8, are digits. */
static __always_inline int are_digits(const struct sip_buf *buf, __u32 pos, __u32 n)
{
	return !(sip_no_digits(sip_load(buf, pos) ^ SIP_EACH('0')) << ((64 - 8 * n) & 63));
}

/* The dialled number of the Request-URI; 0 when it is none, or has no digits but the last. */
__noinline int read_dialled(const struct scratch *scratch, struct dialled *number)
{
	__u32 pos, end, head;
	__u64 first, second;

	if (!scratch || !number)
		return 0;
	pos = scratch->msg.uri_user.offset;
	end = pos + scratch->msg.uri_user.length;
	head = scratch->msg.uri_user.length;
	if (head < SWEEP_DIGITS || head > NUMBER_MAX || !are_digits(&scratch->buf, end - 8, 8))
		return 0;
	head -= SWEEP_DIGITS;
	first = head ? sip_load(&scratch->buf, pos) : 0;
	second = head > 8 ? sip_load(&scratch->buf, pos + 8) : 0;
	if (head < 8)
		first &= sip_mask(head);
	else if (head < 16)
		second &= sip_mask(head - 8);
	/* A plus, or a star of a feature code, is as good a prefix as digits are. */
	number->tail = sip_digits(sip_load(&scratch->buf, end - 8) ^ SIP_EACH('0'), 8);
	first = (first ^ policy.seed[0]) * 0x9e3779b97f4a7c15ull;
	second = (second ^ head ^ policy.seed[1]) * 0xc2b2ae3d27d4eb4full;
	first = (first ^ first >> 29 ^ second ^ second >> 31) * 0x9e3779b97f4a7c15ull;
	number->prefix = first >> 32;
	return 1;
}

/* Sets the halves of the window right for now. */
static __always_inline void turn_window(struct sw_dialer *dialer, __u64 now, __u64 half)
{
	__u64 age = now - dialer->began;
	__u32 set = 0;

	if (age < half || age >> 63)
		return;
	for (int i = 0; i < SW_DIALER_WORDS; i++) {
		__u64 word = age < 2 * half ? dialer->halves[0][i] : 0;

		dialer->halves[1][i] = word;
		dialer->halves[0][i] = 0;
		word -= word >> 1 & 0x5555555555555555ull;
		word = (word & 0x3333333333333333ull) + (word >> 2 & 0x3333333333333333ull);
		set += ((word + (word >> 4)) & 0x0f0f0f0f0f0f0f0full) * 0x0101010101010101ull >> 56;
	}
	dialer->set = set;
	dialer->run = 0;
	__builtin_memset(dialer->sweeps, 0, sizeof(dialer->sweeps));
	dialer->began = now;
}

/* Distinct destinations. 1 when one more is too many. */
static __always_inline int too_many(struct sw_dialer *dialer, __u32 limit, __u64 token)
{
	__u32 word = token >> 6 & (SW_DIALER_WORDS - 1);
	__u64 bit = 1ull << (token & 63);

	if ((dialer->halves[0][word] | dialer->halves[1][word]) & bit) {
		dialer->halves[0][word] |= bit;
		return 0;
	}
	if (limit && dialer->set >= limit)
		return 1;
	dialer->halves[0][word] |= bit;
	dialer->set++;
	return 0;
}

static __always_inline int one_too_many(struct sw_sweep *sweep, __u32 prefix)
{
	__u32 count = sweep->count;

	for (__u32 i = 0; i < SW_PREFIXES_MAX; i++) {
		if (i < count && sweep->prefixes[i] == prefix)
			return 0;
	}
	if (count >= SW_PREFIXES_MAX)
		return 1;
	sweep->prefixes[count & (SW_PREFIXES_MAX - 1)] = prefix;
	sweep->count = count + 1;
	return 0;
}

/* 1 when this is one prefix too many before the same digits. */
static __always_inline int sweeps_prefixes(struct sw_dialer *dialer, const struct dialled *number)
{
	struct sw_sweep *sweep;
	__u32 next;

	for (int i = 0; i < SW_SWEEPS; i++) {
		sweep = &dialer->sweeps[i];
		if (sweep->tail == number->tail && sweep->count)
			return one_too_many(sweep, number->prefix);
	}
	next = dialer->next++;
	sweep = &dialer->sweeps[next & (SW_SWEEPS - 1)];
	sweep->tail = number->tail;
	sweep->count = 1;
	sweep->prefixes[0] = number->prefix;
	return 0;
}

/* 1 when it goes on in a row for too long. The row is followed even while it is refused: a source
 * that goes on has not stopped dialling it. */
static __always_inline int runs_on(struct sw_dialer *dialer, const struct dialled *number)
{
	__u64 last = dialer->last, here = (__u64)number->prefix << 32 | number->tail;

	dialer->last = here;
	if (here == last)
		return dialer->run >= SWEEP_RUN;
	if (here != last + 1) {
		dialer->run = 0;
		return 0;
	}
	if (dialer->run < SWEEP_RUN)
		dialer->run++;
	return dialer->run >= SWEEP_RUN;
}

/* A sketch that is over counts for nothing, whoever had it: turn_window() clears it. */
static __always_inline struct sw_dialer *find_unproven_dialer(struct packet *p)
{
	__u32 slot = find_way(packet_scratch(p), WAYS_UNPROVEN_DIALERS, 1), line = slot / SW_WAYS;
	struct sw_dialer_line *l = bpf_map_lookup_elem(&unproven_dialers, &line);
	struct sw_dialer *dialer;

	if (!l)
		return 0;
	dialer = &l->dialers[slot % SW_WAYS];
	if ((__s64)(dialer->until - packet_tick(p)) <= 0)
		dialer->began = packet_tick(p) - packet_zone(p)->guard.window;
	return dialer;
}

static __always_inline struct sw_dialer *find_dialer(struct packet *p)
{
	/* Not on the stack. */
	static const struct sw_dialer fresh;
	struct sw_source key;
	struct sw_dialer *dialer;

	if (!p->grade)
		return find_unproven_dialer(p);
	packet_source(p, &key);
	key.port = !p->may_be_spoofed;
	dialer = bpf_map_lookup_elem(&dialers, &key);
	if (dialer)
		return dialer;
	bpf_map_update_elem(&dialers, &key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&dialers, &key);
}

/* An INVITE outside a dialog that nothing else refused. */
__noinline int judge_fraud(struct scratch *scratch)
{
	const volatile struct sw_guard *guard;
	struct sip_span none = {}, callee;
	struct dialled number = {};
	struct sw_dialer *dialer;
	struct packet *p;
	__u64 token;

	if (!scratch)
		return VERDICT_UNDECIDED;
	p = &scratch->packet;
	guard = &packet_zone(p)->guard;
	callee = scratch->msg.uri_user.length ? scratch->msg.uri_user : scratch->msg.uri;
	token = token_of(policy.seed, TOKEN_CALLEE, &scratch->buf, callee, none);
	dialer = find_dialer(p);
	if (!dialer)
		return VERDICT_UNDECIDED;
	turn_window(dialer, packet_tick(p), guard->window / 2);
	dialer->until = packet_tick(p) + guard->window;
	if (guard->sweep && read_dialled(scratch, &number) &&
	    (sweeps_prefixes(dialer, &number) | runs_on(dialer, &number))) {
		enum verdict v = act(p, guard->sweep, SW_REASON_TOLL_FRAUD_SWEEP);

		if (v != VERDICT_UNDECIDED)
			return v;
	}
	if (too_many(dialer, guard->destinations, token))
		return refuse(p, SW_REASON_TOLL_FRAUD_DESTINATIONS);
	return VERDICT_UNDECIDED;
}

#endif
