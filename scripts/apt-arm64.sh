#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Private views of Debian's archive that see arm64 packages. Source it after lib.sh.
#
# A view uses the host's own apt sources and keys, but keeps lists and configuration in the cache, so it
# needs no root, installs nothing, and the host's dpkg never learns that arm64 exists. Installing
# arm64 headers for real would make apt remove the host's own compiler. There is a view of what the
# host itself sees, and one for each other suite that a script asks for.

apt_view=${cache:?source lib.sh first}/apt

arm64_apt() {
	local tool=$1

	shift
	"apt-$tool" -c "$apt_view/apt.conf" "$@"
}

# native_apt TOOL ARGUMENT...: the same view, for packages that run on this machine.
native_apt() {
	local tool=$1

	shift
	"apt-$tool" -c "$apt_view/native.conf" "$@"
}

# host_source PATTERN: address and options, for a line of sources.list, of the host's source of the
# suites that match the extended regex.
host_source() {
	local uri where option=''

	read -r uri where < <(apt-get indextargets --no-release-info \
		--format "\$(RELEASE) \$(REPO_URI) \$(SOURCESENTRY)" 'Created-By: Packages' |
		awk -v pattern="^($1)\$" '$1 ~ pattern { print $2, $3; exit }') || return
	# Sources of the one form say "Signed-By: FILE", those of the other "[signed-by=FILE]".
	where=$(grep -ioE '^[^#]*signed-by *[:=] *[^] ]+' "${where%:*}" | head -n 1)
	[[ ! $where ]] || option="[signed-by=${where##*[ =:]}] "
	echo "$option$uri"
}

# What a view of SUITE reads: the suite, what it adds to, and their security updates.
suite_sources() {
	local suite=$1 debian security

	debian=$(host_source '(oldoldstable|oldstable|stable|testing|bookworm|trixie|forky)') &&
		security=$(host_source '.*-security') ||
		die "this machine's apt sources lack Debian itself or its security updates, so there is no '$suite'"
	case $suite in
	# The one has none, the other's are over, and the archive does not have all of them any more.
	sid | bullseye) ;;
	*-backports) suite_sources "${suite%-backports}" ;;
	*) echo "deb $security $suite-security main" ;;
	esac
	echo "deb $debian $suite main"
}

# write_conf FILE ARCHITECTURE OTHER_ARCHITECTURES CACHE_PREFIX SUITE
# No sandbox user: it could not write to a cache in somebody's home. No hooks: the host's
# are about the host's own lists. The parsed lists are kept even where the host (a container)
# does not keep its own: each call would parse them anew.
write_conf() {
	cat >"$1" <<-EOF
		APT::Architecture "$2";
		#clear APT::Architectures;
		APT::Architectures { $3 };
		APT::Sandbox::User "root";
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		#clear DPkg::Pre-Invoke;
		#clear DPkg::Pre-Install-Pkgs;
		#clear DPkg::Post-Invoke;
		Acquire::Languages "none";
		Debug::NoLocking "1";
		Dir::State "$apt_view";
		Dir::State::status "/dev/null";
		Dir::State::Lists "$apt_view/lists";
		Dir::Cache "$apt_view";
		Dir::Cache::pkgcache "$4pkgcache.bin";
		Dir::Cache::srcpkgcache "$4srcpkgcache.bin";
	EOF
	[[ $5 == host ]] || cat >>"$1" <<-EOF
		Dir::Etc::SourceList "$apt_view/sources.list";
		Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null";
		Dir::Etc::PreferencesParts "/dev/null";
	EOF
	# Apt takes backports only where it is told to.
	[[ $5 != *-backports ]] || echo "APT::Default-Release \"$5\";" >>"$1"
}

# arm64_refresh [SUITE]: the view that the others use from here on, with today's lists. Versions
# move with security updates and old ones disappear from the mirrors, so names are always resolved anew.
arm64_refresh() {
	local suite=${1:-host} native

	command -v apt-get >/dev/null ||
		die "apt-get is needed to fetch Debian's arm64 packages, and this system has none"
	apt_view=$cache/apt
	[[ $suite == host ]] || apt_view+=/$suite
	mkdir -p "$apt_view/lists/partial" "$apt_view/archives/partial"

	# The build machine's architecture comes second, for the tools that run here (linux-kbuild).
	native=$(dpkg --print-architecture)
	write_conf "$apt_view/apt.conf" arm64 "\"arm64\"; \"$native\";" '' "$suite"
	write_conf "$apt_view/native.conf" "$native" "\"$native\";" native- "$suite"
	[[ $suite == host ]] || suite_sources "$suite" >"$apt_view/sources.list"

	say "reading Debian's package lists${1:+ of $suite}"
	# A broken third-party source is no reason to stop; a package that is missing will be.
	arm64_apt get -qq update >&2 ||
		say "some package lists could not be read (see above); going on with the others"
}

# arm64_find PACKAGE PATTERN: the one dependency of PACKAGE that matches the extended regex, and
# nothing where there is none.
arm64_find() {
	arm64_apt cache depends "$1" 2>/dev/null |
		sed -nE "s/^ [ |](Pre)?Depends: ($2)(:[a-z0-9]+)?\$/\2/p" | head -n 1
}

# The same, where there has to be one.
arm64_depends() {
	local found

	found=$(arm64_find "$@")
	[[ $found ]] ||
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
