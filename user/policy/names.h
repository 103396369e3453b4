/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The words of the policy language as lists that end with NULL, so that a wrong one can be
 * answered with the nearest; the position of a word is its enum value. The functions that
 * others use are in model.h.
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

extern const char *const header_words[SW_HEADER_COUNT + 1];
extern const char *const status_words[]; /* the class of a word is its position and 1 */

/* The position of `word` in `words`, or -1. */
int word_index(const char *word, const char *const *words);

#endif
