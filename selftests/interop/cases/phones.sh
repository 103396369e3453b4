# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Phones that people use, calmly and beside a flood: baresip over UDP, TCP and TLS, each over IPv4 and
# IPv6, with an outbound proxy and behind a NAT; linphone; JsSIP over WebSocket, also inside TLS. Each
# registers and calls twice through Kamailio, or through the server that PHONES_SERVER names.
# shellcheck source=selftests/interop/interop.sh
. "$(dirname "$0")/../interop.sh"
SERVED=${PHONES_SERVER:-kamailio5}
interop_up
nat_up
"${SERVED}_start" || die "$SERVED does not answer: $(cat "$TMP"/{kamailio,asterisk}.log 2>/dev/null | tail -n 1)"
# Asterisk has a port for HTTP, Kamailio takes it on that of SIP.
case $SERVED in
asterisk)
	WEBSOCKET=ws://$SERVER4:8088/ws WEBSOCKET_TLS=wss://$SERVER4:8089/ws
	printf '  - {transport: %s}\n' "tcp, port: 8088" "tls, port: 8089" >"$TMP/services"
	;;
*) WEBSOCKET=ws://$SERVER4:5060 WEBSOCKET_TLS=wss://$SERVER4:5061 ;;
esac

TALK_AT=10.77.191.1
ip -n "$BYSTANDER" address add "$TALK_AT/32" dev eth0
ip -n "$CALLER" route add default via "$ATTACKER4" # linphone registers only where there is one
registered talk-register bystander 371 "$TALK_AT" 5060 "$SERVER4" || die "nobody can be called"
phone_start talk "$BYSTANDER" phone 371 271 "$TALK_AT" 5060 "$SERVER4"
"$PYTHON" - "$TMP/tone.wav" <<'END' || die "no sound"
import sys, wave
with wave.open(sys.argv[1], "wb") as sound:
    sound.setparams((1, 2, 8000, 0, "NONE", ""))
    sound.writeframes(bytes(320000))
END

# --- baresip: name, where it is, its address, transport, server, what its account adds
baresips() {
	cat <<TABLE
baresip-udp	$CALLER	$CALLER4	udp	$SERVER4:5060
baresip-tcp	$CALLER	$CALLER4	tcp	$SERVER4:5060
baresip-tls	$CALLER	$CALLER4	tls	$SERVER4:5061
baresip-udp-ipv6	$CALLER	[$CALLER6]	udp	[$SERVER6]:5060
baresip-tcp-ipv6	$CALLER	[$CALLER6]	tcp	[$SERVER6]:5060
baresip-tls-ipv6	$CALLER	[$CALLER6]	tls	[$SERVER6]:5061
baresip-outbound	$CALLER	$CALLER4	udp	$SERVER4:5060	;outbound="sip:$SERVER4:5060;transport=udp"
baresip-nat	$PHONES	$PHONES4	udp	$SERVER4:5060
TABLE
}

type_at() { # standard input: what is typed, each line after so many seconds
	local seconds line
	while IFS=$'\t' read -r seconds line; do
		sleep "$seconds"
		echo "$line"
	done
}

baresip_files() { # DIRECTORY USER ADDRESS PORT TRANSPORT SERVER ACCOUNT
	local module
	mkdir -p "$1" && : >"$1/contacts" &&
	{
		printf 'poll_method epoll\nsip_listen %s:%s\nmodule_path /usr/lib/baresip/modules\n' "$3" "$4"
		printf 'audio_player aufile,%s/heard.wav\naudio_source aufile,%s\n' "$1" "$TMP/tone.wav"
		for module in stdio g711 aufile; do echo "module $module.so"; done
		printf 'module_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\n'
	} >"$1/config" &&
	printf '<sip:%s@%s;transport=%s>;auth_user=%s;auth_pass=secret;regint=600%s\n' \
		"$2" "$6" "$5" "$2" "$7" >"$1/accounts"
}

baresip_start() { # NAME NAMESPACE ADDRESS TRANSPORT SERVER ACCOUNT
	local number=$((BARESIPS += 1)) to="sip:371@$5;transport=$4"
	baresip_files "$TMP/$1" "$((240 + number))" "$3" "$((6000 + 10 * number))" "$4" "$5" "$6" || return
	type_at <<END | in_ns "$2" timeout 40 baresip -f "$TMP/$1" >"$TMP/$1.out" 2>&1 &
7	/dial $to
4	/hangup
1	/dial $to
4	/hangup
1	/quit
END
	PHONES_RUNNING+=("$!")
}

