#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch-arm64.sh PACKAGE...: arm64 packages, unpacked side by side into one sysroot.
#
# Prints the sysroot's directory in the cache. Dependencies are not followed: name every package
# that is needed. Where the name has a version in it, PACKAGE:PATTERN is the dependency of PACKAGE that matches
# the extended regex.

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
	local deb package names=()

	arm64_refresh
	for package; do
		[[ $package != *:* ]] || package=$(arm64_depends "${package%%:*}" "${package#*:}")
		names+=("$package")
	done
	rm -rf "$part"
	arm64_download "$part" "${names[@]}"
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
