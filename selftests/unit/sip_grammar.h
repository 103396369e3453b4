/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The generator's words: white space, tokens, strings, URIs, addresses (RFC 3261 25.1), each
 * in one of its legal forms. No header and no message is known here.
 */
#ifndef SIPWARD_UNIT_SIP_GRAMMAR_H
#define SIPWARD_UNIT_SIP_GRAMMAR_H

#include <stdbool.h>

#include "base/base.h"
#include "sip_generate.h"

/* Which part of a large message is the large one. */
enum sip_bulk { BULK_NONE, BULK_VIA, BULK_ROUTE, BULK_BODY };

struct message {
	struct sip_random *random;
	uint8_t *text;
	size_t size;
	size_t room;
	char method[64];
	bool request;
	enum sip_bulk bulk;
	size_t body_size;
};

static inline uint32_t below(struct message *m, uint32_t bound)
{
	return sip_random_below(m->random, bound);
}

static inline bool one_in(struct message *m, uint32_t n)
{
	return below(m, n) == 0;
}

#define PICK(m, list) ((list)[below(m, array_size(list))])

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define TOKEN   LETTERS DIGITS "-.!%*_+`'~"
#define WORD    TOKEN "()<>:\\\"/[]?{}"

void put_octet(struct message *m, uint8_t octet);
void put(struct message *m, const char *text);
void putf(struct message *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void put_from(struct message *m, const char *set, uint32_t count);
void put_token(struct message *m);
/* White space that may be there (SWS), that must (LWS), and that may surround a separator. */
void put_sws(struct message *m);
void put_lws(struct message *m);
void put_between_sws(struct message *m, char separator);
void put_utf8(struct message *m);
void put_quoted(struct message *m);
void put_comment(struct message *m, uint32_t depth);
void put_host(struct message *m);

/* A bare URI, outside <>, has no ; , or ? (RFC 3261 20). */
enum uri_place { URI_REQUEST, URI_ANGLE, URI_BARE };

void put_uri(struct message *m, enum uri_place place);
void put_name_addr(struct message *m);
void put_address(struct message *m);
void put_generic_param(struct message *m);
/* *(";" generic-param), mostly none. */
void put_params(struct message *m);

#endif
