#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch-kernel.sh NAME: one of Debian's own arm64 kernels, to boot and to build modules for; or `san`, the
# kernel with sanitizers, `kcsan` or `clang`, which kunit.sh builds (and is asked to, where it has not yet).
# With --list: the names there are.
#
# Prints a directory that holds
#	vmlinuz		the kernel, as QEMU boots it
#	config		its configuration
#	release		what `uname -r` says there
#	headers/	a KDIR: make -C headers ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- M=...
#	tools/		where this machine's compiler does not do: programs for PATH (usr/bin) that do
#
# Nothing is installed. Once cached, a kernel is neither checked nor updated: remove its directory
# to get the newest one.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/apt-arm64.sh
source "$(dirname "$0")/apt-arm64.sh"
# shellcheck source=scripts/apt-tools.sh
source "$(dirname "$0")/apt-tools.sh"

table=$(sed '/^#/d' "$top/scripts/kernels")
known=$(awk '{ printf "%s ", $1 } END { print "san kcsan clang" }' <<<"$table")

(($# == 1)) || die "usage: fetch-kernel.sh NAME (one of: $known)"
name=$1
case $name in
--list)
	tr ' ' '\n' <<<"$known"
	exit
	;;
san | kcsan | clang)
	own=$top/build/kunit/$name
	[[ -e $own/vmlinuz ]] || "$top/scripts/kunit.sh" --"${name/%san/sanitizers}" --build >&2
	echo "$own"
	exit
	;;
esac
read -r _ suite meta tools < <(awk -v name="$name" '$1 == name' <<<"$table") ||
	die "unknown kernel '$name' (known: $known)"

kernel=$cache/kernels/$name
part=$cache/kernels/.$name.part

# The packages expect to be installed in / on a machine where arm64 is at home. Two edits make the
# unpacked tree work where it is, and for a cross build.
adapt_headers() {
	local headers=$1 arch

	# The absolute paths: relative, the cache may be moved. KBUILD_OUTPUT came with 7.x.
	# shellcheck disable=SC2016 # make expands it
	sed -i -e 's|^include /usr/src/|include $(dir $(lastword $(MAKEFILE_LIST)))../|' \
		-e 's|^KBUILD_OUTPUT *=.*|KBUILD_OUTPUT := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))|' \
		"$headers/Makefile"

	# 6.1 takes the cross compiler's name from variables of Debian's package build.
	if grep -q DEB_HOST_GNU_TYPE "$headers/.kernelvariables"; then
		arch=$(dpkg --print-architecture)
		sed -i "1i DEB_BUILD_ARCH = $arch\nDEB_HOST_ARCH = arm64\nDEB_HOST_GNU_TYPE = aarch64-linux-gnu" \
			"$headers/.kernelvariables"
	fi
}

# A program of the kernel's own is built for the suite's C library, and its modules for the suite's compiler.
use_tools() {
	local gcc root

	gcc=$(sed -nE 's/^CONFIG_CC_VERSION_TEXT=.*gcc-([0-9]+) .*/\1/p' "$1/config")
	[[ $gcc ]] || die "cannot tell which gcc built $name (see CONFIG_CC_VERSION_TEXT in $1/config)"
	root=$(tools_fetch "$tools-gcc$gcc" "$tools" "g++-$gcc-aarch64-linux-gnu" pahole)
	tools_adopt "$1/usr/lib" "$root"
	ln -sfn "$root" "$1/tools"
}

# The kernel itself: from 7.x on, the image's package only depends on the one that has it.
unpack_image() {
	local image=$1 release=$2 binary deb

	binary=$(arm64_find "$image" 'linux-binary-[0-9].*')
	arm64_download "$part/debs" "${binary:-$image}"
	deb=$(echo "$part/debs/${binary:-$image}"_*.deb)
	# Of the package only the kernel, which comes before 300 MB of modules: stop there,
	# so that dpkg-deb's complaint about the closed pipe means nothing.
	tar -C "$part" -x --transform 's|.*/|./|' --occurrence=1 \
		"./$([[ $binary ]] && echo "usr/lib/modules/$release/vmlinuz" || echo "boot/vmlinuz-$release")" \
		< <(dpkg-deb --fsys-tarfile "$deb" 2>/dev/null)
	mv "$part"/vmlinuz* "$part/.vmlinuz"
	mv "$part/.vmlinuz" "$part/vmlinuz"
}

fetch() {
	local image release version headers common kbuild deb

	arm64_refresh "$suite"
	image=$(arm64_depends "$meta" 'linux-image-[0-9].*')
	release=${image#linux-image-}
	version=$(grep -oE '^[0-9.]+' <<<"$name") || version=''
	[[ ! $version || $release == "$version".* ]] ||
		die "$meta of $suite is $release, not $version"
	headers=linux-headers-$release
	common=$(arm64_depends "$headers" 'linux-headers-.*-common(-rt)?')
	kbuild=$(arm64_depends "$headers" 'linux-kbuild-.*')

	rm -rf "$part"
	arm64_download "$part/debs" "$headers" "$common" "$kbuild:$(dpkg --print-architecture)"

	say "unpacking $release"
	for deb in "$part"/debs/*.deb; do
		dpkg-deb -x "$deb" "$part"
	done
	unpack_image "$image" "$release"
	echo "$release" >"$part/release"

	ln -s "usr/src/$headers" "$part/headers"
	adapt_headers "$part/headers"
	cp "$part/headers/.config" "$part/config"
	(cd "$part" && rm -rf debs boot lib usr/share)
	[[ $tools == host ]] || use_tools "$part"
	mv -T "$part" "$kernel"
}

# The link to the tools leads nowhere when the cache has moved.
usable() {
	[[ -d $kernel ]] && [[ $tools == host || -e $kernel/tools/usr/bin ]]
}

if ! usable; then
	lock_cache
	[[ -d $kernel ]] || fetch
	usable || use_tools "$kernel"
fi
echo "$kernel"
