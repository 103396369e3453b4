# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Files of lists and of zones change while sipward runs: the tables follow within two seconds, and
# the generation, limits and known endpoints stay as they are.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

policy lists <<END
mode: enforce
lists: {deny: [./deny.txt, ./link.txt]}
geo: {country: geo.mmdb}
zones:
  - {name: home, sources: [country:DE], methods: [OPTIONS, INVITE, REGISTER]}
  - name: friends
    sources: [./friends.txt]
    methods: [OPTIONS, INVITE, REGISTER]
  - name: public
    rates: {zone: 1000/s, source: {OPTIONS: 100/s burst 3, REGISTER: 1/10m burst 2}}
END

replace() { # FILE LINE...: as an editor does, by a rename
	printf '%s\n' "${@:2}" >"$TMP/$1.new"
	mv "$TMP/$1.new" "$TMP/$1"
}

answered() {
	answers attacker "$SERVER4" "$ATTACKER4"
}

refused() {
	! answered
}

changes() { # WHAT answered|refused: within two seconds, and in the same generation
	local begun=$EPOCHREALTIME ms
	expect "$1" "$(tail -n 3 "$WARD_LOG")" wait_until 5 "$2"
	ms=$(((${EPOCHREALTIME/./} - ${begun/./}) / 1000))
	expect "$1: within two seconds" "$ms ms" test "$ms" -lt $((2000 * PATIENCE))
	expect_equal "$1: the same generation" "$GENERATION" "$(generation)"
}

list_field() { # FILE JQ: of `sipward lists`
	ward lists -j | jq -r --arg file "/$1" '.[] | select(.file | endswith($file)) | '"$2"
}

field_is() { # FILE JQ WANTED
	[ "$(list_field "$1" "$2")" = "$3" ]
}

metric_is() { # NAME VALUE: of deny.txt
	[ "$(metric "$1" 'file=".*deny.txt"')" = "$2" ]
}

take_list() {
	ward lists take "$@" >/dev/null
}

zone_of() {
	ward who "$1" -j 2>/dev/null | jq -r .zone.name
}

zone_is() {
	[ "$(zone_of "$1")" = "$2" ]
}

others=$(for i in $(seq 20); do echo "203.0.113.$i"; done)
# shellcheck disable=SC2086
replace deny.txt '# a feed' $others
mkdir "$TMP/elsewhere"
replace elsewhere/link.txt '192.0.2.1 ; a comment of the other kind'
ln -s elsewhere/link.txt "$TMP/link.txt"
replace friends.txt 198.51.100.0/24
countries() { # PREFIX=COUNTRY...
	"$PYTHON" "$LAB/mmdb.py" "$TMP/geo.new" "$@" && mv "$TMP/geo.new" "$TMP/geo.mmdb"
}
countries 192.0.2.0/24=DE 192.0.3.0/24=FR
code_of() { # ARGUMENTS...: the exit code of `sipward lists`
	ward lists "$@" >/dev/null 2>&1
	echo $?
}
expect_equal "lists without an agent" 6 "$(code_of)"
ward_start lists || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
GENERATION=$(generation)
expect "before: an answer" "" answered
program=$(program_id)

expect_equal "lists with a word that is none, with two files" "2 2" \
	"$(code_of tkae) $(code_of take a b)"
expect_equal "lists to a full device" 1 "$(ward lists >/dev/full 2>/dev/null; echo $?)"
expect_equal "lists take where nothing is kept" 0 "$(code_of take)"

# --- a source comes and goes ---
# shellcheck disable=SC2086
replace deny.txt $others "$ATTACKER4"
changes "a rename brings a source" refused
# shellcheck disable=SC2086
replace deny.txt $others
changes "a rename takes it away" answered
echo "$ATTACKER4" >>"$TMP/deny.txt"
changes "a line is added in place" refused
# shellcheck disable=SC2086
printf '%s\n' $others >"$TMP/deny.txt"
changes "the file is written anew in place" answered
replace elsewhere/link.txt 192.0.2.1 10.77.0.64/26
changes "a file behind a symbolic link: a prefix" refused
replace elsewhere/link.txt 192.0.2.1
changes "and back" answered
until=$(date -u -d '+3 seconds' +%Y-%m-%dT%H:%M:%SZ)
# shellcheck disable=SC2086
replace deny.txt $others "$ATTACKER4 until $until"
changes "an entry with an end" refused
sleep 2
changes "when its time is over it is gone" answered
expect_equal "the file still has it" '21 1' "$(list_field deny.txt '"\(.entries) \(.ended)"')"

