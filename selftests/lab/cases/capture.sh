# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Refused packets in a file: whole, with the reason as their comment, and judged again by
# `explain` for the same reason.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

policy capture <<'END'
mode: enforce
zones:
  - name: guests
    sources: [10.77.0.66, "fd77:0:0:66::/64"]
    methods: [INVITE]
  - name: public
    mode: monitor
    methods: [OPTIONS]
END

capturing() {
	grep -q 'capturing' "$TMP/capture.log"
}

capture_start() { # options
	spawn "$SERVER" "$TMP/capture.log" "$BUILD/sipward" capture "$TMP/refused.pcapng" "$@"
	CAPTURE=$SPAWNED
	wait_until 5 capturing
}

capture_ended() {
	wait_until 10 gone "$CAPTURE" && wait "$CAPTURE"
}

ward capture "$TMP/none.pcapng" >"$TMP/out" 2>&1
expect_equal "capture where no program is attached: exit code 6" 6 $?
ward_start capture || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect "capture starts" "it does not" capture_start --count 5
expect_equal "dropped requests are not answered" 0 \
	"$(count_answers attacker --wait 0.4 --from "$ATTACKER4" "$SERVER4" OPTIONS 3)"
count_answers attacker --wait 0.4 --from "$ATTACKER6" "$SERVER6" OPTIONS >/dev/null
count_answers bystander --wait 0.4 --from "$BYSTANDER4" "$SERVER4" MESSAGE >/dev/null
expect "capture --count ends after that many packets" "$(cat "$TMP/capture.log")" capture_ended
expect_equal "each captured packet has its reason as a comment" 4 "$(grep -aoF \
	'sipward: dropped: method (' "$TMP/refused.pcapng" | wc -l)"
expect_equal "a packet that monitor mode only counts is captured, too" 1 "$(grep -aoF \
	'sipward: would-drop: method (' "$TMP/refused.pcapng" | wc -l)"
expect_equal "explain reads the capture, and gives the same verdicts" \
	"5 method" "$(ward explain -j \
	-p "$TMP/capture.yaml" "$TMP/refused.pcapng" | jq -r .reason | sort | uniq -c | xargs)"
expect "the capture names the interface" "it is not" grep -aq eth0 "$TMP/refused.pcapng"
"$PYTHON" - "$TMP/refused.pcapng" >"$TMP/scapy" 2>&1 <<'END'
import sys, time
from scapy.all import rdpcap, UDP, Raw
packets = rdpcap(sys.argv[1])
print(len(packets), sum(b"OPTIONS sip:" in bytes(p) for p in packets),
      all(abs(float(p.time) - time.time()) < 60 for p in packets))
END
expect_equal "scapy reads whole packets with their times" "5 4 True" "$(tail -n 1 "$TMP/scapy")"

# --- events: all that are kept, to the last ---
ward tune events.rate 10000/s >/dev/null
count_answers attacker --wait 0 --gap 0.0005 --from "$ATTACKER4" "$SERVER4" OPTIONS 1500 >/dev/null
kept=$(ward status -j | jq .agent.events)
expect "the flood: many packets were refused" "$kept" test "$kept" -ge 1500
expect_equal "events shows every event" "$kept" "$(ward events | (sleep 1; wc -l))"
spawn "$SERVER" "$TMP/follow.log" bash -c "'$BUILD/sipward' events -f | (sleep 1; exec cat)"
sleep 1.5
count_answers attacker --wait 0 --from "$ATTACKER4" "$SERVER4" MESSAGE >/dev/null
expect "events -f goes on with new events" "$(tail -n 1 "$TMP/follow.log")" \
	wait_until 5 grep -q method=MESSAGE "$TMP/follow.log"
ward tune --reset >/dev/null

# --- on a pipe, and until it is told to end ---
spawn "$SERVER" "$TMP/capture.log" bash -c "exec '$BUILD/sipward' capture - >'$TMP/pipe.pcapng'"
CAPTURE=$SPAWNED
wait_until 5 capturing
count_answers attacker --wait 0.4 --from "$ATTACKER4" "$SERVER4" OPTIONS 2 >/dev/null
kill -INT "$CAPTURE"
expect "Ctrl-C ends capture" "$(cat "$TMP/capture.log")" capture_ended
expect "capture says how many packets there were" "$(cat "$TMP/capture.log")" \
	grep -q '2 packets captured, 0 lost' "$TMP/capture.log"
expect_equal "capture writes packets to the standard output" \
	2 "$(ward explain -j -p "$TMP/capture.yaml" \
	"$TMP/pipe.pcapng" | wc -l)"
count_answers attacker --wait 0.4 --from "$ATTACKER4" "$SERVER4" OPTIONS 2 >/dev/null
expect "the counters go on while nobody captures" "$(ward stats)" \
	test "$(counter guests drops method)" -ge 8
ward_stop
ward detach --yes >/dev/null
lab_end
