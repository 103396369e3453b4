# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What an operator asks at night: the answers of the commands while something runs, and what they
# say about bad input.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

policy tool <<'END'
mode: enforce
zones:
  - name: public
    sources: [0.0.0.0/0, "::/0"]
    rates: {zone: 1/10m burst 5}
END

says() { # NAME CODE PATTERN ARGUMENTS...: exit code, and what is printed on either output
	local name=$1 code=$2 pattern=$3 got
	shift 3
	ward "$@" >"$TMP/tool.out" 2>&1 </dev/null
	got=$?
	expect_equal "$name: exit code $code" "$code" "$got"
	expect "$name" "$(head -n 3 "$TMP/tool.out")" grep -Eq -- "$pattern" "$TMP/tool.out"
}

fails_well() { # NAME ARGUMENTS...: a full disk and a reader that is gone
	local name=$1
	shift
	server "$BUILD/sipward" "$@" >/dev/full 2>"$TMP/tool.out" </dev/null
	expect_equal "$name on a full disk: exit code 1" 1 $?
	expect "$name on a full disk: it says so" "$(cat "$TMP/tool.out")" \
		grep -q 'could not be written: No space left' "$TMP/tool.out"
	expect_equal "$name into head" "" "$({ server "$BUILD/sipward" "$@" </dev/null |
		head -c 1 >/dev/null; } 2>&1)"
}

# --- status ---
says "status where nothing runs" 6 '^NOT PROTECTED: nothing of sipward is attached' status
expect_equal "it is one line" 1 "$(wc -l <"$TMP/tool.out")"
says "status -j where nothing runs" 6 '"verdict": ?"not_protected"' status -j
says "status with a word behind it" 2 "unexpected argument 'now'" status now
ward_start tool --keep || die "sipward does not start: $(tail -n 1 "$WARD_LOG")"
says "status" 0 '^PROTECTED$' status
expect "status has tables" "$(cat "$TMP/tool.out")" \
	grep -Eq '^  known +0 of [0-9]+ +0 %$' "$TMP/tool.out"
expect "the tables fit 40 columns" "$(cat "$TMP/tool.out")" \
	test -z "$(grep -E '^  [a-z]+ +[0-9]+ of' "$TMP/tool.out" | grep -E '.{41}')"
expect "status explains nothing without -v" "$(cat "$TMP/tool.out")" \
	test -z "$(grep -E '^note:|^memory:' "$TMP/tool.out")"
says "status -v" 0 '^memory: .* MB when every table is full' status -v
expect_equal "status -j has the same" 'protected calm bans,known,penalties,connections 0' \
	"$(ward status -j | jq -r '[.verdict, .attack, ([.tables[].name] | join(",")),
		(.limits_near | length)] | join(" ")')"
request attacker --wait 0.2 --from "$ATTACKER4" "$SERVER4" OPTIONS 8 >/dev/null
says "status shows a spent limit" 0 '^  public\.rates\.zone +[0-9]+ %, refuses packets now$' status
expect_equal "the attack state goes with it" limiting "$(ward status -j | jq -r .attack)"
ward tune --reset >/dev/null
ward tune public.newcomers.rate 1/10m >/dev/null
ward tune public.rates.zone 1000/s >/dev/null
request attacker --wait 0.2 --from "$ATTACKER4" "$SERVER4" OPTIONS 3 >/dev/null
expect_equal "where the budget of newcomers is spent, it is the greylist" \
	greylist "$(ward status -j | jq -r .attack)"
ward tune mode monitor >/dev/null
says "status in monitor mode" 0 '^MONITORING: monitor mode drops nothing$' status
ward tune --reset >/dev/null
fails_well "status" status

# --- without an agent ---
ward_stop
says "status without an agent" 1 '^DEGRADED: the agent is not running$' status
lab_end
