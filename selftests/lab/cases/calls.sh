# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Messages that must pass, and messages that a zone does not allow: calls and registrations on every
# path, one method that is not on the list, monitor mode, bans.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

policy enforce <<END
mode: enforce
metrics: {listen: 127.0.0.1:9538}
zones:
  - name: office
    sources: [$CALLER4, 10.77.42.0/24, 10.77.44.0/24, "$CALLER6", "fd42::/48"]
    methods: [INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER]
    rates: {source: {any: 500/s burst 1000}}
    calls: {source: 1000, zone: 1000}
  - name: public
    sources: [0.0.0.0/0, "::/0"]
    methods: [INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER]
    rates: {source: {any: 500/s burst 1000}}
END

test_calls() { # COUNT
	[ "$(metric sipward_calls office)" = "$1" ]
}

expect_equal "without sipward, a MESSAGE is answered" 202 \
	"$(request attacker --from "$ATTACKER4" "$SERVER4" MESSAGE)"

ward_start enforce || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_equal "status says native and enforce" "native enforce" \
	"$(ward status -j | jq -r '.interfaces[0] | .attach + " " + .mode')"

register=(-sf "$LAB/sipp/register.xml")
expect_calls "calls over UDP and IPv4" udp4 caller "$SERVER4" "$CALLER4" 40 50 -nr
expect_calls "calls over UDP and IPv6" udp6 caller "$SERVER6" "$CALLER6" 40 50 -nr
expect_equal "each of their INVITEs is counted once" 80 "$(counter office messages INVITE)"
expect_equal "each of their BYEs is counted once" 80 "$(counter office messages BYE)"
expect_calls "calls over UDP in a VLAN, IPv4" vlan4 caller "$SERVER4_VLAN" "$CALLER4_VLAN" 20 50 -nr
expect_calls "calls over UDP in a VLAN, IPv6" vlan6 caller "$SERVER6_VLAN" "$CALLER6_VLAN" 20 50 -nr
expect_calls "calls over UDP in two VLAN tags" qinq caller "$SERVER4_QINQ" "$CALLER4_QINQ" 20 50 -nr
expect_equal "the INVITEs behind VLAN tags are counted" 140 "$(counter office messages INVITE)"
expect_calls "calls over TCP and IPv4" tcp4 caller "$SERVER4" "$CALLER4" 40 50 -t t1
expect_calls "calls over TCP and IPv6" tcp6 caller "$SERVER6" "$CALLER6" 40 50 -t t1
expect_calls "calls over TCP in a VLAN" tcpvlan caller "$SERVER4_VLAN" "$CALLER4_VLAN" 20 50 -t t1
expect_calls "registrations over UDP and IPv4" reg4 caller "$SERVER4" "$CALLER4" 10 50 "${register[@]}"
expect_calls "registrations over UDP and IPv6" reg6 caller "$SERVER6" "$CALLER6" 10 50 "${register[@]}"
expect_calls "registrations over TCP" regtcp caller "$SERVER4" "$CALLER4" 10 50 -t t1 "${register[@]}"
expect_equal "a request in three fragments is answered, IPv4" 200 \
	"$(request caller --pad 3000 --from "$CALLER4" "$SERVER4" OPTIONS)"
expect_equal "a request in three fragments is answered, IPv6" 200 \
	"$(request caller --pad 3000 --from "$CALLER6" "$SERVER6" OPTIONS)"
expect_equal "each of these calls has ended, over UDP and TCP" 0 "$(metric sipward_calls office)"
expect_equal "no packet of these calls was dropped" 0 "$(counter_total drops)"

# --- calls at a time: over the limit an INVITE waits for the end of another call ---
expect "the observer is there for long" "$(ward status)" observer_aged
ward tune zones.office.calls.source 5 >/dev/null || not_ok "the limit of calls is tuned" "$(ward tune)"
sipp_run held caller "$SERVER4" "$CALLER4" 12 50 -nr -d 1500 &
HELD=$!
expect "five calls of twelve are up, and no more" "$(metric sipward_calls office) calls" \
	wait_until 5 test_calls 5
sleep 0.3
expect_equal "still no more than five are up" 5 "$(metric sipward_calls office)"
wait "$HELD"
expect_equal "the server sees no call over the limit" 5 "$(calls_good held)"
expect "the others were dropped for that reason" "$(counter office drops calls_source)" \
	test "$(counter office drops calls_source)" -ge 7
expect_equal "no call is left" 0 "$(metric sipward_calls office)"
ward tune --reset >/dev/null

