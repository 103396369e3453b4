# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# sipvicious under another name, against rules that only know how it builds its messages; and
# calls between sipp and Kamailio that none of these rules may see.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

policy signatures <<'END'
mode: enforce
signatures: {user_agent: builtin, structure: deny}
injection: deny
zones:
  - {name: public, routing: {own_via: report}}
END

cp -r /usr/share/sipvicious "$TMP/sipvicious"
find "$TMP/sipvicious" -name __pycache__ -prune -exec rm -r {} +
export PYTHONDONTWRITEBYTECODE=1
rename() { # NAME: what the tools call themselves from now on
	sed -i "s/useragent='[^']*'/useragent='$1'/" \
		"$TMP/sipvicious/sipvicious/libs/svhelper.py"
	grep -q "useragent='$1'" "$TMP/sipvicious/sipvicious/libs/svhelper.py" ||
		die "svhelper.py has no User-Agent to change"
}

tool() { # svmap | svwar | svcrack, ITS ARGUMENTS...
	attacker timeout 60 "$PYTHON" "$TMP/sipvicious/sipvicious_$1" -b "$ATTACKER4" \
		-x "$ATTACKER4" -P 5062 "${@:2}" >"$TMP/$1.out" 2>&1 </dev/null
}
found() { # how often svmap names the server
	tool svmap "$SERVER4"
	grep -c "$SERVER4:5060" "$TMP/svmap.out"
}
learned() { # METHOD: how many of ten extensions svwar finds
	tool svwar -e 100-109 -m "$1" --maximumtime 3 "udp://$SERVER4:5060"
	grep -cE '\| *1[0-9][0-9] ' "$TMP/svwar.out"
}

rename 'Telephone 1.5'
expect_equal "without sipward, svmap finds the server" 1 "$(found)"
ward_start signatures || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_equal "svmap with another User-Agent finds nothing" 0 "$(found)"
for method in REGISTER OPTIONS INVITE; do
	expect_equal "svwar $method with another User-Agent finds no user" 0 "$(learned "$method")"
done
before=$(counter public drops scanner_structure)
tool svcrack -u 100 -r 100-105 "udp://$SERVER4:5060"
expect "svcrack is recognised by the structure of its messages" "$(ward stats -j)" \
	test "$(counter public drops scanner_structure)" -gt "$before"
expect_equal "no tool was recognised by its User-Agent" 0 "$(counter public drops scanner)"
rename friendly-scanner
expect_equal "svmap with its own User-Agent finds nothing" 0 "$(found)"
expect "svmap with its own User-Agent is counted under scanner" "$(ward stats -j)" \
	test "$(counter public drops scanner)" -gt 0

before=$(counter_total drops)
expect_calls "calls of sipp through Kamailio" signed caller "$SERVER4" "$CALLER4" 100 50 -nr
expect_equal "the calls of sipp caused no drop" "$before" "$(counter_total drops)"
for reason in scanner scanner_structure injection via_own; do
	expect_equal "the calls of sipp caused no report: $reason" \
		0 "$(counter public would_drops $reason)"
done
lab_end
