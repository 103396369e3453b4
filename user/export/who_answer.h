/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The verdict in one word, and in one sentence.
 */
#ifndef SIPWARD_EXPORT_WHO_ANSWER_H
#define SIPWARD_EXPORT_WHO_ANSWER_H

#include "export/who_verdict.h"

const char *verdict_word(const struct verdict *v);
/* Owned by the caller. */
char *answer_text(const struct verdict *v, const char *word);

#endif
