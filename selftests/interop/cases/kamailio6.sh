# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Kamailio 6 of Debian 13 as registrar and record-routing proxy, with phones that are sipp.
# shellcheck source=selftests/interop/interop.sh
. "$(dirname "$0")/../interop.sh"
"$INTEROP/fetch" kamailio6 >/dev/null || { echo "not ok kamailio6 - it cannot be had"; exit 1; }
interop_up
kamailio6_start || die "Kamailio does not answer: $(tail -n 1 "$TMP/kamailio.log")"
# shellcheck disable=SC2086 # words
interop kamailio6 ${POLICIES-pbx interconnect hard}
lab_end
