# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What should be attached is compared with what the kernel says: detached links, removed pins, other
# names, other namespaces. It is put right, and said; and `status` says what is so.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

phones_policy truth
sed -i 's/^mode: enforce/mode: enforce\ntables: {known: 4096, bans: 4096, sources: 4096}/' "$TMP/truth.yaml"

message_answers() { # how many of two forbidden messages are answered
	count_answers attacker --wait 0.3 --from "$ATTACKER4" "$SERVER4" MESSAGE 2
}

protected() {
	[ "$(message_answers)" = 0 ]
}

xdp_of() { # IFACE [NAMESPACE]: the id of its program, or nothing
	ip -n "${2:-$SERVER}" -j -d link show "$1" 2>/dev/null | jq -r '.[0].xdp.prog.id // empty'
}

has_program() {
	[ -n "$(xdp_of "$@")" ]
}

pin() { # IFACE NAME
	printf '%s/if:%s/%s' "$SIPWARD_BPF_DIR" "${1//./%2E}" "$2"
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
	expect "$1: the metric" "none" test "$(metric sipward_repairs_total "kind=\"$2\"")" -gt "$3"
}

ward_start truth || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect "a message that is not allowed is dropped" "answered" protected

# --- somebody detaches the link ---
program=$(program_id)
bpftool link detach pinned "$(pin eth0 link)" || die "bpftool cannot detach the link"
expect "a detached link is attached again" "bare" wait_until 5 has_program eth0
expect_equal "with the same program" "$program" "$(program_id)"
expect "and protects" "answered" protected
expect_repair "a detached link" link 0 'eth0: somebody detached sipward'
expect_equal "and is pinned" "$program" \
	"$(bpftool -j link show pinned "$(pin eth0 link)" | jq -r '.prog_id // .[0].prog_id')"

# --- xdp off ---
server ip link set dev eth0 xdp off 2>/dev/null
expect "ip link set xdp off takes nothing off" "bare" has_program eth0

# --- pins are removed by hand ---
counted=$(counter public messages MESSAGE)
rm -rf "${SIPWARD_BPF_DIR:?}"
expect_equal "the program goes on when the pins are removed" "$program" "$(program_id)"
expect "the pins come back" "$(find "$SIPWARD_BPF_DIR")" wait_until 5 test -e "$(pin eth0 counters)"
expect "the program is the same" "$(program_id)" test "$(program_id)" = "$program"
expect "the state is the same" "it was $counted" test "$(counter public messages MESSAGE)" -ge "$counted"
expect_repair "removed pins" pin 0 'somebody removed [0-9]+ pins of the state'
expect_equal "and nobody else can take the state" 1 \
	"$(server timeout 10 "$BUILD/sipward" detach >"$TMP/detach.out" 2>&1; echo $?)"
pinned_map=$(bpftool -j map show pinned "$SIPWARD_BPF_DIR/bans" | jq .id)
rm "$SIPWARD_BPF_DIR/bans"
wait_until 5 test -e "$SIPWARD_BPF_DIR/bans"
expect_equal "a single pin is that of the same map" "$pinned_map" \
	"$(bpftool -j map show pinned "$SIPWARD_BPF_DIR/bans" | jq .id)"
lab_end
