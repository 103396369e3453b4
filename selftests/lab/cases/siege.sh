# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lab: alone
#
# All that happens to an agent and its interface, beside a flood of INVITEs from random addresses
# at the full speed of one core: killed, stopped with --keep, reloaded, the link down and up. A
# caller who is known stays so, and its calls succeed. Nothing else lets them in: there is no
# greylist, and a budget for newcomers that the flood spends, and that is too small for so many.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

RATE=50
NEWCOMER4=${CALLER4%.*}.200
ip -n "$CALLER" addr add "$NEWCOMER4/24" dev eth0

policy siege <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 5/s, greylist: off}
END

known() {
	ward status -j | jq .known
}

refused() { # newcomers beyond the budget
	counter public drops newcomers
}

calls() { # NAME: as of a phone, which answers an OPTIONS that comes outside of its calls
	sipp_run "$1" caller "$SERVER4" "$CALLER4" 100 "$RATE" -oocsn ooc_default
	calls_good "$1"
}

# A caller whom nobody knows sends as much, and answers no probe.
expect_no_way_in() { # WHAT
	local answered
	answered=$(count_answers caller --from "$NEWCOMER4" --gap 0.02 "$SERVER4" OPTIONS 50)
	expect "$1: the flood leaves newcomers almost no budget" "$answered of 50 were answered" \
		test "$answered" -le 15
}

flood_start() {
	spawn "$ATTACKER" "$TMP/flood.out" "$BUILD/flood" --iface eth0 --dst-mac "$(server_mac)" \
		--src 0.0.0.0/0 --dst "$SERVER4" --what invite --rate max --seconds 60
	FLOOD=$SPAWNED
}

expect_known() { # WHAT
	expect_equal "$1: the same endpoints are known, and no other" "$KNOWN" "$(known)"
	expect "$1: the flood still runs" "$(cat "$TMP/flood.out")" alive "$FLOOD"
}

# NAME COMMAND...: the command in the middle of calls and flood
siege() {
	local name=$1 before
	shift
	before=$(refused)
	load_start "$name" "$CALLER" "$SERVER4" "$CALLER4" "$RATE"
	sleep 1
	"$@"
	sleep 1
	load_end
	expect_known "$name"
	expect "$name: the flood went on" "$(refused) newcomers were refused, $before before" \
		test "$(refused)" -gt $((before + 10 * LOAD_CALLS))
}

kill_and_start() {
	kill -9 "$WARD"
	wait "$WARD" 2>/dev/null
	expect_equal "kill -9: endpoints stay known without an agent" "$KNOWN" "$(known)"
	expect "kill -9: the agent starts again" "$(tail -n 1 "$WARD_LOG")" ward_start siege --keep
}

keep_and_start() {
	ward_stop
	expect_equal "--keep: endpoints stay known without an agent" "$KNOWN" "$(known)"
	expect "--keep: the agent starts again" "$(tail -n 1 "$WARD_LOG")" ward_start siege
}

applied() {
	ward apply "$TMP/siege.yaml" >/dev/null
}

reload_and_apply() {
	local before
	before=$(generation)
	expect "reload: SIGHUP" "$(tail -n 1 "$WARD_LOG")" ward_reload
	expect "reload: apply" "it is refused" applied
	expect_equal "reload: SIGHUP and apply make two generations" $((before + 2)) "$(generation)"
}

ward_start siege || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_equal "calls before the flood" 100 "$(calls warm)"
KNOWN=$(known)
expect "the calls make their caller known" "$(ward status)" test "$KNOWN" -ge 1

flood_start
sleep 1
expect_no_way_in "at first"
siege "kill -9" kill_and_start
siege "--keep" keep_and_start
siege "reload" reload_and_apply

before=$(refused)
ip -n "$SERVER" link set eth0 down
sleep 0.5
ip -n "$SERVER" link set eth0 up
ip -n "$SERVER" route add default via "$ATTACKER4" # went with the link
expect_equal "link down and up: calls after it" 100 "$(calls flap)"
expect_known "link down and up"
expect "link down and up: the flood is back" "$(refused), $before before" \
	test "$(refused)" -gt $((before + 1000))
expect_no_way_in "at last"
stop_process "$FLOOD"
expect "the flood earned nobody a ban" "$(ward ban list)" \
	test "$(ward ban list -j | jq length)" = 0
lab_end
