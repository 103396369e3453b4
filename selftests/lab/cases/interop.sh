# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A share of `make interop` that needs no servers but Debian 12's: twenty-three kinds of call through
# Kamailio as registrar and proxy, without sipward and with it.
export CALLS=2 POLICIES="pbx hard" CONDITIONS=${CONDITIONS:-calm flood killed}
exec bash "$(dirname "$0")/../../interop/cases/kamailio.sh"
