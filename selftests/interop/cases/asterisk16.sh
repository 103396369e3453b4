# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Asterisk of Debian 11 with chan_sip, the stack before chan_pjsip, which many still run.
# shellcheck source=selftests/interop/interop.sh
. "$(dirname "$0")/../interop.sh"
"$INTEROP/fetch" asterisk16 >/dev/null || { echo "not ok asterisk16 - it cannot be had"; exit 1; }
interop_up
asterisk16_start || die "Asterisk does not answer: $(tail -n 1 "$TMP/asterisk.log")"
# shellcheck disable=SC2086 # words
interop asterisk16 ${POLICIES-pbx interconnect hard}
lab_end
