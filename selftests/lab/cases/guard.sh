# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The rules that remember, against real calls and connections: teardown by a stranger, toll fraud,
# zones that must use TLS, the first payload of TLS connections.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

cat >"$TMP/guard.yaml" <<END
version: 1
mode: enforce
services:
  - {transport: udp, port: 5060}
  - {transport: tcp, port: 5060}
  - {transport: tls, port: 5061, tls: {min_version: 1.2}}
zones:
  - {name: phones, sources: [$CALLER4], teardown: strict, fraud: {destinations: 5/1m}}
  - {name: trunk, sources: [$BYSTANDER4], require: tls}
  - {name: public, teardown: strict, to_tag: proven, methods: [OPTIONS]}
END
ward_start guard || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"

dialog() { # WHO, then as dialog.py
	"$1" "$PYTHON" "$LAB/dialog.py" "${@:2}"
}

# --- teardown ---
read -ra call <<<"$(dialog caller --from "$CALLER4" "$SERVER4" INVITE)"
expect_equal "a call is answered" 200 "${call[3]}"
read -ra forged <<<"$(dialog attacker --from "$ATTACKER4" "$SERVER4" BYE "${call[@]:0:3}")"
expect_equal "a BYE from a stranger, with the right tags, gets no answer" none "${forged[3]}"
expect_equal "the stranger's BYE is counted as teardown" 1 "$(counter public drops teardown)"
read -ra unknown <<<"$(dialog attacker --from "$ATTACKER4" "$SERVER4" BYE no-such-call a b)"
expect_equal "a BYE for an unknown call reaches the server" 200 "${unknown[3]}"
read -ra bye <<<"$(dialog caller --from "$CALLER4" "$SERVER4" BYE "${call[@]:0:3}")"
expect_equal "the caller's own BYE ends the call" 200 "${bye[3]}"
read -ra call <<<"$(dialog caller --tcp --from "$CALLER4" "$SERVER4" INVITE)"
expect_equal "a call over TCP is answered" 200 "${call[3]}"
read -ra forged <<<"$(dialog attacker --tcp --from "$ATTACKER4" "$SERVER4" BYE "${call[@]:0:3}")"
expect_equal "over TCP a BYE from a stranger is counted, and passes" "200 1" \
	"${forged[3]} $(counter public would_drops teardown)"
read -ra call <<<"$(dialog caller --tcp --from "$CALLER4" "$SERVER4" INVITE)"
read -ra forged <<<"$(dialog attacker --from "$ATTACKER4" "$SERVER4" BYE "${call[@]:0:3}")"
expect_equal "a stranger's BYE over UDP for a call over TCP gets no answer" "none 2" \
	"${forged[3]} $(counter public drops teardown)"
read -ra bye <<<"$(dialog caller --tcp --from "$CALLER4" "$SERVER4" BYE "${call[@]:0:3}")"
expect_equal "the caller's own BYE from another port is no teardown" "200 0 0" \
	"${bye[3]} $(counter phones drops teardown) $(counter phones would_drops teardown)"
expect_calls "calls of the same phone go on" teardown caller "$SERVER4" "$CALLER4" 40 50

# --- To-tags that nobody gave ---
read -ra forged <<<"$(dialog attacker --from "$ATTACKER4" "$SERVER4" INVITE no-such-call a b)"
expect_equal "while the observer warms up, an INVITE with a To-tag is inside a dialog" "200 0" \
	"${forged[3]} $(counter public drops method)"
expect "status shows that the observer warms up" "$(ward status)" \
	grep -Eq '^to_tag: inactive for another (4 h|3 h 5[0-9] min): calls may be older' <<<"$(ward status)"
expect "after four hours the observer knows all dialogs" "$(ward status)" wait_until 5 observer_aged
read -ra forged <<<"$(dialog attacker --from "$ATTACKER4" "$SERVER4" INVITE another-call a b)"
expect_equal "status shows that all dialogs are known" \
	"to_tag: active; every open dialog is known" \
	"$(ward status -j | jq -r .observer.dialogs)"
expect_equal "a request with an unknown To-tag is outside a dialog" "none 1" \
	"${forged[3]} $(counter public drops method)"
