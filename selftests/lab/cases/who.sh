# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# `sipward who`: is it sipward that keeps a phone out? With an agent and without one; and nonsense.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

who() { # ARGUMENTS...: its text is in $TMP/who, its errors in $TMP/who.err
	ward who "$@" >"$TMP/who" 2>"$TMP/who.err"
}

says() { # NAME PATTERN
	expect "$1" "$(cat "$TMP/who" "$TMP/who.err")" grep -Eq -- "$2" "$TMP/who"
}

facts() { # FILTER ARGUMENTS...
	ward who -j "${@:2}" 2>/dev/null | jq -r "$1"
}

expect_exit() { # NAME CODE ARGUMENTS...
	local name=$1 code=$2 got
	who "${@:3}"
	got=$?
	expect "$name: exit code $code" "got $got: $(tail -n 3 "$TMP/who"; cat "$TMP/who.err")" \
		test "$got" = "$code"
}

no_controls() { # FILE
	! LC_ALL=C grep -q '[^[:print:][:space:]]' "$1"
}

obey() { # runs the command that it shows
	eval "ward $(sed -n 's/^To let it in[^:]*: sipward //p' "$TMP/who")" >/dev/null
}

message() { # FILE METHOD
	printf '%s sip:call@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.9;branch=z9hG4bKa\r\n%s' \
		"$2" $'Max-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:call@b>\r\nCall-ID: 1\r\n' >"$1"
	printf 'CSeq: 1 %s\r\nContact: <sip:a@b>\r\nContent-Length: 0\r\n\r\n' "$2" >>"$1"
}

live() { # SOURCE MESSAGE: the verdict of the policy, that of the live state, and why
	ward explain -j --from "$1" "$TMP/$2" 2>/dev/null |
		jq -r '"\(.verdict) \(.live.verdict) \(.live.keeps_out[0].reason)"'
}

# --- nothing runs ---
expect_exit "no agent, no state" 6 "$CALLER4"
expect "it says what is missing" "$(cat "$TMP/who.err")" grep -q 'sipward is not running' "$TMP/who.err"
message "$TMP/options.sip" OPTIONS
message "$TMP/invite.sip" INVITE
expect_exit "no address" 2
expect_exit "two addresses" 2 192.0.2.1 192.0.2.2
for nonsense in '' ' ' nonsense 300.1.2.3 192.0.2.0/24 192.0.2.1:x 192.0.2.1:70000 192.0.2.1:0 192.0.2.1: '[' '[::1' \
	'[::1]:' '[]:5' ::ffff:192.0.2.1 "$(printf '%0300d' 1)"; do
	expect_exit "'${nonsense:0:20}' is no address" 2 "$nonsense"
done
hostile=$'192.0.2.1\e[31m\xff'
expect_exit "an address with a control sequence" 2 "$hostile"
expect "it is printed without it" "$(cat -v "$TMP/who.err")" \
	no_controls "$TMP/who.err"

# --- beside an agent ---
printf '# from a feed\n\n10.77.0.64/27 # a scanner\n' >"$TMP/bad.txt"
policy who <<'END'
mode: enforce
events: {rate: 100000/s}
lists: {deny: [203.0.113.0/24, ./bad.txt], allow: [203.0.113.7]}
zones:
  - name: public
    methods: [INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER]
    rates: {source: {any: 1000/s, OPTIONS: 1/m burst 3}}
    newcomers: {rate: 100/s}
  - name: office
    sources:
      - 192.0.2.0/24
END
ward_start who || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"

expect_exit "a source that nothing is known of" 0 198.51.100.9
says "its zone is the default" '^zone +public .*the default'
says "it is not known" '^known +no$'
says "the answer is no" '^No, nothing in sipward keeps 198.51.100.9 out'
expect_equal "who -j parses" "198.51.100.9 5062 in 0" \
	"$(facts '"\(.address) \(.port) \(.verdict) \(.keeps_out | length)"' 198.51.100.9:5062)"
expect_exit "an address of a zone" 0 192.0.2.9
says "the prefix and its line" "^zone +office .*192.0.2.0/24 at $TMP/who.yaml:13:9$"

expect_exit "a source on the deny list" 1 "$ATTACKER4"
says "the prefix, the file and the line" "deny list, by 10.77.0.64/27 at $TMP/./bad.txt:3:1"
says "the command that lets it in" "^To let it in: sipward allow add $ATTACKER4$"
obey
expect_exit "after that command" 0 "$ATTACKER4"
expect_exit "a source that the allow list spares" 0 203.0.113.7
says "the line of the allow list" "^list +allow, by 203.0.113.7 at $TMP/who.yaml:5:52$"
expect_exit "its neighbour" 1 203.0.113.8

ward ban add "$CALLER4" --for 1h --note $'tried \e[2J' >/dev/null
count_answers caller --from "$CALLER4" --wait 0.3 "$SERVER4" OPTIONS 3 >/dev/null
expect_exit "a banned phone" 1 "$CALLER4"
says "the answer names the ban and the time left" "^Yes, .*$CALLER4: it is banned by hand.* min left"
says "dropped packets are shown, and the last one" '^dropped +[0-9]+ .*: ban, the last'
expect "a note cannot move the terminal" "$(cat -v "$TMP/who")" \
	no_controls "$TMP/who"
ward explain --from "$CALLER4" "$TMP/options.sip" >"$TMP/explain.out" 2>&1
expect "explain --from says that the live ban decides otherwise" "$(cat "$TMP/explain.out")" \
	grep -q 'now  *DROP, by the tables of the running sipward' "$TMP/explain.out"
