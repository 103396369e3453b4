# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The kernels of the matrix: name, and the package that depends on its newest image. 6.1 is the
# oldest that sipward runs on, Debian 12's own.
kernels() {
	cat <<'TABLE'
6.1	linux-image-cloud-amd64
6.12	linux-image-6.12-cloud-amd64
TABLE
}

debian_sources() {
	local mirror=${DEBIAN_MIRROR:-http://deb.debian.org}
	echo "deb $mirror/debian bookworm main"
	echo "deb $mirror/debian-security bookworm-security main"
}

# shellcheck disable=SC2034 # for those who source this
KERNEL_MODULES="llc stp bridge veth tun sch_ingress cls_bpf inet_diag tcp_diag udp_diag"
KERNELS_CACHE=${KERNELS_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/sipward/kernels}

kernel_names() {
	kernels | cut -f 1 | paste -sd ' '
}

kernel_package() { # KERNEL
	kernels | awk -v kernel="$1" '$1 == kernel { print $2; found = 1 } END { exit !found }'
}
