# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Things that happen to good phones in a week: a NAT that forgets them, a power cut, one wrong
# password in an office, an address that moves, a registrar that is down, calls that are older than
# sipward. Each happens in front of Kamailio, without sipward and under each policy.
# shellcheck source=selftests/interop/interop.sh
. "$(dirname "$0")/../interop.sh"
interop_up
nat_up
rough_up
kamailio5_start || die "Kamailio does not answer: $(tail -n 1 "$TMP/kamailio.log")"

# shellcheck disable=SC2034 # for interop.sh
YOUNG="older-calls long-ago wrong-password wrong-password-over-tcp"

# Those who are called: 370 holds, 371 only talks; 372 is behind the NAT.
HELD_AT=10.77.190.1 TALK_AT=10.77.191.1 CALLER_AT=10.77.125.1
ip -n "$BYSTANDER" address add "$HELD_AT/32" dev eth0
ip -n "$BYSTANDER" address add "$TALK_AT/32" dev eth0
ip -n "$CALLER" address add "$CALLER_AT/32" dev eth0
ip -n "$CALLER" address add "$TRUNK4/32" dev eth0
registered held-register bystander 370 "$HELD_AT" 5060 "$SERVER4" || die "370 cannot register"
registered talk-register bystander 371 "$TALK_AT" 5060 "$SERVER4" || die "371 cannot register"
phone_start held "$BYSTANDER" phone_held 370 270 "$HELD_AT" 5060 "$SERVER4"
phone_start talk "$BYSTANDER" phone 371 271 "$TALK_AT" 5060 "$SERVER4"

phones() {
	in_ns "$PHONES" "$@"
}

# NAME: how its calls ended; NAMESPACE SCENARIO OTHER ADDRESS as of place, from user 270
expect_placed() {
	placed
	DID_GOOD=$(calls_good "$1") DID_TRIED=$CALLS
	[ "$DID_GOOD" = "$CALLS" ] || [ -z "${EXPLAIN:-}" ] || [ ! -s "$TMP/$1.err" ] || head -c 1200 "$TMP/$1.err" |
		sed -e 's/^/#   /' -e '$a#'
}

# --- calls that were up before sipward, and a phone whose registration is as old
ready_older-calls() {
	place older "$CALLER" long_hold 270 370 "$CALLER_AT" "$SERVER4"
	sleep 5
}
do_older-calls() { expect_placed older; }

ready_long-ago() {
	place longago "$CALLER" long_ago 270 371 "$CALLER_AT" "$SERVER4"
	sleep 4
}
do_long-ago() { expect_placed longago; }

# --- calls that are up while something happens
in_the_call() { # NAME COMMAND...
	place "$1" "$CALLER" long_hold 270 370 "$CALLER_AT" "$SERVER4"
	sleep 5
	"${@:2}"
	expect_placed "$1"
}

protected_only() { # COMMAND: there is nothing to kill or to load again without sipward
	[ -z "$WARD" ] || "$1"
}

server_restarts() {
	kamailio5_stop
	kamailio5_start || die "Kamailio does not start again"
}

ready_killed-in-the-call() { :; }
do_killed-in-the-call() { in_the_call killed protected_only during_killed; }
ready_reload-in-the-call() { :; }
do_reload-in-the-call() { in_the_call reloaded protected_only during_reload; }
ready_server-restarts-in-the-call() { :; }
do_server-restarts-in-the-call() { in_the_call restarted server_restarts; }

# --- phones behind a NAT
behind_nat() { # NAME SCENARIO OTHER [sipp options]: calls from there
	place "$1" "$PHONES" "$2" 272 "$3" "$PHONES4" "$SERVER4" "${@:4}"
}

ready_nat-calls() { nat_forgets "$ROAD4" 20000; }
do_nat-calls() {
	behind_nat natcalls hold 370
	expect_placed natcalls
}

ready_nat-called() {
	nat_forgets "$ROAD4" 21000
	registered called-register phones 372 "$PHONES4" 5062 "$SERVER4" || echo "# no registration"
	phone_start called "$PHONES" phone 372 271 "$PHONES4" 5062 "$SERVER4"
	CALLED=$SPAWNED
}
do_nat-called() {
	place natcalled "$CALLER" call 271 372 "$CALLER_AT" "$SERVER4"
	expect_placed natcalled
	stop_process "$CALLED"
}

