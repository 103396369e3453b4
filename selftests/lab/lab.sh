# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The lab: namespaces caller, attacker, bystander and server, joined by a bridge in a namespace
# of its own; Kamailio, sipp and sipward in them. Sourced by every case group; knows no case.
# However a group ends, its namespaces, processes, pins and files go with it.

set -u -o pipefail

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$LAB/../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
PYTHON=/usr/bin/python3
PATIENCE=${LAB_PATIENCE:-1} # how many times as long as on real hardware to wait for something

# shellcheck disable=SC2034 # read by the groups, too
KAMAILIO=
# One address plan for all groups: the number says who it is. Each has an IPv6 /64 of its own,
# since that is one source.
CALLER4=10.77.0.10 ATTACKER4=10.77.0.66 BYSTANDER4=10.77.0.20 SERVER4=10.77.0.2
CALLER6=fd77:0:0:10::1 ATTACKER6=fd77:0:0:66::1 BYSTANDER6=fd77:0:0:20::1 SERVER6=fd77:0:0:2::1
# VLAN 42, and VLAN 44 inside VLAN 43 (QinQ).
CALLER4_VLAN=10.77.42.10 CALLER6_VLAN=fd42:0:0:10::1
SERVER4_VLAN=10.77.42.2 SERVER6_VLAN=fd42:0:0:2::1
CALLER4_QINQ=10.77.44.10 SERVER4_QINQ=10.77.44.2

CALLER=sw$$-caller ATTACKER=sw$$-attacker BYSTANDER=sw$$-bystander SERVER=sw$$-server
WIRE=sw$$-wire

PIDS=()
FAILED=0
ENDED=0
TMP=

# --- results ---------------------------------------------------------------------------------

ok() {
	printf 'ok %s\n' "$1"
}

not_ok() { # NAME WHY
	printf 'not ok %s - %s\n' "$1" "$2"
	FAILED=1
}

expect() { # NAME WHY COMMAND...: ok when the command succeeds
	local name=$1 why=$2
	shift 2
	if "$@"; then ok "$name"; else not_ok "$name" "$why"; fi
}

expect_equal() { # NAME WANTED GOT
	expect "$1" "wanted $2, got $3" test "$2" = "$3"
}

die() {
	not_ok "$(basename "$0" .sh): the lab works" "$1"
	exit 1
}

wait_until() { # SECONDS COMMAND...: polls; false when the time is over
	local deadline=$((SECONDS + $1 * PATIENCE))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}

# --- processes and namespaces ----------------------------------------------------------------

# `ip netns exec` would mount a fresh /sys over the pins in /sys/fs/bpf.
in_ns() {
	nsenter --net="/run/netns/$1" "${@:2}"
}
caller() { in_ns "$CALLER" "$@"; }
attacker() { in_ns "$ATTACKER" "$@"; }
bystander() { in_ns "$BYSTANDER" "$@"; }
server() { in_ns "$SERVER" "$@"; }
wire() { in_ns "$WIRE" "$@"; }

spawn() { # NAMESPACE LOG COMMAND...: in the background; its pid is in SPAWNED
	: >"$2" # so that it is there for whoever looks at once
	nsenter --net="/run/netns/$1" "${@:3}" >>"$2" 2>&1 </dev/null &
	SPAWNED=$!
	PIDS+=("$SPAWNED")
}

alive() {
	[ -n "${1:-}" ] && kill -0 "$1" 2>/dev/null
}

gone() {
	! alive "$1"
}

