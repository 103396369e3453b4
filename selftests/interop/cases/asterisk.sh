# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Asterisk of Debian sid, a B2BUA: each call is two, and each request is challenged.
# shellcheck source=selftests/interop/interop.sh
. "$(dirname "$0")/../interop.sh"
"$INTEROP/fetch" asterisk >/dev/null || { echo "not ok asterisk - it cannot be had"; exit 1; }
interop_up
asterisk_start || die "Asterisk does not answer: $(tail -n 1 "$TMP/asterisk.log")"
# shellcheck disable=SC2086 # words
interop asterisk ${POLICIES-pbx interconnect hard}
lab_end
