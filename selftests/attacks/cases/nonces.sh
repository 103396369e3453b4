# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Nonces that the attacker learned by another way: Kamailio's default one is the same for everybody
# who asks in the same second. He reads it where the observer is blind and fails to log in with it
# in another one's name. Or he chooses it, in a challenge of his own that the server forwards.
# shellcheck source=selftests/attacks/attacks.sh
. "$(dirname "$0")/../attacks.sh"
lab_up

openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=lab -days 1 -keyout "$TMP/key.pem" \
	-out "$TMP/cert.pem" >/dev/null 2>&1
sed -e 's|^listen=tcp:10.77.0.2:5060|&\nenable_tls=yes\nlisten=tls:10.77.0.2:5061|' \
	-e 's|^listen=udp:10.77.0.2:5060|&\nlisten=udp:10.77.0.2:5070|' \
	-e "s|^loadmodule \"kex.so\"|&\nloadmodule \"tls.so\"\nmodparam(\"tls\", \"tls_method\", \"TLSv1.2+\")\n\
modparam(\"tls\", \"private_key\", \"$TMP/key.pem\")\nmodparam(\"tls\", \"certificate\", \"$TMP/cert.pem\")|" \
	"$LAB/kamailio.cfg" >"$TMP/kamailio.cfg"
kamailio_with "$TMP/kamailio.cfg"

cat >"$TMP/nonces.yaml" <<'END'
version: 1
mode: enforce
services:
  - {transport: udp, port: 5060}
  - {transport: tcp, port: 5060}
  - {transport: tls, port: 5061}
zones:
  - name: public
    newcomers: {rate: 1000/s}
    bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 30/60s, for: 10m}
END

forge() { # WHAT COMMAND [options of forge.py]
	fresh_start nonces
	tried "$1, and wrong passwords with it in another one's name"
	strike attacker forge.py --own "$ATTACKER4" --victim "$CALLER4" --seconds 3 "${@:3}" \
		"$2" >"$TMP/forged"
	sleep 0.3
	expect_tried "$1" 2 "$(cut -d' ' -f2 "$TMP/forged")"
	expect_unharmed "$1" "$CALLER4"
}
forge "a nonce that was read over TLS" nonces --way tls --port 5061
forge "a nonce that was read over TCP" nonces --way tcp --port 5060
forge "a nonce that was read over TCP, behind other answers in one segment" nonces \
	--way tcp-behind --port 5060
forge "a nonce that was read over a UDP port that is no service" nonces --way udp --port 5070
forge "a nonce of the attacker's own address" nonces --way udp --port 5060

forge "a nonce of the attacker's that went to another one by maddr" maddr

# --- a challenge that the attacker wrote ---
# Kamailio's core forwards a response by its second Via, though it has no transaction for it. The
# phone in whose name all of it is sent says whether the challenge came.
for responses in any expected; do
	sed "s/^    newcomers:/    responses: $responses\n&/" "$TMP/nonces.yaml" >"$TMP/$responses.yaml"
	fresh_start "$responses"
	[ "$responses" = any ] || wait_until 5 observer_aged
	tried "a challenge that the attacker wrote, and the server forwarded; and wrong passwords with its \
nonce in another one's name (responses: $responses)"
	spawn "$CALLER" "$TMP/challenged" "$PYTHON" "$ATTACKS/challenged.py" --own "$CALLER4"
	wait_until 5 grep -q listening "$TMP/challenged"
	strike attacker forge.py --own "$ATTACKER4" --victim "$CALLER4" challenge >/dev/null
	sleep 0.3
	stop_process "$SPAWNED"
	got=$(grep -c '^chosen' "$TMP/challenged")
	came "$got of its 3 challenges reached the phone"
	if [ "$responses" = any ]; then
		expect_tried "challenges that the server forwarded" 3 "$got"
	else
		expect_equal "a response that nobody asked for does not reach the server" 0 "$got"
	fi
	expect_unharmed "a challenge that the attacker wrote (responses: $responses)" "$CALLER4"
done

# --- what guessing earns ---
fresh_start nonces
tried "200 wrong passwords from one's own address over UDP"
strike attacker guess.py --udp --own "$ATTACKER4" --count 200 >"$TMP/guessed"
sleep 0.3
came "$(cat "$TMP/guessed") were answered; ban: $(ban_of "$ATTACKER4")"
expect "over UDP no guesser is banned, whatever nonces he has" "$(ban_of "$ATTACKER4")" \
	test -z "$(ban_of "$ATTACKER4")"
expect "a guesser has a penalty" "$(ward events)" test "$(metric sipward_penalties_total)" -ge 1
expect "a guesser gets few guesses through" \
	"$(cat "$TMP/guessed") were answered" test "$(cat "$TMP/guessed")" -le 40
fresh_start nonces
tried "40 wrong passwords from one's own address over TCP"
strike attacker guess.py --own "$ATTACKER4" --count 40 >/dev/null
sleep 0.3
came "$ATTACKER4: ban: $(ban_of "$ATTACKER4")"
expect_equal "a username that is guessed on a connection is refused there" login_refused \
	"$(ban_of "$ATTACKER4")"

# --- a server that gives each address a nonce of its own ---
sed 's|^modparam("usrloc".*|&\nmodparam("auth", "auth_checks_register", 8)|' "$TMP/kamailio.cfg" \
	>"$TMP/own.cfg"
kamailio_with "$TMP/own.cfg"
forge "a nonce of one's own that was read over TLS" nonces --way tls --port 5061
forge "a nonce of one's own that was read over a UDP port that is no service" nonces \
	--way udp --port 5070
forge "a nonce of one's own that went to another one by maddr" maddr
lab_end
