# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The exporter's process: it holds nothing, nobody can block it, and it is started again. The
# agent beside it: what it gave up, and that nothing that it needs is refused.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

metrics_policy() { # NAME ADDRESS
	policy "$1" <<END_OF_POLICY
mode: enforce
metrics: {listen: "$2"}
tables: {bans: 1100000}
zones:
  - name: public
    sources: [0.0.0.0/0, "::/0"]
    methods: [INVITE, ACK, BYE, CANCEL, OPTIONS, REGISTER]
END_OF_POLICY
}

exporter() { # its pid, or nothing
	ward status -j | jq -r '.agent.exporter.pid // empty'
}

page() { # [PORT]: the status of a scrape, which may take 3 s
	server curl -s -o /dev/null -w '%{http_code}' --max-time 3 "http://127.0.0.1:${1:-9538}/metrics"
}

page_is() { # STATUS [PORT]
	[ "$(page "${2:-}")" = "$1" ]
}

of_process() { # PID FIELD: of /proc/PID/status
	awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status"
}

visitors() { # LOG KIND [options]: of another user, in the background
	spawn "$SERVER" "$TMP/$1" setpriv --reuid 12345 --regid 12345 --clear-groups \
		"$PYTHON" "$LAB/visitors.py" "${@:2}"
	VISITORS=$SPAWNED
}