# --- a method that the zone does not allow ---
spawn "$SERVER" "$TMP/events.log" "$BUILD/sipward" events -f
sleep 0.3
expect_equal "a MESSAGE over UDP gets no answer, IPv4" 0 \
	"$(count_answers attacker --from "$ATTACKER4" "$SERVER4" MESSAGE 3)"
expect_equal "a MESSAGE over UDP gets no answer, IPv6" 0 \
	"$(count_answers attacker --from "$ATTACKER6" "$SERVER6" MESSAGE 2)"
expect_equal "an OPTIONS from the same source is answered" 200 \
	"$(request attacker --from "$ATTACKER4" "$SERVER4" OPTIONS)"
expect_equal "stats count the drops under method" 5 "$(counter public drops method)"
expect_equal "stats count no drop in the other zone" 0 "$(counter office drops method)"
expect_equal "/metrics counts the same drops" 5 \
	"$(metric sipward_drops_total 'zone="public".*reason="method"')"
event_names() {
	grep -E "$1" "$TMP/events.log" | grep -E '(^|[^a-z_])method([^a-z_]|$)' |
		grep public | grep -q MESSAGE
}
for source in '10\.77\.0\.66' 'fd77:0:0:66::1'; do
	expect "an event names reason, zone, source $source and method" "none did" \
		wait_until 3 event_names "$source"
done

# --- bans ---
ban() { ward ban "$@" >"$TMP/ban.out" 2>&1 || ! sed 's/^/# /' "$TMP/ban.out"; }
ban add 192.0.2.77 --note "$(printf 'ä%.0s' {1..20})"
expect_equal "a long note is cut between characters" "$(printf 'ä%.0s' {1..15})" \
	"$(ward ban list -j | iconv -f UTF-8 -t UTF-8 | jq -r '.[0].note')"
ban del 192.0.2.77
ward tune mode monitor >/dev/null
expect "a ban in monitor mode says that it only counts" "$(cat "$TMP/ban.out")" \
	grep -q 'eth0 is in monitor mode' <(ward ban add 192.0.2.77 2>&1)
ward tune --reset >/dev/null
ban del 192.0.2.77
expect "a ban is made by hand" "see above" ban add "$ATTACKER4" --for 3s --note "three seconds"
made=$(date +%s%N)
expect "ban list -j shows it" "$(ward ban list -j)" \
	test "$(ward ban list -j | grep -c '10\.77\.0\.66')" -gt 0
expect_equal "a banned source is silent over UDP" 0 \
	"$(count_answers attacker --from "$ATTACKER4" "$SERVER4" OPTIONS 3)"
expect_equal "a banned source is silent over TCP" 0 \
	"$(count_answers attacker --tcp --wait 0.4 --from "$ATTACKER4" "$SERVER4" OPTIONS)"
expect_equal "a neighbour of the banned source is answered" 200 \
	"$(request caller --from "$CALLER4" "$SERVER4" OPTIONS)"
expect "the source is answered again when the ban ends" "silent for 8 s" \
	wait_until 8 answers attacker "$SERVER4" "$ATTACKER4"
lasted=$((($(date +%s%N) - made) / 1000000))
expect "the ban held as long as it should" "the ban of 3 s held $lasted ms" \
	test "$lasted" -ge 2700 -a "$lasted" -le 4500
expect "the drops are counted under ban" "$(counter public drops ban)" \
	test "$(counter public drops ban)" -ge 4
expect "a ban of an IPv6 source is made by hand" "see above" ban add "$ATTACKER6" --for 10m
expect_equal "a banned IPv6 source is silent" 0 \
	"$(count_answers attacker --from "$ATTACKER6" "$SERVER6" OPTIONS)"
expect "ban del removes the ban of the IPv6 source" "see above" ban del "$ATTACKER6"
expect_equal "ban del lets it in at once" 200 \
	"$(request attacker --from "$ATTACKER6" "$SERVER6" OPTIONS)"

# --- monitor mode: counted, not carried out ---
sed -i 's/^mode: enforce/mode: monitor/' "$TMP/enforce.yaml"
ward_reload || not_ok "SIGHUP applies monitor mode" "the generation stays"
dropped=$(counter public drops method)
expect_equal "in monitor mode a MESSAGE is answered" 202 \
	"$(request attacker --from "$ATTACKER4" "$SERVER4" MESSAGE)"
expect_equal "in monitor mode the MESSAGE is counted as would-drop" \
	1 "$(counter public would_drops method)"
expect_equal "in monitor mode the MESSAGE is not counted as a drop" \
	"$dropped" "$(counter public drops method)"
lab_end
