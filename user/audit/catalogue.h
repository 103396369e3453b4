/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The threats that sipward knows, and the controls against each: the tables of catalogue.def, and
 * the state of each control in a policy.
 */
#ifndef SIPWARD_AUDIT_CATALOGUE_H
#define SIPWARD_AUDIT_CATALOGUE_H

#include "policy/lookup.h"
#include "policy/model.h"

struct threat {
	const char *name; /* as in reasons.def */
	const char *title;
	const char *wire; /* what it looks like */
};

/* Without its key a control is ... */
enum control_default { CONTROL_OFF, CONTROL_ON, CONTROL_ALWAYS };

struct control {
	const char *threat;
	const char *key; /* path of lookup.h; "" when no key rules it */
	const char *off; /* the value of the key that means "off", or "" */
	enum control_default without;
	const char *reasons; /* names with a space between */
	const char *text;
};

struct blind_spot {
	const char *threat;
	const char *text;
};

extern const struct threat threats[];
extern const size_t threat_count;
extern const struct control controls[];
extern const size_t control_count;
extern const struct blind_spot blind_spots[];
extern const size_t blind_spot_count;

const struct threat *threat_by_name(const char *name); /* NULL: there is none */

enum control_state { STATE_OFF, STATE_SHADOW, STATE_ON };

struct control_finding {
	enum control_state state;
	char *where; /* "policy.yaml:12 (carrier-a), :20 (public)", or why without a line */
};

/* Finds the state of a control in the policy, whose text is `root`. *finding is owned by the
 * caller: finding_free. */
void control_find(const struct control *control, const struct policy *policy,
		  const struct node *root, struct control_finding *finding);
void finding_free(struct control_finding *finding);

const char *control_state_name(enum control_state state);

#endif
