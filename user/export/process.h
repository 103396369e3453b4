/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The life of the exporter's process: it gives up all that it has, and serves.
 */
#ifndef SIPWARD_EXPORT_PROCESS_H
#define SIPWARD_EXPORT_PROCESS_H

/* The whole life of the process, which is this binary with argv[0] EXPORTER_PROCESS; its exit
 * code. */
int http_process(void);

#endif
