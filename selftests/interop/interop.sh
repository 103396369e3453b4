# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Code that the interop groups share, on top of the lab: flows (a kind of call, between phones that
# are sipp, through a server that people use), the policies they run under, what happens meanwhile,
# and the table of what succeeded with and without sipward.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"
INTEROP=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=selftests/interop/roots.sh
. "$INTEROP/roots.sh"

VIRTUAL4=10.77.0.3
CALLS=${CALLS:-4} # of each flow, one a second
NAT=sw$$-nat PHONES=sw$$-phones ROUGH=sw$$-rough
# Two offices share a NAT: pbx.yaml knows the first one by its address.
NAT4=10.77.0.30 TRUNK4=10.77.126.1 ROAD4=10.77.0.31 PHONES4=192.168.7.10 ROUGH4=10.77.124.1
AWAY4=10.77.0.32 # the NAT's next one

# --- flows -------------------------------------------------------------------------------------

# name, what the caller does, what the phone that is called does (scenario.py), the servers that
# do not have it, whether peers on an interconnect do it, options of sipp
flows() {
	cat <<'TABLE'
register	register	-	-	no
call	call	phone	-	yes
callee-bye	bye_from_callee	phone_hangs_up	-	yes
hold	hold	phone_held	-	yes
update	update	phone_updated	asterisk16	yes
timer	timer	phone_timer	-	yes
timer-of-callee	timer_of_callee	phone_refreshes	asterisk,asterisk16	yes
prack	prack	phone_prack	asterisk16	yes
early-media	early	phone_early	-	yes
cancel	cancel	phone_rings	-	yes
busy	busy	phone_busy	-	yes
redirect	redirected	phone_forwards	-	yes
refer	refer	phone_referred	-	yes
fork	forked	phone_forked phone_forked	asterisk,asterisk16	yes
subscribe	subscribe	phone_watched	-	no
message	text	phone_reads	-	no
fragments	large	phone	-	pbx
outbound	outbound	phone	-	yes
register-outbound	register_outbound	-	-	no
tcp	call	phone	-	pbx	-t t1
ipv6	call	phone	-	yes
fragments-ipv6	large	phone	-	pbx
tcp-ipv6	call	phone	-	pbx	-t t1
TABLE
}

flow_names() { # SERVER POLICY
	flows | awk -F '\t' -v server="$1" -v policy="$2" -v only="${FLOWS:+ $FLOWS }" '
		index("," $4 ",", "," server ",") || policy == "interconnect" && $5 != "yes" { next }
		only == "" || index(only, " " $1 " ") { print $1 }'
}

flow_field() { # FLOW FIELD
	flows | awk -F '\t' -v flow="$1" -v field="$2" '$1 == flow { print $field }'
}

flow_number() { # FLOW: its line
	flows | awk -F '\t' -v flow="$1" '$1 == flow { print NR }'
}

# Each flow has users and addresses of its own, so that none uses up the rates of another.
flow_set() { # FLOW: sets FLOW_CALLER, FLOW_CALLEE (users), FLOW_FROM, FLOW_AT (addresses), FLOW_TO
	local number
	number=$(flow_number "$1")
	FLOW_CALLER=$((200 + number)) FLOW_CALLEE=$((300 + number)) FLOW_TO=$SERVER4
	FLOW_FROM=10.77.$((100 + number)).1 FLOW_AT=10.77.$((160 + number)).1
	case $1 in
	*ipv6) FLOW_FROM=fd77:0:0:$((100 + number))::1 FLOW_AT=fd77:0:0:$((160 + number))::1 FLOW_TO=$SERVER6 ;;
	esac
}

flow_addresses() {
	local flow number
	for flow in $(flow_names none none); do
		number=$(flow_number "$flow")
		ip -n "$CALLER" address add "10.77.$((100 + number)).1/32" dev eth0 &&
		ip -n "$BYSTANDER" address add "10.77.$((160 + number)).1/32" dev eth0 &&
		ip -n "$CALLER" address add "fd77:0:0:$((100 + number))::1/48" dev eth0 nodad &&
		ip -n "$BYSTANDER" address add "fd77:0:0:$((160 + number))::1/48" dev eth0 nodad || return
	done
	ip -n "$SERVER" route add 10.77.96.0/19 dev eth0 &&
	ip -n "$SERVER" route add 10.77.160.0/19 dev eth0
}

