#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build-deb.sh [--indep]: builds the source package and Debian's packages of it for this machine, as a build
# daemon does: from a tarball, in a folder of its own, without network. --indep: only those that are the same
# for all machines (stage2-dkms, libvmsa-dev). lintian has the last word. Prints where they are.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

case ${1-} in
'') what=full ;;
--indep) what=source,all ;;
*) die "unknown option '$1' (known: --indep)" ;;
esac
"$top/scripts/setup.sh" --deb
out=$top/build/deb
name=stage2-$(<"$top/VERSION")

lock "$top/build/.deb.lock"
rm -rf "$out"
mkdir -p "$out"
tar -C "$out" -xf "$("$top/scripts/dist.sh" "$out")"
rm "$out/$name.tar.xz"
DEB_BUILD_OPTIONS="parallel=$(nproc) nocheck"
export MAKEFLAGS="" DEB_BUILD_OPTIONS
(cd "$out/$name" && dpkg-buildpackage --build=$what --unsigned-source --unsigned-changes) >"$out/build.log" 2>&1 || {
	tail -n 40 "$out/build.log" >&2
	die "the packages do not build: see $out/build.log"
}
rm -r "${out:?}/$name"
lintian --fail-on error,warning "$out"/*.changes >&2 || die "lintian has complaints"
echo "$out"
