/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report of an audit as an HTML page.
 */
#ifndef SIPWARD_AUDIT_HTML_H
#define SIPWARD_AUDIT_HTML_H

#include "audit/audit.h"

void audit_html(const struct audit *audit, FILE *out);

#endif
