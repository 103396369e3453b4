/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/attached.h"

#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "export/json.h"
#include "kernel/attachment.h"
#include "kernel/namespace.h"
#include "kernel/netlink.h"
#include "kernel/paths.h"
#include "kernel/pinned_interfaces.h"
#include "policy/model.h"
#include "policy/names.h"

/* --- the namespace --- */

struct json_object *network_json(void)
{
	struct network here = network_here(), owner;
	struct json_object *o;
	char path[PATH_MAX], name[64];
	bool found;

	if (!network_of_state(&owner) || network_same(&here, &owner))
		return NULL;
	snprintf(name, sizeof(name), "net:[%" PRIu64 "]", owner.inode);
	found = network_path(&owner, path);
	o = json_object_new_object();
	json_text(o, "name", name);
	json_text(o, "path", found ? path : NULL);
	json_flag(o, "entered", found && network_enter(&owner));
	return o;
}

void print_network(struct json_object *network)
{
	const char *path = text_of(network, "path");

	if (!network)
		return;
	printf("network namespace: this state belongs to another namespace than yours: %s",
	       text_of(network, "name"));
	if (json_object_get_boolean(json_object_object_get(network, "entered")))
		printf(" (nsenter --net=%s); the interfaces below are in that namespace\n", path);
	else if (path)
		printf("; its interfaces are not visible from here; run: nsenter --net=%s sipward "
		       "status\n",
		       path);
	else
		puts("; no process is in it, so it may be gone");
}

/* --- interfaces --- */

static struct json_object *services_json(const struct sw_policy *policy)
{
	struct json_object *services = json_object_new_array();

	for (uint32_t i = 0; i < policy->service_count; i++) {
		const struct sw_service *service = &policy->services[i];
		char text[32];

		if (service->port_first == service->port_last)
			snprintf(text, sizeof(text), "%s/%u", transport_name(service->transport),
				 service->port_first);
		else
			snprintf(text, sizeof(text), "%s/%u-%u", transport_name(service->transport),
				 service->port_first, service->port_last);
		json_object_array_add(services, json_object_new_string(text));
	}
	return services;
}

static void hash_text(const struct sw_policy *policy, char text[65])
{
	for (size_t i = 0; i < sizeof(policy->hash); i++)
		snprintf(text + 2 * i, 3, "%02x", policy->hash[i]);
}

/* Why nothing is attached, in words; NULL when it is. */
static const char *why_text(const struct attachment *attachment)
{
	if (attachment->mode == ATTACH_ELSEWHERE)
		return "its program runs on an interface that is not in this network namespace";
	if (attachment->mode != ATTACH_NONE)
		return NULL;
	if (!attachment->ifindex)
		return "there is no such interface now";
	return attachment->why == ATTACH_WHY_NO_PIN ?
		       "no link is pinned" :
		       "its link is empty: sipward was detached, or the interface was created again";
}

static void add_other(struct json_object *o, const struct attachment *attachment)
{
	struct json_object *other = json_object_new_object();

	json_count(other, "id", attachment->other);
	json_text(other, "name", attachment->other_name);
	json_object_object_add(o, "other_program", other);
}

static void add_policy(struct json_object *o, const struct attachment *attachment)
{
	const struct sw_policy *policy = attachment->policy;
	char hash[65];

	hash_text(policy, hash);
	json_flag(o, "multi_buffer", attachment->multi_buffer);
	json_count(o, "program_id", attachment->program_id);
	json_text(o, "program_tag", attachment->tag);
	json_count(o, "verified_instructions", attachment->verified);
	json_count(o, "generation", policy->generation);
	json_text(o, "policy_hash", hash);
	json_text(o, "mode", mode_name(policy->mode));
	json_object_object_add(o, "services", services_json(policy));
}

static struct json_object *interface_json(const struct attachment *attachment, bool pinned,
					  struct wants *wants)
{
	bool here = attachment->mode != ATTACH_NONE && attachment->mode != ATTACH_ELSEWHERE;
	struct json_object *o = json_object_new_object();

