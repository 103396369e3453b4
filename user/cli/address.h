/* SPDX-License-Identifier: GPL-2.0-only
 *
 * An address on the command line, with a port or without.
 */
#ifndef SIPWARD_CLI_ADDRESS_H
#define SIPWARD_CLI_ADDRESS_H

#include "kernel/frame.h"

/* Reads "192.0.2.1", "192.0.2.1:5062", "2001:db8::1", "[2001:db8::1]:5062" and "[2001:db8::1]";
 * without a port, to->port stays as it is. `where` begins the message: "who", "explain: --from".
 * 0, or -1 and *e. */
int read_address(const char *where, const char *text, struct endpoint *to, struct error *e);

#endif
