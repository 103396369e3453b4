# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2016
#
# What an operator asks at night: the answers of the commands while something runs, and what they
# say about bad input.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

policy tool <<'END'
mode: enforce
zones:
  - name: public
    sources: [0.0.0.0/0, "::/0"]
    rates: {zone: 1/10m burst 5}
END

says() { # NAME CODE PATTERN ARGUMENTS...: exit code, and what is printed on either output
	local name=$1 code=$2 pattern=$3 got
	shift 3
	ward "$@" >"$TMP/tool.out" 2>&1 </dev/null
	got=$?
	expect_equal "$name: exit code $code" "$code" "$got"
	expect "$name" "$(head -n 3 "$TMP/tool.out")" grep -Eq -- "$pattern" "$TMP/tool.out"
}

fails_well() { # NAME ARGUMENTS...: a full disk and a reader that is gone
	local name=$1
	shift
	server "$BUILD/sipward" "$@" >/dev/full 2>"$TMP/tool.out" </dev/null
	expect_equal "$name on a full disk: exit code 1" 1 $?
	expect "$name on a full disk: it says so" "$(cat "$TMP/tool.out")" \
		grep -q 'could not be written: No space left' "$TMP/tool.out"
	expect_equal "$name into head" "" "$({ server "$BUILD/sipward" "$@" </dev/null |
		head -c 1 >/dev/null; } 2>&1)"
}

# --- check ---
policy empty </dev/null
says "check of a policy that hardly protects" 0 '^warning: .*no rates, no newcomers' \
	check "$TMP/empty.yaml"
says "as JSON" 0 '"warnings": ?\[ ?".*no rates' check -j "$TMP/empty.yaml"
says "check of a policy with a rate" 0 '^[^w].*: good: ' check "$TMP/tool.yaml"
expect_equal "no warning" 0 "$(grep -c '^warning' "$TMP/tool.out")"

# --- status ---
says "detach --dry-run where nothing is" 0 '^there is nothing to detach; nothing was changed' \
	detach --dry-run
expect "it makes no directory" "it is there" test ! -e "$SIPWARD_BPF_DIR"
says "detach where nothing is" 0 'nothing of sipward is left' detach
says "status where nothing runs" 6 '^NOT PROTECTED: nothing of sipward is attached' status
expect_equal "it is one line" 1 "$(wc -l <"$TMP/tool.out")"
says "status -j where nothing runs" 6 '"verdict": ?"not_protected"' status -j
says "status with a word behind it" 2 "unexpected argument 'now'" status now
ward_start tool --keep || die "sipward does not start: $(tail -n 1 "$WARD_LOG")"
says "status" 0 '^PROTECTED$' status
expect "status has tables" "$(cat "$TMP/tool.out")" \
	grep -Eq '^  known +0 of [0-9]+ +0 %$' "$TMP/tool.out"
expect "the tables fit 40 columns" "$(cat "$TMP/tool.out")" \
	test -z "$(grep -E '^  [a-z]+ +[0-9]+ of' "$TMP/tool.out" | grep -E '.{41}')"
expect "status explains nothing without -v" "$(cat "$TMP/tool.out")" \
	test -z "$(grep -E '^note:|^memory:' "$TMP/tool.out")"
says "status -v" 0 '^memory: .* MB when every table is full' status -v
expect_equal "status -j has the same" 'protected calm bans,known,penalties,connections 0' \
	"$(ward status -j | jq -r '[.verdict, .attack, ([.tables[].name] | join(",")),
		(.limits_near | length)] | join(" ")')"
request attacker --wait 0.2 --from "$ATTACKER4" "$SERVER4" OPTIONS 8 >/dev/null
says "status shows a spent limit" 0 '^  public\.rates\.zone +[0-9]+ %, refuses packets now$' status
expect_equal "the attack state goes with it" limiting "$(ward status -j | jq -r .attack)"
ward tune --reset >/dev/null
ward tune public.newcomers.rate 1/10m >/dev/null
ward tune public.rates.zone 1000/s >/dev/null
request attacker --wait 0.2 --from "$ATTACKER4" "$SERVER4" OPTIONS 3 >/dev/null
expect_equal "where the budget of newcomers is spent, it is the greylist" \
	greylist "$(ward status -j | jq -r .attack)"
ward tune mode monitor >/dev/null
says "status in monitor mode" 0 '^MONITORING: monitor mode drops nothing$' status
ward tune --reset >/dev/null
fails_well "status" status

