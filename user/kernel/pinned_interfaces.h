/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The interfaces that have a directory under bpf_dir().
 */
#ifndef SIPWARD_KERNEL_PINNED_INTERFACES_H
#define SIPWARD_KERNEL_PINNED_INTERFACES_H

#include "base/base.h"

/* A list that ends with NULL; it and its strings belong to the caller: string_list_free. */
void string_list_free(char ***list);
#define auto_string_list cleanup(string_list_free)

/* Names of the interfaces, with a link pinned or not. */
char **state_interfaces(void);
/* The names of all directories, those of other programs included. */
char **pin_directories(void);

#endif
