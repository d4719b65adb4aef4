#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A private view of Debian's archive that sees arm64 packages. Source it after lib.sh.
#
# It uses the host's own apt sources and keys, but keeps lists and configuration in the cache, so it
# needs no root, installs nothing, and the host's dpkg never learns that arm64 exists. Installing
# arm64 headers for real would make apt remove the host's own compiler.

apt_view=${cache:?source lib.sh first}/apt

arm64_apt() {
	local tool=$1

	shift
	"apt-$tool" -c "$apt_view/apt.conf" "$@"
}

# Call once before the other two: versions move with security updates and old ones disappear from
# the mirrors, so names are always resolved against today's lists.
arm64_refresh() {
	command -v apt-get >/dev/null ||
		die "apt-get is needed to fetch Debian's arm64 packages, and this system has none"
	mkdir -p "$apt_view/lists/partial" "$apt_view/archives/partial"

	# The build machine's architecture comes second, for the tools that run here (linux-kbuild).
	# No sandbox user: it could not write to a cache in somebody's home. No hooks: the host's
	# are about the host's own lists. The parsed lists are kept even where the host (a container)
	# does not keep its own: each call would parse them anew.
	cat >"$apt_view/apt.conf" <<-EOF
		APT::Architecture "arm64";
		#clear APT::Architectures;
		APT::Architectures { "arm64"; "$(dpkg --print-architecture)"; };
		APT::Sandbox::User "root";
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		Acquire::Languages "none";
		Dir::State::status "/dev/null";
		Dir::State::Lists "$apt_view/lists";
		Dir::Cache "$apt_view";
		Dir::Cache::pkgcache "pkgcache.bin";
		Dir::Cache::srcpkgcache "srcpkgcache.bin";
	EOF

	say "reading Debian's package lists"
	# A broken third-party source is no reason to stop; a package that is missing will be.
	arm64_apt get -qq update >&2 ||
		say "some package lists could not be read (see above); going on with the others"
}

# arm64_depends PACKAGE PATTERN: the one dependency of PACKAGE that matches the extended regex.
arm64_depends() {
	local found

	found=$(arm64_apt cache depends "$1" 2>/dev/null |
		sed -nE "s/^ [ |]Depends: ($2)(:[a-z0-9]+)?\$/\1/p" | head -n 1)
	[[ -n $found ]] ||
		die "the apt sources of this machine have no usable arm64 package '$1'" \
			"(Debian 12 has it, with its security updates enabled)"
	echo "$found"
}

# arm64_download DIR PACKAGE...: the .deb files, checked against the archive's signatures.
arm64_download() {
	local dir=$1

	shift
	mkdir -p "$dir"
	say "fetching $*"
	(cd "$dir" && arm64_apt get -q download "$@" >&2) ||
		die "download failed (see above); nothing was changed, so simply try again"
}