scenario() { # FILE NAME OWN OTHER
	"$PYTHON" "$INTEROP/scenario.py" "$2" "$3" "$4" >"$TMP/$1.xml"
}

# SERVER [sipp options]: prints nothing; its words are in SIPP
sipp_of() { # NAME SCENARIO OWN-ADDRESS SERVER OPTIONS...
	local to=$4
	case $to in *:*) to="[$to]" ;; esac
	SIPP=(sipp "$to:5060" -i "$3" -sf "$TMP/$2.xml" -nostdin -trace_stat -stf "$TMP/$1.csv" -fd 1
		-trace_err -error_file "$TMP/$1.err" "${@:5}")
}

registered() { # NAME WHO USER ADDRESS PORT SERVER: one REGISTER of a phone that will be called
	scenario "$1" register "$3" "$3"
	sipp_of "$1" "$1" "$4" "$6" -m 1 -r 1 -p "$5" -recv_timeout 8000 -oocsn ooc_default
	"$2" "${SIPP[@]}" >"$TMP/$1.out" 2>&1
}

phone_start() { # NAME NAMESPACE SCENARIO USER OTHER ADDRESS PORT SERVER
	scenario "$1" "$3" "$4" "$5"
	sipp_of "$1" "$1" "$6" "$8" -p "$7"
	spawn "$2" "$TMP/$1.out" "${SIPP[@]}"
}

