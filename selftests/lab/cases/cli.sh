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
expect_says "the message says that the option takes no value" '--json takes no value'
expect_exit "check of a good policy" 0 check "$TMP/good.yaml"
expect_exit "check of a bad policy" 3 check "$TMP/bad.yaml"
expect "it says file, line and column" "$(cat "$TMP/cli.out")" \
	grep -q 'bad\.yaml:3:7: ' "$TMP/cli.out"
server "$BUILD/sipward" check "$TMP/good.yaml" >"$TMP/cli.out" 2>"$TMP/cli.err"
expect_equal "check of a good policy has no error output" "" "$(cat "$TMP/cli.err")"
server "$BUILD/sipward" check "$TMP/good.yaml" >/dev/full 2>"$TMP/cli.out"
expect_equal "output on a full disk: exit code 1" 1 $?
expect_says "it says so" 'could not be written: No space left'
commands="run check diff apply confirm tune status top stats events capture explain audit ban allow who \
doctor detach version"
for command in --help $commands; do
	words=("$command" --help)
	[ "$command" != --help ] || words=(--help)
	server "$BUILD/sipward" "${words[@]}" >/dev/full 2>"$TMP/cli.out"
	expect_equal "${words[*]} on a full disk: exit code 1" 1 $?
	expect_says "it says so" 'could not be written: No space left'
	server "$BUILD/sipward" "${words[@]}" >&- 2>"$TMP/cli.out"
	expect_equal "${words[*]} without an output: exit code 1" 1 $?
	expect_equal "${words[*]} into head" "" "$({ server "$BUILD/sipward" "${words[@]}" |
		head -c 1 >/dev/null; } 2>&1)"
	case $command in
	--help|tune|explain) ;;
	*) expect_exit "$command: too much behind --" 2 "$command" -- --nothing --at --all -x ;;
	esac
done
# shellcheck disable=SC2016 # the inner shell expands
server bash -c 'trap "" PIPE; "$1" --help 2>"$2" | true; exit "${PIPESTATUS[0]}"' bash \
	"$BUILD/sipward" "$TMP/cli.out"
expect_equal "a reader that is gone, and no signal for it: exit code 1" 1 $?
expect_says "it says so" 'could not be written: Broken pipe'

# Options stand where their author thinks of them.
printf 'OPTIONS sip:a SIP/2.0\r\n\r\n' >"$TMP/one.sip"
expect_exit "check, -j behind the policy" 0 check "$TMP/good.yaml" -j
expect "the output of check -j is JSON" "$(cat "$TMP/cli.out")" jq -e .ok "$TMP/cli.out"
expect_exit "explain, options behind the file" 0 explain "$TMP/one.sip" -p "$TMP/good.yaml" --from 192.0.2.1
expect_exit "a file with the name of an option" 3 check -- -j
expect_says "check looks for a file of that name" '-j: cannot be read: No such file'
expect_exit "ban, options behind the address" 6 ban add 192.0.2.1 --for 1h --note x -j
expect_exit "ban, options between" 6 ban --for 1h add --note x 192.0.2.1
expect_exit "ban, an option that is an address" 2 ban add -- --for
expect_exit "allow, options behind the address" 6 allow add 192.0.2.1 --for 1h
expect_exit "tune, options between" 6 tune mode --for 10m monitor
expect_exit "apply, options behind the policy" 6 apply "$TMP/good.yaml" --confirm 60s
expect_exit "diff, options behind the policy" 6 diff "$TMP/good.yaml" -j
expect_exit "capture, options behind the file" 6 capture "$TMP/x.pcapng" --for 1s
expect_exit "options before the command" 2 -j status
expect_says "it says where they stand" 'write options after the command'

# The message names the command that was meant.
expect_exit "a command with a typo" 2 stauts
expect_says "the near one is named" "did you mean 'status'"
expect_exit "a verb with a typo" 2 ban dal 192.0.2.1
expect_says "the near one is named" 'did you mean del'
expect_exit "a verb that is none" 2 allow everybody
expect_says "all verbs are named" 'it is add, del, list, import, export or flush'
expect_exit "a format with a typo" 2 audit --format htm
expect_says "the near one is named" 'did you mean html'
expect_exit "a value with a wrong option" 2 check --jsno=1 "$TMP/good.yaml"
expect_says "the near one is named" 'no option --jsno, did you mean --json'

# Policies that come through a pipe, and what never ends.
expect_exit "check of a pipe" 0 check <(cat "$TMP/good.yaml")
expect_exit "check of a pipe without end" 3 check <(yes)
expect_says "the message names the size limit" 'larger than 16777216 octets'
mkfifo "$TMP/fifo"
for file in fifo /dev/zero; do
	printf 'version: 1\nlists: {deny: [%s]}\n' "${file/fifo/./fifo}" >"$TMP/endless.yaml"
	expect_exit "check of $file" 3 check "$(cd "$TMP" && realpath "$file")"
	expect_says "it says what it is" 'is a (device|named pipe)'
	expect_exit "check of a list in $file" 3 check "$TMP/endless.yaml"
	expect_says "it says what it is" 'endless.yaml:2:16: .* is not a regular file'
	expect_exit "explain of $file" 1 explain -p "$TMP/good.yaml" "$(cd "$TMP" && realpath "$file")"
