# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# `ip netns` and `ip -n` want / to be a mount point, which the root of a chroot is not: then the
# same command runs once more, in a mount namespace of its own, where it is one.
if ! mountpoint -q / && [ -z "${LAB_ROOTED:-}" ]; then
	root=$(mktemp -d) || exit 1
	export LAB_ROOTED=1
	# shellcheck disable=SC2016
	unshare --mount --propagation unchanged bash -c 'mount --rbind / "$1" && mount --make-rprivate "$1" &&
		cd "$1$2" && exec chroot "$1" bash -c "cd \"\$0\" && exec \"\$@\"" "${@:2}"' \
		bash "$root" "$PWD" "$(readlink -f "$0")" "$@"
	status=$?
	rmdir "$root"
	exit "$status"
fi
