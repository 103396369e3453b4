/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Points at which a test ends the process, or lets a step fail: before each step of what may never
 * be left half done. Built with -DSW_FAULTS only (make faults); anywhere else a point is nothing.
 *
 * SIPWARD_FAULT=N:kill ends the process with SIGKILL at the Nth point that it comes to,
 * SIPWARD_FAULT=N:error lets that step return an error, and N:stop stops it until SIGCONT. With
 * SIPWARD_FAULT_FROM=NAME they are counted from the point of that name on. Each one is written to
 * SIPWARD_FAULT_LOG, when that is set, as "N NAME".
 */
#ifndef SIPWARD_FAULT_H
#define SIPWARD_FAULT_H

#include "base/base.h"

#ifdef SW_FAULTS
/* 0, or -1 and *e (may be NULL) when the step behind it is to fail. */
int fault_point(const char *name, struct error *e);
#else
static inline int fault_point(const char *name, struct error *e)
{
	(void)name, (void)e;
	return 0;
}
#endif

#endif