done

# Names and texts that a terminal would obey.
hostile=$'x\e[31m\xff\xc2\x9b2J\u202e'
no_controls() { # FILE
	! LC_ALL=C grep -q '[^[:print:][:space:]]' "$1"
}
expect_exit "a file that does not exist" 3 check "$TMP/$hostile"
expect "its name is printed without control characters" \
	"$(cat -v "$TMP/cli.out")" no_controls "$TMP/cli.out"
expect_says "its name is printed with escapes" 'x\\x1b\[31m\\xff\\xc2\\x9b2J\\xe2\\x80\\xae: '
cp "$TMP/good.yaml" "$TMP/$hostile"
for words in "check" "check -j"; do
	# shellcheck disable=SC2086 # the command is words
	expect_exit "$words of a file with control characters in its name" 0 $words "$TMP/$hostile"
	expect "its name is printed without control characters" \
		"$(cat -v "$TMP/cli.out")" no_controls "$TMP/cli.out"
done
expect_exit "a command with control characters in its name" 2 "$hostile"
expect "it is printed without control characters" \
	"$(cat -v "$TMP/cli.out")" no_controls "$TMP/cli.out"

expect_exit "an interface with a typo" 5 run -i eht0 -p "$TMP/good.yaml"
expect_says "the near one is named" 'did you mean eth0'
expect_exit "run with a bad policy" 3 run -i eth0 -p "$TMP/bad.yaml"
expect_equal "run with a bad policy attaches nothing" "" "$(program_id)"
expect_exit "run with a policy that does not exist" 3 run -i eth0 -p "$TMP/none.yaml"
expect_exit "status where nothing runs" 6 status
expect_exit "stats where nothing runs" 6 stats
expect_exit "ban of a wrong address" 2 ban add 10.77.0.300
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
	expect "the message names the missing capability" \
		"$(cat "$TMP/cli.out")" grep -qi "CAP_$missing is missing" \
		"$TMP/cli.out"
done

# From another directory than the agent's.
spawn "$SERVER" "$TMP/sipward-relative.log" bash -c \
	"cd '$TMP' && exec '$BUILD/sipward' run -i eth0 -p good.yaml"
agent=$SPAWNED
wait_until 10 grep -q ready "$TMP/sipward-relative.log"
expect_exit "explain with an agent whose policy has a relative path" \
	0 explain --from 10.77.0.10 "$TMP/good.yaml"
expect_exit "detach while an agent runs" 1 detach
expect_says "it says what to do" 'stop it first; it would restore everything'
expect_exit "diff of a pipe" 0 diff <(sed 's/enforce/monitor/' "$TMP/good.yaml")
expect_says "diff compares the policy of the pipe" '^mode: enforce -> monitor$'
expect_exit "apply of a pipe" 0 apply <(sed 's/enforce/monitor/' "$TMP/good.yaml") --confirm 60s
expect_exit "confirm" 0 confirm
expect "status shows that the policy came through a pipe" \
	"$(ward status -j | jq -r .agent.policy)" \
	test "$(ward status -j | jq -r .agent.policy)" = "(pipe)"
expect_exit "explain with a policy that came through a pipe" 1 explain "$TMP/one.sip"
expect_says "it says what to do" 'came through a pipe.* -p POLICY'
expect_exit "a ban with a note that a terminal would obey" 0 ban add 192.0.2.9 --note "$hostile"
for words in "ban list" "ban list -j" "status -j"; do
	# shellcheck disable=SC2086 # the command is words
	expect_exit "$words" 0 $words
	expect "the note is printed without control characters" \
		"$(cat -v "$TMP/cli.out")" no_controls "$TMP/cli.out"
done
expect_exit "the note as JSON" 0 ban list -j
expect_equal "the note is UTF-8" 'x [31m\xff\xc2\x9b2J\xe2\x80\xae' \
	"$(iconv -f UTF-8 -t UTF-8 <"$TMP/cli.out" | jq -r '.[0].note')"
expect_exit "capture onto a full disk" 1 capture /dev/full --for 1s
expect_says "the message names file and reason" '/dev/full: cannot be written: No space left'
stop_process "$agent"

# shellcheck disable=SC2016
# A mount namespace of its own, so that the host keeps its BPF file system.
server env -u SIPWARD_BPF_DIR unshare --mount bash -c '
	umount /sys/fs/bpf 2>/dev/null
	"$1" run -i eth0 -p "$2" >"$3" 2>&1 &
	agent=$!
	for _ in $(seq 100); do grep -q ready "$3" && break; sleep 0.1; done
	"$1" status -j >"$3.status" 2>&1
	kill $agent; wait $agent; "$1" detach --yes' bash "$BUILD/sipward" "$TMP/good.yaml" "$TMP/bpffs" \
	>/dev/null 2>&1
expect_equal "run mounts the BPF file system where none is mounted" native \
	"$(jq -r '.interfaces[0].attach' "$TMP/bpffs.status")"
lab_end
