/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Virtual patches: rules of the operator's own, for the time between the day that a flaw of the
 * server is known and the day that the server is mended. Part of struct sw_policy, and their state.
 */
#ifndef SIPWARD_PATCH_H
#define SIPWARD_PATCH_H

#include <linux/types.h>
#include <sipward/abi.h>

#define SW_PATCHES_MAX    8
#define SW_PATCH_NAME     32   /* octets of a header's name */
#define SW_PATCH_TEXT_MIN 2    /* of a text that is looked for */
#define SW_PATCH_TEXT     64   /* likewise, at most */
#define SW_PATCH_HEADERS  1024 /* lines of a header section that are read */
#define SW_PATCH_NUMBERS  32

/* The part of a message that a rule reads first; then the body, if it has a text for that. */
enum sw_patch_part { SW_PATCH_NO_PART, SW_PATCH_HEADER, SW_PATCH_URI };

enum sw_patch_test { SW_PATCH_PRESENT, SW_PATCH_CONTAINS, SW_PATCH_PREFIX, SW_PATCH_LONGER };

/* As little-endian words; no letter is large where the case counts for nothing. */
struct sw_patch_text {
	__u64 words[SW_PATCH_TEXT / 8];
	__u64 masks[SW_PATCH_TEXT / 8];
	__u32 length; /* 0: none */
	__u32 any_case;
};

struct sw_patch {
	struct sw_patch_text value;
	struct sw_patch_text body;
	__u64 name[SW_PATCH_NAME / 8]; /* of the header, in small letters */
	__u64 name_masks[SW_PATCH_NAME / 8];
	__u32 longer; /* octets */
	__u8 name_length;
	__u8 compact; /* its other name: a small letter, or 0 */
	__u8 test;    /* enum sw_patch_test */
	__u8 action;  /* enum sw_action */
	__u8 unread;  /* enum sw_action: of a message that is not read to its end */
	__u8 dialogs; /* 1: inside a dialog, too */
	__u8 number;  /* in the register of names */
	__u8 pad[5];
};

/* The register of the names of rules, and how often each matched: a rule keeps its number by
 * name. */
struct sw_patch_name {
	char name[SW_NAME_MAX];
	__u64 generation; /* the first one that had this rule; 0: never used */
	__u64 refused;
	__u64 reported;
	__u64 pad;
};

_Static_assert(SW_PATCHES_MAX <= 8, "a zone has an octet for them");
_Static_assert(sizeof(struct sw_patch_text) == 136, "no padding");
_Static_assert(sizeof(struct sw_patch) == 352, "no padding");
_Static_assert(sizeof(struct sw_patch_name) == 64, "one cache line");

#endif
