/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report of an audit in JSON.
 */
#ifndef SIPWARD_AUDIT_JSON_H
#define SIPWARD_AUDIT_JSON_H

#include "audit/audit.h"

void audit_json(const struct audit *audit, FILE *out);

#endif