stop_process() { # PID: asks, waits, insists
	alive "$1" || return 0
	kill "$1" 2>/dev/null
	wait_until 5 gone "$1" || kill -9 "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

attach_host() { # NAMESPACE PORT IPV4 IPV6: one cable from the namespace to the bridge
	ip netns add "$1" &&
	ip -n "$1" link add eth0 type veth peer name "$2" netns "$WIRE" &&
	ip -n "$WIRE" link set "$2" master br0 up &&
	ip -n "$1" link set lo up &&
	ip -n "$1" link set eth0 up &&
	ip -n "$1" address add "$3/24" dev eth0 &&
	ip -n "$1" address add "$4/48" dev eth0 nodad &&
	# Frames that native XDP sends over a veth arrive only where the receiver has NAPI.
	in_ns "$1" ethtool -K eth0 gro on &&
	# A tag must stand in the frame, where XDP reads it, not beside it.
	wire ethtool -K "$2" gro on txvlan off
}

add_vlan() { # NAMESPACE NAME TAGS ADDRESS...: a tagged sub-interface of its eth0
	local ns=$1 name=$2 tags=$3 address
	shift 3
	# shellcheck disable=SC2086 # the tags are words
	spawn "$ns" "$TMP/$ns-$name.log" "$PYTHON" "$LAB/vlan.py" eth0 "$name" $tags
	wait_until 5 grep -q ready "$TMP/$ns-$name.log" &&
	ip -n "$ns" link set "$name" mtu 1400 up || return 1
	for address; do ip -n "$ns" address add "$address" dev "$name" nodad || return 1; done
}

lab_network() {
	ip netns add "$WIRE" &&
	ip -n "$WIRE" link add br0 type bridge mcast_snooping 0 forward_delay 0 &&
	ip -n "$WIRE" link set br0 up &&
	attach_host "$CALLER" caller "$CALLER4" "$CALLER6" &&
	attach_host "$ATTACKER" attacker "$ATTACKER4" "$ATTACKER6" &&
	attach_host "$BYSTANDER" bystander "$BYSTANDER4" "$BYSTANDER6" &&
	attach_host "$SERVER" server "$SERVER4" "$SERVER6" &&
	add_vlan "$CALLER" vlan42 0x8100:42 "$CALLER4_VLAN/24" "$CALLER6_VLAN/48" &&
	add_vlan "$SERVER" vlan42 0x8100:42 "$SERVER4_VLAN/24" "$SERVER6_VLAN/48" &&
	add_vlan "$CALLER" qinq "0x88a8:43 0x8100:44" "$CALLER4_QINQ/24" &&
	add_vlan "$SERVER" qinq "0x88a8:43 0x8100:44" "$SERVER4_QINQ/24" &&
	# answers to spoofed sources leave, as they would anywhere
	ip -n "$SERVER" route add default via "$ATTACKER4" &&
	ip -n "$SERVER" -6 route add default via "$ATTACKER6"
}

lab_down() {
	local ns pid
	# Programs that others may have put on the interface go with the namespaces.
	for pid in "${PIDS[@]}"; do stop_process "$pid"; done
	for ns in "$CALLER" "$ATTACKER" "$BYSTANDER" "$SERVER" "$WIRE"; do
		[ -e "/run/netns/$ns" ] || continue
		for pid in $(ip netns pids "$ns"); do kill -9 "$pid" 2>/dev/null; done
		ip netns del "$ns"
	done
	rm -rf "${SIPWARD_BPF_DIR:?}"
	[ "$FAILED" = 0 ] || [ -z "${LAB_KEEP:-}" ] || { echo "# kept: $TMP"; return; }
	rm -rf "${TMP:?}"
}

lab_exit() {
	local status=$? log
	# PIPE: the reader of the results may be gone, and what follows writes to it.
	trap '' INT TERM PIPE
	[ "$ENDED" = 1 ] || [ "$FAILED" = 1 ] ||
		not_ok "$(basename "$0" .sh): runs to its end" "it ended early with status $status"
	if [ "$FAILED" = 1 ]; then
		status=1
		for log in "$TMP"/sipward*.log; do
			[ -s "$log" ] && tail -n 15 "$log" | sed "s|^|# $(basename "$log"): |"
		done
		grep -E 'ERROR|CRITICAL' "$TMP/kamailio.log" 2>/dev/null | tail -n 3 | sed 's/^/# /'
	fi
	lab_down
	exit "$status"
}

build_senders() { # the flooder, and the phones of the avalanche
	local name source common=$ROOT/selftests/flood/sender.h
	mkdir -p "$BUILD" || return
	for name in flood avalanche; do
		source=$ROOT/selftests/flood/$name.c
		[ "$BUILD/$name" -nt "$source" ] && [ "$BUILD/$name" -nt "$common" ] ||
			gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -o "$BUILD/$name" "$source" -lmd ||
			return
	done
}

lab_up() { # builds everything but sipward, which each group starts with its own policy
	[ "$(id -u)" = 0 ] || { not_ok "lab" "it needs root, for network namespaces and BPF"; exit 1; }
	TMP=$(mktemp -d /tmp/sipward-lab.XXXXXX)
	export SIPWARD_BPF_DIR=/sys/fs/bpf/sipward-lab-$$ SIPWARD_RUN_DIR=$TMP/run
	mkdir -p "$SIPWARD_RUN_DIR"
	trap lab_exit EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	grep -q ' bpf ' /proc/mounts || mount -t bpf bpf /sys/fs/bpf || die "no bpffs on /sys/fs/bpf"
	build_senders || die "the flooder or the phones cannot be built"
	lab_network >"$TMP/network.log" 2>&1 || die "network: $(tail -n 1 "$TMP/network.log")"
	kamailio_start || die "Kamailio does not answer: $(tail -n 1 "$TMP/kamailio.log")"
}

# --- SIP -------------------------------------------------------------------------------------

kamailio_start() {
	mkdir -p "$TMP/kamailio"
	spawn "$SERVER" "$TMP/kamailio.log" kamailio -DD -E -f "${KAMAILIO_CFG:-$LAB/kamailio.cfg}" \
		-P "$TMP/kamailio/pid" -m 128 -M 8 -w "$TMP/kamailio" -Y "$TMP/kamailio"
	KAMAILIO=$SPAWNED
	wait_until 15 answers caller "$SERVER4" "$CALLER4" &&
	wait_until 5 answers caller "$SERVER6" "$CALLER6"
}

answers() { # WHO SERVER OWN-ADDRESS: an OPTIONS gets an answer
	[ "$("$1" "$PYTHON" "$LAB/request.py" --from "$3" --wait 0.3 "$2" OPTIONS)" = 200 ]
}

# WHO [options of request.py] SERVER METHOD [COUNT]: prints the status of every answer
request() {
	"$1" "$PYTHON" "$LAB/request.py" "${@:2}"
}

count_answers() { # likewise, but how many
	request "$@" | wc -l
}

# NAME SERVER OWN-ADDRESS CALLS RATE [sipp options]: the command line is in SIPP. Each call has
# 8 s for an answer. Its statistics are in $TMP/NAME.csv.
sipp_command() {
	local name=$1 to=$2 from=$3 calls=$4 rate=$5
	shift 5
	case $to in *:*) to="[$to]" ;; esac
	case " $* " in *" -sf "*) ;; *) set -- -sn uac "$@" ;; esac
	SIPP=(sipp "$to:5060" -i "$from" -s call -m "$calls" -r "$rate" -d 0 -recv_timeout 8000
		-timeout 120 -nostdin -trace_stat -stf "$TMP/$name.csv" -fd 1 "$@")
}

