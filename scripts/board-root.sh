#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# board-root.sh SUITE: a board with Debian (bookworm, trixie, ...): a root file system for arm64 with the suite's
# kernel, what Documentation/boards.rst has a user install, and no more than it takes to try it.
#
# Prints a folder in the cache that holds
#	disk		the root, an ext4 image
#	vmlinuz, initrd	its kernel, and what mounts the disk as /dev/vda, unpacks /dev/vdb (a tar) into /work
#			and becomes /work/main
#	debs/		where packages are tried (scripts/boards), those of a second kernel
#	packages	what is installed, one a line
#	asked		what was asked for: another page makes another root
#
# Nothing of arm64 runs here. dpkg-deb unpacks, and what dpkg has to know is written down as it would; the
# packages are configured in a machine, on their own kernel.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/apt-arm64.sh
source "$(dirname "$0")/apt-arm64.sh"

(($# == 1)) || die "usage: board-root.sh SUITE (bullseye, bookworm, trixie or sid)"
suite=$1
board=$cache/boards/$suite
part=$cache/boards/.$suite.part
root=$part/root

ways=$(awk -v suite="$suite" '$1 == suite { print $2 }' "$top/scripts/boards")
[[ $ways ]] || die "unknown suite '$suite' (known: $(awk '/^[a-z]/ { print $1 }' "$top/scripts/boards" | uniq | xargs))"

# What the page has a user install, in the sections that match $1; not the packages that are ours.
told() {
	awk -v section="$1" '/^---/ { here = last ~ section } { last = $0 } here && sub("^ *sudo apt install ", "")' \
		"$top/Documentation/boards.rst" | tr ' ' '\n' | grep -v '^\./' | sort -u
}

# initramfs-tools is what makes no initrd when it is told not to (machine.sh). fakeroot: dpkg-buildpackage's.
packages=(linux-image-arm64 initramfs-tools)
for way in $ways; do
	# shellcheck disable=SC2207 # one word a package
	case $way in
	make) packages+=($(told '^(Build|Signatures)')) ;;
	dkms) packages+=($(told '^DKMS')) ;;
	packages) packages+=($(told .) debhelper fakeroot) ;;
	esac
done
second=cloud-arm64

# The status of a package that dpkg has unpacked but not configured, and its files.
note() {
	local deb=$1 info=$root/var/lib/dpkg/info control name architecture file

	control=$(mktemp -d)
	dpkg-deb -e "$deb" "$control"
	name=$(sed -n 's/^Package: //p' "$control/control")
	architecture=$(sed -n 's/^Architecture: //p' "$control/control")
	sed -e '/^$/d' -e '1a Status: install ok unpacked' "$control/control" >>"$root/var/lib/dpkg/status"
	echo >>"$root/var/lib/dpkg/status"
	! grep -qx 'Multi-Arch: same' "$control/control" || name+=:$architecture
	rm "$control/control"
	for file in "$control"/*; do
		[[ ! -e $file ]] || mv "$file" "$info/$name.${file##*/}"
	done
	rm -r "$control"
	dpkg-deb --fsys-tarfile "$deb" | tee >(tar -t | sed -e 's|^\./|/|; s|/$||; s|^$|/.|' >"$info/$name.list") |
		tar -C "$root" -x --keep-directory-symlink
}

unpack() {
	local deb link

	mkdir -p "$root"/usr/{bin,sbin,lib} "$root"/var/lib/dpkg/{info,updates,triggers}
	for link in bin sbin lib; do
		ln -s "usr/$link" "$root/$link"
	done
	: >"$root/var/lib/dpkg/status"
	: >"$root/var/lib/dpkg/available"
	for deb in "$part"/archives/*.deb; do
		note "$deb"
	done
	rm -r "$part/archives"
	# The packages' own first scripts, which would see to these, do not run.
	for file in passwd group; do
		[[ -e $root/etc/$file ]] || cp "$root/usr/share/base-passwd/$file.master" "$root/etc/$file"
	done
	echo board >"$root/etc/hostname"
	echo 127.0.0.1 localhost board >"$root/etc/hosts"
}

# The kernel, and an initrd with the drivers of a disk.
pack_kernel() {
	local release=$1 initrd=$part/overlay module name

	cp "$(ls "$root/boot/vmlinuz-$release" "$root/usr/lib/modules/$release/vmlinuz" 2>/dev/null | head -n 1)" \
		"$part/vmlinuz"
	mkdir -p "$initrd/modules"
	PATH=$PATH:/usr/sbin:/sbin
	depmod -b "$root" "$release"
	for module in virtio_mmio virtio_pci virtio_blk ext4; do
		modprobe -d "$root" -S "$release" --show-depends "$module"
	done | sed -n 's/^insmod //p' | awk '!seen[$1]++ { print $1 }' | while read -r module; do
		name=$(basename "$module" .xz)
		name=${name%.zst}
		case $module in
		*.xz) xz -dc "$module" ;;
		*.zst) zstd -dcq "$module" ;;
		*) cat "$module" ;;
		esac >"$initrd/modules/$name"
		echo "$name" >>"$initrd/order"
	done
	cp "$top/userspace/machine/board/initrd" "$initrd/init"
	"$top/scripts/initramfs.sh" "$part/initrd" "$initrd"
	rm -r "$initrd"
}

configure() {
	tar -C "$top/userspace/machine/board" -cf "$part/work.tar" --transform='s|^configure$|main|' configure machine.sh
	"$top/scripts/boot.sh" --kernel "$part/vmlinuz" --initrd "$part/initrd" --log "$part/configure.log" --cpu cortex-a76 \
		--disk "$part/disk" --disk "$part/work.tar" --smp "$(nproc)" --memory 2G --timeout 7200 >&2 ||
		die "the packages of $suite cannot be configured: see $part/configure.log"
	rm "$part/work.tar"
}

make_board() {
	local release required

	arm64_refresh "$suite"
	rm -rf "$part"
	mkdir -p "$part/archives/partial" "$part/debs"
	say "fetching what a board with $suite has"
	mapfile -t required < <(arm64_apt cache dumpavail | awk -v RS= \
		'/\nArchitecture: (arm64|all)\n/ && /\nPriority: required\n/ { print $2 }' | sort -u)
	arm64_apt get -qq -y -o Dir::Cache::archives="$part/archives" --download-only --no-install-recommends \
		install "${required[@]}" apt "${packages[@]}" >&2 ||
		die "download failed (see above); nothing was changed, so simply try again"
	if [[ $ways == *packages* ]]; then
		release=$(arm64_depends linux-image-$second 'linux-image-[0-9].*')
		arm64_download "$part/debs" linux-{image,headers}-$second "$release" "linux-headers-${release#linux-image-}"
	fi

	say "unpacking it"
	unpack
	release=$(basename "$root"/usr/lib/modules/*)
	pack_kernel "$release"
	dpkg-query --admindir="$root/var/lib/dpkg" --show --showformat='${Package}\n' | sort >"$part/packages"
	truncate -s 8G "$part/disk"
	PATH=$PATH:/sbin mke2fs -q -t ext4 -O ^has_journal -d "$root" "$part/disk"
	rm -r "$root"
	say "configuring it, in a machine: some minutes"
	configure
	echo "${packages[*]}" >"$part/asked"
	rm -rf "$board"
	mv -T "$part" "$board"
}

usable() {
	[[ -e $board/asked && $(<"$board/asked") == "${packages[*]}" ]]
}

if ! usable; then
	lock "$cache/boards/.$suite.lock" "waiting for another script to make this board"
	usable || make_board
fi
echo "$board"
