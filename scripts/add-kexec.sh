#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# add-kexec.sh ROOT: puts Debian's arm64 kexec (kexec-tools), with its loader and the libraries that it needs,
# into ROOT, a machine's root.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

(($# == 1)) || die "usage: add-kexec.sh ROOT"
root=$1
libraries=lib/aarch64-linux-gnu

# kexec also knows Xen's machines, by libraries that it does not start without.
sysroot=$("$top/scripts/fetch-arm64.sh" kexec-tools libc6 zlib1g 'kexec-tools:libxenmisc.*' \
	libxencall1 libxendevicemodel1 libxenevtchn1 libxenforeignmemory1 libxengnttab1 libxentoolcore1 libxentoollog1)

# add FILE WHERE: with the libraries that it names, and that these name.
add() {
	local library

	mkdir -p "$root/$2"
	cp -L "$1" "$root/$2/"
	while read -r library; do
		[[ -e $root/$libraries/$library ]] ||
			add "$(find "$sysroot"/{,usr/}$libraries -maxdepth 1 -name "$library" | head -n 1)" $libraries
	done < <(readelf --dynamic --wide "$1" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]$/\1/p')
}

add "$(find "$sysroot"/{,usr/}sbin -maxdepth 1 -name kexec 2>/dev/null | head -n 1)" sbin
cp -L "$sysroot/lib/ld-linux-aarch64.so.1" "$root/lib/"
