# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The life of the agent: killed, reloaded, given a bad policy, stopped. The data path must not
# notice: no call lost, no counter lost, no packet unfiltered.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

phones_policy agent

message_answers() { # how many of two forbidden messages are answered
	count_answers attacker --wait 0.4 --from "$ATTACKER4" "$SERVER4" MESSAGE 2
}

# Looks at the interface again and again until it is stopped, and notes when it is bare.
watch_program() {
	rm -f "$TMP/watched"
	: >"$TMP/bare"
	while [ ! -e "$TMP/watched" ]; do
		[ -n "$(program_id)" ] || echo bare >>"$TMP/bare"
		sleep 0.02
	done
}

link_id() {
	bpftool -j link show pinned "$SIPWARD_BPF_DIR/if:eth0/link" | jq -r '.id // .[0].id'
}

table_size() { # NAME
	bpftool -j map show pinned "$SIPWARD_BPF_DIR/$1" | jq -r .max_entries
}

expect_exact_counts() { # WHAT CALLS BEFORE: the calls since then are all in the counters
	local method
	for method in INVITE ACK BYE; do
		expect_equal "$1: every $method is counted once" "$2" \
			$(($(counter public messages "$method") - $3))
	done
}

ward_start agent || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_equal "a message that is not allowed is dropped" 0 "$(message_answers)"

# --- kill -9 in the middle of calls ---
ward ban add "$BYSTANDER4" --for 10m >/dev/null 2>&1
watch_program &
watcher=$!
load_start "kill -9" "$CALLER" "$SERVER4" "$CALLER4" 50
sleep 1
old=$(program_id) link=$(link_id)
[ -n "$link" ] || die "no link is pinned for eth0"
kill -9 "$WARD"
wait "$WARD" 2>/dev/null
expect_equal "the program stays when the agent is killed" "$old" "$(program_id)"
expect_equal "the program still protects without an agent" 0 "$(message_answers)"
expect "stats need no agent" "$(ward stats 2>&1 | tail -n 1)" \
	test "$(counter public messages INVITE)" -gt 0
expect "a new agent starts with the program attached" "$(tail -n 1 "$WARD_LOG")" ward_start agent
expect_equal "the new agent adopts the link" "$link" "$(link_id)"
load_end
touch "$TMP/watched"
wait "$watcher"
expect_exact_counts "kill -9" "$LOAD_CALLS" 0
expect "kill -9: the interface was never bare" "$(wc -l <"$TMP/bare") times" \
	test ! -s "$TMP/bare"
expect_equal "kill -9: a ban made before it holds" 0 \
	"$(count_answers bystander --wait 0.4 --from "$BYSTANDER4" "$SERVER4" OPTIONS)"
ward ban del "$BYSTANDER4" >/dev/null 2>&1

# --- 20 reloads under load ---
before=$(counter public messages INVITE)
generation=$(generation)
watch_program &
watcher=$!
load_start "20 reloads" "$CALLER" "$SERVER4" "$CALLER4" 80
applied=0
for _ in {1..20}; do ward_reload && applied=$((applied + 1)); done
load_end
touch "$TMP/watched"
wait "$watcher"
expect_equal "20 reloads: each is applied" 20 "$applied"
expect_equal "20 reloads: they make 20 generations" $((generation + 20)) "$(generation)"
expect_exact_counts "20 reloads" "$LOAD_CALLS" "$before"
expect_equal "20 reloads: the link stays the same" "$link" "$(link_id)"
expect "20 reloads: the interface was never bare" "$(wc -l <"$TMP/bare") times" \
	test ! -s "$TMP/bare"

# --- a bad policy on SIGHUP ---
was=$(ward status -j | jq -c '.interfaces[0] | [.generation, .policy_hash, .program_id]')
expect "status tells generation, hash and program" "it says $was" grep -Eq '^\[[0-9]+,"[0-9a-f]{64}",[0-9]+\]$' <<<"$was"
cp "$TMP/agent.yaml" "$TMP/good.yaml"
sed -i 's/    methods:/    methodes:/' "$TMP/agent.yaml"
ward check "$TMP/agent.yaml" >"$TMP/check.out" 2>&1
expect_equal "check refuses an unknown key with exit code 3" 3 $?
expect "check names file, line and column" "$(cat "$TMP/check.out")" \
	grep -Eq 'agent\.yaml:7:5: ' "$TMP/check.out"
kill -HUP "$WARD"
expect "a bad policy on SIGHUP is refused, and the log says so" "$(tail -n 1 "$WARD_LOG")" \
	wait_until 5 ward_said 'agent\.yaml:7:5: '
expect_equal "a bad policy leaves the running one alone" "$was" \
	"$(ward status -j | jq -c '.interfaces[0] | [.generation, .policy_hash, .program_id]')"
expect_equal "the running policy still protects" 0 "$(message_answers)"
cp "$TMP/good.yaml" "$TMP/agent.yaml"
expect "the corrected policy is applied" "the generation stays" ward_reload

# --- changed table sizes ---
ward ban add "$BYSTANDER4" --for 10m >/dev/null 2>&1
echo 'tables: {bans: 4096, sources: 8192}' >>"$TMP/agent.yaml"
expect "other table sizes are applied" "$(tail -n 1 "$WARD_LOG")" ward_reload
# Sources stand in lines of four.
expect_equal "the tables have the new sizes" "4096 2048" "$(table_size bans) $(table_size sources)"
expect_equal "a ban outlives the change of sizes" 0 \
	"$(count_answers bystander --wait 0.4 --from "$BYSTANDER4" "$SERVER4" OPTIONS)"
cp "$TMP/good.yaml" "$TMP/agent.yaml"
expect "the former sizes are applied again" "$(tail -n 1 "$WARD_LOG")" ward_reload

# --- stop, --keep, detach ---
kill "$WARD"
wait "$WARD"
expect_equal "SIGTERM ends the agent with exit code 0" 0 $?
expect_equal "stop takes the program off" "" "$(program_id)"
expect_equal "nothing is dropped after stop" 2 "$(message_answers)"
expect "the pinned state stays after stop" \
	"nothing is pinned" test -n "$(find "$SIPWARD_BPF_DIR" -type f)"
ward_start agent --keep || not_ok "it starts with --keep" "$(tail -n 1 "$WARD_LOG")"
expect_equal "a ban outlives the stop" 0 \
	"$(count_answers bystander --wait 0.4 --from "$BYSTANDER4" "$SERVER4" OPTIONS)"
ward_stop
expect "stop with --keep leaves the program" "it is gone" test -n "$(program_id)"
expect_equal "the program still protects after stop with --keep" 0 "$(message_answers)"
ward detach --yes >"$TMP/detach.out" 2>&1
expect_equal "detach succeeds" 0 $?
expect_equal "detach takes the program off" "" "$(program_id)"
expect_equal "detach leaves nothing pinned" "" "$(find "$SIPWARD_BPF_DIR" -type f 2>/dev/null)"
expect_equal "all requests are answered after detach" 2 "$(message_answers)"
lab_end
