# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lab: alone
#
# The parts that the admission of newcomers needs: the observer that others can take off, the probe,
# the table of known endpoints, which outlives agents, reloads and interfaces, and a server that
# keeps up with what it gets.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

policy admission <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 100/s}
END

known() {
	ward status -j | jq .known
}

observed() { # is the filter on the server's interface?
	server tc filter show dev eth0 egress 2>/dev/null | grep -q sipward_egress
}

expect_known() { # WHAT
	expect "$1: known endpoints are still known" "there are $(known), there were $before" \
		test "$(known)" -ge "$before"
}

calls() { # NAME
	sipp_run "$1" caller "$SERVER4" "$CALLER4" 50 50 -oocsn ooc_default
	calls_good "$1"
}

ward_start admission || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect "the observer is attached to the interface" "it is not there" observed
expect_equal "at first no endpoint is known" 0 "$(known)"
expect_equal "a caller's first calls succeed" 50 "$(calls first)"
expect "the calls make the caller known" "$(ward status)" test "$(known)" -ge 1
expect "an answer to a probe made the caller known" "$(ward status)" \
	test "$(ward status -j | jq .probes_answered)" -ge 1
before=$(known)

# --- the observer is taken off by somebody ---
lines=$(wc -l <"$WARD_LOG")
load_start observer "$CALLER" "$SERVER4" "$CALLER4" 200
server tc qdisc del dev eth0 clsact
expect "the agent reports that tc qdisc del removed the observer" "$(tail -n 2 "$WARD_LOG")" \
	wait_until 5 said_since "$lines" 'observer was missing'
expect "the agent attaches the observer again" "it stays away" wait_until 5 observed
expect_equal "rules that need the observer wait until Timer C is over" warming_up \
	"$(ward status -j | jq -r .observer.state)"
sleep 1
load_end

# --- known endpoints outlive everything ---
expect "a reload succeeds" "$(tail -n 1 "$WARD_LOG")" ward_reload
expect_known "reload"
kill -9 "$WARD"
wait_until 5 gone "$WARD"
expect_known "kill -9"
expect "the observer outlives the agent" "it is gone" observed
ward_start admission --keep || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_known "the next agent"
ward_stop
expect_known "stop with --keep"
expect "stop with --keep leaves the observer" "it is gone" observed
ward_start admission || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
ip -n "$SERVER" link set eth0 down
ip -n "$SERVER" link set eth0 up
expect "calls pass after the interface was down" "silent" wait_until 5 answers caller "$SERVER4" "$CALLER4"
expect_known "interface down and up"
ward_stop
expect "stop takes the observer off" "it is still there" test -z "$(server tc filter show dev eth0 egress)"
ward_start admission || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_known "stop and start"

# --- and may be turned away when they do not fit ---
policy small <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 100/s, probe: off}
tables: {known: 64, proofs: 64, greylist: 64}
END
cp "$TMP/small.yaml" "$TMP/admission.yaml"
expect "smaller tables are applied" "$(tail -n 1 "$WARD_LOG")" ward_reload
expect_known "other table sizes"
expect_equal "the greylist has the size that the policy says" 64 "$(ward status -j | jq .greylist.lines)"
ward_stop
ward detach --yes >/dev/null
expect "detach leaves no observer" "it is still there" test -z "$(server tc filter show dev eth0 egress)"

# --- a server that falls behind ---
policy behind <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 1000/s, probe: off}
END

falls_behind() {
	[ "$(ward status -j | jq .observer.server_falls_behind)" = true ]
}
keeps_up() { ! falls_behind; }

greylisted() {
	counter public drops greylist
}

some_greylisted() { [ "$(greylisted)" -gt 0 ]; }

newcomers() { # how many of 100 that send once are answered
	count_answers attacker --from "$ATTACKER4" --gap 0.005 --wait 2 "$SERVER4" OPTIONS 100
}

more_newcomers() { # 200 a second, from now on
	spawn "$ATTACKER" "$TMP/newcomers.out" "$PYTHON" "$LAB/request.py" --from "$ATTACKER4" \
		--gap 0.005 "$SERVER4" OPTIONS 20000
	NEWCOMERS=$SPAWNED
}

kamailio_signal() {
	# shellcheck disable=SC2046 # one word for each process
	kill "-$1" "$KAMAILIO" $(pgrep -P "$KAMAILIO")
}

ward_start behind || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
more_newcomers
sleep $((3 * PATIENCE)) # the agent must have heard it
expect_equal "a server that keeps up: newcomers within their budget are answered" 100 "$(newcomers)"
expect_equal "a server that keeps up: no newcomer is greylisted" 0 "$(greylisted)"
kamailio_signal STOP
expect "a server that answers nothing: the agent sees that it falls behind" "$(ward status)" \
	wait_until 10 falls_behind
expect "a server that answers nothing: the log says so" \
	"$(tail -n 1 "$WARD_LOG")" ward_said 'leaves most requests unanswered'
expect "a server that answers nothing: newcomers are greylisted" \
	"$(ward stats)" wait_until 5 some_greylisted
expect_equal "a server that answers nothing: no newcomer is over the budget" \
	0 "$(counter public drops newcomers)"
kamailio_signal CONT
expect "the server answers again: the agent sees that it keeps up" "$(ward status)" \
	wait_until 15 keeps_up
stop_process "$NEWCOMERS"
before=$(greylisted)
expect_equal "the server answers again: newcomers are answered as before" 100 "$(newcomers)"
expect_equal "the server answers again: no further newcomer is greylisted" "$before" "$(greylisted)"
lab_end
