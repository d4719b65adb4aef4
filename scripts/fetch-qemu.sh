#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch-qemu.sh VERSION: qemu-system-aarch64 of that version, which a newer suite of Debian has. Prints a command. It
# and its libraries lie in the cache; nothing is installed. VERSION may be empty, or `host`: this machine's own.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/apt-arm64.sh
source "$(dirname "$0")/apt-arm64.sh"
# shellcheck source=scripts/apt-tools.sh
source "$(dirname "$0")/apt-tools.sh"

(($# == 1)) || die "usage: fetch-qemu.sh VERSION (host, 7.2, 10.0 or 11.1)"
case $1 in
'' | host)
	command -v qemu-system-aarch64 || die "this machine has no qemu-system-aarch64 (make setup installs it)"
	exit
	;;
7.2) suite=bookworm ;;
10.0) suite=trixie ;;
11.1) suite=trixie-backports ;;
*) die "unknown QEMU '$1' (known: host 7.2 10.0 11.1)" ;;
esac

version_of() {
	"$1" --version 2>/dev/null | sed -nE 's/^QEMU emulator version ([0-9]+\.[0-9]+).*/\1/p'
}

# Debian 12's own is that one.
if command -v qemu-system-aarch64 >/dev/null && [[ $(version_of qemu-system-aarch64) == "$1" ]]; then
	command -v qemu-system-aarch64
	exit
fi
command=$cache/tools/qemu-$1-$suite/usr/bin/qemu-system-aarch64
if [[ ! -x $command || $(version_of "$command") != "$1" ]]; then
	lock_cache
	[[ -x $command && $(version_of "$command") == "$1" ]] ||
		tools_fetch "qemu-$1-$suite" "$suite" qemu-system-arm >/dev/null
	[[ $(version_of "$command") == "$1" ]] ||
		die "what $suite has is QEMU '$(version_of "$command")', not $1, or does not run here"
fi
echo "$command"
