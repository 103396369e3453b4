# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Messages that the server may send to a zone, and data that it may not tell the zone: messages of
# its own, from a second port, and the answers and calls of a real server.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

policy egress <<END
mode: enforce
zones:
  - name: devices
    sources: [$CALLER4]
    egress:
      methods: [INVITE, OPTIONS, MESSAGE]
      unlisted: deny
      statuses: {report: [4xx], deny: [3xx]}
      content_types: {deny: [application/vnd.3gpp.sms]}
      headers: {deny: [Diversion]}
    privacy: {deny: [P-Charging-Vector]}
END
# the server sends from another port than Kamailio's, too
sed -i 's/^services:.*/services: [{transport: udp, port: 5060}, {transport: udp, port: 5070}, '\
'{transport: tcp, port: 5060}, {transport: tcp, port: 5070}]/' "$TMP/egress.yaml"
ward_start egress || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"

spawn "$CALLER" "$TMP/heard" "$PYTHON" "$LAB/outbound.py" --from "$CALLER4" hear
wait_until 5 grep -q ready "$TMP/heard" || die "nobody hears"

sends_outbound() { # as outbound.py
	server "$PYTHON" "$LAB/outbound.py" --from "$SERVER4" send "$@"
}

sends() { # NAME, then as outbound.py: whether it arrived. Behind it goes one that always does.
	local name=$1
	sends_outbound "${@:2:$#-2}" "$CALLER4" "$name" "${!#}"
	sends_outbound "$CALLER4" "behind-$name" OPTIONS
	wait_until 5 grep -qx "behind-$name" "$TMP/heard" || echo "lost: "
	grep -qx "$name" "$TMP/heard" && echo arrives || echo dropped
}

dropped() { # REASON
	counter devices drops "$1"
}

would_drop() {
	counter devices would_drops "$1"
}

# --- requests ---
expect_equal "a MESSAGE arrives" arrives "$(sends message MESSAGE)"
expect_equal "a MESSAGE with an SMS is dropped" "dropped 1" "$(
	sends sms --header 'Content-Type: application/vnd.3gpp.sms' MESSAGE
) $(dropped egress_content_type)"
expect_equal "a NOTIFY is dropped" "dropped 1" "$(sends notify NOTIFY) $(dropped egress_method)"
expect_equal "a NOTIFY inside a dialog arrives" "arrives 1" \
	"$(sends inside --tag d1 NOTIFY) $(dropped egress_method)"
expect_equal "a message with a Diversion header is dropped" "dropped 1" \
	"$(sends diversion --header 'Diversion: <sip:a@example.com>' INVITE) $(dropped egress_header)"
expect_equal "a message with charging data is dropped" "dropped 1" \
	"$(sends charging --header 'P-Charging-Vector: icid-value=1' INVITE) $(dropped privacy_charging)"
expect_equal "a NOTIFY over TCP is counted, and arrives" "arrives 1 1" \
	"$(sends tcp --tcp NOTIFY) $(dropped egress_method) $(would_drop egress_method)"
sends_outbound "$ATTACKER4" stranger NOTIFY
expect_equal "other zones have no such rule" 0 "$(counter public drops egress_method)"

# --- responses ---
expect_equal "at first nobody knows which dialogs there are: a redirect is counted" "arrives 0 1" \
	"$(sends early --tag d2 'SIP/2.0 302 Moved') $(dropped egress_status) $(would_drop egress_status)"
expect "after three minutes, the observer is good" "$(ward status)" wait_until 5 observer_aged
expect_equal "a redirect is dropped when the observer is good" "dropped 1" \
	"$(sends redirect --tag d3 'SIP/2.0 302 Moved') $(dropped egress_status)"
expect_equal "the answer that begins a call arrives" \
	arrives "$(sends call --tag d4 'SIP/2.0 200 OK')"
# the same Call-ID and tags
sends_outbound --tag d4 "$CALLER4" call 'SIP/2.0 302 Moved'
twice() { [ "$(grep -cx call "$TMP/heard")" = 2 ]; }
expect "a redirect inside a call arrives" "$(cat "$TMP/heard")" wait_until 5 twice
expect_equal "a redirect inside a call is only counted" \
	"1 2" "$(dropped egress_status) $(would_drop egress_status)"

# --- a real server ---
expect_equal "an answer that is only reported arrives" "404 3" \
	"$(request caller --from "$CALLER4" --user nobody "$SERVER4" OPTIONS) $(would_drop egress_status)"
expect_equal "an answer that is only reported arrives over TCP, too" "404 4" "$(
	request caller --tcp --from "$CALLER4" --user nobody "$SERVER4" OPTIONS
) $(would_drop egress_status)"
expect_calls "calls of the zone" in caller "$SERVER4" "$CALLER4" 40 50
spawn "$CALLER" "$TMP/uas.log" sipp -sn uas -i "$CALLER4" -p 5066 -nostdin
server sipp "$CALLER4:5066" -sn uac -i "$SERVER4" -p 5070 -m 40 -r 50 -d 100 -recv_timeout 5000 \
	-timeout 60 -nostdin -trace_stat -stf "$TMP/out.csv" -fd 1 >"$TMP/out.out" 2>&1 </dev/null
expect_equal "calls to the zone" 40 "$(calls_good out)"
expect_equal "no message of these calls was refused" "1 1" \
	"$(dropped egress_method) $(dropped egress_status)"

# --- evidence ---
ends="zone=devices source=$SERVER4:5070 to=$CALLER4:5070 udp egress"
expect "each drop is an event of the zone that it was for" "$(ward events | tail -n 3)" \
	grep -q "$ends method=NOTIFY .* dropped reason=egress_method" <(ward events)
expect "an event over TCP has the address and port of the receiver" \
	"$(ward events | grep tcp | tail -n 1)" \
	grep -Eq "to=$CALLER4:[1-9][0-9]* tcp egress .* reason=egress_method" <(ward events)
lab_end