# --- somebody writes into the folder all the time ---
while sleep 0.02; do echo x >"$TMP/noise"; done &
noise=$!
PIDS+=("$noise")
# shellcheck disable=SC2086
replace deny.txt $others "$ATTACKER4"
changes "in a busy folder" refused
stop_process "$noise"

# --- what is wrong ---
# shellcheck disable=SC2086
replace deny.txt $others "$ATTACKER4" nonsense 10.0.0.1/8 0.0.0.0/0
changes "wrong lines leave the others" refused
expect_equal "they are counted" 3 "$(list_field deny.txt .wrong_lines)"
expect "with file, line and cause" "$(ward lists)" \
	grep -q "deny.txt:22:1: 'nonsense' is not a prefix" <(ward lists)
expect "the log has them" "$(tail -n 2 "$WARD_LOG")" grep -q '3 lines are left out, the first: ' "$WARD_LOG"
expect "the metrics, too" "" wait_until 15 metric_is sipward_list_wrong_lines 3
expect "status says it" "$(ward status)" grep -q '3 lines are left out' <(ward status)

kept() { # WHAT PATTERN: the file as it is now is not taken, and it is said why
	expect "$1: kept" "$(ward lists)" wait_until 5 kept_because "$2"
	expect "$1: the source is still refused" "" refused
}
kept_because() {
	list_field deny.txt .kept | grep -q "$1"
}
: >"$TMP/deny.txt"
kept "an empty file" 'has 0 entries now, where it had 21; to take it .* sipward lists take .*deny.txt'
expect "the metrics say that it is kept" "" wait_until 15 metric_is sipward_list_kept 1
rm "$TMP/deny.txt"
kept "no file" 'cannot be read: No such file or directory'
mkfifo "$TMP/deny.txt"
kept "a named pipe" 'is not a regular file'
rm "$TMP/deny.txt"
mkdir "$TMP/deny.txt"
kept "a folder" 'is a directory'
rmdir "$TMP/deny.txt"
printf '%s\n' '<html>' '<p>Log in, please</p>' '</html>' >"$TMP/deny.txt"
kept "a page" '3 of 3 lines are wrong, so this is no list'
head -c 100000 "$BUILD/sipward" >"$TMP/deny.txt"
kept "a binary file" 'octet 0x00 is a control character'
replace deny.txt 203.0.113.1 203.0.113.2
kept "less than half" 'has 2 entries now, where it had 21'
expect_equal "lists take of a file that is none" 1 "$(code_of take none.txt)"
expect "lists take takes it" "$(tail -n 2 "$WARD_LOG")" take_list deny.txt
changes "after that" answered
expect_equal "it is kept no more" null "$(list_field deny.txt .kept)"
printf '\xef\xbb\xbf%s\r\n# %01000000d\r\n' 203.0.113.1 0 >"$TMP/deny.txt"
expect "CRLF, a mark at the start and a long comment" "$(tail -n 2 "$WARD_LOG")" \
	wait_until 5 field_is deny.txt '"\(.entries) \(.wrong_lines)"' '1 0'

# --- zones ---
expect_equal "the attacker is public" public "$(zone_of "$ATTACKER4")"
request attacker --wait 0.2 --from "$ATTACKER4" "$SERVER4" REGISTER 5 >/dev/null
spent=$(counter public drops rate_source_method)
expect "the limit of public is spent" "$spent" test "$spent" -ge 3
{ echo "$ATTACKER4"; awk 'BEGIN { for (i = 0; i < 100000; i++)
	printf "100.%d.%d.%d/32\n", 64 + i / 65536, i / 256 % 256, i % 256 }'; } >"$TMP/friends.new"
