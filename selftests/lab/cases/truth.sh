# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The agent compares the programs that should be attached with those that the kernel shows: detached
# links, removed pins, other names, other namespaces. It repairs a difference and says so; and
# `status` shows the real state.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
GONE=sw$$-gone
truth_exit() {
	local status=$?
	ip netns del "$GONE" 2>/dev/null
	rm -rf "/sys/fs/bpf/sipward-lab-$$-2"
	(exit "$status")
	lab_exit
}
lab_up
trap truth_exit EXIT

phones_policy truth
sed -i 's/^mode: enforce/mode: enforce\ntables: {known: 4096, bans: 4096, sources: 4096}/' "$TMP/truth.yaml"

protected() {
	[ "$(count_answers attacker --wait 0.3 --from "$ATTACKER4" "$SERVER4" MESSAGE 2)" = 0 ]
}

xdp_of() { # IFACE [NAMESPACE]: the id of its program, or nothing
	ip -n "${2:-$SERVER}" -j -d link show "$1" 2>/dev/null | jq -r '.[0].xdp.prog.id // empty'
}

has_program() { # IFACE [NAMESPACE]
	[ -n "$(xdp_of "$@")" ]
}

pin() { # IFACE NAME
	printf '%s/if:%s/%s' "$SIPWARD_BPF_DIR" "${1//./%2E}" "$2"
}

add_veth() { # NAMESPACE NAME [INDEX]
	ip -n "$1" link add "$2" ${3:+index "$3"} type veth peer name "${2}p" &&
	ip -n "$1" link set "$2" up && ip -n "$1" link set "${2}p" up
}

status_of() { # IFACE KEY
	ward status -j | jq -r --arg iface "$1" --arg key "$2" \
		'[.interfaces[] | select(.name == $iface)][0][$key]'
}

repairs() { # KIND
	ward status -j | jq -r --arg kind "$1" '.agent.repairs.counts[$kind]'
}

expect_repair() { # WHAT KIND BEFORE PATTERN: it was counted and said
	expect "$1: it is counted" "$(repairs "$2") repairs" test "$(repairs "$2")" -gt "$3"
	expect "$1: the log says it" "$(tail -n 3 "$WARD_LOG")" ward_said "$4"
	expect "$1: an event says it" "$(ward events | tail -n 2)" \
		grep -q "repaired $2" <(ward events)
	expect "$1: the metric" "none" wait_until 3 metric_over "$2" "$3"
}

metric_over() { # KIND COUNT
	[ "$(metric sipward_repairs_total "kind=\"$1\"")" -gt "$2" ]
}

renamed_to() { # NAME
	ward status -j | jq -e --arg name "$1" '.agent.renamed[] | select(.name == $name)' >/dev/null
}

# Another interface has the name of a map, and one has a dot, as VLANs have.
add_veth "$SERVER" bans || die "no interface with the name of a map"
add_veth "$SERVER" spare0.100 || die "no interface with a dot"
ward_start truth -i bans -i spare0.100 || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect "a message that is not allowed is dropped" "answered" protected
expect "an interface with the name of a map is protected" "bare" has_program bans
expect "an interface with a dot is protected" "bare" has_program spare0.100
expect_equal "status shows their names" "bans eth0 spare0.100" \
	"$(ward status -j | jq -r '[.interfaces[].name] | sort | join(" ")')"
expect "metrics show the names of interfaces" "not there" \
	test "$(metric sipward_interface_attached 'interface="spare0.100",attach="native"')" = 1

# --- somebody detaches the link ---
program=$(program_id)
bpftool link detach pinned "$(pin eth0 link)" || die "bpftool cannot detach the link"
expect "a detached link is attached again" "bare" wait_until 5 has_program eth0
expect_equal "the link has the same program" "$program" "$(program_id)"
expect "the program that is attached again protects" "answered" protected
expect_repair "a detached link" link 0 'eth0: sipward had been detached'
expect_equal "the link that is attached again is pinned" "$program" \
	"$(bpftool -j link show pinned "$(pin eth0 link)" | jq -r '.prog_id // .[0].prog_id')"
server ip link set dev eth0 xdp off 2>/dev/null
expect_equal "ip link set xdp off takes nothing off" "$program" "$(program_id)"

# --- pins are removed by hand ---
counted=$(counter public messages MESSAGE)
rm -rf "${SIPWARD_BPF_DIR:?}"
expect_equal "the program goes on when the pins are removed" "$program" "$(program_id)"
expect "the pins come back" "$(find "$SIPWARD_BPF_DIR" 2>/dev/null)" \
	wait_until 5 test -e "$(pin spare0.100 counters)"
expect_equal "the program is the same" "$program" "$(program_id)"
expect "the counters are the same" "there were $counted" \
	test "$(counter public messages MESSAGE)" -ge "$counted"
