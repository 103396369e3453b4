/* SPDX-License-Identifier: GPL-2.0-only */
#include "compare.h"

#include <string.h>

const char *const difference_names[DIFFERENCE_KINDS] = {
	[MISSED] = "sipward missed it",
	[DIFFERENT] = "sipward read it differently",
	[INVENTED] = "only sipward reads one",
	[UNREAD] = "sipward passed it as no SIP",
};

/* The body of the other one begins where ours does. */
static bool same_value(enum field f, const struct value *ours, const struct value *theirs)
{
	if (field_forms[f] == FORM_BODY)
		return theirs->size <= ours->size &&
		       !memcmp(ours->octets, theirs->octets, theirs->size);
	return ours->size == theirs->size && !memcmp(ours->octets, theirs->octets, ours->size);
}

static bool has(const struct values *ours, enum field f, const struct value *theirs)
{
	if (ours->unsure)
		return true;
	for (uint32_t i = 0; i < ours->count; i++)
		if (same_value(f, &ours->value[i], theirs))
			return true;
	return false;
}

/* Of several that which has most in common with theirs. */
static struct value nearest(const struct values *ours, const struct value *theirs)
{
	struct value best = {0};
	size_t most = 0;

	for (uint32_t i = 0; i < ours->count; i++) {
		const struct value *v = &ours->value[i];
		size_t n = 0;

		while (n < v->size && n < theirs->size && v->octets[n] == theirs->octets[n])
			n++;
		if (i == 0 || n > most) {
			most = n;
			best = *v;
		}
	}
	return best;
}

static bool says_something(const struct values *values)
{
	for (uint32_t i = 0; i < values->count; i++)
		if (values->value[i].size)
			return true;
	return false;
}

/* Of what lies inside a dialog less is asked: its tag must be there. */
static bool must_be_theirs(enum field f)
{
	return f == F_TO_TAG;
}

static void compare_field(const struct values *ours, const struct values *theirs,
			  struct difference *d, difference_found *found, void *arg)
{
	for (uint32_t i = 0; i < theirs->count; i++) {
		d->theirs = theirs->value[i];
		d->ours = nearest(ours, &d->theirs);
		if (!d->theirs.size || has(ours, d->field, &d->theirs))
			continue;
		d->kind = says_something(ours) ? DIFFERENT : MISSED;
		found(d, arg);
	}
	if (must_be_theirs(d->field) && says_something(ours) && !says_something(theirs)) {
		d->theirs = (struct value){0};
		d->ours = ours->value[0];
		d->kind = INVENTED;
		found(d, arg);
	}
}

void compare(const struct reading *ours, const struct reading *theirs, struct difference *d,
	     difference_found *found, void *arg)
{
	if (ours->outcome == OUTCOME_REFUSED || theirs->outcome != OUTCOME_READ)
		return;
	if (ours->outcome == OUTCOME_NO_SIP) {
		*d = (struct difference){.kind = UNREAD,
					 .parser = d->parser,
					 .message = d->message,
					 .field = theirs->field[F_METHOD].count ? F_METHOD :
										  F_STATUS};
		d->theirs = theirs->field[d->field].value[0];
		found(d, arg);
		return;
	}
	for (d->field = 0; d->field < FIELD_COUNT; d->field++)
		compare_field(&ours->field[d->field], &theirs->field[d->field], d, found, arg);
}

const struct tolerance *tolerance_of(const struct difference *d)
{
	for (size_t i = 0; i < tolerance_count; i++)
		if (tolerances[i].applies(d))
			return &tolerances[i];
	return NULL;
}