callees_alive() {
	local callee
	for callee in "${CALLEES[@]}"; do
		alive "${callee% *}" || { echo "# ${callee#* }: $(tail -n 3 "$TMP/${callee#* }.out")"; return 1; }
	done
}
CALLEES=()

callees() { # SERVER: flow, scenario and port of each phone that is called
	local flow callee port
	for flow in $(flow_names "$1" none); do
		port=5060
		for callee in $(flow_field "$flow" 3); do
			[ "$callee" = - ] || echo "$flow $callee $port"
			port=$((port + 2))
		done
	done
}

callees_start() { # SERVER: the phones that are called register, and wait
	local flow callee port pids=()
	while read -r flow callee port; do
		flow_set "$flow"
		registered "$flow-$port-register" bystander "$FLOW_CALLEE" "$FLOW_AT" "$port" "$FLOW_TO" &
		pids+=("$!")
	done < <(callees "$1")
	for callee in "${pids[@]}"; do wait "$callee" || { echo "# a phone cannot register"; return 1; }; done
	while read -r flow callee port; do
		flow_set "$flow"
		phone_start "$flow-$port" "$BYSTANDER" "$callee" "$FLOW_CALLEE" "$FLOW_CALLER" "$FLOW_AT" \
			"$port" "$FLOW_TO"
		CALLEES+=("$SPAWNED $flow-$port")
	done < <(callees "$1")
	callees_alive
}

flow_start() { # FLOW: in the background
	local port=()
	flow_set "$1"
	# A connection of the cell before may still be known to one end.
	case $1 in tcp*) port=(-p "$((5100 + (CELL_PORT += 1)))") ;; esac
	# The options are words.
	# shellcheck disable=SC2046
	place "$1" "$CALLER" "$(flow_field "$1" 2)" "$FLOW_CALLER" "$FLOW_CALLEE" "$FLOW_FROM" "$FLOW_TO" \
		$(flow_field "$1" 6) "${port[@]}"
}
CELL_PORT=0

# NAME NAMESPACE SCENARIO USER OTHER ADDRESS SERVER [sipp options]: CALLS calls, in the background.
# As phones do, sipp goes on where an answer comes again or late; a call that lacks one times out.
place() {
	rm -f "$TMP/$1.csv"
	scenario "$1" "$3" "$4" "$5"
	sipp_of "$1" "$1" "$6" "$7" -p 5060 -m "$CALLS" -r 1 -recv_timeout 10000 -timeout 60 \
		-oocsn ooc_default -default_behaviors all,-abortunexp "${@:8}"
	spawn "$2" "$TMP/$1.out" "${SIPP[@]}"
	FLOW_PIDS+=("$SPAWNED")
}

placed() { # waits for all of them
	local pid
	for pid in "${FLOW_PIDS[@]}"; do wait "$pid" 2>/dev/null; done
	FLOW_PIDS=()
}
FLOW_PIDS=()

# --- cells: all flows under one policy, while something happens ---------------------------------

declare -A GOOD RESENT

cell() { # SERVER POLICY WHAT: runs each flow of that policy
	local flow lost=''
	[ "$2" = none ] || REFUSED_BEFORE=$(refused)
	"before_$3"
	for flow in $(flow_names "$1" "$2"); do flow_start "$flow"; done
	sleep 1.5
	"during_$3"
	placed
	"after_$3"
	for flow in $(flow_names "$1" "$2"); do
		GOOD[$2,$3,$flow]=$(calls_good "$flow")
		RESENT[$2,$3,$flow]=$(sipp_value "$flow" 'Retransmissions(C)')
		[ "${GOOD[$2,$3,$flow]}" = "$CALLS" ] || { cell_explain "$2" "$3" "$flow"; lost=1; }
	done
	[ -z "$lost" ] || [ "$2" = none ] || drops
}

cell_explain() { # POLICY WHAT FLOW: what sipp met, for those who look why
	printf '# %s, %s: %s of %s %s\n' "$1" "$2" "${GOOD[$1,$2,$3]}" "$CALLS" "$3"
	[ -z "${EXPLAIN:-}" ] || head -c 1200 "$TMP/$3.err" "$TMP/$3-5060.err" 2>/dev/null |
		sed -e 's/^/#   /' -e '$a#'
}

nothing() { :; }
for what in calm flood killed reload restart; do
	for when in before during after; do eval "${when}_$what() { nothing; }"; done
done

before_flood() {
	spawn "$ATTACKER" "$TMP/flood.out" "$BUILD/flood" --iface eth0 --dst-mac "$(server_mac)" \
		--src 0.0.0.0/0 --dst "$SERVER4" --what invite --rate 20000 --seconds 90
	FLOOD=$SPAWNED
	sleep 0.5
}
after_flood() {
	expect "the flood lasts as long as the calls" "$(cat "$TMP/flood.out")" alive "$FLOOD"
	stop_process "$FLOOD"
}

during_killed() {
	kill -9 "$WARD"
	wait "$WARD" 2>/dev/null
	sleep 1
	ward_start "$POLICY" || die "after kill -9 it does not start: $(tail -n 1 "$WARD_LOG")"
}

during_reload() {
	ward_reload || not_ok "$POLICY: the reload" "$(tail -n 1 "$WARD_LOG")"
}

before_restart() {
	"$SERVED"_stop
	"$SERVED"_start || die "$SERVED does not start again"
}

drops() { # what sipward refused since it began, for those who look why
	[ -n "${EXPLAIN:-}" ] || return 0
	ward stats -j | jq -r '.interfaces[].zones[] | .name as $zone | .drops | to_entries[] |
		select(.value > 0) | "#   dropped in \($zone): \(.key) \(.value)"'
	ward events 2>/dev/null | grep -v flood.example | tail -n 5 | sed 's/^/#   /'
}

sum() { # POLICY WHAT ARRAY
	local flow sum=0
	local -n values=$3
	for flow in $(flow_names "$SERVED" "$1"); do sum=$((sum + ${values[$1,$2,$flow]})); done
	echo "$sum"
}

cell_text() { # POLICY WHAT
	local resent tried
	[[ " ${!GOOD[*]} " == *" $1,$2,"* ]] || { echo -; return; }
	tried=$(($(flow_names "$SERVED" "$1" | wc -l) * CALLS))
	resent=$(sum "$1" "$2" RESENT)
	printf '%s/%s' "$(sum "$1" "$2" GOOD)" "$tried"
	[ "$resent" = 0 ] || printf ' (%s resent)' "$resent"
}

table() { # SERVER-NAME POLICY...: what succeeded
	local policy what
	printf '# %-28s %-13s' "$1" policy
	printf ' %-21s' calm "beside a flood" "agent killed" reload "server restarted"
	echo
	for policy in "${@:2}"; do
		printf '# %-28s %-13s' "$1" "$policy"
		for what in calm flood killed reload restart; do
			printf ' %-21s' "$(cell_text "$policy" "$what")"
		done
		echo
	done
}

refused() { # how much sipward refused since it began, but for what the greylist held back
	ward stats -j | jq '[.interfaces[].zones[].drops | to_entries[] |
		select(.key != "greylist") | .value] | add // 0'
}

