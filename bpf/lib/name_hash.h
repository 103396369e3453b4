/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names in messages against names in policies, by a hash of the lower-cased name (FNV-1a): user
 * space makes the hashes, the data path looks for them. Nobody gains by a collision: it only
 * makes a rule match. Pure C.
 */
#ifndef SIPWARD_BPF_LIB_NAME_HASH_H
#define SIPWARD_BPF_LIB_NAME_HASH_H

#include <linux/types.h>

#define NAME_HASH_START 0xcbf29ce484222325ull

static inline __attribute__((always_inline)) __u64 name_hash_step(__u64 hash, __u8 octet)
{
	if ((__u8)(octet - 'A') < 26)
		octet |= 0x20;
	return (hash ^ octet) * 0x100000001b3ull;
}

#endif
