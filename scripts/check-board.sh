#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-board.sh [SUITE]: Documentation/boards.rst, tried on a board with Debian's SUITE (bookworm): an arm64
# root with its own kernel and compilers, in QEMU. Not a part of check: a compiler takes minutes there.
# One KTAP line a check.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

suite=${1:-bookworm}
board=$(scripts/board-root.sh "$suite")
out=build/board/$suite
mkdir -p "$out/work"
lock "$out/.lock"
scripts/dist.sh "$out/work" >/dev/null
cp -t "$out/work" userspace/board/machine.sh
cp userspace/board/check "$out/work/main"
mkdir -p "$out/work/debs"
ln -sf "$(scripts/build-deb.sh --indep)"/*.deb "$board"/debs/*.deb "$out/work/debs"
tar -C "$out/work" --dereference -cf "$out/work.tar" .
# What happens there leaves no trace in the cache.
cp --sparse=always "$board/disk" "$out/disk"
status=0
scripts/boot.sh --kernel "$board/vmlinuz" --initrd "$board/initrd" --log "$out/console.log" \
	--disk "$out/disk" --disk "$out/work.tar" --smp "$(nproc)" --memory 3G --timeout 10800 >/dev/null || status=$?
grep -aE '^(KTAP version 1|1\.\.[0-9]+|(not )?ok [0-9]+ .*|#.*|[0-9]+ passed, .*)$' "$out/console.log" || true
((status <= 1)) || die "the machine broke: see $out/console.log"
exit "$status"
