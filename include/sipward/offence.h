/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Behaviour: the notes of the data path about requests that the server has yet to judge, and its
 * reports to the agent, which bans. Times are CLOCK_MONOTONIC nanoseconds.
 */
#ifndef SIPWARD_OFFENCE_H
#define SIPWARD_OFFENCE_H

#include <linux/types.h>
#include <sipward/state.h>

enum sw_offence_kind {
	SW_OFFENCE_AUTH,        /* credentials refused, though their nonce was fresh */
	SW_OFFENCE_ENUMERATION, /* somebody was asked for who does not exist */
	SW_OFFENCE_SANITY,      /* a message that the zone's sanity refuses */
	SW_OFFENCE_COUNT
};

#define SW_OFFENCE_BIT(id) (1u << SW_OFFENCE_##id)

/* Octets of a username that are kept, to be shown. */
#define SW_LOGIN_NAME 24

/* One offence. `proved` ones are evidence: the packet came on an established TCP connection. All
 * others may be spoofed. */
struct sw_offence {
	__u64 time;
	__u64 who;               /* token: whose credentials, or who was asked for */
	struct sw_source source; /* as bans are keyed */
	__u8 kind;               /* enum sw_offence_kind */
	__u8 proved;
	__u8 zone;                /* zone number */
	__u8 good;                /* how many other usernames registered from the source: 0..64 */
	__u32 failures;           /* AUTH: of `who` since the server last took its credentials */
	__u32 found;              /* how many more requests of the source found somebody than
				   * nobody, lately */
	__u64 login;              /* AUTH: token of source and username */
	char name[SW_LOGIN_NAME]; /* AUTH: the username, as much as has room */
	__u32 first;              /* AUTH: SW_FIRST_ */
	__u32 users;              /* SW_USER_: whom the server served behind the source */
};

/* The first refusal of a username, which counts only when many are refused. A nonce that was sent
 * lately cannot have expired. */
enum { SW_FIRST_NOT, SW_FIRST_STALE, SW_FIRST_FRESH };

/* The one of the offence, or one with the same bit (sw_authenticated.logins), registered; another
 * one did, or called. */
#define SW_USER_SELF  1u
#define SW_USER_OTHER 2u

/* A request whose answer tells something. Keyed by the token of its source and branch; the
 * observer resolves it. */
#define SW_ATTEMPT_PROVED 1u /* it came on an established TCP connection */
#define SW_ATTEMPT_KNOWN  2u /* it came from a known endpoint, over its path */
#define SW_ATTEMPT_MANY   4u /* it may be about several users: its success says nothing */

struct sw_attempt {
	__u64 login;  /* token of source and username; 0: without credentials */
	__u64 user;   /* token of who is asked for */
	__u64 nonce;  /* token */
	__u64 issued; /* when the server last sent this nonce to this address */
	__u64 at;
	__u16 port;  /* of the source, network order */
	__u8 method; /* enum sw_message */
	__u8 flags;
	__u8 cseq; /* enum sw_message: the method in CSeq, which the answer repeats */
	__u8 pad[3];
	char name[SW_LOGIN_NAME]; /* the username, as much as has room */
};

/* The last refusal of a login by one method. Gone with the first success. */
struct sw_refusal {
	__u64 at;
	__u64 nonce;   /* token of the one that was refused */
	__u64 attempt; /* its key: the same again may be a retransmission */
	__u32 failures;
	__u16 repeats; /* how often that was one */
	__u16 doubts;  /* how often the nonce may have expired */
};

/* A source that the server served. */
struct sw_authenticated {
	__u64 seen;
	__u64 logins; /* a bit for each one that registered, by its token */
	__u64 called; /* likewise, that called, and had answered a challenge */
	__u64 from;   /* begin of the window that `found` counts */
	__u32 found;  /* requests that found somebody, less those that found nobody */
	__u32 before; /* likewise in the window before */
};

/* A username that is refused to one source stands in the table of bans, under the source and 24
 * bits of the token of both: no ban of a source has a port or a zone. */
static inline void sw_login_key(struct sw_source *key, __u64 login)
{
	key->port = (__u16)login | 1;
	key->zone = (__u8)(login >> 16);
}

/* A username whose password is guessed at from many sources stands in the table of bans, too, for
 * one zone, under the token of the name (token_account() of bpf/lib/token.h). A source has a
 * length. */
static inline void sw_account_key(struct sw_source *key, __u64 account, __u8 zone)
{
	__builtin_memset(key, 0, sizeof(*key));
	__builtin_memcpy(key->addr.octets, &account, sizeof(account));
	key->zone = zone;
}

/* The name of all requests with credentials of several usernames (SW_ATTEMPT_MANY): which of them
 * is guessed at is not known, and a guesser chooses the others. */
#define SW_SEVERAL_NAMES "(several usernames)"

/* When an endpoint or connection last registered with a username. Keyed by sw_owner_key(). */
static inline __u64 sw_owner_key(__u64 login, __u16 port, int tcp)
{
	return login ^ (port | (__u64)(tcp + 1) << 16) * 0x9e3779b97f4a7c15ull;
}

/* A source whose packets without proof go to the greylist. Keyed as bans are. */
struct sw_penalty {
	__u64 end;
};

/* The window of sw_authenticated. */
#define SW_FOUND_WINDOW (60 * SW_NS_PER_SEC)

/* How long an answer is waited for: Timer F (RFC 3261 17.1.2.2) and what a phone may ring. */
#define SW_ATTEMPT_LIFE (200 * SW_NS_PER_SEC)

_Static_assert(sizeof(struct sw_offence) == 88, "no padding");
_Static_assert(sizeof(struct sw_attempt) == 72, "no padding");
_Static_assert(sizeof(struct sw_refusal) == 32, "no padding");
_Static_assert(sizeof(struct sw_authenticated) == 40, "no padding");

#endif
