/* SPDX-License-Identifier: GPL-2.0-only
 *
 * All that is pinned, taken off.
 */
#ifndef SIPWARD_KERNEL_STATE_REMOVE_H
#define SIPWARD_KERNEL_STATE_REMOVE_H

#include "base/base.h"

/* Removes every pin of the state and of its interfaces; links go with their pins. */
int state_remove(struct error *e);

#endif
