# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lab: alone
#
# The registration avalanche: power comes back in a town, and 5,000 phones that nobody knows
# register within 10 s. It is no attack. With a budget for 500 newcomers a second all of them are
# registered within 60 s, and none is banned, with and without digest. And newcomers beside a flood
# that repeats every packet, as clients do.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

PHONES=${PHONES:-5000}
ip -n "$CALLER" route add local 10.78.0.0/16 dev lo
ip -n "$SERVER" route add 10.78.0.0/16 via "$CALLER4"

policy avalanche <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 500/s, greylist: auto, probe: auto}
    rates: {source: {any: 40/s burst 100, REGISTER: 20/s burst 100, keepalive: 10/s, malformed: 5/s}}
    bans: {auth_failures: 10/60s, sanity: 30/60s}
END

policy repeating <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 100/s, greylist: auto, probe: auto}
END

value() { # WORD: of the avalanche's report
	grep -o "$1 [0-9]*" "$TMP/avalanche.out" | cut -d ' ' -f 2
}

phones() { # DOMAIN COUNT SECONDS WITHIN
	caller "$BUILD/avalanche" --first 10.78.1.1 --count "$2" --server "$SERVER4" \
		--domain "$1" --over "$3" --within "$4" >"$TMP/avalanche.out" 2>&1
	sed "s/^/# $1: /" "$TMP/avalanche.out"
}

avalanche() { # DOMAIN of the server
	ward_start avalanche || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
	expect_equal "$1: at first no endpoint is known" 0 "$(ward status -j | jq .known)"
	phones "$1" "$PHONES" 10 60
	expect_equal "$1: $PHONES phones are registered within 60 s" "$PHONES" "$(value registered)"
	expect "$1: no phone is banned" "$(ward ban list)" \
		test "$(ward ban list -j)" = "[ ]" -o "$(ward ban list -j)" = "[]"
	echo "# $1: $(ward status -j | jq -c '{known, probes_answered, greylist}')"
	echo "# $1: $(ward stats -j | jq -c '[.interfaces[].zones[] | select(.name == "public") | {pass, drops}]')"
	ward_stop
	ward detach --yes >/dev/null
}

# 100 newcomers a second are let in at first sight, and 100 when they come again; the flood makes
# 10,000 of both, evenly spread, and as many phones as the budget holds want in. They are patient.
repeating() { # TITLE DOMAIN [options of flood]
	local title="repeating flood, $1" good flooder
	ward_start repeating || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
	flood attacker 0.0.0.0/0 "$SERVER4" --what register --rate 10000 --batch 1 --seconds 20 \
		"${@:3}" >"$TMP/repeating.flood" &
	flooder=$!
	sleep 2
	phones "$2" 500 5 17
	wait "$flooder"
	good=$(value registered)
	PROBED=$(ward status -j | jq .probes_answered)
	echo "# $title, $(cat "$TMP/repeating.flood") packets in 20 s: $good of 500 newcomers," \
		"$(ward stats -j | jq -c '[.interfaces[].zones[] | select(.name == "public") | {pass, drops}]')"
	expect "$title: 95 of 100 newcomers get in" "$good of 500 are registered" \
		test "$good" -ge 475
	ward_stop
	ward detach --yes >/dev/null
}

avalanche open.lab
avalanche digest.lab
repeating "once after 600 ms" digest.lab --repeat-after 600
expect "most newcomers answered a probe: the flood cannot use up all probes" "$PROBED did" \
	test "$PROBED" -ge 150
repeating "twice after 500 ms, and twice that" open.lab --repeat-after 500 --repeats 2
lab_end
