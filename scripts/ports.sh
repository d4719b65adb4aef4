#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ports.sh [PORT [CPU]]: builds the ports of Documentation/examples/ports, by the headers as they are installed
# (in build/ports/prefix), and boots one of them, or all, on CPU, which is any of QEMU's that has the exception level.
# PORT is firmware, boot_tables, hypervisor, kernel or all.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

(($# <= 2)) || die "usage: ports.sh [PORT [CPU]]"
ports=Documentation/examples/ports
out=$top/build/ports
port=${1:-all}
[[ $port == all || -f $ports/$port.cpp ]] ||
	die "no port is called '$port' (there are: $(cd $ports && echo *.cpp | sed 's/\.cpp//g'))"

run() {
	PKG_CONFIG_PATH=$out/prefix/share/pkgconfig make --no-print-directory --silent -C "$ports" OUT="$out" \
		CXX=aarch64-linux-gnu-g++-12 "$@"
}

# What two parts of check build, they build one after the other; headers that are the same stay as old as they are.
build() {
	lock "$out/lock"
	rm -rf "$out/new"
	PREFIX=$out/prefix DESTDIR=$out/new scripts/install-headers.sh 2>/dev/null
	if ! diff -rq "$out/new$out/prefix" "$out/prefix" >/dev/null 2>&1; then
		rm -rf "$out/prefix"
		mv "$out/new$out/prefix" "$out/prefix"
	fi
	rm -rf "$out/new"
	run --jobs=2 all
}

mkdir -p "$out"
(build)
case $port in
all)
	for port in firmware boot_tables hypervisor kernel; do
		echo "== $port"
		run "$port" CPU="${2-}"
	done
	;;
*) run "$port" CPU="${2-}" ;;
esac