# --- many bans ---
said_by() { # NAME CODE PATTERN COMMAND...: likewise, of any command
	local name=$1 code=$2 pattern=$3 got
	shift 3
	"$@" >"$TMP/tool.out" 2>&1
	got=$?
	expect_equal "$name: exit code $code" "$code" "$got"
	expect "$name" "$(head -n 3 "$TMP/tool.out")" grep -Eq -- "$pattern" "$TMP/tool.out"
}
bans() {
	ward ban list -j | jq length
}
awk 'BEGIN { for (i = 0; i < 10000; i++)
	printf "10.99.%d.%d %dh host %d\n", i / 250, i % 250 + 1, i % 9 + 1, i }' >"$TMP/feed"
begun=$(date +%s%N)
says "import of 10,000 lines" 0 '^10000 sources are banned$' ban import "$TMP/feed"
took=$((($(date +%s%N) - begun) / 1000000))
echo "# 10,000 bans in $took ms"
expect "10,000 bans take less than a second" "$took ms" test "$took" -lt $((1000 * PATIENCE))
expect_equal "all are there" 10000 "$(bans)"
ward ban export >"$TMP/first"
says "flush without a terminal" 2 'removes 10000 bans.* no terminal can be asked.* --yes' ban flush
expect_equal "it removes nothing" 10000 "$(bans)"
fails_well "ban export" ban export
says "flush --yes" 0 '^10000 bans and refused usernames are removed$' ban flush --yes
expect_equal "flush removes all" 0 "$(bans)"
says "import of what was exported" 0 '^10000 sources are banned$' ban import "$TMP/first"
ward ban export >"$TMP/second"
expect "export and import keep addresses, times and notes" \
	"$(diff <(sort "$TMP/first") <(sort "$TMP/second") | head -n 3)" \
	cmp -s <(sort "$TMP/first") <(sort "$TMP/second")
ward ban flush --yes >/dev/null
printf '%s\n' 10.99.0.1 'nonsense 1h' '# comment' "10.99.0.2 1h $(printf 'x\033[31m\377')" \
	10.99.1.0/24 2001:db8::/48 >"$TMP/bad"
says "a wrong line" 1 '3 wrong lines; nothing was changed' ban import "$TMP/bad"
expect "each has its number" "$(cat "$TMP/tool.out")" grep -q 'line 2: nonsense: ' "$TMP/tool.out"
expect "a prefix: the deny list is named" "$(cat "$TMP/tool.out")" \
	grep -q 'line 5: .*lists: {deny: ' "$TMP/tool.out"
expect_equal "nothing is half done" 0 "$(bans)"
said_by "--skip takes the others" 0 '^3 wrong lines left out:' \
	ward ban add - --skip --for 5m --note 'by hand' -- <"$TMP/bad"
expect_equal "with time and note" '10.99.0.1 by hand,10.99.0.2 x [31m\xff' \
	"$(ward ban list -j | jq -r '[sort_by(.source)[] | .source + " " + .note] | join(",")')"
says "several addresses" 0 '^2 sources are banned$' ban add 10.99.0.3 2001:db8::7 --note two
says "several addresses, one wrong" 2 '10.99.0.300: ' ban add 10.99.0.4 10.99.0.300
says "a prefix by hand" 2 'lists: \{deny: ' ban add 10.99.0.0/24
expect_equal "none of them is banned" 4 "$(bans)"
says "the same address twice" 0 '^1 source is banned$' ban add 10.99.0.3 10.99.0.3 --note two
says "- beside an address" 2 '- stands alone' ban add 10.99.0.4 -
says "flush --for" 2 'ban flush: --for does nothing here' ban flush --for 1h
says "list --yes" 2 'ban list: --yes does nothing here' ban list --yes
says "add --skip" 2 'ban add: --skip does nothing here' ban add 10.99.0.4 --skip
says "export --note" 2 'ban export: --note does nothing here' ban export --note x
says "import without a file" 2 'name a file, or - for standard input' ban import
says "import of a file that does not exist" 1 'none: cannot be read: No such file' \
	ban import "$TMP/none"
says "import of a directory" 1 'is a directory; name a file' ban import "$TMP"
said_by "a million lines of nonsense" 1 '1000000 wrong lines; nothing was changed' \
	ward ban add - < <(yes nonsense | head -n 1000000)
said_by "a million addresses" 1 'more than 65536 entries, for which the table has no room' \
	ward ban import - < <(awk 'BEGIN { for (i = 0; i < 1000000; i++)
		printf "11.%d.%d.%d\n", i / 65536, i / 256 % 256, i % 256 }')
said_by "more than there is room for" 1 'new entries, but the table has 4 of 65536, and a tenth stays free' \
	ward ban import - < <(awk 'BEGIN { for (i = 0; i < 65536; i++)
		printf "11.%d.%d.%d\n", i / 65536, i / 256 % 256, i % 256 }')
expect_equal "none of them is banned" 4 "$(bans)"
says "allow takes the same" 0 '^2 sources are allowed$' allow add 10.99.0.5 10.99.0.6
said_by "a file bans nobody who is allowed" 0 '^1 left out: allowed manually' \
	ward ban add - < <(printf '%s\n' 10.99.0.5)
