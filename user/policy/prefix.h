/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Prefixes and addresses: read from a text, written as one, compared.
 */
#ifndef SIPWARD_POLICY_PREFIX_H
#define SIPWARD_POLICY_PREFIX_H

#include "policy/model.h"

/* Reads "192.0.2.0/24", "192.0.2.1", "2001:db8::/32": 0, or -1 when it is no address or has
 * host bits set (*why says which; a literal). */
int prefix_parse(const char *text, struct prefix *prefix, const char **why);

/* Writes the prefix without its length when it is a single host. `size` >= 64. */
const char *prefix_text(const struct prefix *prefix, char *text, size_t size);
const char *addr_text(const struct sw_addr *addr, char *text, size_t size);

/* The fault of a text, in more detail: for the reader of policies, which writes the corrected
 * prefix into its messages. */
enum prefix_fault {
	PREFIX_FINE,
	PREFIX_NO_ADDRESS,
	PREFIX_NO_LENGTH, /* the length is no number within 0..32 or 0..128 */
	PREFIX_HOST_BITS, /* *prefix is the corrected one */
	PREFIX_MAPPED,    /* likewise */
	PREFIX_FAULTS
};

enum prefix_fault prefix_read(const char *text, struct prefix *prefix);

/* Orders by family, address, length; 0 when they are the same prefix. */
int prefix_compare(const struct prefix *a, const struct prefix *b);

/* True when the address is within it. */
bool prefix_holds(const struct prefix *prefix, const struct sw_addr *addr);

/* The address alone, of either family. */
int addr_parse(const char *text, struct sw_addr *addr);

#endif
