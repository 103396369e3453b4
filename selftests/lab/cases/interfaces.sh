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
expect "the message names the interface that does not exist" \
	"$(cat "$TMP/run.out")" grep -q nosuch0 "$TMP/run.out"
add_spare down
expect_equal "an interface that is down: exit code 5" 5 "$(run_on spare0)"
expect "the message says that the interface is down" \
	"$(cat "$TMP/run.out")" grep -q 'spare0.*down' "$TMP/run.out"
expect_equal "neither run leaves a program behind" "" "$(program_id)$(spare_program)"
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
expect "the message names the foreign program by id and name" "$(cat "$TMP/run.out")" \
	grep -q "$foreign.*bystander_prog\|bystander_prog.*$foreign" "$TMP/run.out"
expect_equal "the foreign program is left alone" "$foreign" "$(program_id)"
server ip link set dev eth0 xdp off
expect_equal "sipward leaves nothing pinned for that interface" "" \
	"$(find "$SIPWARD_BPF_DIR" -path '*eth0*' -type f 2>/dev/null)"

# --- an interface that goes and comes back ---
ward_start plain -i spare0 || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect "two interfaces are attached" "$(ward status)" spare_attached
expect_equal "status lists both" "eth0 spare0" \
	"$(ward status -j | jq -r '[.interfaces[].name] | sort | join(" ")')"
ip -n "$SERVER" link del spare0
expect "the log says that one interface is gone" "$(cat "$WARD_LOG")" \
	wait_until 5 ward_said 'spare0.*(gone|disappeared)'
expect_equal "the other interface is still protected" 0 \
	"$(count_answers attacker --from "$ATTACKER4" "$SERVER4" MESSAGE)"
lines=$(wc -l <"$WARD_LOG")
add_spare up
expect "an interface that is created again is attached again" \
	"$(cat "$WARD_LOG")" wait_until 10 spare_attached
expect "the log says that the interface is attached again" \
	"$(cat "$WARD_LOG")" wait_until 3 said_since "$lines" 'spare0.*attached'
ip -n "$SERVER" link set eth0 down
ip -n "$SERVER" link set eth0 up
expect "the program is still attached after down and up" "it is bare" test -n "$(program_id)"
expect "requests are answered after down and up" \
	"silent" wait_until 5 answers caller "$SERVER4" "$CALLER4"
expect_equal "the program still protects after down and up" 0 \
	"$(count_answers attacker --from "$ATTACKER4" "$SERVER4" MESSAGE)"
ward_stop

# --- a driver without native XDP ---
ip -n "$SERVER" link add generic0 type bridge
ip -n "$SERVER" link set generic0 up
ward_start plain -i generic0 || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect "the log says that sipward falls back to generic mode" "$(cat "$WARD_LOG")" \
	ward_said 'generic0: fell back to generic mode'
expect_equal "status shows generic mode" generic \
	"$(ward status -j | jq -r '.interfaces[] | select(.name == "generic0").attach')"
expect_equal "the gauge shows generic mode" \
	1 "$(metric sipward_interface_attached 'generic0.*generic')"
lab_end
