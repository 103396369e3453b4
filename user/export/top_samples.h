/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A sample of a packet becomes an entry of the top lists: its message is read by the scanner of the
 * data path.
 */
#ifndef SIPWARD_EXPORT_TOP_SAMPLES_H
#define SIPWARD_EXPORT_TOP_SAMPLES_H

#include <sipward/sample.h>

#include "export/top.h"

void top_add_sample(struct top *top, const struct sw_sample *sample);

#endif
