# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lab: alone
#
# Tables that somebody fills: the known endpoints by hosts that are really there, the limit cells by
# addresses that are nowhere.
# shellcheck source=selftests/attacks/attacks.sh
. "$(dirname "$0")/../attacks.sh"
lab_up

# --- the table of known endpoints ---
policy small <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 1000/s}
tables: {known: 256}
END
fresh_start small
tried "hosts in four networks that answer probes and challenges at 320 ports, where 256 have room"
strike attacker fill.py --endpoints 320 --networks 4 --seconds 20 >"$TMP/fill"
before=$(known_count)
came "$before endpoints are known; $(cat "$TMP/fill")"
expect_tried "endpoints that are known" 32 "$before"
# A phone of another network registers, answers its probe, and calls.
sipp_run late caller "$SERVER4" "$CALLER4" 20 20 -p 5060 -oocsn ooc_default
count=$(known_count "$CALLER4")
came "a phone of another network has $count entries in it"
expect "an attacker who fills the table leaves room for other networks" "there are $(known_count)" \
	test "$count" -ge 1
flood attacker 0.0.0.0/0 "$SERVER4" --what invite --rate max --seconds 4 >/dev/null &
flooder=$!
sleep 0.5
sipp_run flooded caller "$SERVER4" "$CALLER4" 100 50 -p 5060 -oocsn ooc_default
wait "$flooder"
came "$(calls_good flooded) of its 100 calls succeeded in a flood"
expect_equal "calls from another network go on in a flood" 100 "$(calls_good flooded)"

policy reuse <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 1000/s}
END
fresh_start reuse
tried "the answer to one probe, sent from 50 ports"
strike attacker fill.py --endpoints 1 --networks 1 --reuse 50 --quiet --seconds 5 >"$TMP/fill"
sleep 0.2
count=$(known_count 198.51.100.1)
came "$(cat "$TMP/fill"); $count endpoints are known"
expect "one probe proves one port" "it proved $count" test "$count" -le 1

# --- limit cells ---
policy cells <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 100/s, probe: off}
    rates: {source: {OPTIONS: 1/60s burst 5, keepalive: 5/s, stun: 5/s}}
END
for flooding in keepalive stun; do
	fresh_start cells
	"$PYTHON" "$ATTACKS/payload.py" "$flooding" >"$TMP/payload"
	first=$(count_answers bystander --from "$BYSTANDER4" "$SERVER4" OPTIONS 10)
	tried "$flooding from random addresses for 4 s, each within its limits, after one source spent \
its limit of 5"
	sent=$(flood attacker 0.0.0.0/0 "$SERVER4" --what "$TMP/payload" --rate max --seconds 4)
	again=$(count_answers bystander --from "$BYSTANDER4" "$SERVER4" OPTIONS 10)
	came "$sent packets; of 10 OPTIONS before $first were answered, of 10 after $again"
	expect "the limit holds before the flood" \
		"$first of 10 were answered" test "$first" -ge 4 -a "$first" -le 6
	expect "$flooding from other sources resets no limit" "$again of 10 were answered" \
		test "$again" -le 1
done
lab_end
