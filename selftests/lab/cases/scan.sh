# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lab: alone
#
# sipvicious, not saying its name, against a hundred extensions that all exist, while others
# make calls.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

BURST=10
policy scan <<END
mode: enforce
zones:
  - name: public
    sources: [0.0.0.0/0, "::/0"]
    methods: [INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER]
    rates:
      source: {any: 400/s burst 800, INVITE: 300/s burst 600, OPTIONS: 1/60s burst $BURST, REGISTER: 1/60s burst $BURST}
END
policy few-invites <<END
mode: enforce
zones:
  - name: office
    sources: [$CALLER4]
  - name: public
    sources: [0.0.0.0/0, "::/0"]
    rates: {source: {INVITE: 1/60s burst $BURST}}
END
policy no-options <<'END'
mode: enforce
zones:
  - name: public
    sources: [0.0.0.0/0, "::/0"]
    methods: [INVITE, ACK, BYE, CANCEL, REGISTER]
END

cp -r /usr/share/sipvicious "$TMP/sipvicious"
find "$TMP/sipvicious" -name __pycache__ -prune -exec rm -r {} +
sed -i "s/useragent='friendly-scanner'/useragent='Telephone 1.5'/" \
	"$TMP/sipvicious/sipvicious/libs/svhelper.py"
grep -q "useragent='Telephone 1.5'" "$TMP/sipvicious/sipvicious/libs/svhelper.py" ||
	die "svhelper.py has no User-Agent to change"
export PYTHONDONTWRITEBYTECODE=1

learned() { # METHOD SOURCE: how many of the extensions 100 to 199 svwar finds
	attacker timeout 60 "$PYTHON" "$TMP/sipvicious/sipvicious_svwar" -e 100-199 -m "$1" \
		-b "$2" -x "$2" -P 5062 --maximumtime 3 "udp://$SERVER4:5060" \
		>"$TMP/svwar.out" 2>&1 </dev/null
	grep -cE '\| *1[0-9][0-9] ' "$TMP/svwar.out"
}

found() { # whether svmap finds the server
	attacker timeout 60 "$PYTHON" "$TMP/sipvicious/sipvicious_svmap" -b "$ATTACKER4" \
		-x "$ATTACKER4" -P 5062 "$SERVER4" >"$TMP/svmap.out" 2>&1 </dev/null
	grep -c "$SERVER4:5060" "$TMP/svmap.out"
}

try_svwar() { # METHOD: at most the burst, while calls go on beside it
	local got
	sipp_run "beside-$1" caller "$SERVER4" "$CALLER4" 100 40 -nr &
	got=$(learned "$1" "$ATTACKER4")
	wait $!
	expect "svwar $1 finds at most as many users as the burst" \
		"it learned $got, the burst is $BURST" \
		test "$got" -le "$BURST"
	expect_equal "all calls beside svwar $1 succeed" 100 "$(calls_good "beside-$1")"
}

for method in REGISTER OPTIONS INVITE; do
	expect_equal "without sipward, svwar $method finds all users" 100 \
		"$(learned "$method" "$ATTACKER4")"
done
expect_equal "without sipward, svmap finds the server" 1 "$(found)"

ward_start scan || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
try_svwar REGISTER
try_svwar OPTIONS
expect "the scan is counted as the source's own fault" "$(ward stats -j)" \
	test "$(counter public drops rate_source_method)" -ge 150
ward_stop
ward_start few-invites || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
try_svwar INVITE
ward_stop
ward_start no-options || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_equal "svmap finds nothing where OPTIONS is not allowed" 0 "$(found)"
lab_end
