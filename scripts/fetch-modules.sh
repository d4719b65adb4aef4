#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch-modules.sh KERNEL MODULE...: modules of one of Debian's arm64 kernels (fetch-kernel.sh has their names), with
# those that they depend on, as Debian's own package has them.
#
# Prints a folder in the cache with the modules, not compressed, and a file `order`: their names, each behind those it
# needs. Fails where the kernel has no such module; prints an empty order where all of them are built in.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/apt-arm64.sh
source "$(dirname "$0")/apt-arm64.sh"

(($# > 1)) || die "usage: fetch-modules.sh KERNEL MODULE..."
name=$1
shift
kernel=$("$top/scripts/fetch-kernel.sh" "$name")
[[ -e $kernel/release ]] || die "$name is no kernel of Debian's: it has no modules to fetch"
release=$(<"$kernel/release")
suite=$(awk -v name="$name" '$1 == name { print $2 }' "$top/scripts/kernels")
to=$kernel/modules.$(printf '%s\n' "$@" | tr '\n' '.')
part=$cache/kernels/.$name.modules.part

# MODULE...: paths in the package, each behind those it depends on. modules.dep is made where a package is installed,
# so what a module needs is read from the module itself.
needs() {
	modinfo --field depends "$1" | tr ',' '\n'
}

unpack() {
	case $1 in
	*.xz) xz -dc "$1" >"${1%.xz}" ;;
	*.zst) zstd -qdc "$1" >"${1%.zst}" ;;
	esac
}

# add MODULE: behind what it needs.
add() {
	local found need

	! grep -qx "$1.ko" "$part/order" || return 0
	found=$(find "$part/tree" \( -name "$1.ko*" -o -name "${1//_/-}.ko*" \) -print -quit)
	if [[ ! $found ]]; then
		grep -qs "/${1//_/[-_]}\.ko$" "$part/builtin" || die "the kernel $name has no module $1"
		return 0
	fi
	unpack "$found"
	found=${found%.xz} found=${found%.zst}
	while read -r need; do
		[[ ! $need ]] || add "$need"
	done < <(needs "$found")
	mv "$found" "$part/out/$1.ko"
	echo "$1.ko" >>"$part/order"
}

fetch() {
	local image binary deb module

	arm64_refresh "$suite"
	image=linux-image-$release
	rm -rf "$part"
	mkdir -p "$part/out" "$part/tree"
	: >"$part/order"
	binary=$(arm64_find "$image" 'linux-modules-[0-9].*')
	arm64_download "$part/debs" "${binary:-$image}"
	deb=$(echo "$part/debs/${binary:-$image}"_*.deb)
	say "unpacking modules of $release"
	# Folders that networks and file systems are in, and the list of what is built in: not 300 MB of drivers.
	dpkg-deb --fsys-tarfile "$deb" | tar -C "$part/tree" -x --wildcards '*/kernel/net/9p/*' '*/kernel/fs/9p/*' \
		'*/kernel/fs/netfs/*' '*/kernel/fs/fscache/*' '*/modules.builtin' 2>/dev/null || true
	find "$part/tree" -name modules.builtin -exec cat {} + >"$part/builtin"
	for module; do
		add "$module"
	done
	mv "$part/order" "$part/out/order"
	rm -rf "$to"
	mv -T "$part/out" "$to"
	rm -rf "$part"
}

if [[ ! -e $to/order ]]; then
	lock_cache
	[[ -e $to/order ]] || fetch "$@"
fi
echo "$to"
