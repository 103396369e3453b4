# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Nonces that the attacker learned by another way: Kamailio's default one is the same for everybody
# who asks in the same second. He reads it where the observer is blind and fails to log in with it
# in another one's name.
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

POLICY=nonces
forge() { # WHAT COMMAND [options of forge.py]
	fresh_start "$POLICY"
	tried "$1, and wrong passwords with it in another one's name ($POLICY)"
	strike attacker forge.py --own "$ATTACKER4" --victim "$CALLER4" "${@:3}" "$2" >"$TMP/forged"
	sleep 0.3
	expect_tried "$1 ($POLICY)" 3 "$(cut -d' ' -f2 "$TMP/forged")"
	expect_unharmed "$1 ($POLICY)" "$CALLER4"
}
forge "a nonce that was read over TLS" nonces --way tls --port 5061
forge "a nonce that was read over TCP" nonces --way tcp --port 5060
forge "a nonce that was read over TCP, behind other answers in one segment" nonces \
	--way tcp-behind --port 5060
forge "a nonce that was read over a UDP port that is no service" nonces --way udp --port 5070
forge "a nonce of the attacker's own address" nonces --way udp --port 5060

# Whoever guesses under his own address is banned all the same.
fresh_start nonces
tried "40 wrong passwords from one's own address over TCP"
strike attacker guess.py --own "$ATTACKER4" --count 40 >/dev/null
sleep 0.3
came "$ATTACKER4: ban: $(ban_of "$ATTACKER4")"
expect_equal "an attacker who guesses passwords under his own address is banned" auth_failures \
	"$(ban_of "$ATTACKER4")"

# --- a server that gives each address a nonce of its own ---
sed 's|^modparam("usrloc".*|&\nmodparam("auth", "auth_checks_register", 8)|' "$TMP/kamailio.cfg" \
	>"$TMP/own.cfg"
sed 's/^mode: enforce/&\nserver: {nonces: per_address}/' "$TMP/nonces.yaml" >"$TMP/own-nonces.yaml"
kamailio_with "$TMP/own.cfg"
POLICY=own-nonces
forge "a nonce that was read over TLS" nonces --way tls --port 5061
forge "a nonce that was read over a UDP port that is no service" nonces --way udp --port 5070
forge "a nonce of the attacker's that went to another one by maddr" maddr
fresh_start own-nonces
tried "40 wrong passwords from one's own address over UDP, where nonces prove something"
strike attacker guess.py --udp --own "$ATTACKER4" --count 40 >/dev/null
sleep 0.3
came "$ATTACKER4: ban: $(ban_of "$ATTACKER4")"
expect_equal "whoever guesses over UDP is banned" auth_failures "$(ban_of "$ATTACKER4")"
lab_end