refused_nothing() { # since the cell, or the situation, began
	[ "$(refused)" = "$REFUSED_BEFORE" ]
}
REFUSED_BEFORE=0

# A known race: for some seconds Asterisk may hold a phone for unreachable, and answers 603, also
# without sipward. It counts as one only where sipward refused nothing but what the flood sent.
raced() { # FLOW
	[ "$SERVED" = asterisk ] && grep -q 'SIP/2.0 603 ' "$TMP/$1.err" 2>/dev/null || return
	refused_nothing &&
		echo "# $1: Asterisk held its phone for unreachable, and sipward had refused nothing"
}

# TITLE POLICY WHAT GOOD BASE TRIED: a line for the table over all groups, which `run` prints
record() {
	local IFS=$'\t'
	[ -z "${INTEROP_RESULTS:-}" ] || echo "$*" >>"$INTEROP_RESULTS"
}

# A number with sipward is never below the number without it.
judge() { # POLICY WHAT
	local flow base harmed='' title
	title=$("${SERVED}_version")
	for flow in $(flow_names "$SERVED" "$1"); do
		base=${GOOD[none,$2,$flow]:-${GOOD[none,calm,$flow]}}
		record "$title, kinds of call" "$1" "$flow $2" "${GOOD[$1,$2,$flow]}" "$base" "$CALLS"
		[ "${GOOD[$1,$2,$flow]}" -ge "$base" ] || raced "$flow" ||
			harmed+=" $flow ${GOOD[$1,$2,$flow]} of $base;"
	done
	expect "$SERVED, $1, $2: as many calls as without sipward" "harmed:$harmed" test -z "$harmed"
}

# --- policies ----------------------------------------------------------------------------------

# NAME: the shipped one in enforce mode, with the addresses of this network, and with what the group wrote into
# $TMP/services
interop_policy() {
	case $1 in
	pbx)
		sed "s|203.0.113.0/28|$TRUNK4|; s|198.51.100.20|$NAT4|" "$ROOT/scripts/policies/pbx.yaml"
		;;
	interconnect)
		sed "s|203.0.113.0/24, \"2001:db8:a::/48\"|10.77.96.0/19, 10.77.160.0/19, \"fd77::/32\"|" \
			"$ROOT/scripts/policies/interconnect.yaml"
		;;
	*) cat "$INTEROP/$1.yaml" ;;
	esac | sed "s/^mode: .*/mode: enforce/; /transport: tls, port: 5061/r $TMP/services" >"$TMP/$1.yaml"
}

protected() { # POLICY [young]: sipward runs; unless young, its observer has seen all for hours
	POLICY=$1
	interop_policy "$1"
	ward_start "$1" || die "sipward does not start with $1: $(tail -n 1 "$WARD_LOG")"
	[ "${2:-}" = young ] || observer_aged || die "the observer still warms up"
}

unprotected() {
	ward_stop
	server "$BUILD/sipward" detach --yes >/dev/null 2>&1
	rm -f "$TMP"/run/state*
}

# SERVER POLICY...: everything, and the table
interop() {
	local policy what
	SERVED=$1
	shift
	callees_start "$SERVED" || die "the phones of $SERVED do not register"
	[ "$SERVED" != asterisk ] || asterisk_settled
	for policy in none "$@"; do
		[ "$policy" = none ] || protected "$policy"
		for what in ${CONDITIONS:-calm flood killed reload restart}; do
			case $policy,$what in none,killed | none,reload) continue ;; esac
			cell "$SERVED" "$policy" "$what"
			[ "$policy" = none ] || judge "$policy" "$what"
		done
		[ "$policy" = none ] || unprotected
	done
	table "$("${SERVED}_version")" none "$@"
}

