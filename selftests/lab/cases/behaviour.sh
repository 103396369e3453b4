# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Bans for behaviour: sipvicious against the registrar and the extensions, with another name and
# another port; phones that forget, expire and share an address; and somebody who wants others
# to be banned. WITHOUT=1 prints what each attack gets without sipward, too.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

FAILURES=10
TABLE=$TMP/table
SPOOFED=$TMP/spoofed
policy behaviour <<END
mode: enforce
zones:
  - name: carrier
    sources: [$BYSTANDER4]
    trust: peer
  - name: public
    newcomers: {rate: 500/s}
    bans: {auth_failures: $FAILURES/60s, enumeration: 20/60s, sanity: 30/60s, for: 1h}
END
# svcrack gives up when it gets a probe, which would prove nothing here.
sed 's/rate: 500\/s/&, probe: off/' "$TMP/behaviour.yaml" >"$TMP/unprobed.yaml"
sed 's/^mode: enforce/mode: monitor/' "$TMP/unprobed.yaml" >"$TMP/watching.yaml"

cp -r /usr/share/sipvicious "$TMP/sipvicious"
find "$TMP/sipvicious" -name __pycache__ -prune -exec rm -r {} +
sed -i "s/useragent='friendly-scanner'/useragent='Telephone 1.5'/" \
	"$TMP/sipvicious/sipvicious/libs/svhelper.py"
export PYTHONDONTWRITEBYTECODE=1
for i in $(seq 300); do echo "guess$i"; done >"$TMP/words"

phones() { # WHO [options of phone.py]: "GOOD TRIED"
	"$1" "$PYTHON" "$LAB/phone.py" "${@:2}" "$SERVER4"
}

scanner() { # WHO ADDRESS TOOL OUTPUT [options]
	"$1" timeout 60 "$PYTHON" "$TMP/sipvicious/sipvicious_$3" -b "$2" -x "$2" \
		"${@:5}" >"$TMP/$4" 2>&1 </dev/null
}

sipvicious() { # TOOL OUTPUT [options]
	scanner attacker "$ATTACKER4" "$@"
}

guesses() { # POLICY [options of svcrack]: how many of its requests reach the server
	local reason
	fresh_start "$1"
	sipvicious svcrack svcrack.out -u 150 -P "$((5070 + RANDOM % 1000))" -d "$TMP/words" \
		--maximumtime 3 "${@:2}" "$SERVER4"
	GUESSES=$(counter public messages REGISTER)
	for reason in greylist newcomers; do
		GUESSES=$((GUESSES - $(counter public drops "$reason")))
	done
}

learned() { # METHOD: how many of the extensions 100 to 199 svwar finds among 0 to 399
	sipvicious svwar svwar.out -e 0-399 -z 3 -m "$1" -P "$((5070 + RANDOM % 1000))" \
		--maximumtime 3 "udp://$SERVER4:5060"
	grep -cE '\| *1[0-9][0-9] ' "$TMP/svwar.out"
}

# From where nobody was banned yet.
mapped() { # whether svmap finds the server
	scanner caller "$CALLER4" svmap svmap.out -P "$((5070 + RANDOM % 1000))" "$SERVER4"
	grep -c "$SERVER4:5060" "$TMP/svmap.out"
}

ban_of() { # ADDRESS: its reason, or nothing
	ward ban list -j | jq -r --arg source "$1" '.[] | select(.source == $source) | .reason'
}

nobody_banned() {
	[ "$(ward ban list -j | jq length)" = 0 ]
}

fresh_start() { # POLICY: no ban, nobody known
	ward_stop
	ward detach --yes >/dev/null 2>&1
	ward_start "$1" || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
}

bare() { # COMMAND...: what it gets without sipward
	if [ -n "${WITHOUT:-}" ]; then "$@"; else echo -; fi
}

row() { # TITLE WITHOUT WITH
	printf '%-58s %10s %10s\n' "$@" >>"$TABLE"
}

# --- without sipward, where that is wanted ---
for method in REGISTER OPTIONS INVITE; do
	eval "bare_$method=\$(bare learned $method)"
done
bare_map=$(bare mapped)

# --- passwords: what only watches lets all through ---
guesses watching
watched=$GUESSES
expect "without sipward, svcrack guesses without end" "it sent $watched" test "$watched" -ge 300
expect "monitor mode bans nobody" "$(ward ban list)" nobody_banned
guesses unprobed
row "svcrack, 300 guesses: REGISTERs that reach the server" "$watched" "$GUESSES"
expect "over UDP, svcrack gets few guesses through" \
	"$GUESSES reached the server" test "$GUESSES" -le 40
