# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Interfaces that are missing, down, taken by somebody else, or come and go.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

phones_policy plain

add_spare() {
	ip -n "$SERVER" link add spare0 type veth peer name spare1 &&
	ip -n "$SERVER" link set spare1 up && ip -n "$SERVER" link set spare0 "$1"
}

spare_program() {
	ip -n "$SERVER" -j -d link show spare0 2>/dev/null | jq -r '.[0].xdp.prog.id // empty'
}

spare_attached() {
	[ -n "$(spare_program)" ]
}

run_on() { # INTERFACE: exit code of a run there
	server timeout 10 "$BUILD/sipward" run -i "$1" -p "$TMP/plain.yaml" >"$TMP/run.out" 2>&1
	echo $?
}

# --- missing, down ---
expect_equal "an interface that does not exist: exit code 5" 5 "$(run_on nosuch0)"
expect "and it is named" "$(cat "$TMP/run.out")" grep -q nosuch0 "$TMP/run.out"
add_spare down
expect_equal "an interface that is down: exit code 5" 5 "$(run_on spare0)"
expect "and the message says so" "$(cat "$TMP/run.out")" grep -q 'spare0.*down' "$TMP/run.out"
expect_equal "neither leaves a program behind" "" "$(program_id)$(spare_program)"
ip -n "$SERVER" link set spare0 up

# --- a program of somebody else ---
cat >"$TMP/foreign.bpf.c" <<'END'
__attribute__((section("xdp"), used)) int bystander_prog(void *ctx) { (void)ctx; return 2; }
char _license[] __attribute__((section("license"), used)) = "GPL";
END
clang -O2 -g -target bpf -c -o "$TMP/foreign.o" "$TMP/foreign.bpf.c" ||
	die "clang cannot build a BPF program"
pin=/sys/fs/bpf/sipward-lab-foreign-$$
{
	bpftool prog load "$TMP/foreign.o" "$pin" type xdp &&
	server bpftool net attach xdp pinned "$pin" dev eth0
} >"$TMP/bpftool.out" 2>&1
rm -f "$pin" # attached, it needs no pin
foreign=$(program_id)
[ -n "$foreign" ] || die "no foreign program: $(tail -n 1 "$TMP/bpftool.out")"
expect_equal "an interface with a foreign program: exit code 5" 5 "$(run_on eth0)"
expect "the program is named by id and name" "$(cat "$TMP/run.out")" \
	grep -q "$foreign.*bystander_prog\|bystander_prog.*$foreign" "$TMP/run.out"
expect_equal "and left alone" "$foreign" "$(program_id)"
server ip link set dev eth0 xdp off
expect_equal "and nothing of sipward's is left pinned for it" "" \
	"$(find "$SIPWARD_BPF_DIR" -path '*eth0*' -type f 2>/dev/null)"

# --- an interface that goes and comes back ---
ward_start plain -i spare0 || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect "two interfaces are attached" "$(ward status)" spare_attached
expect_equal "status lists both" "eth0 spare0" \
	"$(ward status -j | jq -r '[.interfaces[].name] | sort | join(" ")')"
ip -n "$SERVER" link del spare0
expect "that one of them is gone is said" "$(cat "$WARD_LOG")" \
	wait_until 5 ward_said 'spare0.*(gone|disappeared)'
expect_equal "the other one still protects" 0 \
	"$(count_answers attacker --from "$ATTACKER4" "$SERVER4" MESSAGE)"
lines=$(wc -l <"$WARD_LOG")
add_spare up
expect "re-created, it is attached again" "$(cat "$WARD_LOG")" wait_until 10 spare_attached
expect "and that is said" "$(cat "$WARD_LOG")" wait_until 3 said_since "$lines" 'spare0.*attached'
ip -n "$SERVER" link set eth0 down
ip -n "$SERVER" link set eth0 up
expect "down and up again, it is still attached" "it is bare" test -n "$(program_id)"
expect "and calls pass" "silent" wait_until 5 answers caller "$SERVER4" "$CALLER4"
expect_equal "and it still protects" 0 \
	"$(count_answers attacker --from "$ATTACKER4" "$SERVER4" MESSAGE)"
ward_stop

# --- a driver without native XDP ---
ip -n "$SERVER" link add generic0 type bridge
ip -n "$SERVER" link set generic0 up
ward_start plain -i generic0 || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect "falling back to generic mode is said" "$(cat "$WARD_LOG")" \
	ward_said 'generic0: fell back to generic mode'
expect_equal "and status says it" generic \
	"$(ward status -j | jq -r '.interfaces[] | select(.name == "generic0").attach')"
expect_equal "and the gauge" 1 "$(metric sipward_interface_attached 'generic0.*generic')"
lab_end