	json_text(o, "name", here ? attachment->now : attachment->iface);
	json_text(o, "attach", attach_mode_name(attachment->mode));
	json_text(o, "why", why_text(attachment));
	json_flag(o, "pinned", pinned);
	if (here && strcmp(attachment->now, attachment->iface) != 0)
		json_text(o, "pinned_as", attachment->iface);
	if (attachment->other)
		add_other(o, attachment);
	if (!attachment->policy)
		return o;
	wants->observer |= attachment->policy->observed;
	wants->dialogs |= attachment->policy->to_tags;
	if (!wants->policy) {
		wants->policy = xcalloc(1, sizeof(*wants->policy));
		*wants->policy = *attachment->policy;
	}
	add_policy(o, attachment);
	return o;
}

/* Interfaces that have been told of, and those of the others that run a program of sipward. */
struct unpinned {
	struct json_object *interfaces;
	struct wants *wants;
	int *told;
	size_t told_count;
};

static void add_unpinned(void *context, const struct link_now *now)
{
	struct unpinned *to = context;
	auto_attachment struct attachment attachment = {};

	for (size_t i = 0; i < to->told_count; i++)
		if (to->told[i] == now->ifindex)
			return;
	if (attachment_of_link(now, &attachment))
		json_object_array_add(to->interfaces,
				      interface_json(&attachment, false, to->wants));
}

int attached_json(struct json_object *interfaces, struct wants *wants, struct error *e)
{
	auto_string_list char **names = state_interfaces();
	struct unpinned unpinned = {.interfaces = interfaces, .wants = wants};
	struct json_object *one;
	int done;

	for (char **name = names; *name; name++) {
		auto_attachment struct attachment attachment = {};
		struct error trouble = {};

		attachment_read(*name, &attachment, &trouble);
		if (attachment.mode != ATTACH_NONE)
			append(unpinned.told, unpinned.told_count, attachment.ifindex);
		/* One of ours without its pin is told below. */
		else if (attachment.other && attachment_is_ours(attachment.other))
			continue;
		one = interface_json(&attachment, true, wants);
		json_text(one, "trouble", trouble.code ? trouble.text : NULL);
		json_object_array_add(interfaces, one);
	}
	done = netlink_dump_links(add_unpinned, &unpinned, e);
	free(unpinned.told);
	return done;
}

static void print_nothing(struct json_object *iface)
{
	struct json_object *other = json_object_object_get(iface, "other_program");

	if (text_of(iface, "trouble")) {
		puts(text_of(iface, "trouble"));
		return;
	}
	printf("%s: nothing attached (%s)", text_of(iface, "name"), text_of(iface, "why"));
	if (other)
		printf("; another XDP program is attached: id %s, name %s", text_of(other, "id"),
		       text_of(other, "name"));
	putchar('\n');
}

static void print_interface(struct json_object *iface, bool verbose)
{
	struct json_object *services = json_object_object_get(iface, "services");

	if (!services) {
		print_nothing(iface);
		return;
	}
	printf("%s: %s mode, policy %s, generation %s\n", text_of(iface, "name"),
	       text_of(iface, "attach"), text_of(iface, "mode"), text_of(iface, "generation"));
	if (verbose)
		printf("  program %s (tag %s, %s instructions), policy hash %.12s\n",
		       text_of(iface, "program_id"), text_of(iface, "program_tag"),
		       text_of(iface, "verified_instructions"), text_of(iface, "policy_hash"));
	if (text_of(iface, "why"))
		printf("  %s\n", text_of(iface, "why"));
	if (text_of(iface, "pinned_as"))
		printf("  it was named %s when sipward was attached to it\n",
		       text_of(iface, "pinned_as"));
	if (!json_object_get_boolean(json_object_object_get(iface, "pinned")))
		printf("  without a pin in %s: it was removed, or another directory "
		       "(SIPWARD_BPF_DIR) has it\n",
		       bpf_dir());
	printf("  protects:");
	for (size_t i = 0; i < json_object_array_length(services); i++)
		printf(" %s", json_object_get_string(json_object_array_get_idx(services, i)));
	puts(json_object_get_boolean(json_object_object_get(iface, "multi_buffer")) ?
		     "" :
		     "\n  no multi-buffer frames: messages larger than one buffer are not seen");
}

void print_attached(struct json_object *interfaces, bool verbose)
{
	for (size_t i = 0; i < json_object_array_length(interfaces); i++)
		print_interface(json_object_array_get_idx(interfaces, i), verbose);
}
