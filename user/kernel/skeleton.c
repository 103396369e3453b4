/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/skeleton.h"

#include <pthread.h>
#include <string.h>

/* Of each thread: one of them loads programs while another one looks after filters. */
static _Thread_local char log_text[4096];
static _Thread_local size_t log_used;

/* Of a long text (a verifier log) the end says why. */
static int keep_end(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	auto_free char *text = NULL;
	size_t room = sizeof(log_text) - 1, size, keep;
	int printed;

	if (level == LIBBPF_DEBUG || (printed = vasprintf(&text, fmt, ap)) < 0)
		return 0;
	size = (size_t)printed < room ? (size_t)printed : room;
	keep = log_used < room - size ? log_used : room - size;
	memmove(log_text, log_text + log_used - keep, keep);
	memcpy(log_text + keep, text + printed - size, size);
	log_used = keep + size;
	log_text[log_used] = '\0';
	return 0;
}

static void listen_to_libbpf(void)
{
	libbpf_set_print(keep_end);
}

void libbpf_log_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	log_used = 0;
	log_text[0] = '\0';
	pthread_once(&once, listen_to_libbpf);
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
