# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Proofs that the server only relays: the attacker has a phone behind the same server, which
# chooses tags, nonces and branches, or calls the one whom he wants to harm.
# shellcheck source=selftests/attacks/attacks.sh
. "$(dirname "$0")/../attacks.sh"
KAMAILIO_CFG=$ATTACKS/proxy.cfg
lab_up

policy relay <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 1000/s}
    bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 30/60s, for: 10m}
END

relay() { # NAME WHAT COMMAND [options of relay.py]
	fresh_start relay
	tried "$2"
	strike attacker relay.py --own "$ATTACKER4" --victim "$CALLER4" "${@:4}" "$3" >"$TMP/forged" 2>&1 ||
		not_ok "$1: the attack ran" "$(tail -n 1 "$TMP/forged")"
	sleep 0.3
	expect_tried "$1" 1 "$(cut -d' ' -f2 "$TMP/forged")"
	expect_unharmed "$1" "$CALLER4"
}

relay "a tag that a phone chose, by its 486" \
	"calls to the attacker's phone in another one's name: it answers 486 with tags of its choice" tag
relay "a tag that a phone chose, by its 180" \
	"likewise, and the phone only rings" ringing
relay "a tag that a phone chose, by its 404" \
	"likewise, with 404 for 30 calls, each acknowledged in the other one's name" nobody
relay "a nonce that a phone chose, by its 407" \
	"the phone answers 407 with a nonce of its choice, which is then used for wrong passwords" \
	challenge
relay "a nonce that a phone chose, by its 401" \
	"likewise by 401" challenge --status 401

ward_stop
ward detach --yes >/dev/null
strike caller relay.py --victim "$CALLER4" register >/dev/null || die "the victim cannot register"
relay "branches that count up" \
	"a user with two contacts: the attacker's phone, and the other one. Answers with the other branch" \
	fork --ttl 57
relay "branches that anybody can compute" \
	"a server without transactions makes the branch of the request. An answer with that" \
	stateless --ttl 57
relay "a From-tag that a caller chose" \
	"a call to the other one with chosen From-tag and Call-ID, and malformed requests with them" \
	from-tag
lab_end