mv "$TMP/friends.new" "$TMP/friends.txt"
begun=$EPOCHREALTIME
expect "100,001 sources of a zone" "$(tail -n 1 "$WARD_LOG")" wait_until 5 zone_is 100.65.134.159 friends
ms=$(((${EPOCHREALTIME/./} - ${begun/./}) / 1000))
echo "# 100,001 prefixes of a zone in $ms ms"
expect "they take less than four seconds" "$ms ms" test "$ms" -lt $((4000 * PATIENCE))
expect "the first of them, too" "$(zone_of "$ATTACKER4")" zone_is "$ATTACKER4" friends
expect "what was there is gone" "" wait_until 2 zone_is 198.51.100.7 public
replace friends.txt 198.51.100.0/24
expect "too short a file" "" wait_until 5 field_is friends.txt '.kept != null' true
expect "lists take without a name" "" take_list
expect "the attacker is public again" "$(zone_of "$ATTACKER4")" wait_until 5 zone_is "$ATTACKER4" public
request attacker --wait 0.2 --from "$ATTACKER4" "$SERVER4" REGISTER 3 >/dev/null
expect "its limit is still spent" "$(counter public drops rate_source_method)" \
	test "$(counter public drops rate_source_method)" -ge $((spent + 3))
expect_equal "all of it in one generation" "$GENERATION" "$(generation)"
expect_equal "and one program" "$program" "$(program_id)"
longest=$(ward status -j | jq '[.agent.rounds.longest_us, .agent.rounds.longest_lock_us] | max')
echo "# the longest round, or wait for a job, of the agent's loop: $longest us"
expect "the agent's loop never waits for long" "$longest us" test "$longest" -lt $((50000 * PATIENCE))

# --- a country ---
expect_equal "an address of the country" home "$(zone_of 192.0.2.7)"
expect_equal "one of another" public "$(zone_of 192.0.3.7)"
countries 192.0.2.0/24=DE 192.0.3.0/24=FR "$ATTACKER4/32=DE"
expect "a new database" "$(tail -n 2 "$WARD_LOG")" wait_until 5 zone_is "$ATTACKER4" home
country_kept() {
	list_field 'geo.mmdb#country:DE' .kept | grep -q "$1"
}
truncate -s 100 "$TMP/geo.mmdb"
expect "a database that is cut short in place" "$(ward lists)" \
	wait_until 5 country_kept 'it has no metadata at its end'
head -c 50000 "$BUILD/sipward" >"$TMP/geo.mmdb"
expect "a file that is none" "$(ward lists)" wait_until 5 country_kept 'is no MaxMind DB file'
countries 192.0.2.0/24=AT 192.0.3.0/24=FR
expect "a database without the country" "$(ward lists)" \
	wait_until 5 country_kept 'has 0 entries now, where it had 2'
expect_equal "what ran goes on" home "$(zone_of "$ATTACKER4")"
countries 192.0.2.0/24=DE
expect "a good one is taken again" "" wait_until 5 zone_is "$ATTACKER4" public
expect_equal "still one generation" "$GENERATION" "$(generation)"

# --- beside tune, reload and a policy that goes back ---
replace elsewhere/link.txt 192.0.2.1 "$ATTACKER4"
wait_until 5 refused
ward tune public.rates.zone 900/s >/dev/null
expect "a tuned policy has the list as it is" "" refused
GENERATION=$(generation)
replace elsewhere/link.txt 192.0.2.1
changes "after tune, files are still followed" answered
sed 's/methods: .*/methods: [OPTIONS]/' "$TMP/lists.yaml" >"$TMP/other.yaml"
ward apply "$TMP/other.yaml" --confirm 1s >/dev/null 2>&1
replace elsewhere/link.txt 192.0.2.1 "$ATTACKER4"
expect "an applied policy is followed" "$(tail -n 2 "$WARD_LOG")" wait_until 5 refused
went_back() { [ "$(generation)" -ge $((GENERATION + 2)) ]; }
wait_until 10 went_back
expect "when it goes back, the list of now holds" "$(tail -n 3 "$WARD_LOG")" wait_until 5 refused
lab_end