# --- situations: what is not a kind of call ------------------------------------------------------

declare -A MANAGED TRIED

# NAME POLICY: ready_NAME while there is no sipward, do_NAME behind it, which sets DID_GOOD and
# DID_TRIED. A YOUNG situation is about what sipward has not seen.
situation() {
	local young=''
	"ready_$1"
	case " $YOUNG " in *" $1 "*) young=young ;; esac
	[ "$2" = none ] || protected "$2" $young
	REFUSED_BEFORE=0
	"do_$1"
	MANAGED[$1,$2]=$DID_GOOD TRIED[$1]=$DID_TRIED
	[ "$2" = none ] || {
		situation_judge "$1" "$2"
		unprotected
	}
}
YOUNG=''

situation_judge() { # NAME POLICY
	record "$TITLE" "$2" "$1" "${MANAGED[$1,$2]}" "${MANAGED[$1,none]}" "${TRIED[$1]}"
	[ "${MANAGED[$1,$2]}" -ge "${MANAGED[$1,none]}" ] || drops
	# A line that loses frames may lose a call: that is no harm where sipward refused nothing.
	if [[ "$1" == lossy-* && ${MANAGED[$1,$2]} -lt ${MANAGED[$1,none]} ]] && refused_nothing; then
		ok "$1, $2: ${MANAGED[$1,$2]} of ${MANAGED[$1,none]}, for the line, since sipward refused nothing"
		return
	fi
	expect "$1, $2: as many as without sipward" "${MANAGED[$1,$2]} of ${MANAGED[$1,none]}" \
		test "${MANAGED[$1,$2]}" -ge "${MANAGED[$1,none]}"
}

situations_table() { # POLICIES SITUATION...; its title is in TITLE
	local policy name
	printf '# %-44s' "$TITLE"
	for policy in $1; do printf ' %-12s' "$policy"; done
	echo
	for name in "${@:2}"; do
		printf '# %-44s' "$name"
		for policy in $1; do
			printf ' %-12s' "${MANAGED[$name,$policy]:+${MANAGED[$name,$policy]}/${TRIED[$name]}}"
		done
		echo
	done
}

# --- the network, and servers -------------------------------------------------------------------

# Phones behind a NAT: their gateway has two addresses outside.
nat_up() {
	{
		attach_host "$NAT" nat "$NAT4" fd77:0:0:30::1 &&
		ip -n "$NAT" address add "$ROAD4/24" dev eth0 &&
		ip -n "$NAT" address add "$AWAY4/24" dev eth0 &&
		ip netns add "$PHONES" &&
		ip -n "$PHONES" link add eth0 type veth peer name lan netns "$NAT" &&
		ip -n "$PHONES" link set lo up && ip -n "$PHONES" link set eth0 up &&
		ip -n "$NAT" link set lan up &&
		ip -n "$NAT" address add 192.168.7.1/24 dev lan &&
		ip -n "$PHONES" address add "$PHONES4/24" dev eth0 &&
		ip -n "$PHONES" route add default via 192.168.7.1 &&
		in_ns "$NAT" sysctl -qw net.ipv4.ip_forward=1 &&
		nat_forgets "$NAT4" 20000
	} >"$TMP/network.log" 2>&1 || die "NAT: $(tail -n 1 "$TMP/network.log")"
}

# All mappings are gone, as after a restart of the router; new ones have other ports.
nat_forgets() { # ADDRESS FIRST-PORT
	in_ns "$NAT" nft -f - <<END && in_ns "$NAT" conntrack -F 2>/dev/null
table ip nat
delete table ip nat
table ip nat {
	chain leaving {
		type nat hook postrouting priority srcnat
		oifname eth0 meta l4proto { tcp, udp } snat to $1:$2-$(($2 + 999))
	}
}
END
}

