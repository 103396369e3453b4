# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Values changed on the running system, and policies that go back by themselves: in force within
# a second, beside running calls, shown while they last, gone when they should be.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

options_policy() { # NAME OPTIONS-RATE: of all but a partner; standard input follows
	policy "$1" <<END
mode: enforce
zones:
  - name: partner.eu
    sources: [10.77.0.10]
    rates: {source: {any: 1000/s burst 2000}}
  - name: public
    rates: {source: {OPTIONS: $2}}
$(cat)
END
}

options_policy tune 1000/s </dev/null
cp "$TMP/tune.yaml" "$TMP/file.yaml"

options_answered() { # of 10 sent at once
	count_answers attacker --wait 0.4 --from "$ATTACKER4" "$SERVER4" OPTIONS 10
}

tuned() { # what is tuned, as `status` shows it
	ward status -j | jq -c "[.agent.tuned[] | [.key, .file, .now]]"
}

tuned_are() { # HOW MANY
	[ "$(ward tune -j | jq length)" = "$1" ]
}

expect_refused() { # WHAT CODE PATTERN ARGUMENTS...
	local what=$1 code=$2 pattern=$3 got
	shift 3
	ward "$@" >"$TMP/refused" 2>&1
	got=$?
	expect "$what is refused with exit code $code" "$got: $(cat "$TMP/refused")" test "$got" = "$code"
	expect "$what: it says why" "$(cat "$TMP/refused")" grep -Eq -- "$pattern" "$TMP/refused"
}

expect_refused "tune without an agent" 6 'no agent answers' tune public.mode monitor
expect_refused "diff without an agent" 6 'no agent answers' diff "$TMP/file.yaml"
expect_refused "apply without an agent" 6 'no agent answers' apply "$TMP/file.yaml"
ward_start tune || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_equal "at first no key is tuned" "[]" "$(tuned)"
expect_equal "at first 10 requests are answered" 10 "$(options_answered)"

# --- what is wrong changes nothing ---
was=$(generation)
expect_refused "a zone that is not there" 3 "command line: .*'pubic', did you mean 'public'" \
	tune pubic.mode monitor
expect_refused "a key that is not there" 3 "command line: .*'rats', did you mean 'rates'" \
	tune public.rats.source.INVITE 1/s
expect_refused "a method that is not there" 3 "command line: .*'INVITES', did you mean 'INVITE'" \
	tune public.rates.source.INVITES 1/s
expect_refused "a value of the wrong kind" 3 "command line: 'INVITE' cannot be 'fast'" \
	tune public.rates.source.INVITE fast
expect_refused "a word that the key does not know" \
	3 "command line: 'mode' cannot be 'monitr', did you mean" \
	tune public.mode monitr
expect_refused "a value that does not fit the rest of the policy" 3 \
	"command line: source INVITE 2000/s is more than the whole zone's 100/s" \
	tune public.rates '{zone: 100/s, source: {INVITE: 2000/s}}'
expect_refused "a key that only the file may set" 3 "command line: 'tables.bans' cannot be tuned" \
	tune tables.bans 100
expect_refused "a reset of a key that is not tuned" \
	1 "'public.mode' is not tuned" tune --reset public.mode
expect_refused "a key without a value" 2 'give a value for' tune public.mode
expect_equal "the refused commands changed nothing" "$was []" "$(generation) $(tuned)"

# --- a limit, beside running calls ---
load_start "tuned" "$CALLER" "$SERVER4" "$CALLER4" 50
sleep 0.5
dropped=$(counter public drops rate_source_method)
started=${EPOCHREALTIME/./}
ward tune public.rates.source.OPTIONS 1/60s burst 2 --for 10m >"$TMP/out" 2>&1
expect_equal "a limit is tuned" 0 $?
took=$(((${EPOCHREALTIME/./} - started) / 1000))
echo "# tuned in $took ms"
got=$(options_answered)
expect "the tuned limit holds as soon as the command returns" \
	"$got of 10 were answered" test "$got" -le 2
# A second on a machine that does nothing else.
expect "the command returns within 3 s" "after $took ms" test "$took" -lt 3000
expect "the drops of the tuned limit are counted" "$(ward stats)" \
	test "$(($(counter public drops rate_source_method) - dropped))" -ge 8
expect_equal "status shows the tuned value beside the file's value" \
	'[["public.rates.source.OPTIONS","1000/s","1/60s burst 2"]]' "$(tuned)"
expect "status shows the end of the tuned value" "$(ward status)" \
	grep -Eq 'tuned: public.rates.source.OPTIONS: 1/60s burst 2 now, 1000/s in the file, for (9 min [0-9]+ s|9 min|10 min) more' \
	<(ward status)
expect_equal "a gauge counts the tuned key" 1 "$(metric sipward_policy_tuned)"
expect_equal "a mode of another zone is tuned, too" 0 \
	"$(ward tune partner.eu.mode monitor >/dev/null 2>&1; echo $?)"
expect_equal "a zone's name may have a dot" '"partner.eu.mode"' \
	"$(ward status -j | jq '.agent.tuned[1].key')"
expect_equal "monitor mode is tuned for two seconds" 0 \
	"$(ward tune mode monitor --for 2s >/dev/null 2>&1; echo $?)"
expect_equal "monitor mode drops nothing" 10 "$(options_answered)"
expect "the tuned mode ends after its time" "it stays" wait_until 6 tuned_are 2
expect "the limit holds again after that" "it does not" test "$(options_answered)" = 0
ward tune --reset public.rates.source.OPTIONS >/dev/null 2>&1
expect_equal "the file's value holds after the reset" 10 "$(options_answered)"
load_end

