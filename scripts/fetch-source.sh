#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch-source.sh: Debian's Linux 6.12 source, for kunit.py and checkpatch.pl.
#
# Prints its directory in the cache. Nothing is installed, and nobody writes there: builds go
# elsewhere.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/apt-arm64.sh
source "$(dirname "$0")/apt-arm64.sh"

(($# == 0)) || die "usage: fetch-source.sh"
package=linux-source-6.12
tree=$cache/$package
part=$cache/.$package.part

fetch() {
	arm64_refresh
	rm -rf "$part"
	arm64_download "$part/deb" "$package"

	say "unpacking $package (1.5 GB)"
	dpkg-deb -x "$part"/deb/*.deb "$part"
	tar -C "$part" -xf "$part/usr/src/$package.tar.xz"
	mv -T "$part/$package" "$tree"
	rm -rf "$part"
}

if [[ ! -d $tree ]]; then
	lock_cache
	[[ -d $tree ]] || fetch
fi
echo "$tree"
