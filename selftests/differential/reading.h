/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The values that a parser read in a message, in one form for all parsers. Each parser has an
 * adapter in a file of its own; no header of a parser is seen outside of it.
 */
#ifndef SIPWARD_DIFFERENTIAL_READING_H
#define SIPWARD_DIFFERENTIAL_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How two values of a field are compared: FORM_* says what does not count. */
enum form {
	FORM_EXACT,  /* white space around the value, and what kind of it stands within */
	FORM_NUMBER, /* likewise, and zeros before it */
	FORM_QUOTED, /* likewise, and quotes around it */
	FORM_USER,   /* white space around it, and how it is escaped (RFC 3261 19.1.4) */
	FORM_TEXT,   /* white space around it, and how much of it stands between words */
	FORM_TYPE,   /* white space, case, and parameters */
	FORM_BODY,   /* where it ends: Content-Length says that, or the datagram */
};

/* FIELD(id, name, form) */
#define FIELDS(FIELD)                                       \
	FIELD(METHOD, "method", EXACT)                      \
	FIELD(STATUS, "status", EXACT)                      \
	FIELD(URI_USER, "Request-URI user", USER)           \
	FIELD(BRANCH, "branch of the top Via", EXACT)       \
	FIELD(FROM_USER, "From user", USER)                 \
	FIELD(FROM_TAG, "From tag", EXACT)                  \
	FIELD(TO_USER, "To user", USER)                     \
	FIELD(TO_TAG, "To tag", EXACT)                      \
	FIELD(CALL_ID, "Call-ID", EXACT)                    \
	FIELD(CSEQ_NUMBER, "CSeq number", NUMBER)           \
	FIELD(CSEQ_METHOD, "CSeq method", EXACT)            \
	FIELD(MAX_FORWARDS, "Max-Forwards", NUMBER)         \
	FIELD(CONTENT_LENGTH, "Content-Length", NUMBER)     \
	FIELD(CONTENT_TYPE, "Content-Type", TYPE)           \
	FIELD(CONTACT, "Contact user", USER)                \
	FIELD(ASSERTED, "P-Asserted-Identity user", USER)   \
	FIELD(PREFERRED, "P-Preferred-Identity user", USER) \
	FIELD(REMOTE_PARTY, "Remote-Party-ID user", USER)   \
	FIELD(REFER_TO, "Refer-To user", USER)              \
	FIELD(REFERRED_BY, "Referred-By", EXACT)            \
	FIELD(DIVERSION, "Diversion", EXACT)                \
	FIELD(ROUTE, "Route", EXACT)                        \
	FIELD(USER_AGENT, "User-Agent", TEXT)               \
	FIELD(USERNAME, "username of credentials", QUOTED)  \
	FIELD(NONCE, "nonce of credentials", QUOTED)        \
	FIELD(BODY, "body", BODY)

enum field {
#define FIELD(id, name, form) F_##id,
	FIELDS(FIELD)
#undef FIELD
		FIELD_COUNT
};

#define VALUES_MAX 48 /* more of one field are not kept */

struct value {
	const uint8_t *octets;
	size_t size;
};

struct values {
	struct value value[VALUES_MAX];
	uint32_t count;
	bool unsure; /* the parser says that there may be more: it takes them for the worst */
};

/* The verdict of a parser on a message as a whole. */
enum outcome {
	OUTCOME_REFUSED,
	OUTCOME_READ,
	OUTCOME_NO_SIP, /* passed without being read as SIP: a keepalive, STUN */
};

struct reading {
	enum outcome outcome;
	const char *why; /* it was refused */
	struct values field[FIELD_COUNT];
	size_t used;
	uint8_t arena[1 << 16];
};

/* Begins anew. */
void reading_clear(struct reading *r);
/* Notes a value of a field. It is copied, in the form in which it is compared. */
void reading_add(struct reading *r, enum field f, const void *octets, size_t size);
void reading_add_text(struct reading *r, enum field f, const char *text); /* NULL: none */
void reading_add_number(struct reading *r, enum field f, unsigned long number);

extern const char *const field_names[FIELD_COUNT];
extern const enum form field_forms[FIELD_COUNT];

struct message_text {
	const uint8_t *octets;
	size_t size;
};

/* A parser: reads a message into *r, which was cleared. */
struct parser {
	const char *name;
	void (*start)(void); /* once, before the first message; may be NULL */
	void (*read)(const struct message_text *message, struct reading *r);
};

extern const struct parser parser_sipward, parser_osip, parser_sofia, parser_re;
extern const struct parser parser_kamailio, parser_asterisk;

#endif
