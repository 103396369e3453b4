/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Removes the pins of one interface.
 */
#ifndef SIPWARD_KERNEL_UNPIN_H
#define SIPWARD_KERNEL_UNPIN_H

#include "base/base.h"

/* Takes the program off one interface; its counters stay. */
int state_detach(const char *iface, struct error *e);
/* Removes what is pinned for one interface: link (so the program comes off) and counters. */
int state_remove_interface(const char *iface, struct error *e);

/* Removes one pin, of an interface or (NULL) of the state. One that is not there is no error. */
int remove_pin(const char *iface, const char *name, struct error *e);

#endif
