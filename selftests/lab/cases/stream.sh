# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# TCP is a stream: a forbidden message among 200 calls on one connection must not end it.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

phones_policy stream
ward_start stream || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"

for family in 4 6; do
	own=CALLER$family to=SERVER$family
	before=$(counter public would_drops method)
	caller "$PYTHON" "$LAB/one-connection.py" "${!to}" "${!own}" 200 >"$TMP/connection.out" 2>&1
	expect "200 calls on one TCP connection are set up, IPv$family" \
		"$(tail -n 1 "$TMP/connection.out")" grep -qx 'up 200' "$TMP/connection.out"
	expect "a forbidden message among the calls is counted, IPv$family" \
		"would-drop count $before, then $(counter public would_drops method)" \
		test "$(counter public would_drops method)" -eq $((before + 1))
	expect "all 200 calls go on and end on the connection, IPv$family" \
		"$(tail -n 1 "$TMP/connection.out")" grep -qx 'ended 200' "$TMP/connection.out"
done
expect_equal "no segment was dropped" 0 "$(counter_total drops)"
lab_end
