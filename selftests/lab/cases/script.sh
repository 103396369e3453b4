# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# scripts/run, as a newcomer uses it: one command, and one signal to end it.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

script() { # ARGUMENTS: its exit code and what it says
	server timeout 120 "$ROOT/scripts/run" "$@" >"$TMP/script.out" 2>&1
	echo $?
}

expect_equal "without an interface it is a usage error" 2 "$(script)"
expect_equal "an interface that does not exist: exit code 5" 5 "$(script nosuch0)"
expect "the message names interfaces that exist" \
	"$(cat "$TMP/script.out")" grep -q eth0 "$TMP/script.out"
expect_equal "a policy that does not exist: exit code 3" 3 "$(script eth0 --policy "$TMP/none.yaml")"

spawn "$SERVER" "$TMP/script.log" "$ROOT/scripts/run" eth0
script=$SPAWNED
expect "scripts/run attaches the program" "$(tail -n 1 "$TMP/script.log")" \
	wait_until 120 grep -q 'sipward: ready' "$TMP/script.log"
request attacker --from "$ATTACKER4" "$SERVER4" OPTIONS 3 >"$TMP/answers"
expect_equal "without a policy nothing is dropped" 3 "$(wc -l <"$TMP/answers")"
expect "scripts/run shows the traffic" "$(tail -n 3 "$TMP/script.log")" \
	wait_until 10 grep -q 'OPTIONS 3' "$TMP/script.log"
kill "$script"
wait "$script"
expect_equal "a signal ends scripts/run" 0 $?
expect_equal "the signal takes the program off" "" "$(program_id)"
lab_end