expect_repair "removed pins" pin 0 '[0-9]+ pins? of the state had been removed'
ward detach --yes >"$TMP/detach.out" 2>&1
expect_equal "nobody else can take the state" 1 $?
bans=$(bpftool -j map show pinned "$SIPWARD_BPF_DIR/bans" | jq .id)
rm "$SIPWARD_BPF_DIR/bans"
wait_until 5 test -e "$SIPWARD_BPF_DIR/bans"
expect_equal "a pin that is written again is that of the same map" "$bans" \
	"$(bpftool -j map show pinned "$SIPWARD_BPF_DIR/bans" | jq .id)"

rm -rf "${SIPWARD_RUN_DIR:?}"
expect "the agent can be reached when its run directory was removed" "$(tail -n 2 "$WARD_LOG")" \
	wait_until 5 test -S "$SIPWARD_RUN_DIR/control"
expect_repair "a removed run directory" lock 0 'control socket .*had been removed'

# --- somebody else's program comes in between ---
cat >"$TMP/foreign.bpf.c" <<'END'
__attribute__((section("xdp"), used)) int bystander_prog(void *ctx) { (void)ctx; return 2; }
char _license[] __attribute__((section("license"), used)) = "GPL";
END
clang -O2 -g -target bpf -c -o "$TMP/foreign.o" "$TMP/foreign.bpf.c" ||
	die "clang cannot build a BPF program"
foreign=/sys/fs/bpf/sipward-lab-foreign-$$
bpftool prog load "$TMP/foreign.o" "$foreign" type xdp >/dev/null 2>&1
cat >"$TMP/update.c" <<'END'
#include <bpf/bpf.h>
int main(int count, char **paths)
{
	return count == 3 && bpf_link_update(bpf_obj_get(paths[1]), bpf_obj_get(paths[2]), NULL) == 0 ? 0 : 1;
}
END
gcc -o "$TMP/update" "$TMP/update.c" -lbpf || die "the changer of links cannot be built"
was=$(xdp_of bans)
"$TMP/update" "$(pin bans link)" "$foreign" || die "the program behind the link cannot be changed"
expect "a program that came behind our link is replaced" "$(tail -n 2 "$WARD_LOG")" \
	wait_until 5 ward_said 'bans: another program .* had replaced'
expect_equal "our program replaces the other program" "$was" "$(xdp_of bans)"
expect_repair "a program behind our link" program 0 'bans: another program .* had replaced'
bpftool link detach pinned "$(pin bans link)"
server bpftool net attach xdp pinned "$foreign" dev bans
rm -f "$foreign"
expect "the log names another program that came in between" "$(tail -n 2 "$WARD_LOG")" \
	wait_until 5 ward_said 'bans: another XDP program .* took the place of sipward'
sleep 1.5
expect_equal "the other program is left alone" bystander_prog \
	"$(status_of bans other_program | jq -r .name)"
server ip link set dev bans xdp off
expect "sipward is attached again when the other program is gone" "$(tail -n 3 "$WARD_LOG")" \
	wait_until 30 has_program bans

# --- an interface is renamed ---
expect "status shows native mode again" \
	"$(ward status)" test "$(status_of spare0.100 attach)" = native
was=$(xdp_of spare0.100)
ip -n "$SERVER" link set spare0.100 down
ip -n "$SERVER" link set spare0.100 name voice0
ip -n "$SERVER" link set voice0 up
expect "a renamed interface is followed" "$(tail -n 2 "$WARD_LOG")" wait_until 5 renamed_to voice0
expect_equal "the renamed interface keeps its program" "$was" "$(xdp_of voice0)"
expect_repair "a renamed interface" name 0 'spare0.100 is named voice0 now.*the command line names'
expect_equal "status shows it by its name" native "$(status_of voice0 attach)"
expect "a reload includes the renamed interface" "$(tail -n 2 "$WARD_LOG")" ward_reload
expect_equal "the renamed interface has the new generation" "$(status_of eth0 generation)" \
	"$(status_of voice0 generation)"

# --- an interface is moved to another namespace, and comes back ---
ip -n "$SERVER" link set voice0 netns "$BYSTANDER"
expect "an interface that moves away is given up" "$(tail -n 2 "$WARD_LOG")" \
	wait_until 5 ward_said 'voice0: was moved to another network namespace'
expect_equal "no program filters in the other namespace" "" "$(xdp_of voice0 "$BYSTANDER")"
expect_equal "status shows that the interface is away" none "$(status_of voice0 attach)"
ip -n "$BYSTANDER" link set voice0 netns "$SERVER"
ip -n "$SERVER" link set voice0 up
expect "an interface that comes back is attached" "bare" wait_until 30 has_program voice0

