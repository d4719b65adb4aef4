#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Programs of another Debian suite (a newer compiler, another QEMU) that run on this machine from a folder
# in the cache, with the C library they were built for. Source it after apt-arm64.sh.
#
# They are unpacked with all that they depend on, and told to take the loader and the libraries from there.
# That needs neither root nor a chroot, and nothing is installed.

tools_cache=${cache:?source lib.sh first}/tools

# tools_adopt FOLDER ROOT: programs in FOLDER get their loader and their libraries from ROOT.
tools_adopt() {
	local file loader libraries

	command -v patchelf >/dev/null ||
		die "patchelf is missing, which lets programs of another Debian suite run here (make setup installs it)"
	libraries=$(dirname "$2"/usr/lib/*/libc.so.6)
	while IFS= read -r -d '' file; do
		loader=$(patchelf --print-interpreter "$file" 2>/dev/null) || continue
		# One that was adopted before belonged to another root, or the cache has moved.
		loader=/lib${loader##*/lib}
		# RPATH, not RUNPATH: libraries find their own there, too.
		patchelf --set-interpreter "$2$loader" --force-rpath --set-rpath "$libraries" "$file" ||
			die "$file cannot be made to run here"
	done < <(find "$1" -type f -perm -u+x ! -name '*.so*' -print0)
}

# tools_fetch FOLDER SUITE PACKAGE...: packages of SUITE and what they depend on, in FOLDER of the cache. Hold
# the cache's lock. Prints the folder.
tools_fetch() {
	local root=$tools_cache/$1 suite=$2 part=$tools_cache/.$1.part deb link
	local have=$tools_cache/$1/.have

	shift 2
	if [[ ! -e $have || $(<"$have") != "$root $*" ]]; then
		arm64_refresh "$suite"
		rm -rf "$part" "$root"
		mkdir -p "$part/.debs/partial"
		say "fetching $* of $suite"
		native_apt get -qq -y -o Dir::Cache::archives="$part/.debs" --download-only --no-install-recommends \
			install "$@" >&2 ||
			die "download failed (see above); nothing was changed, so simply try again"

		# As on a merged /usr, which the packages of newer suites take for granted.
		for link in bin sbin lib lib64; do
			mkdir -p "$part/usr/$link"
			ln -s "usr/$link" "$part/$link"
		done
		say "unpacking them"
		for deb in "$part"/.debs/*.deb; do
			dpkg-deb --fsys-tarfile "$deb" | tar -C "$part" -x --keep-directory-symlink --no-same-owner
		done
		rm -rf "$part/.debs"
		relative_links "$part"
		mv -T "$part" "$root"
		tools_adopt "$root/usr" "$root"
		echo "$root $*" >"$have"
	fi
	echo "$root"
}
