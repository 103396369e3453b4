/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where the exporter listens.
 */
#ifndef SIPWARD_EXPORT_LISTEN_H
#define SIPWARD_EXPORT_LISTEN_H

#include <stdint.h>

#include "base/base.h"

/* A listening socket of the numeric address; owned by the caller. -1 and *e. The exporter of an
 * agent that was killed has its port for a moment longer: this waits 2 s for one that is taken. */
int http_listen(const char *host, uint16_t port, struct error *e);
/* Likewise, at once, when `old` (a socket of this function) may have the same address, or one that
 * covers it: both listen until the caller closes one. */
int http_listen_beside(int old, const char *host, uint16_t port, struct error *e);

#endif
