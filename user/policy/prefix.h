/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What is wrong with a text that should be a prefix, in more detail than prefix_parse() of
 * model.h tells. For the reader of policies, which writes the corrected prefix into its
 * messages.
 */
#ifndef SIPWARD_POLICY_PREFIX_H
#define SIPWARD_POLICY_PREFIX_H

#include "policy/model.h"

enum prefix_fault {
	PREFIX_FINE,
	PREFIX_NO_ADDRESS,
	PREFIX_NO_LENGTH,  /* the length is no number within 0..32 or 0..128 */
	PREFIX_HOST_BITS,  /* *prefix is the corrected one */
	PREFIX_MAPPED,     /* likewise */
	PREFIX_FAULTS
};

enum prefix_fault prefix_read(const char *text, struct prefix *prefix);

/* Orders by family, address, length; 0 when they are the same prefix. */
int prefix_compare(const struct prefix *a, const struct prefix *b);

/* The address alone, of either family. */
int addr_parse(const char *text, struct sw_addr *addr);

#endif
