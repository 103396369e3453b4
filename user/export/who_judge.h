/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Is it sipward that keeps a source out? Judges the facts, in the order of the data path.
 */
#ifndef SIPWARD_EXPORT_WHO_JUDGE_H
#define SIPWARD_EXPORT_WHO_JUDGE_H

#include <json-c/json.h>
#include <stdbool.h>

/* Adds to the facts: "keeps_out", a row for each cause, with its text and the command that lets the
 * source in; "verdict": out, waits (its first request is dropped, a retransmission admitted),
 * partly (its requests pass, other packets of it do not), monitored
 * (it would be out), in, or unknown; and "answer", one sentence. */
void who_judge(struct json_object *facts);

/* True when something keeps the source out or makes it wait, or it cannot be told. */
bool who_is_out(struct json_object *facts);

#endif