# --- an interface is made anew ---
before=$(repairs link)
ip -n "$SERVER" link del bans
add_veth "$SERVER" bans
expect "an interface that is made anew is attached" "bare" wait_until 30 has_program bans
wait_until 3 ward_said 'bans: came back, and is attached again'
expect_repair "an interface that is made anew" link "$before" \
	'bans: came back, and is attached again'

# --- the agent is stopped ---
kill -STOP "$WARD"
start=$SECONDS
ward status >"$TMP/status.out" 2>&1
expect_equal "status beside a stopped agent: exit code 1" 1 $?
expect_equal "its first line says why" 'DEGRADED: the agent does not answer' \
	"$(head -n 1 "$TMP/status.out")"
ward tune >"$TMP/tune.out" 2>&1
expect_equal "tune beside a stopped agent: exit code 1" 1 $?
ward events -f >"$TMP/events.out" 2>&1
expect_equal "events beside a stopped agent: exit code 1" 1 $?
expect "no command waits for a stopped agent" \
	"$((SECONDS - start)) s" test $((SECONDS - start)) -le 12
expect "status says that the agent does not answer" "$(cat "$TMP/status.out")" \
	grep -q 'does not answer: it is stopped' "$TMP/status.out"
expect "status shows the state of the kernel" "$(cat "$TMP/status.out")" \
	grep -q '^eth0: native mode' "$TMP/status.out"
expect "tune says what to do" "$(cat "$TMP/tune.out")" grep -q "kill -CONT" "$TMP/tune.out"
kill -CONT "$WARD"

# --- other namespaces ---
other() { bystander timeout 20 "$BUILD/sipward" "$@"; }
inode=$(server stat -L -c %i /proc/self/ns/net)
other status >"$TMP/status.out" 2>&1
expect "status tells the namespace of the state" "$(cat "$TMP/status.out")" \
	grep -q "belongs to another namespace.*net:\[$inode\]" "$TMP/status.out"
expect "status shows the interfaces of that namespace" "$(cat "$TMP/status.out")" \
	grep -q '^voice0: native mode' "$TMP/status.out"
other run -i eth0 -p "$TMP/truth.yaml" >"$TMP/run.out" 2>&1
expect_equal "a second agent in another namespace, with the same directories: exit code 1" 1 $?
expect "the message says which directories to set" "$(cat "$TMP/run.out")" \
	grep -q "net:\[$inode\].*SIPWARD_BPF_DIR and SIPWARD_RUN_DIR" "$TMP/run.out"
own=(env SIPWARD_BPF_DIR="/sys/fs/bpf/sipward-lab-$$-2" SIPWARD_RUN_DIR="$TMP/run-2")
spawn "$BYSTANDER" "$TMP/sipward-second.log" "${own[@]}" "$BUILD/sipward" run -i eth0 \
	-p "$TMP/truth.yaml"
second=$SPAWNED
expect "a second agent runs with directories of its own" "$(tail -n 2 "$TMP/sipward-second.log")" \
	wait_until 20 grep -q '^sipward: ready' "$TMP/sipward-second.log"
expect "the first agent goes on" "$(ward status | head -n 2)" protected
expect_equal "each agent has its own interfaces" eth0 \
	"$(bystander "${own[@]}" "$BUILD/sipward" status -j | jq -r '.interfaces[].name')"
ward_second() { server timeout 20 "${own[@]}" "$BUILD/sipward" run -i spare1 -p "$TMP/truth.yaml"; }
add_veth "$SERVER" spare1
stop_process "$second"
ward_second >"$TMP/run.out" 2>&1
expect_equal "a second agent in one namespace: exit code 1" 1 $?
expect "the message says why a second agent is refused" "$(cat "$TMP/run.out")" \
	grep -q 'with other directories runs in this network namespace' "$TMP/run.out"
bystander "${own[@]}" "$BUILD/sipward" detach --yes >/dev/null 2>&1

# --- the agent is gone, its namespace is not ---
kill -9 "$WARD"
wait "$WARD" 2>/dev/null
other run -i eth0 -p "$TMP/truth.yaml" >"$TMP/run.out" 2>&1
expect_equal "the state of an existing namespace is not taken over: exit code 1" 1 $?
expect "the message says how to give that state up" "$(cat "$TMP/run.out")" \
	grep -q 'nsenter --net=.* sipward detach' "$TMP/run.out"
other detach --yes >"$TMP/detach.out" 2>&1
expect_equal "detach from another namespace is refused" 1 $?
expect "the program of that namespace still protects" "answered" protected