expect_equal "none of it is banned" 4 "$(bans)"
says "allow export" 0 '^10\.99\.0\.5 -$' allow export
says "allow flush" 0 '^2 manual allows are removed$' allow flush --yes
expect_equal "it leaves the bans" 4 "$(bans)"
said_by "flush asks a terminal" 0 'Go on\? \[y/N\].*4 bans' bash -c \
	'{ sleep 0.3; echo y; sleep 0.3; } | script -qec "$1" /dev/null | tr "\r\n" "  "' bash \
	"nsenter --net=/run/netns/$SERVER $BUILD/sipward ban flush"
expect_equal "the answer y removes all" 0 "$(bans)"
says "flush of nothing asks nobody" 0 '^0 bans and refused usernames are removed$' ban flush
# Each alone has room.
for i in 11 12; do
	awk -v i=$i 'BEGIN { for (n = 0; n < 35000; n++)
		printf "%d.0.%d.%d\n", i, n / 256, n % 256 }' >"$TMP/feed$i"
	ward ban import "$TMP/feed$i" >"$TMP/import$i" 2>&1 &
	imports[i]=$!
done
wait "${imports[@]}"
expect_equal "of two imports at once one is refused, whole" 35000 "$(bans)"
says "flush -j" 0 '"removed": ?35000' ban flush --yes -j

says "detach --dry-run beside an agent" 0 'refused until the agent \(pid [0-9]+\) is stopped' \
	detach --dry-run

# --- events ---
ward tune public.rates.zone 1/10m burst 1 >/dev/null
request attacker --wait 0.2 --from "$ATTACKER4" "$SERVER4" OPTIONS 6 >/dev/null
request attacker --wait 0.2 --from "$ATTACKER6" "$SERVER6" OPTIONS 3 >/dev/null
seen() { # ARGUMENTS...: how many events
	ward events -j "$@" 2>/dev/null </dev/null | jq -c . | wc -l
}
all=$(seen)
expect "there are events" "$all" test "$all" -ge 8
expect_equal "the last two" 2 "$(seen -n 2)"
expect_equal "they are the last ones" "$(ward events -j | tail -n 2)" "$(ward events -j -n 2)"
expect_equal "-n 0: none" 0 "$(seen -n 0)"
expect_equal "of the last hour" "$all" "$(seen --since 1h)"
expect_equal "of a time to come" 0 "$(seen --since 2100-01-01T00:00:00Z)"
expect_equal "of a reason" "$(ward events -j | jq -c 'select(.reason == "rate_zone")' | wc -l)" \
	"$(seen --reason rate_zone)"
expect_equal "of another reason" 0 "$(seen --reason scanner)"
expect_equal "of the zone" "$all" "$(seen --zone public)"
expect_equal "of a source" 3 "$(seen --source "$ATTACKER6")"
expect_equal "of a prefix" $((all - 3)) "$(seen --source 10.0.0.0/8)"
expect_equal "of a prefix, the last one" 1 "$(seen --source 10.0.0.0/8 -n 1)"
says "a reason with a typo" 2 "did you mean 'rate_zone'" events --reason rate_zon
says "a zone with a typo" 2 "there is no zone 'pubic', did you mean 'public'" events --zone pubic
says "a source that is none" 2 'events: --source nonsense: ' events --source nonsense
says "a time that is none" 2 'write a duration such as 10m, or a time' events --since yesterday
says "a number that is none" 2 'write a number' events -n -1
fails_well "events" events
spawn "$SERVER" "$TMP/reconnect.out" "$BUILD/sipward" events --reconnect -n 0
reader=$SPAWNED
spawn "$SERVER" "$TMP/follow.out" "$BUILD/sipward" events -f
follower=$SPAWNED
followed() { [ "$(wc -l <"$TMP/follow.out")" -ge "$all" ]; }
expect "a follower gets what is kept first" "$(cat "$TMP/follow.out")" wait_until 5 followed
followed_anew() {
	request attacker --wait 0.1 --from "$ATTACKER4" "$SERVER4" OPTIONS >/dev/null
	grep -q 'reason=rate_zone' "$TMP/reconnect.out"
}
expect "a follower with -n 0 gets what is new" "$(cat "$TMP/reconnect.out")" wait_until 10 followed_anew
expect "and nothing else" "$(cat "$TMP/reconnect.out")" \
	test "$(wc -l <"$TMP/reconnect.out")" -lt "$all"
ward_stop
wait "$follower"
expect_equal "without --reconnect a follower ends with the agent: exit code 1" 1 $?
expect "it says how to follow on" "$(tail -n 1 "$TMP/follow.out")" \
	grep -q 'use --reconnect' "$TMP/follow.out"