expect "the address of svcrack has a penalty" \
	"$(ward events)" test "$(metric sipward_penalties_total)" -ge 1
expect "the address of svcrack has no ban, since UDP can be spoofed" \
	"$(ward ban list)" nobody_banned

# --- over TCP, where it is proved who guesses: the username is refused to that address, and nobody
# else there is ---
refused_at() { # ADDRESS: usernames
	ward ban list -j | jq -r --arg source "$1" '.[] | select(.source == $source) | .user // "all"'
}
fresh_start unprobed
attacker env SERVER="$SERVER4" "$PYTHON" "$LAB/../attacks/logins.py" --own "$ATTACKER4" \
	a.wrong:150:40 b.wrong:150:5 c.good:151 >"$TMP/logins"
got=$(awk '/wrong/ { s += $2 } END { print s }' "$TMP/logins")
row "a TCP connection guesses, 45 times: answers" - "$got"
expect_equal "wrong passwords over TCP get the username refused" 150 "$(refused_at "$ATTACKER4")"
expect "the username is refused after few guesses" \
	"$(cat "$TMP/logins")" test "$got" -ge 10 -a "$got" -le 20
expect_equal "a neighbour behind the address logs in" 1 "$(awk '/good/ { print $3 }' "$TMP/logins")"
expect "the refusal is an event" "$(ward events | tail -n 3)" \
	grep -q "source=$ATTACKER4 .*reason=login_refused" <(ward events)
expect_equal "the refusal is in /metrics" 1 "$(metric sipward_logins_refused_total enforce)"
expect "who names the username, and the command that lifts it" "$(ward who "$ATTACKER4")" \
	grep -q "^To let it in: sipward ban del $ATTACKER4 --user 150\$" <(ward who "$ATTACKER4")
with_username() { # USERNAME: what explain says of a REGISTER of it
	printf 'REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bKa\r\n%s' "$ATTACKER4" \
		$'From: <sip:a@a>;tag=1\r\nTo: <sip:a@a>\r\nCall-ID: 1\r\nMax-Forwards: 70\r\n' >"$TMP/one.sip"
	printf 'CSeq: 1 REGISTER\r\n%s: Digest username="%s", realm="a", nonce="b", response="c"\r\n\r\n' \
		Authorization "$1" >>"$TMP/one.sip"
	ward explain -j --transport tcp --from "$ATTACKER4" "$TMP/one.sip" 2>/dev/null |
		jq -r '"\(.live.verdict) \(.live.keeps_out[0].reason)"'
}
expect_equal "explain --from knows the refused username" "out login_refused" "$(with_username 150)"
expect_equal "and no other username" "in null" "$(with_username 151)"
expect "an operator lifts the refusal" "$(ward ban list)" ward ban del "$ATTACKER4" --user 150
expect "no refusal and no ban is left" "$(ward ban list)" nobody_banned

# --- phones that do no harm ---
fresh_start behaviour
expect_equal "20 phones behind one address register at once" "20 20" \
	"$(phones caller --from "$CALLER4" --phones 20)"
expect_equal "the same 20 phones register again and again" "60 60" \
	"$(phones caller --from "$CALLER4" --phones 20 --rounds 3 --gap 1)"
expect "no phone of the office is limited" "$(ward stats -j)" test "$(counter_total drops)" = 0
expect_equal "an office: phones with one wrong password, then the right one" "8 8" \
	"$(phones bystander --from "$BYSTANDER4" --wrong 1 --phones 8)"
expect_equal "the public zone: twelve phones do the same" "12 12" \
	"$(phones attacker --from "$ATTACKER4" --wrong 1 --phones 12)"
expect "one wrong password of each phone earns no ban" "$(ward ban list)" nobody_banned

stop_process "$KAMAILIO"
sed 's/^modparam("usrloc".*/&\nmodparam("auth", "nonce_expire", 2)/' "$LAB/kamailio.cfg" \
	>"$TMP/short.cfg"
KAMAILIO_CFG=$TMP/short.cfg kamailio_start || die "Kamailio does not answer"
expect_equal "nonces that expire after 2 s: the right password every 3 s" "60 60" \
	"$(phones caller --from "$CALLER4" --phones 10 --rounds 6 --gap 3)"
expect_equal "nonces that expire after 2 s: one phone alone" "6 6" \
	"$(phones attacker --from "$ATTACKER4" --rounds 6 --gap 3)"
