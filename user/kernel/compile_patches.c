/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/compile_patches.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/fault.h"

/* Fills words, and masks of their octets. */
static void compile_text(const char *text, bool any_case, __u64 *words, __u64 *masks)
{
	for (size_t i = 0; text[i]; i++) {
		uint8_t octet = any_case ? tolower((unsigned char)text[i]) : text[i];

		words[i / 8] |= (uint64_t)octet << i % 8 * 8;
		masks[i / 8] |= 0xffull << i % 8 * 8;
	}
}

static void compile_patch(const struct patch *patch, struct sw_patch *to)
{
	compile_text(patch->header, true, to->name, to->name_masks);
	to->name_length = strlen(patch->header);
	to->compact = patch->compact;
	compile_text(patch->text, patch->any_case, to->value.words, to->value.masks);
	to->value.length = strlen(patch->text);
	compile_text(patch->body, patch->any_case, to->body.words, to->body.masks);
	to->body.length = strlen(patch->body);
	to->value.any_case = to->body.any_case = patch->any_case;
	to->longer = patch->longer;
	to->test = patch->test;
	to->action = patch->action;
	to->unread = patch->unread;
	to->dialogs = patch->dialogs;
}

void compile_patches(const struct policy *policy, const uint8_t *zone_numbers,
		     struct sw_policy *out)
{
	for (size_t i = 0; i < policy->patch_count; i++) {
		const struct patch *patch = &policy->patches[i];
		uint32_t bit = 1u << out->patch_count;

		compile_patch(patch, &out->patches[out->patch_count++]);
		if (patch->part == SW_PATCH_HEADER) {
			out->patch_headers |= bit;
			out->patch_letters |= 1u << (patch->header[0] & 31);
			out->patch_letters |= patch->compact ? 1u << (patch->compact & 31) : 0;
		}
		out->patch_uris |= patch->part == SW_PATCH_URI ? bit : 0;
		out->patch_bodies |= *patch->body ? bit : 0;
		for (size_t zone = 0; zone < policy->zone_count; zone++)
			out->zones[zone_numbers[zone]].patches |=
				patch->zones >> zone & 1 ? bit : 0;
		for (int message = 0; message <= SW_MESSAGE_OTHER; message++)
			out->patches_of[message] |= patch->methods >> message & 1 ? bit : 0;
	}
}

static bool has_patch(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->patch_count; i++)
		if (strcmp(policy->patches[i].name, name) == 0)
			return true;
	return false;
}

/* One never used, else that of the oldest rule that is gone. */
static uint32_t free_number(const struct sw_patch_name *names, const struct policy *policy)
{
	uint32_t best = SW_PATCH_NUMBERS;

	for (uint32_t i = 0; i < SW_PATCH_NUMBERS; i++) {
		if (!names[i].generation)
			return i;
		if (has_patch(policy, names[i].name))
			continue;
		if (best == SW_PATCH_NUMBERS || names[i].generation < names[best].generation)
			best = i;
	}
	return best;
}

static uint32_t number_of(const struct sw_patch_name *names, const struct policy *policy,
			  const char *name)
{
	for (uint32_t i = 0; i < SW_PATCH_NUMBERS; i++)
		if (names[i].generation && strcmp(names[i].name, name) == 0)
			return i;
	return free_number(names, policy);
}

_Static_assert(SW_PATCH_NUMBERS > 2 * SW_PATCHES_MAX, "some number is free");

int state_number_patches(const struct state *state, const struct policy *policy,
			 struct sw_policy *compiled, struct error *e)
{
	struct sw_patch_name names[SW_PATCH_NUMBERS];
	int fd = state->fds[STATE_PATCH_NAMES];

	for (uint32_t i = 0; i < SW_PATCH_NUMBERS; i++)
		if (bpf_map_lookup_elem(fd, &i, &names[i]) < 0)
			return fail(e, EXIT_FAILED, "map patch_names cannot be read: %s",
				    strerror(errno));
	for (size_t i = 0; i < policy->patch_count; i++) {
		const char *name = policy->patches[i].name;
		uint32_t number = number_of(names, policy, name);
		struct sw_patch_name *to = &names[number];

		compiled->patches[i].number = number;
		/* The data path counts in an entry that is there: nothing is written over it. */
		if (to->generation && strcmp(to->name, name) == 0)
			continue;
		memset(to, 0, sizeof(*to));
		snprintf(to->name, sizeof(to->name), "%s", name);
		to->generation = compiled->generation;
		if (fault_point("prepare: number a rule", e) < 0)
			return -1;
		if (bpf_map_update_elem(fd, &number, to, BPF_ANY) < 0)
			return fail(e, EXIT_FAILED, "map patch_names cannot be written: %s",
				    strerror(errno));
	}
	return 0;
}
