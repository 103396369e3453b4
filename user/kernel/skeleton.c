/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/skeleton.h"

#include <string.h>

static char log_text[1 << 16];
static size_t log_used;

static int keep_line(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	size_t half = sizeof(log_text) / 2;
	int wrote;

	if (level == LIBBPF_DEBUG)
		return 0;
	/* The end of a log says why; of a long one the older half goes. */
	if (log_used > half) {
		memmove(log_text, log_text + log_used - half / 2, half / 2 + 1);
		log_used = half / 2;
	}
	wrote = vsnprintf(log_text + log_used, sizeof(log_text) - log_used, fmt, ap);
	if (wrote > 0)
		log_used += (size_t)wrote < sizeof(log_text) - log_used ?
			    (size_t)wrote : sizeof(log_text) - log_used - 1;
	return 0;
}

void libbpf_log_start(void)
{
	log_used = 0;
	log_text[0] = '\0';
	libbpf_set_print(keep_line);
}

const char *libbpf_log_tail(void)
{
	const char *tail = log_text + log_used;
	int lines = 0;

	while (tail > log_text && log_used - (tail - log_text) < 600) {
		if (tail[-1] == '\n' && tail != log_text + log_used && ++lines == 8)
			break;
		tail--;
	}
	return tail;
}