ticks() { # PID: processor time, in hundredths of a second
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

refused_calls() { # PID: in the kernel's log
	dmesg | grep -c "type=1326.* pid=$1 "
}

# NAME: no call of the agent was refused. Where the log shows none at all, that proves nothing.
expect_none_refused() {
	local sample
	if sample=$("$TMP/refused") && [ "$(refused_calls "$sample")" = 1 ]; then
		expect_equal "$1" 0 "$(refused_calls "$WARD")"
	else
		echo "ok $1 # skip the kernel's log shows no refused calls"
	fi
}

# As scripts/systemd/sipward.service starts it: with its capabilities, and no others to gain.
unit_start() { # POLICY-NAME
	local capabilities
	capabilities=$(sed -n 's/^CapabilityBoundingSet=//p' "$ROOT/scripts/systemd/sipward.service" |
		tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g')
	WARD_LOG=$TMP/sipward-unit.log
	spawn "$SERVER" "$WARD_LOG" setpriv --bounding-set "-all,$capabilities" --inh-caps -all \
		--no-new-privs "$BUILD/sipward" run --keep -i eth0 -p "$TMP/$1.yaml"
	WARD=$SPAWNED
	wait_until 20 ward_settled && alive "$WARD"
}

gcc -std=gnu11 -D_GNU_SOURCE -O2 -o "$TMP/refused" "$LAB/refused.c" -lseccomp ||
	die "the maker of a refused call cannot be built"
gcc -std=gnu11 -D_GNU_SOURCE -O2 -I"$ROOT/include" -o "$TMP/tables" \
	"$ROOT/selftests/flood/tables.c" -lbpf || die "the filler of tables cannot be built"

metrics_policy exporter 127.0.0.1:9538
ward_start exporter || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect "/metrics answers" "$(page)" page_is 200
exporter=$(exporter)
[ -n "$exporter" ] || die "status names no process of the exporter"

# --- what they hold ---
expect_equal "the exporter runs as nobody" 65534 "$(of_process "$exporter" Uid)"
expect_equal "the exporter has no capability" 0000000000000000 "$(of_process "$exporter" CapPrm)"
expect_equal "the exporter has a filter of system calls" 2 "$(of_process "$exporter" Seccomp)"
expect_equal "the exporter can gain no privilege" 1 "$(of_process "$exporter" NoNewPrivs)"
held=$(find "/proc/$exporter/fd" -type l -printf '%l\n' | sed 's/:\[.*//' | sort | uniq -c)
expect "the exporter holds its sockets, and descriptors to wait on them" "$held" \
	test -z "$(grep -vE '/dev/null|socket|anon_inode|eventfd|eventpoll' <<<"$held")"
expect "the exporter holds no map and no program" \
	"$held" test -z "$(find "/proc/$exporter/fd" -lname '*bpf*')"
expect_equal "the agent can gain no privilege" 1 "$(of_process "$WARD" NoNewPrivs)"
expect_equal "the agent has a filter of system calls" 2 "$(of_process "$WARD" Seccomp)"
# BPF, PERFMON, NET_ADMIN, SYS_ADMIN, NET_RAW, DAC_READ_SEARCH, SETUID, SETGID, and no other
expect_equal "the agent has the capabilities that it needs" 0 \
	$((0x$(of_process "$WARD" CapPrm) & ~0xc0002030c4))
for thread in "/proc/$WARD"/task/*; do
	expect_equal "its thread has the same limits: $(cat "$thread/comm")" "0 2" \
		"$((0x$(awk '$1 == "CapPrm:" { print $2 }' "$thread/status") & ~0xc0002030c4)) $(
		awk '$1 == "Seccomp:" { print $2 }' "$thread/status")"
done

# --- who would block it ---
visitors slow.out slow --seconds 13
slow=$VISITORS
wait_until 3 page_is 200
expect "16 connections with a header line a second: a scrape is answered" "$(page)" page_is 200
visitors many.out many --seconds 3
sleep 1
expect "hundreds of connections: a scrape is answered" "$(page)" page_is 200
wait "$VISITORS"
expect "there were more than 100 connections" \
	"$(cat "$TMP/many.out")" test "$(awk '{ print $1 }' "$TMP/many.out")" -gt 100
before=$(ticks "$WARD")
visitors pipeline.out pipeline --seconds 4
sleep 1
expect "16 that send requests as fast as they can: a scrape is answered" "$(page)" page_is 200
wait "$VISITORS"
spent=$(($(ticks "$WARD") - before))
expect "these requests cost the agent less than a twentieth of a processor" "$spent of 400 ticks" \
	test "$spent" -lt 20
wait "$slow"
expect "no slow connection lasted longer than 10 s" "$(cat "$TMP/slow.out")" \
	test "$(awk '{ print int($2) }' "$TMP/slow.out")" -le 11
expect_equal "the exporter did not restart" "$exporter" "$(exporter)"

# --- a stopped agent, and a dead exporter ---
kill -STOP "$WARD"
sleep 1.1
expect "the last page is served while the agent does not answer" "$(page)" page_is 200
kill -CONT "$WARD"
kill -9 "$exporter"
expect "the agent starts a killed exporter again" "$(page)" wait_until 10 page_is 200
expect "the log says how the exporter ended" \
	"$(tail -n 1 "$WARD_LOG")" ward_said 'ended by signal 9'
expect_equal "status counts the end of the exporter" \
	1 "$(ward status -j | jq .agent.exporter.ended)"
sleep 1.1
expect_equal "a metric counts the end of the exporter" 1 "$(metric sipward_exporter_ends_total)"
ended=$(exporter)
expect "the new exporter is another process" "$ended" test "$ended" != "$exporter"

# --- the address changes, and covers the one in use ---
for address in 0.0.0.0:9538 "[::]:9538" 127.0.0.1:9538 127.0.0.1:9539 127.0.0.1:9538; do
	metrics_policy moved "$address"
	ward apply "$TMP/moved.yaml" >"$TMP/apply.out" 2>&1
	expect "apply moves the exporter to $address" "$(tail -n 1 "$TMP/apply.out")" \
		wait_until 3 page_is 200 "${address##*:}"
done
expect_equal "the exporter has closed the old address" 000 "$(page 9539)"
expect_equal "only one exporter is left" 1 "$(pgrep -c -P "$WARD")"

# --- a million bans ---
"$TMP/tables" fill "$SIPWARD_BPF_DIR" 1000000 0 || die "the table of bans cannot be filled"
wait_until 3 page_is 200
sleep 1.1
expect "a page is served beside a million bans" "$(page)" page_is 200
took=$(ward status -j | jq .agent.exporter.page_us)
expect "the page takes less than 50 ms to make" "$took us" test "$took" -lt 50000
expect_none_refused "no call of the agent was refused"
ward_stop
expect "the exporter ends with the agent" "it runs" wait_until 5 page_is 000

# --- with what the unit gives ---
ward detach --yes >/dev/null 2>&1
expect "the agent starts with the capabilities of its unit" "$(tail -n 1 "$WARD_LOG")" \
	unit_start exporter
expect "the agent reloads with the capabilities of its unit" "$(tail -n 1 "$WARD_LOG")" ward_reload
expect "/metrics answers" "$(page)" page_is 200
expect_equal "in the unit, the exporter runs as nobody, too" 65534 "$(of_process "$(exporter)" Uid)"
expect_none_refused "in the unit, no call of the agent was refused"
lab_end
