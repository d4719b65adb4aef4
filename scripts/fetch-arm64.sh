#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch-arm64.sh PACKAGE...: arm64 packages, unpacked side by side into one sysroot.
#
# Prints the sysroot's directory in the cache. Dependencies are not followed: name every package
# that is needed.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/apt-arm64.sh
source "$(dirname "$0")/apt-arm64.sh"

(($# > 0)) || die "usage: fetch-arm64.sh PACKAGE..."
sysroot=$cache/arm64
part=$cache/.arm64.part

# Sets `missing`. A package's stamp is written last: no stamp, not (wholly) there.
find_missing() {
	local package

	missing=()
	for package; do
		[[ -e $sysroot/.have/$package ]] || missing+=("$package")
	done
}

fetch() {
	local deb package

	arm64_refresh
	rm -rf "$part"
	arm64_download "$part" "$@"
	mkdir -p "$sysroot/.have"
	for deb in "$part"/*.deb; do
		dpkg-deb -x "$deb" "$sysroot"
	done
	for package; do
		touch "$sysroot/.have/$package"
	done
	rm -rf "$part"
}

find_missing "$@"
if ((${#missing[@]})); then
	lock_cache
	find_missing "$@"
	((${#missing[@]} == 0)) || fetch "${missing[@]}"
fi
echo "$sysroot"
