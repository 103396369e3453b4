/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The life of the process that runs hooks: it becomes the user that they run as, gives up all
 * rights, and serves. It is this binary with argv[0] HOOK_PROCESS, the name of the user and the
 * paths of the programs.
 */
#ifndef SIPWARD_EXPORT_HOOK_PROCESS_H
#define SIPWARD_EXPORT_HOOK_PROCESS_H

#define HOOK_PROCESS "sipward-hooks"
#define HOOK_CHANNEL 3 /* its end of the channel */

/* Its exit code. */
int hook_process(int argc, char **argv);

#endif