# --- a version before had other names ---
link=$(bpftool -j link show pinned "$(pin eth0 link)" | jq -r '.id // .[0].id')
mv "$SIPWARD_BPF_DIR/if:eth0" "$SIPWARD_BPF_DIR/eth0"
ip -n "$SERVER" link set bans name bans2 2>/dev/null || {
	ip -n "$SERVER" link set bans down && ip -n "$SERVER" link set bans name bans2 &&
	ip -n "$SERVER" link set bans2 up
}
expect "the agent starts with pins of an older version" \
	"$(tail -n 1 "$WARD_LOG")" ward_start truth -i bans2
expect "the program is adopted" "$(cat "$WARD_LOG")" ward_said 'eth0: adopting program'
expect "the program of a renamed interface is adopted, too" "$(cat "$WARD_LOG")" \
	ward_said 'bans2: adopting program'
expect_equal "the adopted program has the same link" "$link" \
	"$(bpftool -j link show pinned "$(pin eth0 link)" | jq -r '.id // .[0].id')"
expect_equal "no pin has the old name" "" "$(find "$SIPWARD_BPF_DIR" -name eth0)"
ward_stop
ward detach --yes >/dev/null 2>&1
expect_equal "detach leaves no pin" "" "$(find "$SIPWARD_BPF_DIR" 2>/dev/null)"

# --- the same number of an interface, in a namespace that came later ---
ip netns add "$GONE"
add_veth "$GONE" same0 4711 || die "no interface with that number"
add_veth "$SERVER" same1 4711 || die "no second interface with that number"
spawn "$GONE" "$TMP/sipward-gone.log" "$BUILD/sipward" run -i same0 -p "$TMP/truth.yaml"
wait_until 20 grep -q '^sipward: ready' "$TMP/sipward-gone.log"
kill -9 "$SPAWNED"
wait "$SPAWNED" 2>/dev/null
ward_refused truth -i same1
expect_equal "the same number, another namespace: refused" 1 "$WARD_STATUS"
expect "the program of the other namespace stays" "bare" has_program same0 "$GONE"
ip netns del "$GONE"
taken_over() { ward_start truth -i same1; } # the kernel takes its time to end a namespace
expect "when that namespace is gone, its state is taken over" "$(tail -n 2 "$WARD_LOG")" \
	wait_until 15 taken_over
expect "the new agent adopts no program" "$(cat "$WARD_LOG")" test -z "$(grep adopting "$WARD_LOG")"
expect "the interface of the same number is attached" "bare" has_program same1

# --- locks ---
lock_file=$SIPWARD_RUN_DIR/lock
expect_equal "directories and locks are private" "700 700 600" \
	"$(stat -c %a "$SIPWARD_BPF_DIR" "$SIPWARD_RUN_DIR" "$lock_file" | paste -sd ' ')"
ward_stop
chmod 755 "$TMP" "$SIPWARD_RUN_DIR"
chmod 644 "$lock_file"
setpriv --reuid 65534 --regid 65534 --clear-groups flock -n "$lock_file" true
expect_equal "a command runs with a lock file that others may open" 0 $?
ward detach --yes >/dev/null 2>&1
expect_equal "the next command corrects the rights of the lock file" "700 600" \
	"$(stat -c %a "$SIPWARD_RUN_DIR" "$lock_file" | paste -sd ' ')"
setpriv --reuid 65534 --regid 65534 --clear-groups flock -n "$lock_file" true 2>/dev/null
expect "other users cannot lock it" "they can" test $? != 0
rm -f "$lock_file"
ln -s "$TMP/elsewhere" "$lock_file"
ward detach --yes >"$TMP/detach.out" 2>&1
expect_equal "a symbolic link in place of the lock file is refused" 1 $?
expect "the message names the symbolic link" \
	"$(cat "$TMP/detach.out")" grep -q 'symbolic link' "$TMP/detach.out"
expect "the symbolic link is not followed" "it was made" test ! -e "$TMP/elsewhere"
rm -f "$lock_file"
touch "$lock_file"
chown 65534 "$lock_file"
ward detach --yes >"$TMP/detach.out" 2>&1
expect_equal "a file of another user is refused" 1 $?
rm -f "$lock_file"

# --- the time between saves, and the observer ---
sed -i 's/^    methods:/    newcomers: {rate: 500\/s}\n    methods:/' "$TMP/truth.yaml"
printf 'state: {save: %s, every: 1h}\n' "$TMP/saved" >>"$TMP/truth.yaml"
ward_start truth || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
sed -i 's/every: 1h/every: 1s/' "$TMP/truth.yaml"
ward_reload
expect "a shorter time between saves holds at once" "not saved" wait_until 4 test -e "$TMP/saved"
server tc qdisc del dev eth0 clsact
expect "an observer that is taken off is put back" "$(tail -n 2 "$WARD_LOG")" \
	wait_until 5 ward_said 'the observer was missing'
sleep 1.1
expect_repair "an observer" observer 0 'the observer was missing'
ward_stop
lab_end