baresip_good() { # NAME: one registration and two calls
	local registered
	registered=$(grep -c 'registered successfully' "$TMP/$1.out")
	echo $(((registered > 0) + $(grep -c 'Call established' "$TMP/$1.out")))
}

linphone_start() {
	mkdir -p "$TMP/linphone/.local/share/linphone"
	printf '[sip]\nsip_port=6100\nsip_tcp_port=0\nsip_tls_port=0\n' >"$TMP/linphone/rc"
	type_at <<END | HOME=$TMP/linphone in_ns "$CALLER" timeout 40 linphonec -c "$TMP/linphone/rc" \
		>"$TMP/linphone.out" 2>&1 &
1	soundcard use files
0	register sip:260@$SERVER4 <sip:$SERVER4> secret
5	status register
1	call sip:371@$SERVER4
4	terminate
1	call sip:371@$SERVER4
4	terminate
1	status register
1	quit
END
	PHONES_RUNNING+=("$!")
}

linphone_good() {
	local registered
	registered=$(grep -c 'registered, identity' "$TMP/linphone.out")
	echo $(((registered > 0) + $(grep -c 'connected\.' "$TMP/linphone.out")))
}

# --- JsSIP over WebSocket, where npm can install it
JSSIP=$(dirname "$ROOTS_CACHE")/jssip
jssip_there() {
	[ -d "$JSSIP/node_modules/jssip" ] && [ -d "$JSSIP/node_modules/ws" ] && return
	command -v npm >/dev/null && command -v node >/dev/null && mkdir -p "$JSSIP" &&
		(cd "$JSSIP" && npm install --silent --no-fund jssip@3 ws@8 >/dev/null 2>&1)
}

jssip_start() { # NAME URL USER
	(cd "$JSSIP" && NODE_TLS_REJECT_UNAUTHORIZED=0 caller timeout 40 node "$INTEROP/websocket.js" \
		"$2" "$SERVER4" "$3" 371) >"$TMP/$1.out" 2>&1 </dev/null &
	PHONES_RUNNING+=("$!")
}

jssip_good() { # NAME
	grep -E '^[0-3]$' "$TMP/$1.out" || echo 0
}

JSSIPS="jssip jssip-tls"
jssip_there || { echo "ok jssip # SKIP npm cannot install it"; JSSIPS=; }

all_phones() { # POLICY WHAT
	local name at address transport to account
	PHONES_RUNNING=() BARESIPS=0
	"before_$2"
	while IFS=$'\t' read -r name at address transport to account; do
		baresip_start "$name" "$at" "$address" "$transport" "$to" "$account"
	done < <(baresips)
	linphone_start
	if [ -n "$JSSIPS" ]; then
		jssip_start jssip "$WEBSOCKET" 261
		jssip_start jssip-tls "$WEBSOCKET_TLS" 262
	fi
	wait "${PHONES_RUNNING[@]}"
	"after_$2"
	for name in $(baresips | cut -f 1); do note "$name $2" "$1" "$(baresip_good "$name")"; done
	note "linphone $2" "$1" "$(linphone_good)"
	for name in $JSSIPS; do note "$name $2" "$1" "$(jssip_good "$name")"; done
}

note() { # NAME POLICY GOOD
	MANAGED[$1,$2]=$3 TRIED[$1]=3
	[ "$3" = 3 ] || [ -z "${EXPLAIN:-}" ] ||
		grep -v 'error sending' "$TMP/${1% *}.out" | tail -n 25 | tr -d '\b' | cut -c 1-200 | sed 's/^/#   /'
	[ "$2" = none ] || situation_judge "$1" "$2"
}

POLICIES=${POLICIES-pbx hard}
TITLE="$("${SERVED}_version"), phones"
for policy in none $POLICIES; do
	[ "$policy" = none ] || protected "$policy"
	for what in calm flood; do all_phones "$policy" "$what"; done
	[ "$policy" = none ] || unprotected
done
mapfile -t names < <(for what in calm flood; do
	for name in $(baresips | cut -f 1) linphone $JSSIPS; do echo "$name $what"; done
done)
situations_table "none $POLICIES" "${names[@]}"
lab_end