# NAME WHO, then as sipp_command: runs it to its end
sipp_run() {
	sipp_command "$1" "${@:3}"
	"$2" "${SIPP[@]}" >"$TMP/$1.out" 2>&1 </dev/null
}

# NAME WHO'S-NAMESPACE SERVER OWN-ADDRESS RATE: calls without retransmission, until load_end
load_start() {
	sipp_command "$1" "$3" "$4" 1000000 "$5" -nr
	spawn "$2" "$TMP/$1.out" "${SIPP[@]}"
	LOAD=$SPAWNED LOAD_NAME=$1
}

# No new calls, and the running ones end. How many there were is in LOAD_CALLS.
load_end() {
	expect "$LOAD_NAME: the load lasted to the end" "sipp ended before" alive "$LOAD"
	kill -USR1 "$LOAD" 2>/dev/null
	wait_until 15 gone "$LOAD"
	stop_process "$LOAD"
	LOAD_CALLS=$(sipp_value "$LOAD_NAME" 'TotalCallCreated')
	expect "$LOAD_NAME: calls were placed" "it placed $LOAD_CALLS" test "$LOAD_CALLS" -gt 50
	expect_equal "$LOAD_NAME: no call is lost" "$LOAD_CALLS" "$(calls_good "$LOAD_NAME")"
}

sipp_value() { # NAME COLUMN: the last value of a column of its statistics
	awk -F';' -v column="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) at = i }
		{ value = at ? $at : "" } END { print value == "" ? 0 : value }' "$TMP/$1.csv"
}

calls_good() { # NAME: how many calls of that sipp succeeded
	sipp_value "$1" 'SuccessfulCall(C)'
}

expect_calls() { # TEST-NAME, then as sipp_run: all calls succeed
	local test=$1 good
	shift
	sipp_run "$@"
	good=$(calls_good "$1")
	expect "$test" "$good of $5 calls succeeded" test "$good" = "$5"
}

server_mac() {
	ip -n "$SERVER" -j link show eth0 | jq -r '.[0].address'
}

# WHO SOURCE[/PREFIX] DESTINATION [options of flood]: prints how many packets it sent
flood() {
	"$1" "$BUILD/flood" --iface eth0 --dst-mac "$(server_mac)" --src "$2" --dst "$3" "${@:4}" |
		awk '{ print $2 }'
}

# --- sipward ---------------------------------------------------------------------------------