expect "nobody is banned for expired nonces" "$(ward ban list)" nobody_banned
stop_process "$KAMAILIO"
kamailio_start || die "Kamailio does not answer"

# --- somebody who wants others to be banned ---
frame_up() { # VICTIM PORT USER SECONDS
	attacker "$PYTHON" "$LAB/frame-up.py" --from "$ATTACKER4" --victim "$1" --sport "$2" \
		--user "$3" --seconds "$4" "$SERVER4" >>"$SPOOFED"
}
calls_of() { # NAME WHO ADDRESS PORT
	sipp_run "$1" "$2" "$SERVER4" "$3" 80 10 -p "$4" -oocsn ooc_default
	calls_good "$1"
}
fresh_start behaviour
expect_equal "a phone registers" "1 1" "$(phones caller --from "$CALLER4" --sport 5060)"
expect_equal "the phone calls" 80 "$(calls_of before caller "$CALLER4" 5060)"
frame_up "$CALLER4" 5060 100 9 &
FRAMING=("$!")
frame_up "$CALLER4" 5061 100 9 &
FRAMING+=("$!")
frame_up "$BYSTANDER4" 5060 100 9 &
FRAMING+=("$!")
calls_of carrier bystander "$BYSTANDER4" 5060 >/dev/null &
CARRIER=$!
expect_equal "the phone's calls go on while an attacker frames it" \
	80 "$(calls_of framed caller "$CALLER4" 5060)"
wait "$CARRIER"
expect_equal "the carrier's calls go on while an attacker frames it" 80 "$(calls_good carrier)"
wait "${FRAMING[@]}"
row "spoofed junk, logins, searches: packets" - "$(awk '{ s += $1 } END { print s }' "$SPOOFED")"
expect "neither the phone nor the carrier is banned" \
	"$(ward ban list)" test -z "$(ban_of "$CALLER4")$(ban_of "$BYSTANDER4")"
expect "the phone's address has a penalty" "$(server curl -s http://127.0.0.1:9538/metrics | grep -a offences)" \
	test "$(metric sipward_penalties_total)" -ge 1
expect_equal "with the penalty, the phone and a new one at its address register" "20 20" \
	"$(phones caller --from "$CALLER4" --phones 20)"

# --- who is there? ---
for method in REGISTER OPTIONS INVITE; do
	fresh_start behaviour
	got=$(learned "$method")
	without=bare_$method
	row "svwar $method, 400 names: extensions found of 100" "${!without}" "$got"
	expect "svwar $method finds few users" "it found $got" test "$got" -le 5
	printf '# svwar %s: %s; banned for: %s\n' "$method" \
		"$(metric sipward_offences_total enumeration) times nobody was there" \
		"$(ban_of "$ATTACKER4")"
done
searches() { # [options of search.py]: how many questions the server answers
	attacker "$PYTHON" "$LAB/search.py" --from "$ATTACKER4" "$@" "$SERVER4"
}
# A connection proves the address of the sender. A ban comes from the agent, some milliseconds
# behind the twentieth.
fresh_start behaviour
got=$(searches --tcp --count 40)
row "a TCP connection asks for 40 who are not there: answers" - "$got"
expect_equal "a TCP connection that searches is banned" enumeration "$(ban_of "$ATTACKER4")"
expect "the banned connection got few answers" "it got $got" test "$got" -ge 20 -a "$got" -le 25
expect "the ban is an event" "$(ward events | tail -n 3)" \
	grep -q "source=$ATTACKER4 banned reason=enumeration" <(ward events)
expect_equal "the ban is in /metrics" 1 "$(metric sipward_bans_total 'enumeration.*enforce')"
fresh_start behaviour
got=$(searches --user=100 --count 40)
row "a registered phone asks for 40 who are not there: answers" - "$got"
expect "a registered phone that searches has a penalty" "$(ward events)" \
	test "$(metric sipward_penalties_total)" -ge 1
expect "the registered phone has no ban" "$(ward ban list)" nobody_banned
fresh_start behaviour
searches --tcp --count 15 >/dev/null
expect "requests for 15 users who do not exist earn no ban" "$(ward ban list)" nobody_banned
got=$(mapped)
expect_equal "svmap finds the server, for nothing is wrong with its packet" 1 "$got"
row "svmap: servers found (its one packet is like any other)" "$bare_map" "$got"

printf '\n%-58s %10s %10s\n' "" without with
cat "$TABLE"
lab_end
