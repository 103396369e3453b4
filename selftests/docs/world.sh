# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The world in which the commands of the documents run: a mount and a network namespace of their
# own, with a bpffs, empty /run/sipward, /etc/sipward and /var/lib/sipward, a veth that is called
# eth0, and behind it, in a second namespace, the addresses of carriers and phones. Sourced by
# selftests/docs/run, in namespaces of its own.

SERVER=192.0.2.10
CARRIER=203.0.113.5
PHONE=198.51.100.23
SCANNER=198.51.100.66

world_up() {
	local far
	mount --make-rprivate / &&
	mount -t bpf bpf /sys/fs/bpf &&
	mount -t tmpfs tmpfs /run &&
	mount -t tmpfs tmpfs /mnt &&
	mkdir -p /mnt/upper /mnt/work &&
	mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc &&
	mkdir -p /etc/sipward || return
	unshare -n sleep 600 &
	FAR=$!
	far="nsenter -t $FAR -n"
	until [ "$(readlink "/proc/$FAR/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
	ip link add eth0 type veth peer name eth0 netns "$FAR" &&
	ip address add $SERVER/24 dev eth0 && ip link set eth0 up && ip link set lo up &&
	$far ip link set eth0 up &&
	$far ethtool -K eth0 gro on >/dev/null &&
	ip route add default via 192.0.2.1 &&
	$far ip address add 192.0.2.1/24 dev eth0 &&
	$far ip address add $CARRIER/32 dev eth0 && $far ip address add $PHONE/32 dev eth0 &&
	$far ip address add $SCANNER/32 dev eth0 &&
	$far ip route add $SERVER/32 dev eth0 src $SCANNER # where svmap comes from
}
