#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fetch-tracers.sh: Debian's trace-cmd and bpftrace for arm64, with all that they depend on, in a folder of the cache,
# which it prints. They are a hundred megabytes, so a machine gets them as a folder that it shares (share-folders.sh),
# not as a part of what it boots from.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=scripts/apt-arm64.sh
source "$(dirname "$0")/apt-arm64.sh"

root=$cache/arm64-tracers
part=$cache/.arm64-tracers.part

fetch() {
	local deb link

	arm64_refresh
	rm -rf "$part"
	mkdir -p "$part/.debs/partial"
	say "fetching trace-cmd and bpftrace"
	arm64_apt get -qq -y -o Dir::Cache::archives="$part/.debs" --download-only --no-install-recommends \
		install trace-cmd bpftrace >&2 ||
		die "download failed (see above); nothing was changed, so simply try again"
	say "unpacking them"
	for deb in "$part"/.debs/*.deb; do
		dpkg-deb -x "$deb" "$part"
	done
	rm -rf "$part/.debs"
	relative_links "$part"
	mv -T "$part" "$root"
}

if [[ ! -d $root ]]; then
	lock_cache
	[[ -d $root ]] || fetch
fi
echo "$root"
