#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: PREFIX=/usr/local DESTDIR= scripts/install-headers.sh
#
# Installs the library: its headers, the texts of its licences, and what pkg-config and CMake need to find
# it. It goes below DESTDIR/PREFIX, and says PREFIX of itself.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

version=$(<"$top/VERSION")
prefix=${PREFIX:-/usr/local}
target=${DESTDIR-}$prefix
package=$top/scripts/package

[[ $prefix == /* ]] || die "PREFIX=$prefix: has to be an absolute path, as in /usr/local"

# fill TEMPLATE TARGET
fill() {
	sed "s|@PREFIX@|$prefix|; s|@VERSION@|$version|" "$1" >"$2"
	chmod 644 "$2"
}

install -d "$target/include/vmsa" "$target/share/pkgconfig" "$target/share/cmake/vmsa" "$target/share/licenses/vmsa"
install -m 644 "$top"/include/vmsa/*.hpp "$target/include/vmsa"
install -m 644 "$top"/LICENSES/{MIT,Apache-2.0}.txt "$target/share/licenses/vmsa"
install -m 644 "$package/vmsa-config.cmake" "$target/share/cmake/vmsa"
fill "$package/vmsa.pc.in" "$target/share/pkgconfig/vmsa.pc"
fill "$package/vmsa-config-version.cmake.in" "$target/share/cmake/vmsa/vmsa-config-version.cmake"
say "installed in $target"
