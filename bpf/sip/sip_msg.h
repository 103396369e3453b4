/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The input and the result of the SIP scanner: types and constants only. The scanner itself is in
 * the other sip_*.h, of which sip_scan.h is the entry; nothing here or there calls a BPF helper,
 * reads a map or knows a packet.
 *
 * Offsets count octets from the start of the buffer, leading CR and LF included; a span of
 * length 0 was not there. Spans never reach behind `length`, and white space around a value
 * is outside its span (but for more than 64 octets of it behind a value).
 */
#ifndef SIPWARD_BPF_SIP_SIP_MSG_H
#define SIPWARD_BPF_SIP_SIP_MSG_H

#include <linux/types.h>
#include <sipward/abi.h>
#include <sipward/methods.h>
#include <sipward/policy.h>
#include <sipward/reasons.h>

/* Octets behind `length` that are read, and have no influence. */
#define SIP_PAD 32

/* A message as copied out of the packet. The octets behind `length` do not matter. */
struct sip_buf {
	__u8 octets[SW_MESSAGE_MAX + SW_SCAN_PAD];
};

struct sip_span {
	__u16 offset;
	__u16 length;
};

/* From or To. */
struct sip_party {
	struct sip_span user; /* without password; the number of a tel URI */
	struct sip_span host; /* without port, with the brackets of an IPv6 reference */
	struct sip_span tag;
};

/* How to scan (sip_input.flags). */
#define SIP_EARLY    1u /* stop behind the top Via, where SIP_NEEDS() anything */
#define SIP_RESUME   2u /* go on where an early scan of the same message stopped */
#define SIP_STREAM   4u /* TCP: the segment may end anywhere; what is missing may come */
#define SIP_FRAGMENT 8u /* first IP fragment: likewise; Content-Length is still judged */

/* The parts of the result that a caller will use. Methods, counts, violations and the presence of a
 * To-tag, which sanity and limits need, are always there. Work for parts that nobody uses is left
 * out; the data path sets SIP_NEEDS() to constants of its policy, so that the verifier takes the
 * code out. */
#define SIP_NEED_PARTIES 1u  /* user and host of the Request-URI, From and To; From-tag */
#define SIP_NEED_VIA     2u  /* transport, sent-by and branch of the top Via */
#define SIP_NEED_VALUES  4u  /* present, value[], CSeq, Max-Breadth, counts of lines and routes */
#define SIP_NEED_STRICT  8u  /* strict work, where `want` asks for it */
#define SIP_NEED_TOKENS  16u /* what proofs are made of: Call-ID's value, both tags, nonces */
#define SIP_NEED_LOGINS  32u /* usernames of credentials; the method that a response answers */
#define SIP_NEED_LINES   64u /* the other lines of headers that stand on several; with VALUES */
#define SIP_NEED_ALL     127u

/* These violations are found only in parts of the message that are read. A part that no caller asks
 * for can hide nothing. */
#define SIP_WHERE_READ \
	(SW_SANITY_BIT(REACH) | SW_SANITY_BIT(HEADER_NAME) | SW_SANITY_BIT(AMBIGUOUS))

#ifndef SIP_NEEDS
#define SIP_NEEDS(what) 1
#endif

struct sip_input {
	__u32 length;          /* octets of the message in the buffer, <= SW_MESSAGE_MAX */
	__u32 datagram_length; /* octets of SIP by the UDP length field (less 8); TCP: length */
	__u32 flags;
	__u32 pad;
	__u64 want; /* sanity bits that will be judged: strict work hangs on them */
	struct sw_bounds bounds;
};

/* Headers that are known by name (sip_names.h); the value of the first line of each is kept, and
 * of some those of further lines (enum sip_many). */
enum sip_header {
	SIP_VIA,
	SIP_FROM,
	SIP_TO,
	SIP_CALL_ID,
	SIP_CSEQ,
	SIP_MAX_FORWARDS,
	SIP_CONTENT_LENGTH,
	SIP_CONTENT_TYPE,
	SIP_CONTACT,
	SIP_EXPIRES,
	SIP_USER_AGENT,
	SIP_AUTHORIZATION,
	SIP_PROXY_AUTHORIZATION,
	SIP_ROUTE,
	SIP_RECORD_ROUTE,
	SIP_REFER_TO,
	SIP_P_ASSERTED_IDENTITY,  /* RFC 3325 */
	SIP_P_PREFERRED_IDENTITY, /* RFC 3325 */
	SIP_P_CHARGING_VECTOR,    /* RFC 7315 */
	SIP_REMOTE_PARTY_ID,      /* draft-ietf-sip-privacy */
	SIP_DIVERSION,            /* RFC 5806 */
	SIP_HISTORY_INFO,         /* RFC 7044 */
	SIP_PRIVACY,              /* RFC 3323 */
	SIP_WWW_AUTHENTICATE,
	SIP_PROXY_AUTHENTICATE,
	SIP_MAX_BREADTH,                   /* RFC 5393 */
	SIP_REFERRED_BY,                   /* RFC 3892 */
	SIP_P_CHARGING_FUNCTION_ADDRESSES, /* RFC 7315 */
	SIP_P_ACCESS_NETWORK_INFO,         /* RFC 7315 */
	SIP_P_VISITED_NETWORK_ID,          /* RFC 7315 */
	SIP_ALERT_INFO,
	SIP_SERVER,
	SIP_HEADER_COUNT
};

#define SIP_UNKNOWN     SIP_HEADER_COUNT       /* any other header */
#define SIP_BAD_NAME    (SIP_HEADER_COUNT + 1) /* a control octet stands in its name */
#define SIP_PRESENT(id) (1u << SIP_##id)

