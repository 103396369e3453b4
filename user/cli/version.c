/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/cli.h"
#include "cli/options.h"
#include "export/json.h"

#include <sipward/abi.h>

static int run(const struct command *self, int argc, char **argv, struct error *e)
{
	bool json;

	if (only_json(self, argc, argv, &json, e) < 0)
		return -1;
	if (json) {
		auto_json struct json_object *o = json_object_new_object();

		json_text(o, "version", SIPWARD_VERSION);
		json_text(o, "compiler", SIPWARD_COMPILER);
		json_count(o, "abi", SW_ABI_VERSION);
		print_json(o);
	} else {
		printf("sipward %s (data path built by %s, state ABI %d)\n", SIPWARD_VERSION,
		       SIPWARD_COMPILER, SW_ABI_VERSION);
	}
	return 0;
}

const struct command command_version = {
	.name = "version",
	.summary = "prints version, compiler of the data path, ABI of the state",
	.help = "Usage: sipward version [-j]\n",
	.run = run,
};
