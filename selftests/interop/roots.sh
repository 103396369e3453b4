# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Servers that Debian 12 does not have: name, suite of Debian, packages. Each stands in a root of
# its own in the cache, outside of the source tree.
roots() {
	cat <<'TABLE'
asterisk	sid	asterisk
asterisk16	bullseye	asterisk
kamailio6	trixie	kamailio kamailio-tls-modules kamailio-websocket-modules
TABLE
}

DEBIAN_MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org}
ROOTS_CACHE=${ROOTS_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/sipward/roots}

root_names() {
	roots | cut -f 1 | paste -sd ' '
}

root_field() { # ROOT FIELD: 2 the suite, 3 the packages
	roots | awk -F '\t' -v root="$1" -v field="$2" '$1 == root { print $field; found = 1 }
		END { exit !found }'
}

# The version of its first package, as fetch wrote it down when the root was complete.
root_version() { # ROOT
	cat "$ROOTS_CACHE/$1/version" 2>/dev/null
}
