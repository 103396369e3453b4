/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Differences that nothing tolerates: made as small as they go, told apart, printed.
 */
#ifndef SIPWARD_DIFFERENTIAL_FAILURE_H
#define SIPWARD_DIFFERENTIAL_FAILURE_H

#include "compare.h"

/* Notes a failure of the message with this seed; of each kind, parser and field the first
 * `examples` are printed, minimised. */
void failure_note(const struct difference *d, uint64_t seed, uint32_t examples);
uint64_t failure_count(const struct parser *parser);

void print_escaped(const uint8_t *octets, size_t size);

#endif
