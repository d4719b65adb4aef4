#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# shell.sh KO KERNEL [CPU [EL2 [QEMU]]]: a machine with KO loaded and a shell on this terminal.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

ko=$1 kernel=$("$top/scripts/fetch-kernel.sh" "$2") cpu=${3-} el2=${4-} qemu=${5-}
out=$top/build/shell

[[ -t 0 ]] || die "a shell needs a terminal (make run shows a demonstration without one)"
rm -rf "$out"
mkdir -p "$out/root/root"
cp "$ko" "$out/root/stage2.ko"
cp "$top/userspace/machine/README.txt" "$out/root/README.txt"
cp "$top/userspace/machine/demo" "$out/root/root/demo"
"$top/scripts/build-userspace.sh" "$out/root"
"$top/scripts/initramfs.sh" "$out/initrd.gz" "$out/root"
exec "$top/scripts/boot.sh" --interactive --kernel "$kernel/vmlinuz" --initrd "$out/initrd.gz" \
	--cpu "$cpu" --el2 "$el2" --qemu "$qemu"
