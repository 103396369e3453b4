/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The facts that the stages learn about one packet on its way. Types only.
 */
#ifndef SIPWARD_BPF_LIB_FACTS_H
#define SIPWARD_BPF_LIB_FACTS_H

#include <sipward/offence.h>
#include <sipward/policy.h>
#include <sipward/reasons.h>

#define SHADOWS_MAX 4

/* Holds no pointer: it is plain memory to the verifier, which then walks each function once, and
 * not once for every path that leads there. It stands in the scratch map, for the stack of a
 * program is 512 octets, and the scanner needs them. */
struct packet {
	struct sw_addr src;
	struct sw_addr dst;
	__u64 now;   /* 0 until somebody asks */
	__u64 found; /* SW_SANITY_BIT(): what is wrong, of what this zone watches */
	__u32 fragment_id;
	__u32 remaining;      /* octets of the IP payload not yet parsed, as IP says */
	__u32 payload_offset; /* from the start of the frame */
	__u32 payload_length; /* what UDP, IP and the frame agree on */
	__u16 sport;          /* host order */
	__u16 dport;
	__u16 transport_length; /* what the UDP header says, header included */
	__u16 vlan;             /* id of the outermost tag that has one, or 0 */
	__u8 ttl;               /* or hop limit */
	__u8 broken;            /* enum sw_reason: parsing ended here */
	__u8 vlan_count;
	__u8 protocol; /* IPPROTO_* behind all extension headers */
	__u8 ipv6;
	__u8 fragment_first; /* more fragments follow this one */
	__u8 fragment_later; /* offset is not 0: there is no transport header */
	__u8 tcp_header;     /* octets; 0 when the header is not all there */
	__u8 tcp_flags;
	__u8 service;   /* index into policy.services */
	__u8 transport; /* enum sw_transport */
	__u8 zone_number;
	__u8 allowed;          /* on the allow list: no deny list, no ban */
	__u8 is_stream;        /* note_traits(): a message may begin or end anywhere in it */
	__u8 may_be_spoofed;   /* note_traits(): anybody can send it from any address */
	__u8 content_may_drop; /* 0: the content of a stream is judged, and it passes */
	__u8 message;          /* enum sw_message */
	__u8 in_dialog;        /* a request that is never refused by method or rate class */
	__u8 reason;           /* of VERDICT_DROP and VERDICT_WOULD_DROP */
	__u8 shadow_count;
	__u8 grade;     /* enum sw_grade of the endpoint, by a proof over this path */
	__u8 emergency; /* an emergency call within its budget */
	__u8 proved;    /* it fits an established TCP connection */
	__u8 opening;   /* the first payload of a TCP connection that is judged */
	__u8 penalised; /* PENALTY_: its source offended, or who has its address */
	__u8 broke;     /* enum sw_reason: what TCP content was not dropped for */
	__u8 ban_waits; /* BAN_WAITS_: its source is banned, but it may be about an
				    * emergency call */
	__u8 asked;     /* a budget or ceiling for what has no proof was asked */
	__u8 early;     /* EARLY_: not read in full until it is worth that */
	__u8 patch;     /* the rule of the operator's that matched, and 1 */
	__u8 pad[2];
	__u32 slot;    /* in the table of sources, and 1; 0: not looked for */
	__u32 shadows; /* reasons that were counted only, an octet each */
};

/* packet.early */
enum {
	EARLY_NOT,
	EARLY_VIA, /* read up to the top Via */
	EARLY_PEEK /* of that only what sip_peek() finds: it is read again from the start */
};

/* Where a segment stands towards the beginning of its connection (opening.h). */
struct beginning {
	__u64 key;     /* of the connection's entry; 0: none was found */
	__u32 start;   /* of the segment's octets, counted from the first one of the stream */
	__u32 end;     /* of those that are looked at */
	__u32 count;   /* octets from the first one on that passed before */
	__u32 skipped; /* octets of the segment that stand before the stream */
	__u32 decided; /* what there is so far is enough: it is good, however it goes on */
	__u32 pad;
};

/* Where a segment of a banned source stands on its connection (rules/stream.h). */
struct stream {
	__u32 sequence; /* of its first octet */
	__u32 awaited;  /* of the first one that the kernel has not taken */
	__u32 next;     /* of the one behind all that passed before */
	__u32 matched;  /* bits: the parts of a version that end where it begins, then where it
			 * ends */
	__u32 tail;     /* HAD_TAIL (rules/stream.h) */
	__u32 known;    /* 1: it is remembered */
	__u32 again;    /* 1: it may have passed before, and the kernel did not take it */
};

/* The notes of the operator's rules on one message (rules/patch.h). */
struct patching {
	__u32 open;               /* bit per rule that is to be judged */
	__u32 matched;            /* its first part did, and at the end all of it */
	__u32 unread;             /* it may have, in what was not read */
	__u32 header;             /* where the header under work begins; 0: none yet */
	__u16 at[SW_PATCHES_MAX]; /* where it matched */
	__u16 length[SW_PATCHES_MAX];
};

/* The user whose credentials were refused, as an offence names him. */
struct told {
	__u64 login;
	char name[SW_LOGIN_NAME];
	__u32 first; /* SW_FIRST_ */
	__u32 pad;
};

/* The facts that the observer learned about one packet that leaves. Offsets count from the network
 * header: not every interface has a link header. It stands in the scratch map, too. */
struct outbound {
	struct sw_addr dst;
	__u64 dialog; /* dialog_key() of what is noted of dialogs */
	__u32 offset; /* of the payload */
	__u32 length; /* of it, as UDP says; on TCP all of the segment */
	__u32 end;    /* of the IP packet: of fragments only the first one is here */
	__u16 sport;
	__u16 dport;
	__u8 is_stream; /* as in struct packet */
	__u8 opened;    /* on a TCP connection that the server opened */
	__u8 side;      /* of that dialog, whose tag From has */
	__u8 unused[5];
};

/* A telephone number, or the first 32 digits of it. */
struct number {
	__u64 words[2]; /* digits, four bits each, the first one on top; '*' is 10, '#' 11 */
	__u32 count;    /* digits */
	__u32 behind;   /* position behind it */
	__u8 plus;      /* it is E.164 */
	__u8 whole;     /* the user part, but for parameters, is nothing else */
	__u8 pad[6];
};

/* The notes of the content rules, beside the packet. */
struct content {
	__u32 spared;   /* an emergency call: nothing is carried out */
	__u32 worst;    /* what the map `numbers` said of those that were looked at */
	__u32 numbers;  /* some user part was a number */
	__u32 too_many; /* some header has more than is read */
	__u32 line;     /* of a header, under work */
	struct number number;
	struct number context; /* its phone-context; only with a plus */
	__u64 window;          /* the last octets of a text */
	__u32 seen;            /* injections that it had */
	__u32 points;
	__u32 parts; /* of texts that were judged octet by octet */
	struct sw_addr addr;
	__u16 groups[8]; /* of an address while it is read */
	__u32 group_count;
	__u32 group;     /* under work */
	__u32 octets;    /* it has some */
	__u32 group_gap; /* those before "::"; more than 8: it is not there */
};

_Static_assert(sizeof(struct packet) == 112, "no padding");
_Static_assert(sizeof(struct outbound) == 48, "no padding");
_Static_assert(SHADOWS_MAX <= sizeof(((struct packet *)0)->shadows), "an octet for each shadow");
_Static_assert(SW_REASONS_MAX <= 256, "a reason fits an octet");

#endif
