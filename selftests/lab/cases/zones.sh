# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Zones reordered, added and removed under load: no counter and no limit changes its owner.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up

partner='{name: partner, sources: [10.77.0.10], rates: {source: {any: 1000/s burst 2000}}}'
branch='{name: branch, sources: [203.0.113.0/24], methods: [OPTIONS]}'
agency='{name: agency, sources: [198.51.100.0/24], methods: [OPTIONS]}'
guests='{name: guests, sources: [10.77.0.66], rates: {source: {OPTIONS: 1/60s burst 5}}}'
public='{name: public, sources: [0.0.0.0/0, "::/0"]}'

zones() { # ZONE...: the policy with these zones in this order
	policy next <<<"mode: enforce
zones: [$(IFS=,; echo "$*")]"
	mv "$TMP/next.yaml" "$TMP/zones.yaml"
}

options_answered() {
	count_answers attacker --from "$ATTACKER4" "$SERVER4" OPTIONS 10
}

expect_apply() { # WHAT ZONE...
	local what=$1
	shift
	zones "$@"
	expect "$what: applied under load" "$(tail -n 1 "$WARD_LOG")" ward_reload
	expect_equal "$what: a spent limit stays spent" 0 "$(options_answered)"
}

zones "$partner" "$guests" "$public"
ward_start zones || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
got=$(options_answered)
expect "a source may spend its burst" "$got of 10 were answered, the burst is 5" \
	test "$got" -ge 5 -a "$got" -le 6

load_start "zones" "$CALLER" "$SERVER4" "$CALLER4" 50
expect_apply "a zone added in front" "$branch" "$partner" "$guests" "$public"
expect_apply "zones reordered" "$public" "$guests" "$partner" "$branch"
expect_apply "a zone removed" "$partner" "$guests" "$public"
expect_apply "another zone in its place" "$agency" "$partner" "$guests" "$public"
expect_equal "only partner has counted INVITEs so far" 0 \
	"$(counter_elsewhere partner messages INVITE)"
before=$(counter partner messages INVITE)
expect_apply "the calling zone removed" "$agency" "$guests" "$public"
during=$(counter public messages INVITE)
expect "while the zone is removed, its calls count in public" \
	"public counted $during" test "$during" -gt 0
expect_apply "the calling zone back again" "$public" "$agency" "$partner" "$guests"
load_end
expect_equal "every INVITE is counted in one of the two zones" "$LOAD_CALLS" \
	$(($(counter partner messages INVITE) + $(counter public messages INVITE)))
expect "partner goes on with its own count" "$before, then $(counter partner messages INVITE)" \
	test "$(counter partner messages INVITE)" -ge "$before"
expect_equal "the other zones counted nothing" 0 "$(counter agency messages INVITE)"
expect "the drops of the spent limit are counted in guests" "$(ward stats -j)" \
	test "$(counter guests drops rate_source_method)" -ge 60
expect_equal "no other zone counts these drops" \
	0 "$(counter_elsewhere guests drops rate_source_method)"
lab_end
