# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Runs groups of cases, for the lab and for the attacks. Each group has namespaces, pins and files
# of its own, so LANES (2) of them run side by side. Those that flood or measure say so on a line
# `# lab: alone`, and run first, one after the other. A signal that stops this stops the groups,
# too, which then remove everything that they have made.

failed=0
running=()
outputs=$(mktemp -d)

stop_groups() {
	[ ${#running[@]} = 0 ] || kill "${running[@]}" 2>/dev/null
	wait
	exit 143
}
trap stop_groups INT TERM
trap 'rm -rf "$outputs"' EXIT

run_group() { # WHAT SECONDS NAME
	local status begun=$SECONDS
	timeout "$2" bash "cases/$3.sh" </dev/null &
	trap 'kill $! 2>/dev/null; wait; exit 143' TERM
	wait $!
	status=$?
	[ "$status" != 124 ] || echo "not ok $3 - it took more than $2 s"
	echo "# $1: $3 took $((SECONDS - begun)) s"
	return "$status"
}

run_aside() { # likewise, but its output comes in one piece
	local status
	echo "# $1: $3" >"$outputs/$3"
	run_group "$@" >>"$outputs/$3" 2>&1
	status=$?
	cat "$outputs/$3"
	return "$status"
}

wait_for_one() {
	local pid ended rest=()
	wait -n -p ended "${running[@]}" || failed=1
	for pid in "${running[@]}"; do
		[ "$pid" = "$ended" ] || rest+=("$pid")
	done
	running=(${rest[@]+"${rest[@]}"})
}

# WHAT SECONDS [NAME...]: all groups in cases/, or those that are named, each within so many
# seconds. Exit code 1 when one failed.
run_groups() {
	local what=$1 seconds=$2 group groups aside=()
	shift 2
	groups=("$@")
	if [ $# = 0 ]; then
		groups=(cases/*.sh)
		groups=("${groups[@]#cases/}")
		groups=("${groups[@]%.sh}")
	fi
	for group in "${groups[@]}"; do
		[ -f "cases/$group.sh" ] || { echo "not ok $group - there is no such group"; return 2; }
		if ! grep -q '^# lab: alone' "cases/$group.sh"; then
			aside+=("$group")
			continue
		fi
		echo "# $what: $group"
		run_group "$what" "$seconds" "$group" &
		running=($!)
		wait_for_one
	done
	for group in ${aside[@]+"${aside[@]}"}; do
		[ ${#running[@]} -lt "${LANES:-2}" ] || wait_for_one
		run_aside "$what" "$seconds" "$group" &
		running+=($!)
	done
	while [ ${#running[@]} -gt 0 ]; do
		wait_for_one
	done
	return "$failed"
}
