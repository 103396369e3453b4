/* SPDX-License-Identifier: GPL-2.0-only
 *
 * SIP messages that are disturbed where their grammar has joints: white space, folds, control
 * octets, quotes, lengths and orders of every kind. Nothing here knows a parser.
 */
#ifndef SIPWARD_DIFFERENTIAL_SHAPE_H
#define SIPWARD_DIFFERENTIAL_SHAPE_H

#include "sip_grammar.h"

struct shape {
	struct message m;
	uint32_t rate; /* one joint in so many is disturbed; 0: none is */
	uint32_t left; /* disturbances that may still come */
};

/* A place where something may be put that does not belong there. */
void joint(struct shape *s);
/* Likewise, where white space is legal: it mostly is white space. */
void space(struct shape *s);
/* The octets themselves, whatever they are. */
void disturb(struct shape *s);
void put_white(struct shape *s);

/* The header fields of a message, in one of many orders: shape_headers.c. */
void put_header_section(struct shape *s, uint32_t body_size);

/* Writes one message, of the room's size at most; returns its size. */
size_t shape_message(struct sip_random *random, uint8_t *text, size_t room);

#endif
