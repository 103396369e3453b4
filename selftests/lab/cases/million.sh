# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lab: alone
#
# A million spoofed sources a second for a minute, or what one core can make of it, changes nothing
# but counters: 60 million INVITEs from random addresses, on an interface of their own.
# Known endpoints stay known and go on calling, nobody is banned, no table holds more endpoints than
# were let in, and no memory is taken.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

PACKETS=${PACKETS:-60000000}
SECONDS_MAX=100 # for them
BUDGET=100      # newcomers a second, and as many who come again

policy million <<END
mode: enforce
zones:
  - name: public
    newcomers: {rate: $BUDGET/s}
    rates: {source: {any: 400/s burst 800, INVITE: 200/s burst 400}}
    bans: {auth_failures: 10/60s, enumeration: 20/60s, sanity: 30/60s}
END

make -s -C "$ROOT" BUILD="$BUILD" "$BUILD/million" >"$TMP/make.out" 2>&1 ||
	die "its sender cannot be built: $(tail -n 1 "$TMP/make.out")"
{
	ip -n "$SERVER" link add flood1 type veth peer name flood0 netns "$ATTACKER" &&
	ip -n "$SERVER" link set flood1 up &&
	ip -n "$ATTACKER" link set flood0 up
} || die "no interface for the flood"

# Packets that arrive by a wire do not wait for the processes of the host.
million() {
	attacker nice -n -10 "$BUILD/million" --iface flood0 --dst "$SERVER4" \
		--dst-mac "$(ip -n "$SERVER" -j link show flood1 | jq -r '.[0].address')" \
		--packets "$PACKETS" --rate 1000000 --seconds "$SECONDS_MAX"
}

arrived() { # pass | drop | messages: by the interface of the flood
	ward stats -j | jq --arg kind "$1" '[.interfaces[] | select(.name == "flood1").zones[]
		| .[$kind] | if type == "object" then add else . end // 0] | add // 0'
}

state() { # KEY of status
	ward status -j | jq ".$1"
}

maps() { # JQ-FILTER: over the pinned maps
	local pin
	find "$SIPWARD_BPF_DIR" -type f ! -name link | while read -r pin; do
		bpftool -j map show pinned "$pin"
	done | jq -s "$1"
}

entries() { # in all tables that grow
	local pin
	for pin in "$SIPWARD_BPF_DIR"/*; do
		case $(bpftool -j map show pinned "$pin" 2>/dev/null | jq -r .type) in
		*hash) bpftool -j map dump pinned "$pin" | jq length ;;
		esac
	done | awk '{ sum += $1 } END { print sum }'
}

kernel_memory() { # MB that cannot be reclaimed, the whole host's
	awk '/^(SUnreclaim|Percpu):/ { sum += $2 } END { print int(sum / 1024) }' /proc/meminfo
}

look() { # what must stay the same
	echo "known $(state known), bans $(state bans), maps $(maps length)," \
		"octets $(maps 'map(.bytes_memlock) | add')"
}

ward_start million -i flood1 || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_calls "calls before the flood" warm caller "$SERVER4" "$CALLER4" 100 50 -oocsn ooc_default
expect_equal "the calls make their caller known" 1 "$(state known)"
before=$(look) entries=$(entries) memory=$(kernel_memory)

load_start "beside the flood" "$CALLER" "$SERVER4" "$CALLER4" 50
million >"$TMP/million.out" 2>&1
load_end

read -r _ sent _ milliseconds <"$TMP/million.out"
[ "${milliseconds:-0}" -gt 0 ] || die "the sender: $(cat "$TMP/million.out")"
seen=$(arrived messages) let_in=$(arrived pass)
after=$(look) grown=$(($(entries) - entries)) taken=$(($(kernel_memory) - memory))
printf '# %d INVITEs in %d.%d s, %d a second; %d were counted, %d let in; entries %+d, kernel memory %+d MB\n' \
	"$sent" $((milliseconds / 1000)) $((milliseconds % 1000 / 100)) \
	$((sent * 1000 / milliseconds)) "$seen" "$let_in" "$grown" "$taken"
printf '# %s\n' "$after"
expect "the flood was fast enough" "$seen packets" test "$seen" -ge $((PACKETS / 6))
expect "the packets that were sent are counted" \
	"$seen of $sent" test $((100 * seen)) -ge $((99 * sent))
expect_equal "each packet has a verdict" "$seen" $((let_in + $(arrived drop)))
expect "no more packets are let in than the budgets allow" "$let_in" \
	test "$let_in" -le $((2 * BUDGET * (milliseconds / 1000 + 2)))
expect_equal "known endpoints, bans, maps and their memory are unchanged" "$before" "$after"
# Of each that was let in: its limit cell, its dialog, and the probe.
expect "tables hold only entries of admitted packets and of the calls" "$grown more entries" \
	test "$grown" -le $((5 * (let_in + LOAD_CALLS)))
expect "the kernel's memory is unchanged" "$taken MB more" test "$taken" -le 24
expect "a newcomer is answered after the flood" "it is not" \
	wait_until 5 answers bystander "$SERVER4" "$BYSTANDER4"
lab_end