ready_rebound-before-the-call() {
	nat_forgets "$ROAD4" 22000
	registered rebound-register phones 272 "$PHONES4" 5060 "$SERVER4" || echo "# no registration"
}
do_rebound-before-the-call() {
	nat_forgets "$ROAD4" 23000
	behind_nat rebound call 371
	expect_placed rebound
}

ready_rebound-in-the-call() { nat_forgets "$ROAD4" 24000; }
do_rebound-in-the-call() {
	behind_nat inside long_hold 370
	sleep 5
	nat_forgets "$ROAD4" 25000
	expect_placed inside
}

# The NAT loses its address, too: what the phone sends in the call comes from a stranger's.
ready_new-address-in-the-call() { nat_forgets "$ROAD4" 24000; }
do_new-address-in-the-call() {
	behind_nat moved long_hold 370
	sleep 5
	nat_forgets "$AWAY4" 25000
	expect_placed moved
}

# --- an office
office() { # ADDRESS PHONES FIRST-USER [options of phone.py]: "GOOD TRIED"
	phones "$PYTHON" "$LAB/phone.py" --from "$PHONES4" --phones "$2" --first-user "$3" --wait 25 \
		--answer "${@:4}" "$SERVER4"
}

power_cut() { # ADDRESS PORTS: fifty phones at once, and one with a wrong password
	local wrong
	nat_forgets "$1" "$2"
	office "$1" 1 390 --wrong 12 --sport 30100 >"$TMP/wrong" &
	wrong=$!
	read -r DID_GOOD DID_TRIED < <(office "$1" 50 301 --sport 30000)
	wait "$wrong"
}
ready_power-cut-in-the-office() { :; }
do_power-cut-in-the-office() { power_cut "$NAT4" 26000; }
ready_power-cut-on-the-road() { :; }
do_power-cut-on-the-road() { power_cut "$ROAD4" 27000; }

ready_power-cut-beside-a-flood() { :; }
do_power-cut-beside-a-flood() {
	before_flood
	power_cut "$NAT4" 29000
	after_flood
}

# Five phones of an office that registered before sipward, one of them with a new password.
ready_wrong-password() {
	nat_forgets "$ROAD4" 28000
	office "$ROAD4" 5 301 --sport 30000 >/dev/null
}
do_wrong-password() {
	behind_nat before call 371
	placed
	office "$ROAD4" 1 305 --wrong 14 --sport 30100 --wait 12 >/dev/null
	behind_nat wrong call 371
	expect_placed wrong
}

# The same over TCP, where a refusal is evidence. The good phones call; none of them registers.
wrong_over_tcp() {
	behind_nat before call 371 -t t1 -p 5070
	placed
	place guesses "$PHONES" register_wrong 273 273 "$PHONES4" "$SERVER4" -t t1 -p 5072 -m 14 -r 4
	placed
	echo "# $(calls_good guesses) refusals"
	behind_nat wrong call 371 -t t1 -p 5074
	expect_placed wrong
}
ready_wrong-password-over-tcp() {
	nat_forgets "$ROAD4" 30000
	office "$ROAD4" 5 301 --sport 30000 >/dev/null
}
do_wrong-password-over-tcp() { wrong_over_tcp; }
ready_wrong-password-in-the-office() { nat_forgets "$NAT4" 31000; }
do_wrong-password-in-the-office() { wrong_over_tcp; }

# --- a bad line, on which sipward sees less than was sent, later, and in another order
on_a_bad_line() { # NAME SCENARIO OTHER: eight calls from there
	local CALLS=8
	place "$1" "$ROUGH" "$2" 270 "$3" "$ROUGH4" "$SERVER4"
	expect_placed "$1"
}

calls_on_line() { # NAME OPTIONS of rough.py: calls that are held
	line_start "${@:2}"
	on_a_bad_line "$1" patient_hold 370
	line_stop
}

large_on_line() { # likewise: ten phones that register, and INVITEs in fragments
	local registered tried
	line_start "${@:2}"
	read -r registered tried < <(in_ns "$ROUGH" "$PYTHON" "$LAB/phone.py" --from "$ROUGH4" --phones 10 \
		--first-user 301 --wait 25 --answer "$SERVER4")
	on_a_bad_line "$1" patient_large 371
	DID_GOOD=$((DID_GOOD + registered)) DID_TRIED=$((DID_TRIED + tried))
	line_stop
}

for name in lossy-line lossy-line-large late-line late-line-large; do
	eval "ready_$name() { :; }"