expect "with --reconnect it waits" "$(cat "$TMP/reconnect.out")" wait_until 5 \
	grep -q 'waiting for an agent' "$TMP/reconnect.out"
ward_start tool --keep || die "sipward does not start: $(tail -n 1 "$WARD_LOG")"
expect "and connects to the next agent" "$(cat "$TMP/reconnect.out")" wait_until 5 \
	grep -q 'connected again' "$TMP/reconnect.out"
before=$(wc -l <"$TMP/reconnect.out")
request attacker --wait 0.2 --from "$ATTACKER4" "$SERVER4" OPTIONS 8 >/dev/null
shown_more() { [ "$(wc -l <"$TMP/reconnect.out")" -gt "$before" ]; }
expect "and shows its events" "$(cat "$TMP/reconnect.out")" wait_until 5 shown_more
shown=$(sed '1,/connected again/d' "$TMP/reconnect.out" | wc -l) kept=$(seen)
expect "none of them twice" "it shows $shown events of the $kept that the agent has" \
	test "$shown" -le "$kept"
stop_process "$reader"

# --- rules of the operator's own, and calls to one number ---
policy rules <<'END'
mode: enforce
zones:
  - name: public
    sources: [0.0.0.0/0, "::/0"]
    rates: {callee: 1/10m burst 2}
rules:
  - {name: cve-1, methods: [OPTIONS], header: X-Padding-0, prefix: xxxx, action: deny}
  - {name: watch, header: Request-URI, contains: "evil"}
END
says "apply of rules" 0 '' apply "$TMP/rules.yaml"
says "diff of rules" 0 'rules' diff "$TMP/tool.yaml"
request attacker --wait 0.2 --pad 500 --from "$ATTACKER4" "$SERVER4" OPTIONS 3 >/dev/null
request attacker --wait 0.2 --user evil --from "$ATTACKER4" "$SERVER4" OPTIONS 2 >/dev/null
expect_equal "events name the rules" "cve-1 watch" \
	"$(ward events -j --reason patch | jq -r .rule | sort -u | xargs)"
says "events in words, too" 0 'dropped reason=patch .* rule=cve-1$' events --reason patch
expect_equal "metrics name the rules" "3 0 2" "$(for labels in '"cve-1",action="deny"' \
	'"watch",action="deny"' '"watch",action="report"'; do
	metric sipward_rule_matches_total "$labels"
done | xargs)"
says "apply without rules" 0 '' apply "$TMP/tool.yaml"
says "apply of rules again" 0 '' apply "$TMP/rules.yaml"
expect_equal "counts go on" 3 "$(metric sipward_rule_matches_total '"cve-1",action="deny"')"
request attacker --wait 0.2 --user +4930123456 --from "$ATTACKER4" "$SERVER4" INVITE 5 >/dev/null
expect_equal "calls over the limit of the number" 3 "$(counter public drops rate_callee)"
says "status shows that a number is at its limit" 0 \
	'^  public\.rates\.callee +[0-9]+ %, refuses packets now$' status
says "apply of the first policy" 0 '' apply "$TMP/tool.yaml"

# --- without an agent ---
ward_stop
says "status without an agent" 1 '^DEGRADED: the agent is not running$' status
says "events without an agent, the last one" 0 'no agent runs' events -n 1

# --- detach ---
ward ban add 10.99.0.1 >/dev/null
says "detach --dry-run" 0 \
	'^this takes sipward off eth0, and deletes 1 bans? and .* all counters; nothing was changed$' \
	detach --dry-run
says "detach without a terminal" 2 'takes sipward off eth0, .*; nothing was changed, .* detach --yes' \
	detach
says "detach -i of another interface" 5 'nothing on interface eth9; it has on: eth0' detach -i eth9 --yes
says "detach with a word behind it" 2 'unexpected argument .eth0.* -i eth0' detach eth0
expect "all of them change nothing" "bare" test -n "$(program_id)"
said_by "detach asks a terminal" 1 'Go on\? \[y/N\].*detach: nothing was changed' bash -c \
	'{ sleep 0.3; echo; sleep 0.3; } | script -qec "$1" /dev/null | tr "\r\n" "  "; exit "${PIPESTATUS[1]}"' \
	bash "nsenter --net=/run/netns/$SERVER $BUILD/sipward detach"
expect "another answer than y changes nothing" "bare" test -n "$(program_id)"
says "detach -i" 0 '^eth0: program off, counters removed$' detach -i eth0 --yes
expect_equal "the program is off" "" "$(program_id)"
expect_equal "and the ban stays" 1 "$(bans)"
says "status then" 6 '^NOT PROTECTED: nothing of sipward is attached' status
says "detach -j" 0 '"bans": ?1,' detach --yes -j
expect_equal "nothing is left" "" "$(find "$SIPWARD_BPF_DIR" 2>/dev/null)"
lab_end
