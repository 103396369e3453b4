# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The first payload of a TCP connection, cut, repeated, overlapped and out of order: the verdict is
# that of the payload whole. The attacker has an address in a network of his own.
# shellcheck source=selftests/attacks/attacks.sh
. "$(dirname "$0")/../attacks.sh"
lab_up

OTHER4=198.51.100.77
cat >"$TMP/segments.yaml" <<END
version: 1
mode: enforce
services:
  - {transport: udp, port: 5060}
  - {transport: tcp, port: 5060}
  - {transport: tls, port: 5061, tls: {min_version: 1.2}}
zones:
  - {name: trunk, sources: [$RAW4], require: tls}
  - {name: public, rates: {source: {tls: 1/60s burst 2}}}
END
# Kamailio speaks plain SIP where this policy says that TLS is spoken.
cat >"$TMP/first.yaml" <<END
version: 1
mode: enforce
services: [{transport: udp, port: 5060}, {transport: tls, port: 5060}]
zones: [{name: public}]
END

ways() { # FILE [options of segments.py]
	strike attacker segments.py "${@:2}" >"$TMP/$1" || die "the attack did not run"
}

# RULE FILE BARE-FILE: none of the ways got an answer. One that gets none without sipward shows
# nothing.
expect_silence() {
	local way status bare
	while IFS=$'\t' read -r way status; do
		bare=$(awk -F'\t' -v way="$way" '$1 == way { print $2 }' "$TMP/$3")
		[ "$bare" != silent ] || continue
		tried "$1: ${way//_/ }"
		came "without sipward $bare, with it $status"
		expect "$1: ${way//_/ }" "the server answered $status" test "$status" = silent
	done <"$TMP/$2"
}

ways bare
fresh_start segments
ways tls
expect_silence "a zone that must use TLS" tls bare
strike attacker segments.py --source "$OTHER4" --way plain --way cut_in_two --way behind_crlf \
	--way out_of_order --way early >"$TMP/others"
expect "another zone may cut its payload as it likes" "$(tr '\n' ' ' <"$TMP/others")" \
	test "$(grep -c '	200$' "$TMP/others")" = 5
tried "a zone that must use TLS: its table of connections is filled with SYNs before the payload"
strike attacker segments.py --way forgotten >"$TMP/forgotten"
came "$(cat "$TMP/forgotten")"
expect "a zone that must use TLS: a flood of SYNs evicts no connection" "$(cat "$TMP/forgotten")" \
	grep -q silent "$TMP/forgotten"
if [ -n "${LONG:-}" ]; then
	tried "a zone that must use TLS: the first payload comes after 123 s"
	sed 's/^children=2/&\ntcp_connection_lifetime=300/' "$LAB/kamailio.cfg" >"$TMP/patient.cfg"
	kamailio_with "$TMP/patient.cfg"
	strike attacker segments.py --source "$OTHER4" --way patient >"$TMP/allowed" &
	allowed=$!
	strike attacker segments.py --way patient >"$TMP/patient"
	wait "$allowed"
	came "$(cat "$TMP/patient"); from a zone that may: $(cat "$TMP/allowed")"
	expect "the server waits for the first payload for so long" \
		"$(cat "$TMP/allowed")" grep -q 200 "$TMP/allowed"
	expect "a zone that must use TLS: its first payload has no time limit" "$(cat "$TMP/patient")" \
		grep -q silent "$TMP/patient"
fi

# --- TLS that is too old, and too often ---
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=lab -days 1 -keyout "$TMP/key.pem" \
	-out "$TMP/cert.pem" >/dev/null 2>&1
spawn "$SERVER" "$TMP/tls.log" "$PYTHON" "$ATTACKS/tls-server.py" "$SERVER4" "$TMP/cert.pem" \
	"$TMP/key.pem"
wait_until 5 grep -q listening "$TMP/tls.log" || die "no TLS server: $(tail -n 1 "$TMP/tls.log")"
HELLO_WAYS=()
for way in plain cut_in_two cut_behind_one octet_by_octet out_of_order from_the_third early \
	early_by_many overlap later_first empty_and_push second_syn second_syn_before far_ahead; do
	HELLO_WAYS+=(--way "$way")
done
hellos() { # FILE PAYLOAD
	ways "$1" --port 5061 --payload "$2" "${HELLO_WAYS[@]}"
}
ward_stop
hellos bare-old old-hello
fresh_start segments
hellos old old-hello
expect_silence "TLS 1.1 where 1.2 is the least" old bare-old
strike attacker segments.py --port 5061 --payload hello --way plain --way cut_in_two \
	--way out_of_order --way cut_behind_one >"$TMP/new"
expect "TLS 1.2 may be cut as its client likes" "$(tr '\n' ' ' <"$TMP/new")" \
	test "$(grep -c '	handshake$' "$TMP/new")" = 4
tried "six ClientHellos in two segments each, where one address has two"
strike attacker segments.py --source "$OTHER4" --port 5061 --payload hello --way cut_behind_one --times 6 \
	>"$TMP/often"
came "$(grep -c handshake "$TMP/often") were answered"
expect "a ClientHello in two segments counts as one" "$(grep -c handshake "$TMP/often") of 6 were" \
	test "$(grep -c handshake "$TMP/often")" -le 3

ward_stop
fresh_start first
ways first
expect_silence "plain SIP on a TLS service" first bare
lab_end
