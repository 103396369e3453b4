/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report of an audit in Markdown.
 */
#ifndef SIPWARD_AUDIT_MARKDOWN_H
#define SIPWARD_AUDIT_MARKDOWN_H

#include "audit/audit.h"

void audit_markdown(const struct audit *audit, FILE *out);

#endif
