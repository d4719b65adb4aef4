#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh KO KERNEL [CPU [EL2 [QEMU]]]: boots a machine that loads KO and runs userspace/machine/run. Shows the
# demonstration; keeps everything in build/run:
#
#   console.log   the whole serial console
#   maps.txt      the guest's merged ranges
#   tables.txt    every descriptor, decoded
#   report.html   the guest as a page for a browser (s2ctl render)

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

ko=$1 kernel=$("$top/scripts/fetch-kernel.sh" "$2") cpu=${3-} el2=${4-} qemu=${5-}
out=$top/build/run

rm -rf "$out"
mkdir -p "$out/root/root"
cp "$ko" "$out/root/stage2.ko"
cp "$top/userspace/machine/run" "$out/root/main"
cp "$top/userspace/machine/demo" "$out/root/root/demo"
"$top/scripts/build-userspace.sh" "$out/root"
"$top/scripts/initramfs.sh" "$out/initrd.cpio" "$out/root"

# The demonstration begins at init's first line. The kernel's own lines come before it, and have a
# time stamp.
say "booting Linux $(<"$kernel/release"), a few seconds"
"$top/scripts/boot.sh" --kernel "$kernel/vmlinuz" --initrd "$out/initrd.cpio" \
	--log "$out/console.log" --cpu "$cpu" --el2 "$el2" --qemu "$qemu" |
	awk -v out="$out" '
		/^@[a-z.]+ / { file = substr($1, 2); sub(/^@[a-z.]+ /, ""); print > (out "/" file); next }
		/Run \/init/ { shown = 1; next }
		shown && !/^\[ *[0-9]+\.[0-9]+\]/ && !/^stage2-exit/ { print; fflush() }'

# It comes over the console, and gzip knows when something got in between.
base64 --decode "$out/report.packed" 2>"$out/report.log" | gunzip >"$out/report.html" 2>>"$out/report.log" ||
	die "the machine's report did not arrive whole: see $out/report.packed"
rm "$out/report.packed" "$out/report.log"

say "done; see:"
for file in console.log maps.txt tables.txt report.html; do
	[[ -s $out/$file ]] || die "the machine did not write $out/$file"
	printf '  %-28s %6d lines\n' "build/run/$file" "$(wc -l <"$out/$file")" >&2
done