/* Headers of which the lines behind the first are kept, too: of which a rule reads the value.
 * RFC 3261 7.3.1 makes them one list; a header that may stand once is forged when it does not,
 * and servers differ in which one they take. */
enum sip_many {
	SIP_MANY_NONE,
	SIP_MANY_VIA,
	SIP_MANY_CONTACT,
	SIP_MANY_CONTENT_TYPE,
	SIP_MANY_USER_AGENT,
	SIP_MANY_RECORD_ROUTE,
	SIP_MANY_REFER_TO,
	SIP_MANY_P_ASSERTED_IDENTITY,
	SIP_MANY_P_PREFERRED_IDENTITY,
	SIP_MANY_REMOTE_PARTY_ID,
	SIP_MANY_COUNT
};

#define SIP_LINES_MAX  8 /* of one header that are kept */
#define SIP_MORE_LINES (SIP_LINES_MAX - 1)
#define SIP_MORE_ALL   64

/* Further findings (sip_msg.flags). */
#define SIP_START       0x01u /* the start line is a legal one */
#define SIP_TOP_VIA     0x02u /* the top Via is complete */
#define SIP_COMPLETE    0x04u /* the empty line was found: body_offset is valid */
#define SIP_CUT         0x08u /* the data ended inside the header section */
#define SIP_TO_TAG      0x10u
#define SIP_FROM_TAG    0x20u
#define SIP_COOKIE      0x40u  /* the top branch begins with the magic cookie */
#define SIP_URGENT      0x80u  /* the Request-URI is urn:service:sos (RFC 5031) */
#define SIP_TO_URGENT   0x100u /* likewise To, where parties are wanted, */
#define SIP_FROM_URGENT 0x200u /* and From */
#define SIP_LOGINS      0x400u /* a request's credentials have another username, or may have one, */
			       /* than the one that is noted: in one header or in several */

struct sip_msg {
	__u64 violations; /* SW_SANITY_BIT(): the caller masks what its zone judges */
	__u32 flags;
	__u32 present;        /* SIP_PRESENT(): headers seen */
	__u32 repeated;       /* SIP_PRESENT(): headers seen on more than one line */
	__u32 cseq;           /* 0..2^32-1; valid with SIP_PRESENT(CSEQ) and no violation */
	__u32 content_length; /* saturates at 2^32-1; likewise */
	__u32 expires;        /* saturates at 2^32-1; only scanned when it is to be judged */
	__u32 max_breadth;    /* saturates at 2^32-1; ~0 too when it is no number */
	__u16 max_forwards;   /* 0..255; likewise */
	__u16 status;         /* 100..699, 0 in a request */
	__u8 kind;            /* enum sw_message */
	__u8 cseq_kind;       /* enum sw_message: the method in CSeq; OTHER when unknown */
	__u8 scheme;          /* enum sip_scheme of the Request-URI */
	__u8 found;           /* the scanner's own: SIP_LINE_ bits of the header under work */
	__u16 body_offset;
	__u16 lines;              /* lines of the header section, start line and folds included */
	__u16 headers;            /* header fields, each with its folds counted once */
	__u16 via_count;          /* values, not lines */
	__u16 route_count;        /* likewise */
	__u16 record_route_count; /* likewise */
	__u16 contact_count;      /* likewise; the larger number where there are two readings */
	__u16 start;              /* the scanner's own: where the header under work begins */
	__u16 next;               /* the scanner's own: where it goes on */
	__u16 begin;              /* offset of the start line */
	__u16 id;                 /* the scanner's own: enum sip_header of the header under work */
	__u16 at;                 /* the scanner's own: where its value begins */
	__u8 more_count[16];      /* by enum sip_many: lines behind the first; saturates at 255 */
	struct sip_span method;
	struct sip_span uri;      /* Request-URI */
	struct sip_span uri_user; /* as in struct sip_party */
	struct sip_span uri_host; /* likewise */
	struct sip_span via_transport;
	struct sip_span via_sent_by; /* host and port of the top Via */
	struct sip_span via_host;    /* the host of it, with the brackets of an IPv6 reference */
	struct sip_span via_branch;
	struct sip_party from;
	struct sip_party to;
	struct sip_span cseq_method;
	/* Without their quotes. In a request of the first Authorization and Proxy-Authorization,
	 * in a response of the first WWW-Authenticate and Proxy-Authenticate: an answer to a
	 * challenge has the same octets in the same field. */
	struct sip_span nonce;
	struct sip_span proxy_nonce;
	struct sip_span login;       /* username, as it is written in the quotes; in a request */
	struct sip_span proxy_login; /* likewise */
	struct sip_span value[SIP_HEADER_COUNT];
	struct sip_span more[SIP_MORE_ALL]; /* SIP_MORE_LINES of each: sip_line() */
};

enum sip_scheme { SIP_SCHEME_OTHER, SIP_SCHEME_SIP, SIP_SCHEME_SIPS, SIP_SCHEME_TEL };

_Static_assert(sizeof(struct sip_span) == 4, "no padding");
_Static_assert(sizeof(struct sip_input) == 24 + sizeof(struct sw_bounds), "no padding");
_Static_assert(sizeof(struct sip_msg) == 544, "no padding, so that results compare by memcmp");
_Static_assert(SIP_HEADER_COUNT <= 32, "a bit for each");
_Static_assert((SIP_MANY_COUNT - 1) * SIP_MORE_LINES <= SIP_MORE_ALL, "a place for each line");
_Static_assert(SIP_PAD <= SW_SCAN_PAD, "the caller's buffer has the pad");
_Static_assert((SW_MESSAGE_MAX & (SW_MESSAGE_MAX - 1)) == 0, "offsets are masked");

#endif
