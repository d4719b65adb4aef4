#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build-s2ctl.sh [arm64|host]: builds s2ctl, and prints where it is: as one static file for arm64, which
# every machine that is booted has as /bin/s2ctl, or for this machine.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

for=${1-arm64}
log=build/s2ctl/$for.log

sysroot=''
[[ $for != arm64 ]] || sysroot=$(scripts/fetch-arm64.sh libbpf-dev libelf-dev zlib1g-dev)
mkdir -p build/s2ctl
lock "build/s2ctl/.$for.lock"
make --no-print-directory --jobs="$(nproc)" -f userspace/s2ctl/build.mk FOR="$for" SYSROOT="$sysroot" \
	all-"$for" >"$log" 2>&1 || {
	cat "$log" >&2
	die "s2ctl does not build for $for"
}
echo "$top/build/s2ctl/$for/s2ctl"
