# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lab: alone
#
# Good callers keep calling: 50 calls a second for 8 s beside each kind of flood, at the full
# speed of one core. No list is kept by hand; the caller is known only through calls that it
# placed before. `make attack` (WITHOUT=1) runs each flood without sipward too. siege.sh tests the
# agent and its interface beside a flood; million.sh tests a million sources a second.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

RATE=50 CALLS=400
NEWCOMER4=${CALLER4%.*}.200
ip -n "$CALLER" addr add "$NEWCOMER4/24" dev eth0
TABLE=$TMP/table

policy attack <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 100/s}
    rates: {source: {any: 400/s burst 800, INVITE: 200/s burst 400, REGISTER: 20/s burst 100}}
END

# As phones do, the caller answers an OPTIONS that comes outside of its calls.
calls() { # NAME OWN-ADDRESS SERVER CALLS
	sipp_run "$1" caller "$3" "$2" "$4" "$RATE" -oocsn ooc_default
}

first_call() { # NAME: milliseconds until the first call had succeeded
	awk -F';' 'NR == 1 { for (i = 1; i <= NF; i++) { if ($i == "SuccessfulCall(C)") good = i
		if ($i == "ElapsedTime(C)") time = i } next }
		$good > 0 { split($time, t, ":"); print (t[1] * 3600 + t[2] * 60 + t[3]) * 1000; exit }' \
		"$TMP/$1.csv"
}

flood_and_call() { # NAME OWN-ADDRESS SERVER flood: arguments behind the destination...
	local name=$1 own=$2 to=$3 source=$4 flooder
	shift 4
	flood attacker "$source" "$to" --rate max --seconds 10 "$@" >"$TMP/$name.flood" &
	flooder=$!
	sleep 0.5
	calls "$name" "$own" "$to" "$CALLS"
	wait "$flooder"
}

# Into $BARE, not to stdout: a subshell would keep the new processes to itself.
without() { # NAME and the rest as flood_and_call
	BARE=-
	[ -n "${WITHOUT:-}" ] || return 0
	ward_stop
	flood_and_call "$@"
	BARE=$(calls_good "$1")
	stop_process "$KAMAILIO"
	kamailio_start >/dev/null || die "Kamailio does not answer"
	ward_start attack || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
}

attack() { # TITLE PERCENT NAME OWN-ADDRESS SERVER SOURCE [options of flood]
	local title=$1 percent=$2 name=$3 good
	shift 2
	without "$@"
	flood_and_call "$@"
	good=$(calls_good "$name")
	printf '%-52s %9s %9s %12s\n' "$title" "$BARE" "$good" "$(cat "$TMP/$name.flood")" >>"$TABLE"
	expect "$title" "$good of $CALLS calls succeeded" \
		test "$((100 * good))" -ge "$((percent * CALLS))"
}

ward_start attack || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
for family in 4 6; do
	own=CALLER$family to=SERVER$family
	calls "warm$family" "${!own}" "${!to}" 50
	expect_equal "calls before the floods, IPv$family" 50 "$(calls_good "warm$family")"
done

attack "known caller, INVITEs from random addresses" 100 invite4 "$CALLER4" "$SERVER4" 0.0.0.0/0 \
	--what invite
attack "known caller, likewise over IPv6" 100 invite6 "$CALLER6" "$SERVER6" 2001:db8::/32 \
	--what invite
attack "known caller, REGISTERs from random addresses" 100 register "$CALLER4" "$SERVER4" 0.0.0.0/0 \
	--what register
attack "known caller, tiny junk from random addresses" 100 junk "$CALLER4" "$SERVER4" 0.0.0.0/0 \
	--what junk
attack "known caller, INVITEs from one source" 100 one "$CALLER4" "$SERVER4" "$ATTACKER4" \
	--what invite --sport random
attack "known caller, every packet sent again after 600 ms" 100 again "$CALLER4" "$SERVER4" \
	0.0.0.0/0 --what invite --repeat-after 600
attack "known caller, its own address, other ports and TTL" 95 spoofed "$CALLER4" "$SERVER4" \
	"$CALLER4" --what invite --sport random --ttl 57
attack "caller never seen before, INVITEs from random addresses" 95 newcomer "$NEWCOMER4" \
	"$SERVER4" 0.0.0.0/0 --what invite
expect "a newcomer's first call succeeds within 4 s" "it took $(first_call newcomer) ms" \
	test "$(first_call newcomer)" -le 4000
expect "the flood earned nobody a ban" "$(ward ban list)" \
	test "$(ward ban list -j)" = "[ ]" -o "$(ward ban list -j)" = "[]"

printf '\n%d calls a second for 8 s; calls that succeeded, of %d:\n' "$RATE" "$CALLS"
printf '%-52s %9s %9s %12s\n' "" without with packets
cat "$TABLE"
lab_end
