# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Kamailio of Debian 12 as registrar and record-routing proxy, with phones that are sipp.
# shellcheck source=selftests/interop/interop.sh
. "$(dirname "$0")/../interop.sh"
interop_up
kamailio5_start || die "Kamailio does not answer: $(tail -n 1 "$TMP/kamailio.log")"
# shellcheck disable=SC2086 # words
interop kamailio5 ${POLICIES-pbx interconnect hard}
lab_end