read -ra bye <<<"$(dialog attacker --from "$ATTACKER4" "$SERVER4" BYE another-call a b)"
expect_equal "a BYE with an unknown To-tag passes" 200 "${bye[3]}"
sed -i 's/ to_tag: proven,//' "$TMP/guard.yaml"
expect "a reload turns the rule off" "$(tail -n 1 "$WARD_LOG")" ward_reload
wait_until 5 observer_aged
sed -i 's/\(name: public,\)/\1 to_tag: proven,/' "$TMP/guard.yaml"
expect "a reload turns the rule on again" "$(tail -n 1 "$WARD_LOG")" ward_reload
read -ra forged <<<"$(dialog attacker --from "$ATTACKER4" "$SERVER4" INVITE a-third-call a b)"
expect_equal "dialogs from before the reload count as not known" "200 1 warming_up" \
	"${forged[3]} $(counter public drops method) $(observer)"

# --- toll fraud ---
reached=0
for user in 0049301 0049302 0049303 0049304 0049305 0049306 0049307 0049308 0049309 0049310; do
	[ -z "$(request caller --from "$CALLER4" --user "$user" --wait 0.3 "$SERVER4" INVITE)" ] ||
		reached=$((reached + 1))
done
expect "a phone that dials ten numbers reaches about as many as it may" "it reached $reached" \
	test "$reached" -ge 3 -a "$reached" -le 6
expect "the refused calls are counted" "$(counter phones drops toll_fraud_destinations)" \
	test "$(counter phones drops toll_fraud_destinations)" -ge 4
expect_calls "the phone can call numbers again that it called before" \
	again caller "$SERVER4" "$CALLER4" 20 50

# --- a zone that must use TLS ---
expect_equal "where TLS is required, an INVITE over UDP gets no answer" 0 \
	"$(count_answers bystander --from "$BYSTANDER4" "$SERVER4" INVITE)"
expect_equal "where TLS is required, an INVITE over TCP gets no answer" 0 \
	"$(count_answers bystander --tcp --from "$BYSTANDER4" "$SERVER4" OPTIONS)"
expect "both INVITEs are counted as cleartext" "$(counter trunk drops cleartext)" \
	test "$(counter trunk drops cleartext)" -ge 2
expect_equal "other zones use TCP as before" 200 \
	"$(request attacker --tcp --from "$ATTACKER4" "$SERVER4" OPTIONS)"

# --- the first payload of TLS connections ---
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=lab -days 1 -keyout "$TMP/key.pem" \
	-out "$TMP/cert.pem" >/dev/null 2>&1
spawn "$SERVER" "$TMP/tls.log" openssl s_server -accept "$SERVER4:5061" -cert "$TMP/cert.pem" \
	-key "$TMP/key.pem" -cipher DEFAULT@SECLEVEL=0 -quiet
tls_listens() { server ss -Hltn "sport = :5061" | grep -q 5061; }
wait_until 5 tls_listens || die "openssl s_server does not listen"
handshake() { # WHO [options of s_client]: true when it succeeds
	"$1" timeout 3 openssl s_client -connect "$SERVER4:5061" "${@:2}" </dev/null 2>/dev/null |
		grep -q '^ *Protocol *: TLSv\|^New, TLSv'
}
expect "an ordinary TLS client gets in" "no handshake" handshake caller
expect "a client of TLS 1.2 gets in" "no handshake" handshake caller -tls1_2
expect "a client of TLS 1.3 alone gets in" "no handshake" handshake bystander -tls1_3
old() { handshake caller -tls1_1 -cipher DEFAULT@SECLEVEL=0; }
expect "a client of TLS 1.1 does not get in" "it did" eval '! old'
expect "the client of TLS 1.1 is counted as tls_version" "$(counter phones drops tls_version)" \
	test "$(counter phones drops tls_version)" -ge 1
request attacker --tcp --port 5061 --from "$ATTACKER4" "$SERVER4" OPTIONS
expect "plain SIP to the TLS port is counted as cleartext" "$(counter public drops cleartext)" \
	test "$(counter public drops cleartext)" -ge 1
lab_end
