# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Exit codes and messages of the commands, where nothing runs.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

policy good <<'END'
mode: enforce
END
policy bad <<'END'
mode: enforced
END

expect_exit() { # NAME CODE ARGUMENTS...
	local name=$1 code=$2 got
	shift 2
	ward "$@" >"$TMP/cli.out" 2>&1
	got=$?
	expect "$name: exit code $code" "got $got: $(head -n 1 "$TMP/cli.out")" test "$got" = "$code"
}

expect_exit "version" 0 version
expect_exit "no command" 2
expect_exit "an unknown command" 2 frobnicate
expect_exit "an unknown option" 2 run --frobnicate
expect_says() { # NAME PATTERN: the command before said so
	expect "$1" "$(head -n 2 "$TMP/cli.out")" grep -Eq -- "$2" "$TMP/cli.out"
}

expect_exit "an option with a typo" 2 run --inteface eth0
expect_says "the near one is named" 'did you mean --interface'
expect_exit "an unknown letter before a known one" 2 status -xj
expect_says "the letter is named" 'no option -x'
expect_exit "a value for an option that takes none" 2 status --json=yes
expect_says "that is said" '--json takes no value'
expect_exit "check of a good policy" 0 check "$TMP/good.yaml"
expect_exit "check of a bad policy" 3 check "$TMP/bad.yaml"
expect "it says file, line and column" "$(cat "$TMP/cli.out")" \
	grep -q 'bad\.yaml:3:7: ' "$TMP/cli.out"
server "$BUILD/sipward" check "$TMP/good.yaml" >"$TMP/cli.out" 2>"$TMP/cli.err"
expect_equal "check of a good policy has no error output" "" "$(cat "$TMP/cli.err")"
server "$BUILD/sipward" check "$TMP/good.yaml" >/dev/full 2>"$TMP/cli.out"
expect_equal "output on a full disk: exit code 1" 1 $?
expect_says "it says so" 'could not be written: No space left'
expect_exit "an interface with a typo" 5 run -i eht0 -p "$TMP/good.yaml"
expect_says "the near one is named" 'did you mean eth0'
expect_exit "run with a bad policy" 3 run -i eth0 -p "$TMP/bad.yaml"
expect_equal "run with a bad policy attaches nothing" "" "$(program_id)"
expect_exit "run with a policy that does not exist" 3 run -i eth0 -p "$TMP/none.yaml"
expect_exit "status where nothing runs" 6 status
expect_exit "stats where nothing runs" 6 stats
expect_exit "ban of what is no address" 2 ban add 10.77.0.300
expect_exit "ban list where nothing runs" 6 ban list
chmod 755 "$TMP"
cp "$BUILD/sipward" "$TMP/sipward"
server timeout 10 setpriv --reuid 65534 --regid 65534 --clear-groups "$TMP/sipward" run -i eth0 \
	-p "$TMP/good.yaml" >"$TMP/cli.out" 2>&1
expect_equal "run without privilege: exit code 4" 4 $?

# Others than root may not see the state, which is not the same as none.
mkdir -p "$SIPWARD_BPF_DIR"
chmod 700 "$SIPWARD_BPF_DIR" "$SIPWARD_RUN_DIR"
for command in status stats "ban list" tune; do
	# shellcheck disable=SC2086 # the command is words
	server timeout 10 setpriv --reuid 65534 --regid 65534 --clear-groups "$TMP/sipward" $command \
		>"$TMP/cli.out" 2>&1
	expect_equal "$command without privilege: exit code 4" 4 $?
	expect_says "$command without privilege: what to do" 'run it as root'
done
chmod 755 "$SIPWARD_RUN_DIR"

# Each capability that is missing is named.
for missing in bpf net_admin; do
	drop=-$missing
	[ $missing = net_admin ] || drop=-$missing,-sys_admin
	server timeout 10 setpriv --bounding-set="$drop" --inh-caps="$drop" "$BUILD/sipward" run \
		-i eth0 -p "$TMP/good.yaml" >"$TMP/cli.out" 2>&1
	expect_equal "run without CAP_${missing^^}: exit code 4" 4 $?
	expect "and it is named" "$(cat "$TMP/cli.out")" grep -qi "CAP_$missing is missing" \
		"$TMP/cli.out"
done

# From another directory than the agent's.
spawn "$SERVER" "$TMP/sipward-relative.log" bash -c \
	"cd '$TMP' && exec '$BUILD/sipward' run -i eth0 -p good.yaml"
agent=$SPAWNED
wait_until 10 grep -q ready "$TMP/sipward-relative.log"
expect_exit "the policy of an agent that has a relative path" 0 explain --from 10.77.0.10 "$TMP/good.yaml"
expect_exit "detach while an agent runs" 1 detach
expect_says "it says what to do" 'stop it first: it would put everything back'
expect_exit "capture onto a full disk" 1 capture /dev/full --for 1s
expect_says "it names file and reason" '/dev/full: cannot be written: No space left'
stop_process "$agent"

# shellcheck disable=SC2016
# A mount namespace of its own, so that the host keeps its BPF file system.
server env -u SIPWARD_BPF_DIR unshare --mount bash -c '
	umount /sys/fs/bpf 2>/dev/null
	"$1" run -i eth0 -p "$2" >"$3" 2>&1 &
	agent=$!
	for _ in $(seq 100); do grep -q ready "$3" && break; sleep 0.1; done
	"$1" status -j >"$3.status" 2>&1
	kill $agent; wait $agent; "$1" detach' bash "$BUILD/sipward" "$TMP/good.yaml" "$TMP/bpffs" \
	>/dev/null 2>&1
expect_equal "where no BPF file system is mounted, it is mounted" native \
	"$(jq -r '.interfaces[0].attach' "$TMP/bpffs.status")"
lab_end
