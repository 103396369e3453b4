# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lab: alone
#
# Emergency calls from an address that is banned for what somebody else does there, as behind the
# NAT of an operator: whole calls with their ACK and BYE, over UDP and TCP, beside the one who is
# banned.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
# shellcheck disable=SC2016 # a line of kamailio.cfg
sed 's/\$rU == "call"/$rU =~ "^(call|112)$"/' "$LAB/kamailio.cfg" >"/tmp/sipward-112-$$.cfg"
KAMAILIO_CFG=/tmp/sipward-112-$$.cfg
lab_up
mv "$KAMAILIO_CFG" "$TMP/112.cfg"

policy emergency <<END
mode: enforce
zones:
  - name: public
    newcomers: {rate: 500/s}
    bans: {enumeration: 20/60s, for: 1h}
emergency: {numbers: ["112"]}
END
ward_start emergency || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"

calls_112() { # NAME CALLS [options of sipp]: how many succeed
	sipp_run "$1" attacker "$SERVER4" "$ATTACKER4" "$2" 2 -s 112 "${@:3}"
	calls_good "$1"
}

ban_now() { # KEY: of the only ban
	ward ban list -j | jq -r ".[0].$1"
}

expect_equal "calls to 112 succeed before the ban" 4 "$(calls_112 before 4)"
# One that is set up before the ban, over TCP, and ended behind it.
spawn "$ATTACKER" "$TMP/long.out" "$PYTHON" "$LAB/emergency.py" --from "$ATTACKER4" --hold 8 \
	"$SERVER4"
LONG=$SPAWNED
wait_until 5 grep -q up "$TMP/long.out"
attacker "$PYTHON" "$LAB/search.py" --from "$ATTACKER4" --tcp --count 22 "$SERVER4" >/dev/null
expect_equal "an attacker who searches for users over TCP is banned" enumeration "$(ban_now reason)"
expect_equal "other requests from the banned address get no answer" 0 \
	"$(count_answers attacker --from "$ATTACKER4" "$SERVER4" OPTIONS 5)"
expect_equal "an INVITE to an ordinary user gets no answer" 0 \
	"$(count_answers attacker --from "$ATTACKER4" "$SERVER4" INVITE 5)"

# --- whole calls, beside two who go on ---
before=$(ban_now dropped)
spawn "$ATTACKER" "$TMP/goes-on.out" "$PYTHON" "$LAB/request.py" --from "$ATTACKER4" --user 250 \
	--gap 0.002 "$SERVER4" OPTIONS 10000
OPTIONS=$SPAWNED
spawn "$ATTACKER" "$TMP/calls-on.out" "$PYTHON" "$LAB/request.py" --from "$ATTACKER4" --user 250 \
	--gap 0.2 "$SERVER4" INVITE 60
INVITES=$SPAWNED
expect_equal "calls to 112 are set up and ended, though their address is banned" 16 \
	"$(calls_112 banned 16)"
stop_process "$OPTIONS"
stop_process "$INVITES"
expect_equal "no other request of the banned address is answered" 0 \
	"$(cat "$TMP/goes-on.out" "$TMP/calls-on.out" | wc -l)"
expect "the ban counts all of these packets" "$(ban_now dropped) hits, $before before" \
	test "$(ban_now dropped)" -ge $((before + 1000))
expect_equal "the ban has no note" "" "$(ban_now 'note // ""')"
expect_equal "the drops are counted under the reason of the ban" "$(ban_now dropped)" \
	"$(counter public drops enumeration)"
expect "events show the drops" "$(ward events | tail -n 3)" \
	grep -q "reason=enumeration" <(ward events)

# --- likewise over TCP ---
wait_until 15 gone "$LONG"
expect_equal "a call that began before the ban is ended on its connection" "up ended" \
	"$(paste -sd' ' "$TMP/long.out")"
before=$(ban_now dropped)
spawn "$ATTACKER" "$TMP/goes-on.out" "$PYTHON" "$LAB/emergency.py" --from "$ATTACKER4" --guess 60 \
	"$SERVER4"
GUESSES=$SPAWNED
spawn "$ATTACKER" "$TMP/knocks.out" "$PYTHON" "$LAB/emergency.py" --from "$ATTACKER4" --knock 60 \
	"$SERVER4"
KNOCKS=$SPAWNED
sleep 1
expect_equal "calls to 112 over TCP are set up and ended, though their address is banned" 16 \
	"$(calls_112 banned-tcp 16 -t t1)"
expect_equal "calls to 112 with a connection each are set up and ended" 16 \
	"$(calls_112 banned-tcp-each 16 -t tn -max_socket 100)"
stop_process "$GUESSES"
stop_process "$KNOCKS"
expect_equal "no guess is answered, on a connection with a call to 112 or another" "" \
	"$(grep -v "^call" "$TMP/goes-on.out")"
expect "there were connections with calls to 112 to guess on" "$(tail -n 1 "$TMP/goes-on.out")" \
	grep -q "^call" "$TMP/goes-on.out"
expect_equal "the server sees no connection without a call to 112" "" "$(cat "$TMP/knocks.out")"
expect "the ban counts all of these segments" "$(ban_now dropped) hits, $before before" \
	test "$(ban_now dropped)" -ge $((before + 100))

# --- what drops them ---
ward ban add "$ATTACKER4" --for 10m >/dev/null
expect_equal "a ban by hand drops calls to 112" 0 \
	"$(count_answers attacker --from "$ATTACKER4" --user 112 "$SERVER4" INVITE 5)"
ward ban del "$ATTACKER4" >/dev/null
expect_equal "calls to 112 are answered after the ban" 4 "$(calls_112 after 4)"
lab_end
