# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Password guessers who have more than an address: accounts of their own, neighbours behind the same
# address, many names, and the wish to have somebody else refused.
# shellcheck source=selftests/attacks/attacks.sh
. "$(dirname "$0")/../attacks.sh"
lab_up

policy logins <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 1000/s, probe: off}
    bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 30/60s, for: 10m}
END

logins() { # WHO ADDRESS STEP...: a line for each, as of logins.py
	strike "$1" logins.py --own "$2" "${@:3}"
}
answered() { # STEP: how many logins the server answered
	awk -v step="$1" '$1 == step { print $2 }' "$TMP/logins"
}
accepted() {
	awk -v step="$1" '$1 == step { n += $3 } END { print n + 0 }' "$TMP/logins"
}
refused_users() { # ADDRESS
	ward ban list -j | jq -r --arg source "$1" \
		'[.[] | select(.source == $source and .user != null) | .user] | sort | join(" ")'
}

policy accounts <<'END'
mode: enforce
zones:
  - name: public
    newcomers: {rate: 1000/s, probe: off}
    bans: {auth_failures: 10/60s, account: 30/10m, for: 10m}
END

fresh_start logins
tried "two accounts of his own, and wrong passwords for a third one, on the same connection and on others"
logins attacker "$ATTACKER4" a.good:101 a.good:102 a.wrong:103:40 a.wrong:103:5 b.wrong:103:5 c.good:101 \
	>"$TMP/logins"
came "$(answered a.wrong:103:40) of 40 guesses were answered, then $(answered a.wrong:103:5) and \
$(answered b.wrong:103:5) of 5; refused to $ATTACKER4: $(refused_users "$ATTACKER4")"
expect "accounts of the attacker give no more guesses at another account" "$(cat "$TMP/logins")" \
	test "$(answered a.wrong:103:40)" -ge 10 -a "$(answered a.wrong:103:40)" -le 20
expect_equal "another connection gives no more guesses" "0 0" \
	"$(answered a.wrong:103:5) $(answered b.wrong:103:5)"
expect_equal "the username is refused to the attacker" 103 "$(refused_users "$ATTACKER4")"
expect_equal "no other username is refused behind the address" 1 "$(accepted c.good:101)"
expect_equal "the address is not banned" login_refused "$(ban_of "$ATTACKER4")"
expect "the connection that a refused login came by is closed" "$(metric sipward_connections_closed_total)" \
	test "$(metric sipward_connections_closed_total login_refused)" -ge 1
got=$(logins caller "$CALLER4" a.good:103 | cut -d' ' -f3)
expect_equal "the user of that name logs in from another address" 1 "$got"
ward ban del "$ATTACKER4" --user 103 >/dev/null
got=$(logins attacker "$ATTACKER4" a.good:103 | cut -d' ' -f3)
expect_equal "the user logs in from the address when an operator lifted the refusal" 1 "$got"

tried "wrong passwords for a neighbour behind the same address, who is registered"
logins attacker "$ATTACKER4" victim.good:104 x.good:101 x.wrong:104:40 victim.good:104 new.good:104 \
	>"$TMP/logins"
came "$(answered x.wrong:104:40) of 40 were answered; the neighbour registered $(accepted victim.good:104) \
of 2 times on his connection, and $(accepted new.good:104) of 1 on another one"
expect_equal "the neighbour's connection goes on" 2 "$(accepted victim.good:104)"
expect_equal "a connection without a login of that user does not go on" 0 "$(accepted new.good:104)"
expect_equal "the address is not banned" login_refused "$(ban_of "$ATTACKER4")"

tried "wrong passwords for a user in the name of that user's address, over UDP"
logins caller "$CALLER4" a.good:105 >/dev/null
strike attacker forge.py --own "$ATTACKER4" --victim "$CALLER4" --seconds 3 --way udp --port 5060 nonces \
	>"$TMP/forged"
expect_tried "nonces that he learned" 2 "$(cut -d' ' -f2 "$TMP/forged")"
logins caller "$CALLER4" b.good:105 b.good:100 >"$TMP/logins"
came "refused to $CALLER4: $(refused_users "$CALLER4"); his logins: $(tr '\n' ';' <"$TMP/logins")"
expect "spoofed guesses get no username refused" "$(ward ban list)" test -z "$(ban_of "$CALLER4")"
expect_equal "the users at the spoofed address log in" \
	"1 1" "$(accepted b.good:105) $(accepted b.good:100)"

ward ban del "$ATTACKER4" >/dev/null
tried "wrong passwords with one branch, and behind the credentials of his own account"
logins attacker "$ATTACKER4" h.branch:106:40 i.decoy:107:40 >"$TMP/logins"
came "$(answered h.branch:106:40) and $(answered i.decoy:107:40) of 40 were answered"
expect "one branch for all guesses gives no more guesses" "$(cat "$TMP/logins")" \
	test "$(answered h.branch:106:40)" -ge 10 -a "$(answered h.branch:106:40)" -le 20
expect "credentials of an own account beside each guess give no more guesses" \
	"$(cat "$TMP/logins")" \
	test "$(answered i.decoy:107:40)" -ge 10 -a "$(answered i.decoy:107:40)" -le 20

ward ban del "$ATTACKER4" >/dev/null
tried "one wrong password for each of 90 users"
logins attacker "$ATTACKER4" z.spray:110:90 >"$TMP/logins"
came "$(answered z.spray:110:90) of 90 were answered; bans: $(ban_of "$ATTACKER4" | tr '\n' ' ')"
expect "a sprayer is banned in the first round" "$(cat "$TMP/logins")" \
	test "$(answered z.spray:110:90)" -ge 15 -a "$(answered z.spray:110:90)" -le 40
expect "the ban of the sprayer is for wrong passwords" \
	"$(ward ban list)" grep -q "^$ATTACKER4 .*auth_failures" <(ward ban list)

fresh_start accounts
for host in {100..159}; do
	attacker ip addr add "10.77.0.$host/24" dev eth0
done
logins caller "$CALLER4" a.good:108 >/dev/null
tried "one wrong password for one user from each of 60 addresses, over TCP"
logins attacker "$ATTACKER4" z.crowd:108:60 >"$TMP/logins"
came "$(answered z.crowd:108:60) of 60 guesses were answered; $(ward ban list | grep account_attacked)"
expect "an account that is attacked from many addresses gets a limit for strangers" \
	"$(cat "$TMP/logins")" \
	test "$(answered z.crowd:108:60)" -ge 30 -a "$(answered z.crowd:108:60)" -le 36
logins caller "$CALLER4" a.good:108 b.good:108 >"$TMP/logins"
expect_equal "the user goes on, on the old connection and on a new one" \
	"1 1" "$(accepted a.good:108) $(accepted b.good:108)"
expect_equal "another user logs in from one of the addresses" 1 \
	"$(logins attacker 10.77.0.110 a.good:109 | cut -d' ' -f3)"
expect "an operator takes the limit off" "$(ward ban list)" ward ban del --account 108
expect_equal "then a newcomer with it logs in" 1 \
	"$(logins attacker 10.77.0.158 a.good:108 | cut -d' ' -f3)"

lab_end
