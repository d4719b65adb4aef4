#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# shell.sh KO KERNEL [CPU [EL2 [QEMU [SCRIPT]]]]: a machine with KO loaded and a shell on this terminal; or one that runs
# SCRIPT, and ends (then the folder is build/check-shell).
#
# build/shell/share is /share there, for both to read and write. trace-cmd and bpftrace are there, too. Both are
# folders of this machine that the other mounts (virtio-9p), so it boots no slower. A kernel without 9p has neither.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

ko=$1 name=$2 cpu=${3-} el2=${4-} qemu=${5-} script=${6-}
kernel=$("$top/scripts/fetch-kernel.sh" "$name")
out=$top/build/shell
[[ ! $script ]] || out=$top/build/check-shell
shares=()

# A program of /tracers, with its own loader and libraries.
wrap() {
	cat >"$out/root/bin/$1" <<-EOF
		#!/bin/sh
		lib=/tracers/usr/lib/aarch64-linux-gnu
		exec /tracers/lib/ld-linux-aarch64.so.1 --library-path \$lib:/tracers/lib/aarch64-linux-gnu /tracers/usr/bin/$1 "\$@"
	EOF
	chmod +x "$out/root/bin/$1"
}

share_folders() {
	local modules tracers

	mkdir -p "$out/share"
	modules=$("$top/scripts/fetch-modules.sh" "$name" 9p 9pnet_virtio) || {
		say "so there is no /share, and no trace-cmd"
		return
	}
	cp -R "$modules" "$out/root/modules"
	shares+=(--share "share=$out/share")
	tracers=$("$top/scripts/fetch-tracers.sh") || {
		say "so there is no trace-cmd"
		return
	}
	shares+=(--share "tracers=$tracers,readonly")
	mkdir -p "$out/root/bin"
	wrap trace-cmd
	wrap bpftrace
}

[[ -t 0 || $script ]] || die "a shell needs a terminal (make run shows a demonstration without one)"
# What is shared stays.
mkdir -p "$out"
find "$out" -mindepth 1 -maxdepth 1 ! -name share -exec rm -rf {} +
mkdir -p "$out/root/root"
cp "$ko" "$out/root/stage2.ko"
cp "$top/userspace/machine/README.txt" "$out/root/README.txt"
cp "$top/userspace/machine/demo" "$out/root/root/demo"
[[ ! $script ]] || cp "$script" "$out/root/main"
share_folders
"$top/scripts/build-userspace.sh" "$out/root"
"$top/scripts/initramfs.sh" "$out/initrd.cpio" "$out/root"
how=(--interactive)
# A serial line does not say how large the terminal at its other end is.
[[ $script ]] || read -r lines columns < <(stty size)
[[ ! ${columns-} ]] || how+=(--append "STAGE2_LINES=$lines STAGE2_COLUMNS=$columns")
[[ ! $script ]] || how=(--log "$out/console.log")
exec "$top/scripts/boot.sh" "${how[@]}" --kernel "$kernel/vmlinuz" --initrd "$out/initrd.cpio" \
	--cpu "$cpu" --el2 "$el2" --qemu "$qemu" "${shares[@]}"