policy() { # NAME: standard input becomes a policy, with the services of the lab before it
	{
		printf 'version: 1\n'
		printf 'services: [{transport: udp, port: 5060}, {transport: tcp, port: 5060}]\n'
		cat
	} >"$TMP/$1.yaml"
}

phones_policy() { # NAME: what phones send is let in from everywhere, and nothing else
	policy "$1" <<'END'
mode: enforce
zones:
  - name: public
    sources: [0.0.0.0/0, "::/0"]
    methods: [INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER]
END
}

ward() { # one sipward command in the server's namespace
	server timeout $((20 * PATIENCE)) "$BUILD/sipward" "$@"
}

ward_settled() {
	grep -q '^sipward: ready' "$WARD_LOG" || gone "$WARD"
}

ward_start() { # POLICY-NAME [options of run]: true once it is attached; its pid is in WARD
	WARD_LOG=$TMP/sipward-$((WARD_RUNS += 1)).log
	spawn "$SERVER" "$WARD_LOG" "$BUILD/sipward" run -i eth0 -p "$TMP/$1.yaml" "${@:2}"
	WARD=$SPAWNED
	wait_until 20 ward_settled && alive "$WARD"
}
WARD_RUNS=0 WARD='' WARD_STATUS='' WARD_LOG=/dev/null

# A start that must fail: its exit code, or `running`, is in WARD_STATUS.
ward_refused() {
	if ward_start "$@"; then
		stop_process "$WARD"
		WARD_STATUS=running
		return
	fi
	wait "$WARD"
	WARD_STATUS=$?
}

ward_said() { # PATTERN [LOG]
	grep -Eqi "$1" "${2:-$WARD_LOG}"
}

ward_stop() {
	stop_process "$WARD"
	WARD=
}

generation() {
	ward status -j | jq -r '.interfaces[0].generation // 0'
}

said_since() { # LINE PATTERN: behind that line of its log
	tail -n "+$(($1 + 1))" "$WARD_LOG" | grep -q "$2"
}

ward_reload() { # SIGHUP; true when the policy, as it now is, was taken
	local line
	line=$(wc -l <"$WARD_LOG")
	kill -HUP "$WARD"
	wait_until 10 said_since "$line" 'policy reloaded\|reload refused' &&
	said_since "$line" 'policy reloaded'
}

program_id() { # of what is on the server's eth0, or nothing
	ip -n "$SERVER" -j -d link show eth0 | jq -r '.[0].xdp.prog.id // empty'
}

counter() { # ZONE pass | drops REASON | would_drops REASON | messages METHOD
	ward stats -j | jq -r --arg zone "$1" --arg kind "$2" --arg key "${3:-}" '
		[.interfaces[].zones[] | select(.name == $zone)
		| if $key == "" then .[$kind] else .[$kind][$key] end // 0] | add // 0'
}

counter_elsewhere() { # ZONE KIND KEY: over all zones but that one, at one moment
	ward stats -j | jq -r --arg zone "$1" --arg kind "$2" --arg key "$3" '
		[.interfaces[].zones[] | select(.name != $zone) | .[$kind][$key] // 0] | add // 0'
}

counter_total() { # drops | messages [KEY]: over all zones
	ward stats -j | jq -r --arg kind "$1" --arg key "${2:-}" '
		[.interfaces[].zones[][$kind] | to_entries[]
		| select($key == "" or .key == $key) | .value] | add // 0'
}

observer() {
	ward status -j | jq -r .observer.state
}

observer_is() {
	[ "$(observer)" = "$1" ]
}

# As if the observers had been in place for five hours before the host booted (struct sw_health,
# observed_from): nobody waits for Timer C or old calls here, and a guest may be younger than that.
observer_aged() {
	local pin=$SIPWARD_BPF_DIR/health value
	value=$(bpftool -j map lookup pinned "$pin" key 0 0 0 0 |
		jq -r '.value | .[8:16] = ["0x00", "0xe0", "0x64", "0x0c", "0xa1", "0xef", "0xff", "0xff"]
			| join(" ")') || return
	# Octets are words.
	# shellcheck disable=SC2086
	bpftool map update pinned "$pin" key 0 0 0 0 value $value && sleep 0.1 && ! observer_is warming_up
}

metric() { # NAME LABELS-PATTERN: the sum of the samples of the exporter that match
	server curl -sf "http://127.0.0.1:9538/metrics" | awk -v name="$1" -v labels="${2:-}" '
		index($1, name "{") == 1 || $1 == name { if ($0 ~ labels) sum += $NF }
		END { printf "%d\n", sum }'
}

lab_end() {
	ENDED=1
	exit "$FAILED"
}
