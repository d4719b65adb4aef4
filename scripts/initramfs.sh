#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# initramfs.sh OUT.cpio[.gz] DIR: the machine's whole root file system. An emulated kernel takes a second to decompress it: .gz is
# for what goes over a network.
#
# Three layers, the later over the earlier: Debian's static busybox for arm64, userspace/machine/init as
# /init (and what it sources), and the files of DIR (stage2.ko and main, say). The same files always give the same bytes.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

(($# == 2)) || die "usage: initramfs.sh OUT.cpio[.gz] DIR"
[[ -d $2 ]] || die "no such directory: $2"
out=$(realpath -m "$1")
overlay=$2

sysroot=$("$top/scripts/fetch-arm64.sh" busybox-static)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir "$root/bin"
cp "$sysroot/bin/busybox" "$root/bin/"
cp "$top"/userspace/machine/{init,mounts} "$root/"
cp -R "$overlay/." "$root/"

# What differs from one host to the next: the umask, the times, the order of a directory.
chmod -R u=rwX,go=rX "$root"
chmod +x "$root/init"
find "$root" -exec touch --no-dereference --date=@0 {} +
mkdir -p "$(dirname "$out")"
(cd "$root" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
	cpio --null --create --format=newc --owner=0:0 --reproducible --quiet) |
	if [[ $out == *.gz ]]; then gzip -1n; else cat; fi >"$out"
