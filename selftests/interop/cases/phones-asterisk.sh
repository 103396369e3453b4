# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The same phones through Asterisk of Debian sid: TLS, WebSocket and IPv6 with another stack.
"$(dirname "$0")/../fetch" asterisk >/dev/null || { echo "not ok asterisk - it cannot be had"; exit 1; }
export PHONES_SERVER=asterisk
exec bash "$(dirname "$0")/phones.sh"
