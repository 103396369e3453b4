# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The exporter, as promtool and a real Prometheus see it.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

policy metrics <<'END'
mode: enforce
metrics: {listen: 127.0.0.1:9538}
zones:
  - name: public
    sources: [0.0.0.0/0, "::/0"]
    methods: [INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER]
    newcomers: {rate: 1000/s}
END

listening() { # PORT, on the server's loopback
	server "$PYTHON" -c "import socket; socket.create_connection(('127.0.0.1', $1), 1)" 2>/dev/null
}

# --- the port is taken ---
spawn "$SERVER" "$TMP/taken.log" "$PYTHON" -m http.server 9538 --bind 127.0.0.1
taken=$SPAWNED
wait_until 5 listening 9538 || die "nothing takes port 9538"
ward_refused metrics
expect_equal "a taken exporter port: exit code 1" 1 "$WARD_STATUS"
expect "the message names the exporter's address" \
	"$(cat "$WARD_LOG")" ward_said '127\.0\.0\.1.*9538'
expect_equal "no program is left on the interface" "" "$(program_id)"
stop_process "$taken"

# --- promtool ---
ward_start metrics || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_calls "calls that the metrics will show" shown caller "$SERVER4" "$CALLER4" 20 50 -nr -oocsn ooc_default
request attacker --wait 0.3 --from "$ATTACKER4" "$SERVER4" MESSAGE 4 >/dev/null
# Metrics that are counted once a second are there from the second page on.
has_all() {
	server curl -sf http://127.0.0.1:9538/metrics >"$TMP/metrics.txt" && grep -q "^sipward_bans " "$TMP/metrics.txt"
}
wait_until 10 has_all
expect "/metrics answers" "curl failed" test -s "$TMP/metrics.txt"
promtool check metrics <"$TMP/metrics.txt" >"$TMP/promtool.out" 2>&1
expect_equal "promtool check metrics is clean" 0 $?
expect "promtool prints no warning" "$(head -n 1 "$TMP/promtool.out")" test ! -s "$TMP/promtool.out"
expect_equal "sipward_messages_total counts the INVITEs" 20 \
	"$(metric sipward_messages_total 'interface="eth0".*zone="public".*method="INVITE"')"
expect_equal "sipward_drops_total counts the drops" 4 \
	"$(metric sipward_drops_total 'interface="eth0".*reason="method".*mode="enforce"')"
for name in sipward_packets_total sipward_bans sipward_policy_info sipward_up sipward_build_info; do
	expect "/metrics has $name" "it is not" grep -q "^${name}[{ ]" "$TMP/metrics.txt"
done
ward ban add "$BYSTANDER4" --for 10m >/dev/null 2>&1
bans_shown() { [ "$(metric sipward_bans)" = 1 ]; }
expect "sipward_bans counts a ban" "$(metric sipward_bans)" wait_until 15 bans_shown
bans_in_table() { [ "$(metric sipward_table_entries 'table="bans"')" = 1 ]; }
expect "so does the table of bans" "$(metric sipward_table_entries 'table="bans"')" wait_until 5 bans_in_table
expect "the table of known endpoints has the caller" "$(metric sipward_table_entries 'table="known"')" \
	test "$(metric sipward_table_entries 'table="known"')" -ge 1
expect_equal "capacities are those of the policy" "262144 65536" \
	"$(metric sipward_table_capacity 'table="known"') $(metric sipward_table_capacity 'table="bans"')"
expect "an answer to a probe made it known" "$(metric sipward_probe_answers_total)" \
	test "$(metric sipward_known_promoted_total)" -ge 1 -a "$(metric sipward_probe_answers_total)" -ge 1
expect "the agent's memory is between 1 MB and 1 GB" "$(metric process_resident_memory_bytes)" \
	test "$(metric process_resident_memory_bytes | cut -c1-9)" -ge 1000000
expect "it started lately" "$(metric process_start_time_seconds)" \
	test "$(metric process_start_time_seconds)" -ge $(($(date +%s) - 120))
expect_equal "another path is 404" 404 \
	"$(server curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:9538/nothing)"

# --- Prometheus ---
cat >"$TMP/prometheus.yml" <<'END'
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: sipward
    static_configs: [{targets: ["127.0.0.1:9538"]}]
END
spawn "$SERVER" "$TMP/prometheus.log" prometheus --config.file="$TMP/prometheus.yml" \
	--storage.tsdb.path="$TMP/prometheus" --web.listen-address=127.0.0.1:9090

ask() { # QUERY: the value of its first result
	server curl -s -G --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query |
		jq -r '.data.result[0].value[1] // "none"' 2>/dev/null
}
shows() { [ "$(ask "$1")" = "$2" ]; }
expect "Prometheus scrapes sipward_up 1" "$(tail -n 1 "$TMP/prometheus.log")" \
	wait_until 20 shows sipward_up 1
expect "Prometheus has the drops with their labels" "$(ask sipward_drops_total)" \
	wait_until 5 shows 'sipward_drops_total{zone="public",reason="method",mode="enforce"}' 4
lab_end
