# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Frames that Linux takes for IP, and headers before the ports: VLAN tags, extension headers,
# fragments, addresses of every host. Forbidden messages do not get in that way, and nobody can make
# good fragments be dropped.
# shellcheck source=selftests/attacks/attacks.sh
. "$(dirname "$0")/../attacks.sh"
lab_up

# It takes what is for every host, as a server does that is bound to all addresses.
sed -e '/^listen=tcp/d; /^listen=udp:10.77.4/d; /^listen=udp:\[fd42/d' \
	-e 's/^listen=udp:10.77.0.2:5060/listen=udp:0.0.0.0:5060/' \
	-e 's/^listen=udp:\[fd77:0:0:2::1\]:5060/listen=udp:[::]:5060/' "$LAB/kamailio.cfg" \
	>"$TMP/kamailio.cfg"
kamailio_with "$TMP/kamailio.cfg"
lab_mtu 9000 || die "the cables take no long frames"

policy frames <<'END'
mode: enforce
zones:
  - {name: public, methods: [INVITE, ACK, BYE, CANCEL, OPTIONS]}
END

frames() { # FILE [options of frames.py] COMMAND
	strike attacker frames.py "${@:2}" >"$TMP/$1" || die "the attack did not run"
}

# WHAT COMMAND [options]: a MESSAGE, which the zone has not, gets no answer by any way by which it
# gets one without sipward; an OPTIONS gets one by each of them.
expect_frames() {
	local what=$1 name status bare asked
	shift
	ward_stop
	ward detach --yes >/dev/null 2>&1
	frames bare "${@:2}" "$1"
	fresh_start frames
	frames guarded "${@:2}" "$1"
	frames legal --method OPTIONS "${@:2}" "$1"
	while IFS=$'\t' read -r name status; do
		bare=$(awk -F'\t' -v name="$name" '$1 == name { print $2 }' "$TMP/bare")
		asked=$(awk -F'\t' -v name="$name" '$1 == name { print $2 }' "$TMP/legal")
		if [ "$bare" = silent ]; then
			came "$what, $name: Linux does not deliver it"
			continue
		fi
		tried "$what: $name"
		came "a MESSAGE: $status; an OPTIONS: $asked"
		expect "$what: $name" "what is forbidden was answered $status" test "$status" = silent
		[ -n "$LEGAL" ] || continue
		expect "$what: $name, an OPTIONS" "it got no answer" test "$asked" = 200
	done <"$TMP/guarded"
}

LEGAL=1
expect_frames "VLAN tags" tags
LEGAL='' expect_frames "IPv6 extension headers" extensions --source "$ATTACKER6" --server "$SERVER6"
LEGAL='' expect_frames "a datagram in fragments" cut
LEGAL='' expect_frames "every host, IPv4" everybody --source "$ATTACKER4"
LEGAL='' expect_frames "every host, IPv6" everybody --source "$ATTACKER6" --server "$SERVER6"

# --- fragments that somebody else began ---
tried "a tiny first fragment with another one's address, before his datagram with the same id"
frames poison --source "$CALLER4" --ident 4711 poison
got=$(strike caller frames.py --source "$CALLER4" --method OPTIONS --ident 4711 fragmented)
came "his datagram was ${got/	/ }"
expect "a good datagram in fragments arrives all the same" "$got" grep -qx 'answered	1' <<<"$got"
tried "16384 of them, a quarter of all ids"
frames poison --source "$CALLER4" --ident 0 --count 16384 poison
got=$(strike caller frames.py --source "$CALLER4" --method OPTIONS --ident 8000 --count 20 fragmented)
came "of 20 datagrams with such ids ${got/	/ }"
expect "good datagrams in fragments arrive all the same" "$got" grep -qx 'answered	20' <<<"$got"
lab_end
