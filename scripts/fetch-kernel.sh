#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch-kernel.sh NAME: one of Debian's own arm64 kernels, to boot and to build modules for; or `san`, the
# kernel with sanitizers, which kunit.sh builds (and is asked to, where it has not yet).
#
# Prints a directory that holds
#	vmlinuz		the kernel, as QEMU boots it
#	config		its configuration
#	release		what `uname -r` says there
#	headers/	a KDIR: make -C headers ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- M=...
#
# Nothing is installed. Once cached, a kernel is neither checked nor updated: remove its directory
# to get the newest one.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/apt-arm64.sh
source "$(dirname "$0")/apt-arm64.sh"

known="6.12 6.1 6.12-16k san"

(($# == 1)) || die "usage: fetch-kernel.sh NAME (one of: $known)"
name=$1
case $name in
6.12) meta=linux-image-6.12-arm64 ;;
6.12-16k) meta=linux-image-6.12-arm64-16k ;;
6.1) meta=linux-image-arm64 ;;
san)
	san=$top/build/kunit/san
	[[ -e $san/vmlinuz ]] || "$top/scripts/kunit.sh" --sanitizers --build >&2
	echo "$san"
	exit
	;;
*) die "unknown kernel '$name' (known: $known)" ;;
esac

kernel=$cache/kernels/$name
part=$cache/kernels/.$name.part

# The packages expect to be installed in / on a machine where arm64 is at home. Two edits make the
# unpacked tree work where it is, and for a cross build.
adapt_headers() {
	local headers=$1 arch

	# The one absolute path: relative, the cache may be moved.
	# shellcheck disable=SC2016 # make expands it
	sed -i 's|^include /usr/src/|include $(dir $(lastword $(MAKEFILE_LIST)))../|' \
		"$headers/Makefile"

	# 6.1 takes the cross compiler's name from variables of Debian's package build.
	if grep -q DEB_HOST_GNU_TYPE "$headers/.kernelvariables"; then
		arch=$(dpkg --print-architecture)
		sed -i "1i DEB_BUILD_ARCH = $arch\nDEB_HOST_ARCH = arm64\nDEB_HOST_GNU_TYPE = aarch64-linux-gnu" \
			"$headers/.kernelvariables"
	fi
}

fetch() {
	local image release headers common kbuild deb

	arm64_refresh
	image=$(arm64_depends "$meta" 'linux-image-[0-9].*')
	release=${image#linux-image-}
	[[ $release == "${name%-16k}".* ]] ||
		die "this machine's $meta is $release, not ${name%-16k} (Debian 12 has that one)"
	headers=linux-headers-$release
	common=$(arm64_depends "$headers" 'linux-headers-.*-common')
	kbuild=$(arm64_depends "$headers" 'linux-kbuild-.*')

	rm -rf "$part"
	arm64_download "$part/debs" "$image" "$headers" "$common" \
		"$kbuild:$(dpkg --print-architecture)"

	say "unpacking $release"
	for deb in "$part"/debs/linux-{headers,kbuild}-*.deb; do
		dpkg-deb -x "$deb" "$part"
	done

	# Of the image only /boot, which comes first: stop there and leave 300 MB of modules packed,
	# so that dpkg-deb's complaint about the closed pipe means nothing.
	tar -C "$part" -x --occurrence=1 "./boot/vmlinuz-$release" "./boot/config-$release" \
		< <(dpkg-deb --fsys-tarfile "$part"/debs/linux-image-*.deb 2>/dev/null)
	mv "$part/boot/vmlinuz-$release" "$part/vmlinuz"
	mv "$part/boot/config-$release" "$part/config"
	echo "$release" >"$part/release"

	ln -s "usr/src/$headers" "$part/headers"
	adapt_headers "$part/headers"
	(cd "$part" && rm -rf debs boot lib usr/share)
	mv -T "$part" "$kernel"
}

if [[ ! -d $kernel ]]; then
	lock_cache
	[[ -d $kernel ]] || fetch
fi
echo "$kernel"
