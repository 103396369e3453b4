/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The words of the policy language as lists that end with NULL, so that a wrong one can be
 * answered with the nearest; the position of a word is its enum value.
 */
#ifndef SIPWARD_POLICY_NAMES_H
#define SIPWARD_POLICY_NAMES_H

#include "policy/model.h"

extern const char *const reason_words[SW_REASON_COUNT + 1];
extern const char *const method_words[SW_METHOD_COUNT + 2]; /* and "other" */
extern const char *const mode_words[SW_MODE_COUNT + 1];
extern const char *const transport_words[SW_TRANSPORT_COUNT + 1];
extern const char *const trust_words[];
extern const char *const require_words[];
extern const char *const action_words[];
extern const char *const teardown_words[];
extern const char *const privacy_words[];
extern const char *const tls_version_words[]; /* from SW_TLS_1_0 on */
extern const char *const profile_words[];
extern const char *const body_words[];
extern const char *const fragments_words[];
extern const char *const unproven_words[SW_UNPROVEN_COUNT + 1];
extern const char *const greylist_words[];
extern const char *const responses_words[];
extern const char *const to_tag_words[];
extern const char *const tcp_words[];
extern const char *const switch_words[]; /* "drop" is 1 */
extern const char *const log_words[];
extern const char *const hook_words[HOOK_COUNT + 1];

extern const char *const header_words[SW_HEADER_COUNT + 1];
extern const char *const status_words[]; /* the class of a word is its position and 1 */

/* The names that policies, CLI and metrics use. NULL (or -1) when there is none. A retired reason
 * has a name and no threat. */
const char *reason_name(enum sw_reason reason);
const char *reason_rfc(enum sw_reason reason);
const char *reason_text(enum sw_reason reason);
const char *reason_threat(enum sw_reason reason);
int reason_by_name(const char *name);
/* Likewise, for what is kept: a number that only a later version has a name for is "#130". */
struct reason_label {
	char text[48];
};
struct reason_label reason_label(unsigned int reason);
int reason_by_label(const char *label);
const char *message_name(enum sw_message message);
int message_by_name(const char *name);
const char *rate_name(enum sw_rate rate); /* "any", "INVITE", "dialog", "response", ... */
const char *mode_name(enum sw_mode mode);
const char *transport_name(enum sw_transport transport);

/* The position of `word` in `words`, or -1. */
int word_index(const char *word, const char *const *words);

#endif
