#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-kernel.sh KDIR [CC CXX PYTHON|modules_install]: says, in one line, why stage2.ko cannot be built for the
# kernel in KDIR, or not installed, and what to install or change; nothing when it can. The compilers are the words
# that make would use.
#
# The Makefile asks about the folder, Kbuild about the rest: so DKMS and make -C KDIR M=... get the same answer.
# For /bin/sh of any board.

kdir=$1
config=$kdir/include/config/auto.conf

refuse() {
	printf '%s\n' "$*"
	exit 0
}

set_to() {
	sed -n "s/^$1=//p" "$config" | tr -d '"'
}

# What it takes to install the program $1, where there is apt.
install() {
	if command -v apt-get >/dev/null; then
		echo "apt install $1"
	else
		echo "install $1"
	fi
}

# The folder.
release=${kdir#/lib/modules/}
release=${release%/build}
if [ ! -e "$kdir" ]; then
	case $kdir in
	/lib/modules/*/build)
		refuse "the headers of kernel $release are missing ($kdir): $(install "linux-headers-$release")," \
			"or give KDIR=, the folder in which this kernel was built"
		;;
	esac
	refuse "KDIR=$kdir: no such folder; it has to be where a kernel was built, or its headers are"
fi
[ -e "$kdir/Makefile" ] || refuse "KDIR=$kdir is not a kernel's: it has no Makefile"
[ -e "$config" ] || {
	[ ! -e "$kdir/Kconfig" ] || refuse "the kernel in KDIR=$kdir is not configured:" \
		"make -C $kdir ARCH=arm64 defconfig modules_prepare, or better the board's own configuration"
	refuse "KDIR=$kdir is not a kernel's: it has no include/config/auto.conf"
}

# The kernel.
if [ "$(set_to CONFIG_ARM)" = y ]; then
	refuse "this kernel is a 32-bit one (CONFIG_ARM), and stage2 needs arm64: install the board's 64-bit kernel" \
		"(Raspberry Pi: arm_64bit=1 in config.txt)"
fi
[ "$(set_to CONFIG_ARM64)" = y ] ||
	refuse "the kernel in $kdir is not for arm64: give KDIR= of one that is"
version=$(sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' "$kdir/include/generated/utsrelease.h" 2>/dev/null)
[ "$version" ] ||
	refuse "the kernel in $kdir is configured, but not prepared for modules: make -C $kdir modules_prepare"
major=${version%%.*} minor=${version#*.}
minor=${minor%%[!0-9]*}
[ "$major" -gt 5 ] || { [ "$major" -eq 5 ] && [ "$minor" -ge 10 ]; } ||
	refuse "this kernel is $version, and stage2 needs 5.10 or newer"
[ -x "$kdir/scripts/mod/modpost" ] ||
	refuse "$kdir has no scripts/mod/modpost: make -C $kdir modules_prepare"
[ "$(set_to CONFIG_MODULES)" = y ] ||
	refuse "this kernel takes no modules: it has to be built with CONFIG_MODULES=y"
[ "$(set_to CONFIG_DEBUG_FS)" = y ] ||
	refuse "this kernel has no debugfs, which is how stage2 is used: it has to be built with CONFIG_DEBUG_FS=y"
[ $# -gt 1 ] || exit 0

# compressed_by KIND PROGRAM PACKAGE: is there what compresses modules? From 6.12 on that is a choice apart.
compressed_by() {
	[ "$(set_to "CONFIG_MODULE_COMPRESS_$1")" = y ] || return 0
	[ "$(set_to CONFIG_MODULE_COMPRESS_ALL)" = y ] || [ "$major" -lt 6 ] ||
		{ [ "$major" -eq 6 ] && [ "$minor" -lt 12 ]; } || return 0
	command -v "$2" >/dev/null ||
		refuse "this kernel's modules are compressed, and $2 is missing: $(install "$3")"
}

if [ "$2" = modules_install ]; then
	compressed_by GZIP "${KGZIP:-gzip}" gzip
	compressed_by XZ "${XZ:-xz}" xz-utils
	compressed_by ZSTD "${ZSTD:-zstd}" zstd
	exit 0
fi

# The compilers. The first word that is no wrapper is the program.
program() {
	for word in $1; do
		case $word in
		*ccache | *distcc | *=*) ;;
		*) echo "$word" && return ;;
		esac
	done
}

cc=$(program "$2") cxx=$(program "$3") python=$4
built_by=$(set_to CONFIG_CC_VERSION_TEXT)
if [ "$(set_to CONFIG_CC_IS_CLANG)" = y ]; then
	wanted=$(($(set_to CONFIG_CLANG_VERSION) / 10000))
	case $cc in
	*clang*) ;;
	*) refuse "this kernel was built by clang ($built_by), and this is $cc:" \
		"make modules LLVM=-$wanted ($(install "clang-$wanted lld-$wanted llvm-$wanted"))" ;;
	esac
	name=clang-$wanted
else
	wanted=$(($(set_to CONFIG_GCC_VERSION) / 10000))
	case $cc in
	*clang*) refuse "this kernel was built by gcc ($built_by), and this is $cc: make modules without LLVM=" ;;
	esac
	name=g++-$wanted
fi
command -v "$cc" >/dev/null ||
	refuse "the kernel's compiler $cc is missing: $(install "$name")"
command -v "$cxx" >/dev/null ||
	refuse "the C++ compiler $cxx, which goes with the kernel's $cc, is missing: $(install "$name")"

# $1 -dumpversion, its first number. clang says 4 there, but for --version.
number() {
	case $1 in
	*clang*) "$1" --version | sed -n 's/.*clang version \([0-9]*\).*/\1/p' | head -n 1 ;;
	*) "$1" -dumpversion | sed 's/\..*//' ;;
	esac
}

have=$(number "$cc" 2>/dev/null) have_cxx=$(number "$cxx" 2>/dev/null)
[ "$have" ] && [ "$have_cxx" ] ||
	refuse "$cc or $cxx does not run, or does not say its version: $(install "$name")"
[ "$have" = "$have_cxx" ] ||
	refuse "$cc is version $have, and $cxx is version $have_cxx: the two have to be of one version ($(install "$name"))"
[ "$have" -ge "$wanted" ] ||
	refuse "$cc is version $have, and the kernel was built by $wanted: $(install "$name")," \
		"and make modules CC=$(echo "$cc" | sed "s/-[0-9]*\$//")-$wanted"
command -v "$python" >/dev/null ||
	refuse "$python is missing, which audits what was compiled: $(install python3)"
