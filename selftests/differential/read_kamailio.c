/* SPDX-License-Identifier: GPL-2.0-only */
#include "reading.h"

const struct parser parser_kamailio = { .name = "kamailio" };