expect_equal "the ban as JSON" "manual true" \
	"$(facts '"\(.ban.reason) \(.ban.seconds_left > 3500)"' "$CALLER4")"
obey
expect_exit "after the command that it shows" 0 "$CALLER4"
expect_equal "the phone is answered" 200 "$(request caller --from "$CALLER4" --wait 0.3 "$SERVER4" OPTIONS)"

ward ban add fd77:0:0:10::77 >/dev/null
expect_exit "an IPv6 address, by the ban of its /64" 1 "[$CALLER6]:5060"
ward ban del fd77:0:0:10::77 >/dev/null

count_answers caller --from "$CALLER4" --wait 0.3 "$SERVER4" OPTIONS 6 >/dev/null
expect_exit "a limited phone" 1 "$CALLER4"
says "the limit against its ceiling" '^limit +public.rates.source.OPTIONS: 3 of 3, SPENT'
expect_equal "explain --from knows the spent limit" "pass out rate_source_method" \
	"$(live "$CALLER4" options.sip)"
expect_equal "which is not for another method" "pass in null" "$(live "$CALLER4" invite.sip)"
says "the rule in the answer" '^Yes, .*public.rates.source.OPTIONS is spent'
says "the command gives it more" '^To let it in \(this holds for all sources\): sipward tune public.rates.source.OPTIONS 2/m burst 10 --for 1h$'
obey
expect_equal "after that command the phone is answered" 200 \
	"$(request caller --from "$CALLER4" --wait 0.3 "$SERVER4" OPTIONS)"

count_answers bystander --from "$BYSTANDER4" --wait 0.3 "$SERVER4" MESSAGE 2 >/dev/null
expect_exit "a phone that sends a forbidden method" 1 "$BYSTANDER4"
says "the reason, with its count" '^dropped +2 MESSAGE: method'
obey
expect_equal "its command puts the rule into shadow" '[method]' \
	"$(ward tune -j | jq -r '.[] | select(.key == "shadow").now')"
expect_exit "then nothing keeps it out" 0 "$BYSTANDER4"

ward tune mode monitor >/dev/null
expect_exit "in monitor mode nothing is kept out" 0 203.0.113.8
says "and it says what would be" 'monitor mode.*deny list'
ward tune --reset >/dev/null
server "$BUILD/sipward" who "$CALLER4" >/dev/full 2>"$TMP/who.err"
expect_equal "output on a full disk: exit code 1" 1 $?

sipp_run known bystander "$SERVER4" "$BYSTANDER4" 10 20 -oocsn ooc_default
expect_exit "a phone that answered the agent's probe, whose method is still refused" 1 "$BYSTANDER4"
says "since when, by which port, and what it proved" \
	'^known +port [0-9]+ since [0-9]+ s, seen [0-9]+ s ago, grade (good|proved).*probes answered: [1-9]'
port=$(facts '.known[0].port' "$BYSTANDER4")
expect_equal "the same of one port, and of another" "1 0" \
	"$(facts '.known | length' "$BYSTANDER4:$port") $(facts '.known | length' "$BYSTANDER4:9")"
expect "the observer's dialogs are counted" "$(facts .dialogs "$BYSTANDER4")" \
	test "$(facts .dialogs "$BYSTANDER4")" -ge 0

# A flood from thousands of sources pushes neither the phone's refusals out, nor their reason.
remembers() { # all of the flood's events that are kept
	test "$(ward events -j | jq -r .reason | grep -c greylist)" -ge 4096
}
sent=$(flood attacker 100.64.0.0/10 "$SERVER4" --what options --rate 20000 --seconds 1)
expect "a flood fills the history" "it sent $sent" wait_until 5 remembers
expect "the phone's reason is in the history" "$(ward events -j | jq -r .reason | sort | uniq -c)" \
	test "$(ward events -j | jq -r .reason | grep -c '^method$')" = 2
ward tune events.rate 1/s >/dev/null
flood attacker 100.64.0.0/10 "$SERVER4" --what options --rate 2000 --seconds 2 >/dev/null
who "$BYSTANDER4"
says "packets without an event are told" '^not seen +some dropped packets: [0-9]+ packets of all sources'
says "the phone's refusals are still there" '^dropped +2 MESSAGE: method'

# --- the agent is gone, and the programs stay ---
ward ban add "$CALLER4" >/dev/null
kill -9 "$WARD"
{ wait "$WARD"; } 2>/dev/null
expect_exit "a banned phone, without an agent" 1 "$CALLER4"
says "it says what it could not see" '^not seen +packets that were dropped'
expect_exit "a denied source, without an agent" 1 203.0.113.8
says "the prefix is from the kernel" 'by 203.0.113.0/24\.$'
expect_exit "with the policy" 1 203.0.113.8 -p "$TMP/who.yaml"
says "it has the line, too" "by 203.0.113.0/24 at $TMP/who.yaml:5:16"
expect_exit "a policy that is not there" 3 203.0.113.8 -p "$TMP/none.yaml"
expect_exit "the others, without an agent" 0 198.51.100.9
ward_start who || die "sipward did not start again: $(tail -n 1 "$WARD_LOG")"
expect_exit "an agent that did not see the last minutes" 1 198.51.100.9
says "it says since when it has" "^It cannot be told: .* the agent's memory begins [0-9]+ s ago"
expect_exit "a ban is known nevertheless" 1 "$CALLER4"
says "by its table" '^Yes, .*it is banned by hand'
lab_end
