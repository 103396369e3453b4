/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The texts about the observer, and about the dialogs that `to_tag: proven` must know.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "export/observer_text.h"
#include "kernel/health.h"

#include <cmocka.h>

#define HOUR (3600 * SW_NS_PER_SEC)
#define NOW  (100 * HOUR)

static void expect(const struct sw_health *health, const struct sw_observed *observed,
		   const char *wanted)
{
	auto_free char *text = dialogs_text(health, observed, NOW);

	if (!strstr(text, wanted))
		fail_msg("'%s' is not in '%s'", wanted, text);
}

static void test_dialogs(void **state)
{
	struct sw_health health = {.heartbeat = NOW, .observed_from = NOW - HOUR};
	struct sw_observed observed = {};

	(void)state;
	expect(&health, &observed, "inactive for another 3 h: calls may be older than");
	health.observed_from = NOW - 4 * HOUR;
	expect(&health, &observed, "active; every open dialog is known");
	observed.dialogs_full = NOW - 2 * HOUR;
	expect(&health, &observed, "inactive for another 2 h: the table of dialogs overflowed");
	observed.dialogs_full = NOW - 4 * HOUR;
	expect(&health, &observed, "active; every open dialog is known");
	/* As if the host had booted after it came. */
	health.observed_from = -HOUR;
	expect(&health, &observed, "active; every open dialog is known");
	health.heartbeat = NOW - HOUR;
	expect(&health, &observed, "inactive while the observer is not running");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogs),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