# A phone at the end of a bad line: rough.py relays between far and near. The packets that it relays
# are on the wire as they are in a frame, without offloads.
rough_up() {
	local end
	{
		ip netns add "$ROUGH" &&
		ip -n "$ROUGH" link add eth0 type veth peer name far netns "$WIRE" &&
		ip -n "$WIRE" link add near type veth peer name rough &&
		for end in far near rough; do
			ip -n "$WIRE" link set "$end" addrgenmode none up || return
		done &&
		ip -n "$WIRE" link set rough master br0 &&
		ip -n "$ROUGH" link set lo up && ip -n "$ROUGH" link set eth0 up &&
		ip -n "$ROUGH" address add 10.77.0.40/24 dev eth0 &&
		ip -n "$ROUGH" address add "$ROUGH4/32" dev eth0 &&
		in_ns "$ROUGH" ethtool -K eth0 tx off tso off gso off &&
		wire ethtool -K rough tx off tso off gso off
	} >"$TMP/network.log" 2>&1 || die "rough line: $(tail -n 1 "$TMP/network.log")"
}

line_start() { # OPTIONS of rough.py
	spawn "$WIRE" "$TMP/line.log" "$PYTHON" "$INTEROP/rough.py" far near "$@"
	LINE=$SPAWNED
	wait_until 5 grep -q ready "$TMP/line.log" || die "no line: $(tail -n 1 "$TMP/line.log")"
}

line_stop() {
	sleep 0.6
	echo "# the line: $(tail -n 1 "$TMP/line.log")"
	stop_process "$LINE"
}

# lab_up calls this when its network stands: here each group starts the servers that it wants.
kamailio_start() {
	flow_addresses >"$TMP/network.log" 2>&1 || die "addresses: $(tail -n 1 "$TMP/network.log")"
}

interop_exit() {
	local status=$? ns
	for ns in "$NAT" "$PHONES" "$ROUGH"; do
		[ ! -e "/run/netns/$ns" ] || ip netns del "$ns"
	done
	(exit "$status")
	lab_exit
}

interop_up() {
	lab_up
	trap interop_exit EXIT
	trap 'trap "" PIPE; exit 141' PIPE # whoever reads this went away: clean up all the same
	mkdir -p "$TMP/server"
	: >"$TMP/services"
}

server_answers() {
	answers caller "$SERVER4" "$CALLER4"
}

certificate() {
	[ -s "$TMP/server/key.pem" ] ||
		openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=sip.lab \
			-addext "subjectAltName=DNS:sip.lab,IP:$SERVER4,IP:$SERVER6" -keyout "$TMP/server/key.pem" \
			-out "$TMP/server/cert.pem" 2>/dev/null
}

kamailio_files() { # STATE: what it is named where the server sees it
	certificate &&
	printf '[server:default]\nmethod = TLSv1.2+\nprivate_key = %s/key.pem\ncertificate = %s/cert.pem\n' \
		"$1" "$1" >"$TMP/server/tls.cfg" &&
	mkdir -p "$TMP/server/db" "$TMP/server/run" &&
	{ [ -s "$TMP/server/db/version" ] || cp "$2"/usr/share/kamailio/dbtext/kamailio/{version,location} \
		"$TMP/server/db"; } &&
	sed "s|@SERVER4@|$SERVER4|; s|@SERVER6@|$SERVER6|; s|@VIRTUAL4@|$VIRTUAL4|; s|@STATE@|$1|" \
		"$INTEROP/servers/kamailio.cfg" >"$TMP/server/kamailio.cfg"
}

kamailio5_start() {
	kamailio_files "$TMP/server" / || return
	spawn "$SERVER" "$TMP/kamailio.log" kamailio -DD -E -f "$TMP/server/kamailio.cfg" \
		-P "$TMP/server/run/pid" -m 128 -M 8 -w "$TMP/server" -Y "$TMP/server/run"
	SERVING=$SPAWNED
	wait_until 15 server_answers
}
kamailio5_stop() { stop_process "$SERVING"; }
kamailio5_version() {
	kamailio -v | sed -n 's/^version: kamailio \([^ ]*\).*/Kamailio \1/p'
}

