/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Kinds of repairs that the agent makes in the kernel.
 */
#ifndef SIPWARD_EXPORT_REPAIR_KINDS_H
#define SIPWARD_EXPORT_REPAIR_KINDS_H

enum repair {
	REPAIR_LINK,     /* the program was taken off its interface */
	REPAIR_PROGRAM,  /* another program was put behind our link */
	REPAIR_PIN,      /* a pin was removed, or another object put in its place */
	REPAIR_NAME,     /* the interface was renamed */
	REPAIR_OBSERVER, /* the observer's filter was taken off */
	REPAIR_LOCK,     /* a directory, a lock file or the control socket was removed */
	REPAIR_COUNT
};

const char *repair_name(enum repair repair); /* of the metric and the event: "link", ... */
const char *repair_text(enum repair repair); /* what was found, and what was done */

#endif