done
do_lossy-line() { calls_on_line lossy --loss 5; }
do_lossy-line-large() { large_on_line lossylarge --loss 5; }
do_late-line() { calls_on_line late --late 25; }
do_late-line-large() { large_on_line latelarge --late 25; }

# --- a phone that registers once more: after it was switched off, from a second place, and from a third
# one that does not know its password. A call rings at the first two, and only there.
ready_second-registration() {
	registered first bystander 374 "$TALK_AT" 5074 "$SERVER4" || echo "# no registration"
}
do_second-registration() {
	local good=0 first second
	registered again bystander 374 "$TALK_AT" 5074 "$SERVER4" && good=$((good + 1))
	registered second caller 374 "$CALLER_AT" 5076 "$SERVER4" && good=$((good + 1))
	place third "$ATTACKER" register_wrong 374 374 "$ATTACKER4" "$SERVER4" -m 1
	placed
	good=$((good + $(calls_good third)))
	phone_start first "$BYSTANDER" phone_forked 374 271 "$TALK_AT" 5074 "$SERVER4"
	first=$SPAWNED
	phone_start second "$CALLER" phone_forked 374 271 "$CALLER_AT" 5076 "$SERVER4"
	second=$SPAWNED
	place both "$CALLER" forked 271 374 "$CALLER_AT" "$SERVER4"
	expect_placed both
	stop_process "$first"
	stop_process "$second"
	DID_GOOD=$((DID_GOOD + good)) DID_TRIED=$((CALLS + 3))
}

# --- servers
ready_address-moves() { ip -n "$SERVER" address del "$VIRTUAL4/32" dev eth0 2>/dev/null; }
do_address-moves() {
	local good=0 turn
	for turn in 1 2; do
		ip -n "$SERVER" address add "$VIRTUAL4/32" dev eth0
		wire true # the bridge has learnt nothing of it
		caller ip neigh flush to "$VIRTUAL4"
		place "moves$turn" "$CALLER" hold 270 370 "$CALLER_AT" "$VIRTUAL4"
		expect_placed "moves$turn"
		good=$((good + DID_GOOD))
		ip -n "$SERVER" address del "$VIRTUAL4/32" dev eth0
	done
	DID_GOOD=$good DID_TRIED=$((2 * CALLS))
}

registrar_down() { # 1 or 0
	server kamcmd -s "unix:$TMP/server/ctl" pv.shvSet down int "$1" >/dev/null
}
many() {
	caller "$PYTHON" "$LAB/phone.py" --from "$CALLER_AT" --phones 10 --first-user 301 --wait 15 --answer "$@" \
		"$SERVER4"
}
ready_registrar-503() { registrar_down 1; }
do_registrar-503() {
	many --rounds 3 --gap 0.5 >/dev/null
	registrar_down 0
	sleep 2
	read -r DID_GOOD DID_TRIED < <(many)
}

ready_forked-upstream() { :; }
do_forked-upstream() {
	read -r DID_GOOD DID_TRIED < <(caller "$PYTHON" "$INTEROP/branches.py" "$TRUNK4" "$SERVER4" 30)
}

ALL="older-calls long-ago killed-in-the-call reload-in-the-call server-restarts-in-the-call
	nat-calls nat-called rebound-before-the-call rebound-in-the-call new-address-in-the-call
	power-cut-in-the-office power-cut-on-the-road power-cut-beside-a-flood wrong-password
	wrong-password-over-tcp wrong-password-in-the-office second-registration
	lossy-line lossy-line-large late-line late-line-large address-moves registrar-503 forked-upstream"
SITUATIONS=${SITUATIONS:-$ALL}
TITLE="$(kamailio5_version), situations"
POLICIES=${POLICIES-pbx interconnect hard}
for policy in none $POLICIES; do
	for name in $SITUATIONS; do
		# peers do not register, and have no NAT; one policy names the office
		case $policy,$name in
		hard,wrong-password-in-the-office) continue ;;
		interconnect,*nat* | interconnect,rebound* | interconnect,power* | interconnect,wrong* | \
			interconnect,new-address* | interconnect,registrar* | interconnect,second* | \
			interconnect,l*-line-large | interconnect,long-ago) continue ;;
		esac
		situation "$name" "$policy"
	done
done
# shellcheck disable=SC2086 # words
situations_table "none $POLICIES" $SITUATIONS
lab_end
