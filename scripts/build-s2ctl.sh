#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build-s2ctl.sh: builds s2ctl as one static file for arm64, and prints where it is. Every machine that
# is booted has it as /bin/s2ctl.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

log=build/s2ctl/arm64.log

mkdir -p build/s2ctl
make --no-print-directory --jobs="$(nproc)" -f userspace/s2ctl/build.mk FOR=arm64 >"$log" 2>&1 || {
	cat "$log" >&2
	die "s2ctl does not build for arm64"
}
echo "$top/build/s2ctl/arm64/s2ctl"
