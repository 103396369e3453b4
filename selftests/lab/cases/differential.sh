# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The differential test with Kamailio: it gets thousands of messages that sipward passes, writes
# what it reads in them to its log, and must read nothing that sipward missed or read differently.
# MESSAGES says how many are made; sipward's reading is the native one, of the same octets. They are
# the same ones each time, so that no landing hangs on chance; SEED=random draws others.
# shellcheck source=selftests/lab/lab.sh
. "$(dirname "$0")/../lab.sh"
KAMAILIO_CFG=$LAB/differential.cfg
lab_up

make -s -C "$ROOT" BUILD="${BUILD#"$ROOT"/}" differential-program >"$TMP/make.log" 2>&1 ||
	die "the differential test cannot be built: $(tail -n 1 "$TMP/make.log")"

seed=(-s "${SEED:-0}")
[ "${SEED:-}" != random ] || seed=()
# KAMAILIO_LOG tells it where Kamailio writes.
server env KAMAILIO_LOG="$TMP/kamailio.log" "$BUILD/san/differential/differential" \
	-p Kamailio "${seed[@]}" "${MESSAGES:-20000}" || FAILED=1
expect "Kamailio still runs" "it ended" alive "$KAMAILIO"
lab_end