# A server in a root of the cache: what it reads and writes of this run is its /mnt, and no name
# is asked of anybody.
spawn_rooted() { # ROOT LOG COMMAND...
	local root=$ROOTS_CACHE/$1/root
	printf '127.0.0.1 localhost %s\n' "$(hostname)" >"$TMP/server/hosts"
	: >"$TMP/server/resolv.conf"
	[ -e "$root/etc/hosts" ] || : >"$root/etc/hosts"
	# shellcheck disable=SC2016
	spawn "$SERVER" "$2" unshare -m bash -c '
		mount --bind "$1" "$2/mnt" && mount -t proc proc "$2/proc" && mount --bind /dev "$2/dev" &&
		mount --bind "$1/hosts" "$2/etc/hosts" &&
		mount --bind "$1/resolv.conf" "$2/etc/resolv.conf" && exec chroot "$2" "${@:3}"' \
		bash "$TMP/server" "$root" "${@:3}"
	SERVING=$SPAWNED
}

kamailio6_start() {
	kamailio_files /mnt "$ROOTS_CACHE/kamailio6/root" || return
	spawn_rooted kamailio6 "$TMP/kamailio.log" kamailio -DD -E -f /mnt/kamailio.cfg \
		-P /mnt/run/pid -m 128 -M 8 -w /mnt -Y /mnt/run
	wait_until 15 server_answers
}
kamailio6_stop() { stop_process "$SERVING"; }
kamailio6_version() { echo "Kamailio $(root_version kamailio6 | sed 's/-.*//')"; }

asterisk_files() { # those of Asterisk 22
	local user at=$TMP/server/asterisk
	certificate && mkdir -p "$at"/{var,spool,run,log} && cp "$INTEROP"/servers/asterisk/* "$at" &&
	sed -i "s|@SERVER4@|$SERVER4|; s|@SERVER6@|$SERVER6|" "$at"/{pjsip,http}.conf &&
	for user in {150..399}; do
		printf '\n[%s](phone)\nauth = %s\naors = %s\n[%s](login)\nusername = %s\n[%s](contacts)\n' \
			"$user" "$user" "$user" "$user" "$user" "$user"
	done >>"$at/pjsip.conf"
}

asterisk_answers() { # to a phone that is none of its own it says 401, and to an OPTIONS 200 or 401
	[ -n "$(request caller --from "$CALLER4" --wait 0.3 "$SERVER4" OPTIONS)" ]
}

# It holds a phone for unreachable until that has answered an OPTIONS.
asterisk_reaches_phones() {
	! nsenter --mount --root --target "$SERVING" \
		asterisk -C /mnt/asterisk/asterisk.conf -rx "pjsip show contacts" 2>/dev/null |
		grep -E '^ *Contact: +3' | grep -qv Avail
}

asterisk_settled() {
	wait_until 10 asterisk_reaches_phones || echo "# Asterisk does not reach all phones"
}

asterisk_start() {
	asterisk_files || return
	spawn_rooted asterisk "$TMP/asterisk.log" asterisk -f -C /mnt/asterisk/asterisk.conf
	wait_until 30 asterisk_answers && asterisk_settled
}
asterisk_stop() { stop_process "$SERVING"; }
asterisk_version() { echo "Asterisk $(root_version asterisk | sed 's/^1://; s/+.*//')"; }

asterisk16_files() {
	local user at=$TMP/server/asterisk
	certificate && cat "$TMP"/server/{cert,key}.pem >"$TMP/server/both.pem" &&
	mkdir -p "$at"/{var,spool,run,log} && cp "$INTEROP"/servers/asterisk16/* "$at" &&
	for user in {150..399}; do printf '\n[%s](phone)\n' "$user"; done >>"$at/sip.conf"
}

asterisk16_start() {
	asterisk16_files || return
	spawn_rooted asterisk16 "$TMP/asterisk.log" asterisk -f -C /mnt/asterisk/asterisk.conf
	wait_until 30 asterisk_answers
}
asterisk16_stop() { stop_process "$SERVING"; }
asterisk16_version() { echo "Asterisk $(root_version asterisk16 | sed 's/^1://; s/[~-].*//')"; }
