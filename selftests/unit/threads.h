/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Whether a thread can be made in this process, for what happens when none can. After cmocka.h.
 */
#ifndef SIPWARD_UNIT_THREADS_H
#define SIPWARD_UNIT_THREADS_H

#include <pthread.h>

/* No thread has so large a stack. */
static inline void threads_can_be_made(bool can)
{
	static size_t usual;
	pthread_attr_t attr;

	pthread_getattr_default_np(&attr);
	if (!usual)
		pthread_attr_getstacksize(&attr, &usual);
	pthread_attr_setstacksize(&attr, can ? usual : (size_t)1 << 50);
	assert_int_equal(pthread_setattr_default_np(&attr), 0);
	pthread_attr_destroy(&attr);
}

#endif
