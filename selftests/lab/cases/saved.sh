# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Over a reboot, which `detach` stands for here since it empties the kernel as well: known
# endpoints and bans come back from the disk, and what is wrong there harms nobody.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
lab_up
SAVED=$TMP/lib/state

policy saved <<END
mode: enforce
zones:
  - name: public
    newcomers: {rate: 100/s}
state: {save: $SAVED, every: 1s}
END

known() {
	ward status -j | jq .known
}

bans() {
	ward ban list -j | jq -r '.[] | [.source, .note, .seconds_left] | @tsv'
}

reboot() {
	ward_stop
	ward detach --yes >/dev/null
}

at_least() { # NUMBER FILE: it has so many lines
	[ -e "$2" ] && [ "$(grep -c . "$2")" -ge "$1" ]
}

ward_start saved || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
sipp_run first caller "$SERVER4" "$CALLER4" 20 50 -oocsn ooc_default
expect "a caller becomes known" "$(ward status)" test "$(known)" -ge 1
before=$(known)
ward ban add "$ATTACKER4" --for 10m --note 'by hand: rude' >/dev/null 2>&1
ward ban add "$BYSTANDER6" >/dev/null 2>&1
ward allow add "$BYSTANDER4" --note 'a customer' >/dev/null 2>&1
expect "the state is saved while it runs" "it is not there" wait_until 5 at_least 7 "$SAVED"
expect "status says where" "$(ward status)" grep -q "saved for a reboot [0-9]* s ago: $SAVED" <(ward status)

# --- a reboot ---
reboot
expect_equal "after the reboot the kernel has no state" \
	"" "$(find "$SIPWARD_BPF_DIR" -type f 2>/dev/null)"
sleep 1.1
ward_start saved || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect "the agent says how many entries are restored" "$(cat "$WARD_LOG")" \
	ward_said "$SAVED, saved . s ago: $before known endpoints and 3 bans are restored"
expect_equal "known endpoints are known again" "$before" "$(known)"
expect_equal "bans are restored with their notes" "10.77.0.66 by hand: rude fd77:0:0:20::/64" \
	"$(bans | cut -f 1,2 | xargs)"
expect_equal "manual allows are restored" "10.77.0.20 a customer" \
	"$(ward allow list -j | jq -r '.[] | [.source, .note] | @tsv' | xargs)"
left=$(bans | awk '$1 == "10.77.0.66" { print $NF }')
expect "the time of a ban went on during the reboot" \
	"$left s of 600 are left" test "$left" -lt 599 -a "$left" -gt 540
expect_equal "a restored ban drops" \
	0 "$(count_answers attacker --wait 0.4 --from "$ATTACKER4" "$SERVER4" OPTIONS 2)"
ward ban del "$ATTACKER4" >/dev/null 2>&1
ward ban del "$BYSTANDER4" >"$TMP/out" 2>&1
expect_equal "ban del takes off no other entry" 1 $?
ward allow del "$BYSTANDER4" >"$TMP/out" 2>&1
expect_equal "allow del removes a restored entry" 0 $?

# --- what is in the kernel is newer than the file ---
{ kill -9 "$WARD" && wait "$WARD"; } 2>/dev/null
ward ban del "$BYSTANDER6" >/dev/null 2>&1
ward_start saved || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
expect_equal "after a crash the agent reads only the state in the kernel" "" "$(bans)"

# --- tables too small for it, and files that are no good ---
for i in {1..20}; do ward ban add "192.0.2.$i" --for "${i}h" >/dev/null 2>&1; done
reboot
echo 'tables: {bans: 16}' >>"$TMP/saved.yaml"
expect "the agent starts with smaller tables" "$(tail -n 1 "$WARD_LOG")" ward_start saved
expect "the agent counts entries that found no room" "$(cat "$WARD_LOG")" \
	ward_said '16 bans are restored; 0 had expired, 4 did not fit'
expect_equal "the longest bans are restored" "192.0.2.5" "$(bans | head -n 1 | cut -f 1)"
reboot
sed -i '3s/./x/' "$SAVED"
expect "the agent starts beside a damaged file" "$(tail -n 1 "$WARD_LOG")" ward_start saved
expect "the agent says that the file is damaged" \
	"$(cat "$WARD_LOG")" ward_said "$SAVED: is damaged: its checksum is wrong"
expect "the agent keeps the damaged file" "it is gone" test -e "$SAVED.bad"
expect_equal "no ban of the damaged file is restored" "" "$(bans)"
ward_stop

# --- who did not ask for it, and who has a service manager ---
sed -i '/^state:/d' "$TMP/saved.yaml"
rm "$SAVED"
ward_start saved || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
ward_stop
expect "no state file is written unless the policy asks for it" "it is there" test ! -e "$SAVED"
export STATE_DIRECTORY=$TMP/lib
ward_start saved || die "sipward did not start: $(tail -n 1 "$WARD_LOG")"
ward_stop
expect "with systemd's StateDirectory, a state file is written" "it is not there" test -s "$SAVED"
lab_end
