/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Kinds of messages (methods.def), and the classes that have a rate.
 */
#ifndef SIPWARD_METHODS_H
#define SIPWARD_METHODS_H

#include <linux/types.h>
#include <sipward/abi.h>

enum sw_message {
#define METHOD(id, token) SW_MESSAGE_##id,
#define KIND(id, name)    SW_MESSAGE_##id,
#include <sipward/methods.def>
#undef METHOD
#undef KIND
	SW_MESSAGE_COUNT
};

#define SW_METHOD_COUNT    SW_MESSAGE_OTHER /* methods that have a name of their own */
#define SW_MESSAGE_BIT(id) (1u << SW_MESSAGE_##id)

/* Requests that a method list never drops and that only a ceiling of their own limits:
 * without them a call cannot be ended, or a transaction not be finished. */
#define SW_METHODS_ALWAYS \
	(SW_MESSAGE_BIT(ACK) | SW_MESSAGE_BIT(BYE) | SW_MESSAGE_BIT(CANCEL) | SW_MESSAGE_BIT(PRACK))

/* Never part of a dialog, whatever tag they bring (RFC 3261 10.2, RFC 3903 3); and no call ends
 * without one. */
#define SW_METHODS_OUTSIDE (SW_MESSAGE_BIT(REGISTER) | SW_MESSAGE_BIT(PUBLISH))

/* Classes with a limit cell of their own for each source. */
enum sw_rate {
	SW_RATE_ANY, /* every request outside a dialog */
	SW_RATE_INVITE,
	SW_RATE_REGISTER,
	SW_RATE_OPTIONS,
	SW_RATE_SUBSCRIBE, /* with NOTIFY and PUBLISH: event packages, RFC 6665, RFC 3903 */
	SW_RATE_MESSAGE,
	SW_RATE_DIALOG, /* requests inside a dialog, ACK, BYE, CANCEL, PRACK */
	SW_RATE_RESPONSE,
	SW_RATE_KEEPALIVE,
	SW_RATE_STUN,
	SW_RATE_MALFORMED, /* requests outside a dialog, and no SIP, that a check finds wrong */
	SW_RATE_SYN,       /* TCP connections that it opens */
	SW_RATE_TLS,       /* TLS handshakes that it begins */
	SW_RATE_SPARE_1,
	SW_RATE_SPARE_2,
	SW_RATE_UNTIL, /* no class: when the last of the others is as good as new */
	SW_RATE_COUNT
};

/* Classes of packets that pass without a proof. For each class there is a ceiling for all
 * senders of a zone together that proved nothing (bpf/rules/unproven.h); their reasons stand in
 * this order. */
enum sw_unproven {
	SW_UNPROVEN_KEEPALIVE,
	SW_UNPROVEN_STUN,
	SW_UNPROVEN_RESPONSE,
	SW_UNPROVEN_ACK,
	SW_UNPROVEN_DIALOG, /* BYE, CANCEL, PRACK, requests inside a dialog */
	SW_UNPROVEN_SYN,
	SW_UNPROVEN_SEGMENT,  /* TCP, of no connection that the kernel has, first payloads too */
	SW_UNPROVEN_FRAGMENT, /* later ones, whose first is not remembered */
	SW_UNPROVEN_REASONS,
	/* It carries what the server sent to its address, which others may have learned. Above it,
	 * the newcomers' way. */
	SW_UNPROVEN_BELONGING = SW_UNPROVEN_REASONS,
	SW_UNPROVEN_COUNT,
	SW_UNPROVEN_MAX = 16 /* cells */
};

#define SW_RATE_BIT(id) (1u << SW_RATE_##id)
/* Those of requests outside a dialog. */
#define SW_RATES_REQUESTS                                                                        \
	(SW_RATE_BIT(ANY) | SW_RATE_BIT(INVITE) | SW_RATE_BIT(REGISTER) | SW_RATE_BIT(OPTIONS) | \
	 SW_RATE_BIT(SUBSCRIBE) | SW_RATE_BIT(MESSAGE))

_Static_assert((SW_RATE_COUNT & (SW_RATE_COUNT - 1)) == 0, "a class can be had by a mask");
_Static_assert(SW_MESSAGE_COUNT <= SW_MESSAGES_MAX,
	       "counters have a slot for every kind of message");

/* The class of a request that has cells of its own, or SW_RATE_ANY. */
static inline __attribute__((always_inline)) enum sw_rate sw_method_rate(__u8 message)
{
	switch (message) {
	case SW_MESSAGE_INVITE:
		return SW_RATE_INVITE;
	case SW_MESSAGE_REGISTER:
		return SW_RATE_REGISTER;
	case SW_MESSAGE_OPTIONS:
		return SW_RATE_OPTIONS;
	case SW_MESSAGE_SUBSCRIBE:
	case SW_MESSAGE_NOTIFY:
	case SW_MESSAGE_PUBLISH:
		return SW_RATE_SUBSCRIBE;
	case SW_MESSAGE_MESSAGE:
		return SW_RATE_MESSAGE;
	default:
		return SW_RATE_ANY;
	}
}

#endif