# --- reloads and restarts end it, and say so ---
line=$(wc -l <"$WARD_LOG")
expect "a reload succeeds" "$(tail -n 1 "$WARD_LOG")" ward_reload
expect "the log says that tuned values are gone" "$(tail -n 1 "$WARD_LOG")" \
	said_since "$line" 'tuned values are gone: partner.eu.mode monitor'
expect_equal "after the reload no key is tuned" "[]" "$(tuned)"
ward tune public.mode monitor >/dev/null 2>&1
{ kill -9 "$WARD" && wait "$WARD"; } 2>/dev/null
expect "without an agent, status shows the tuned values" "$(ward status)" \
	grep -q 'tuned: public.mode: monitor now' <(ward status)
expect "the next agent starts" "$(tail -n 1 "$WARD_LOG")" ward_start tune
expect "the next agent says which tuned values are gone" "$(cat "$WARD_LOG")" \
	ward_said 'public.mode, tuned to monitor .* is as in the file again'
expect_equal "with the next agent no key is tuned" "[]" "$(tuned)"

# --- another policy: what it would change, and back again ---
options_policy strict '1/60s burst 2' <<<'lists: {deny: [192.0.2.66]}'
expect_equal "diff tells key by key what would change" \
	'["public.rates.source.OPTIONS","1000/s","1/60s burst 2"] ["lists.deny",null,"[192.0.2.66]"] ["lists","0 entries","1 entries: 1 added, 0 removed"]' \
	"$(ward diff -j "$TMP/strict.yaml" | jq -c '.[] | [.key, .now, .then]' | tr '\n' ' ' | sed 's/ $//')"
expect_equal "diff changes nothing" 10 "$(options_answered)"
expect "diff with the running policy shows no difference" "$(ward diff "$TMP/tune.yaml")" \
	grep -q 'nothing would change' <(ward diff "$TMP/tune.yaml")
expect_refused "confirm without a policy that waits" 1 'no policy waits' confirm
printf 'version: 1\nmode: enforced\n' >"$TMP/bad.yaml"
expect_refused "apply of a bad policy" 3 'bad.yaml:2:7' apply "$TMP/bad.yaml"

# A service has a /tmp of its own: the command sees the policy and its list, the agent does not.
policy private <<'END'
mode: enforce
lists: {deny: [./private.txt]}
END
echo "$ATTACKER4" >"$TMP/private.txt"
# shellcheck disable=SC2016
server unshare --mount bash -c 'mount -t tmpfs tmpfs /mnt && mv "$2" "$3" /mnt && cd /mnt &&
	"$1" apply private.yaml' bash "$BUILD/sipward" "$TMP/private.yaml" "$TMP/private.txt" \
	>"$TMP/out" 2>&1
expect_equal "a policy that only the command can see is applied" 0 $?
expect_equal "the list of that policy is in force" 0 "$(options_answered)"
expect_equal "apply leaves no file behind" "" \
	"$(find "$SIPWARD_RUN_DIR" -name 'policy.*')"
expect_equal "that policy can be tuned without its file" 0 \
	"$(ward tune public.mode monitor >/dev/null 2>&1; echo $?)"
expect_equal "the tuned value is in force" 10 "$(options_answered)"
ward apply "$TMP/tune.yaml" >/dev/null 2>&1

ward tune partner.eu.mode monitor >/dev/null 2>&1
load_start "applied" "$CALLER" "$SERVER4" "$CALLER4" 50
sleep 1.2
ward apply "$TMP/strict.yaml" --confirm 3s >"$TMP/out" 2>&1
expect_equal "a policy is applied until it is confirmed" 0 $?
expect "apply says that tuned values are gone" \
	"$(cat "$TMP/out")" grep -q 'tuned values are gone' "$TMP/out"
expect "the applied policy drops" "it does not" test "$(options_answered)" -le 2
expect "status shows that the policy waits for a confirmation" \
	"$(ward status)" grep -q 'not confirmed' <(ward status)
expect "without a confirmation the old policy comes back by itself" "$(tail -n 1 "$WARD_LOG")" \
	wait_until 8 ward_said 'was not confirmed in time'
expect_equal "the old policy is in force again" 10 "$(options_answered)"
expect_equal "the tuned values of the old policy are in force again" \
	'[["partner.eu.mode",null,"monitor"]]' "$(tuned)"
ward apply "$TMP/strict.yaml" --confirm 2s >"$TMP/out" 2>&1
ward confirm >"$TMP/out" 2>&1
expect_equal "the policy is applied again and confirmed" 0 $?
expect "confirm names the file that the next start reads" \
	"$(cat "$TMP/out")" grep -q 'tune.yaml; copy this file there' "$TMP/out"
sleep 3.1
expect_equal "a confirmed policy stays" \
	"strict.yaml" "$(basename "$(ward status -j | jq -r .agent.policy)")"
load_end

ward apply "$TMP/tune.yaml" --confirm 10m >/dev/null 2>&1
stop_process "$WARD"
ward_start tune --keep || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
ward apply "$TMP/strict.yaml" --confirm 10m >/dev/null 2>&1
kill "$WARD"
wait "$WARD"
expect "stop --keep before the confirmation restores the old policy" "$(cat "$WARD_LOG")" \
	ward_said 'was not confirmed in time'
expect_equal "the old policy stays attached after stop --keep" 10 "$(options_answered)"
ward detach --yes >/dev/null
lab_end
