# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What process 1 of a board's root does first and last. Source it.

# finish STATUS: says it to boot.sh, and ends the machine.
finish() {
	echo "stage2-exit: $1"
	stty sane </dev/console
	cd /
	sync
	mount -o remount,ro / 2>/dev/null
	echo o >/proc/sysrq-trigger
	sleep 60
}

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL=C HOME=/root INITRD=No DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true
mount -t tmpfs tmpfs /run
ln -s /proc/self/fd /dev/fd
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing
