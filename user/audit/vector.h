/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Attack vectors as text: packets of an attacker, and the nearest legal traffic beside them.
 * docs/audit.md has the language. Nothing here runs a packet (attack.c does).
 */
#ifndef SIPWARD_AUDIT_VECTOR_H
#define SIPWARD_AUDIT_VECTOR_H

#include "kernel/frame.h"

enum step_kind {
	STEP_IN,    /* a packet to the server */
	STEP_OUT,   /* a packet that the server sends: the observer sees it */
	STEP_PROVE, /* its end sends back what only it can know */
	STEP_WAIT
};

/* The other end of a step. */
enum step_end {
	END_PUBLIC,  /* an address in no named zone */
	END_OTHER,   /* a second one */
	END_PEER,    /* of the first zone with trust: peer, or else of the first named zone */
	END_SECURED, /* of the first zone that requires TLS or IPsec */
	END_NETWORK, /* another one of one /24 with each packet */
	END_SPOOFED  /* another one with each packet */
};

struct step {
	enum step_kind kind;
	enum step_end end;
	enum sw_transport transport;
	uint16_t port;   /* of the other end; 0: another one with each packet */
	bool syn;        /* TCP: opens a connection, no payload */
	bool frame;      /* `text` is a whole frame */
	bool legal;      /* must pass */
	uint32_t repeat; /* packets */
	uint64_t every;  /* nanoseconds from one packet to the next; of a wait: all of it */
	char *text;      /* with its templates: fill.h; NULL: no payload */
	size_t size;
	uint32_t line;
};

struct vector {
	char *file;
	char *name;
	char *threat; /* a row of the catalogue */
	char *title;
	char **expect; /* names of reasons: one of them stops it where its control is on */
	size_t expect_count;
	bool report; /* its rules only report by design: they count, and drop nothing */
	struct step *steps;
	size_t step_count;
};

struct vectors {
	struct vector *items;
	size_t count;
};

void vectors_free(struct vectors *vectors);
#define auto_vectors cleanup(vectors_free)

/* Appends the vectors of a text; `file` is its name in messages. 0, or -1 and *e
 * (file:line: what). */
int vectors_parse(struct vectors *to, const char *file, const char *text, struct error *e);

/* Those that are in the binary. */
int vectors_builtin(struct vectors *to, struct error *e);

/* Those of every *.txt in a directory, by name. 0, or -1 and *e. */
int vectors_read(struct vectors *to, const char *directory, struct error *e);

#endif
