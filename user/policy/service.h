/* SPDX-License-Identifier: GPL-2.0-only
 *
 * `services`: the ports that are protected.
 */
#ifndef SIPWARD_POLICY_SERVICE_H
#define SIPWARD_POLICY_SERVICE_H

#include "policy/keys.h"

int read_services(struct parse_context *d, const struct key *key, const struct node *value,
		  void *to);

#endif
