#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-package.sh: what a user gets and what he is told. One version everywhere; a tarball that is the same
# whoever makes it, and from which the module builds; and a line that says what to install or change for each
# kernel and compiler that will not do, whether make modules, make -C KDIR M=... or DKMS asks. One KTAP line a check.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
version=$(<VERSION)

one_version() {
	[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || echo "VERSION is '$version', not as in 1.2.3"
	# The newest release of CHANGELOG, and of the Debian package.
	diff <(echo "$version") <(grep -m 1 -oE '^[0-9.]+: ' CHANGELOG | tr -d ': ')
	[[ ! -d debian ]] || diff <(echo "$version") <(sed -nE '1s/^[^(]*\((.*)\).*/\1/p' debian/changelog)
	diff <(echo "$version") <(sed -nE 's/^#define VMSA_VERSION_STRING "(.*)"/\1/p' include/vmsa/version.hpp)
	diff <(echo "$version") <(sed -nE 's/^#define VMSA_VERSION_(MAJOR|MINOR|PATCH) ([0-9]+)/\2/p' include/vmsa/version.hpp | paste -sd .)
	[[ ! -e dkms.conf ]] || diff <(echo "PACKAGE_VERSION=\"$version\"") <(grep ^PACKAGE_VERSION= dkms.conf)
}

same_tarball() {
	scripts/dist.sh "$scratch/git" >/dev/null 2>&1 || return
	mkdir -p "$scratch/unpacked"
	tar -C "$scratch/unpacked" -xf "$scratch/git/stage2-$version.tar.xz" || return
	# It was built in, by somebody with another umask.
	touch "$scratch/unpacked/stage2-$version/module/main.o"
	mkdir "$scratch/unpacked/stage2-$version/build"
	(umask 077 && "$scratch/unpacked/stage2-$version/scripts/dist.sh" "$scratch/again") >/dev/null
	cmp "$scratch/git/stage2-$version.tar.xz" "$scratch/again/stage2-$version.tar.xz"
}

builds_from_tarball() {
	local module

	module=$("$scratch/unpacked/stage2-$version/scripts/build-module.sh" 6.12 2>"$scratch/log") ||
		{ cat "$scratch/log" && return; }
	diff <(echo "$version") <(PATH=$PATH:/sbin modinfo -F version "$module")
}

# plant: a kernel of our own to break, $kdir: that of 6.12, by links. It is never compiled for, so of include/config,
# which has a file for each option, only what is read.
plant() {
	local real
	real=$(realpath "$(scripts/fetch-kernel.sh 6.12)/headers")

	rm -rf "$scratch/src"
	kdir=$scratch/src/kdir
	config=$kdir/include/config/auto.conf
	mkdir -p "$kdir/include/config"
	ln -s "$(dirname "$real")"/* "$scratch/src"
	ln -s "$real"/{.[!.]*,*} "$kdir" 2>/dev/null || true # but for include
	ln -s "$real"/include/* "$kdir/include" 2>/dev/null || true # but for config
	cp "$real"/include/config/{auto.conf,kernel.release} "$kdir/include/config"
}

# configure EXPRESSION: a line of the configuration becomes another.
configure() {
	sed -i -E "$1" "$config"
}

# refused LINE MAKE_ARGUMENT...: make modules, or $goal, says one line, which contains LINE, and compiles nothing.
refused() {
	local line=$1 said count
	shift

	make "${goal:-modules}" KDIR="$kdir" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- "$@" >"$scratch/log" 2>&1 &&
		echo "was not refused"
	said=$(grep 'stage2: ' "$scratch/log") count=$(grep -c . <<<"$said") || true
	[[ $count == 1 && $said == *"$line"* ]] || cat "$scratch/log"
	! grep -E '^ *(CC|CXX|AS) |error:' "$scratch/log" || echo "began to compile"
}

no_headers() {
	kdir=/lib/modules/6.1.0-0-arm64/build
	refused "the headers of kernel 6.1.0-0-arm64 are missing ($kdir): apt install linux-headers-6.1.0-0-arm64"
	kdir=$scratch/nothing
	refused "KDIR=$kdir: no such folder"
}

no_kernel() {
	kdir=$scratch/folder
	mkdir "$kdir"
	refused "KDIR=$kdir is not a kernel's: it has no Makefile"
	touch "$kdir/Makefile"
	refused "KDIR=$kdir is not a kernel's: it has no include/config/auto.conf"
	touch "$kdir/Kconfig"
	refused "the kernel in KDIR=$kdir is not configured: make -C $kdir ARCH=arm64 defconfig modules_prepare"
}

not_prepared() {
	plant
	rm "$kdir/include/generated" && mkdir "$kdir/include/generated"
	refused "is configured, but not prepared for modules: make -C $kdir modules_prepare"
	plant
	rm "$kdir/scripts" && mkdir "$kdir/scripts"
	refused "has no scripts/mod/modpost: make -C $kdir modules_prepare"
}

# other_kernel LINE EXPRESSION: 6.12, were its configuration another.
other_kernel() {
	plant
	configure "$2"
	refused "$1"
}

too_old() {
	plant
	rm "$kdir/include/generated" && mkdir "$kdir/include/generated"
	echo '#define UTS_RELEASE "5.4.0-board"' >"$kdir/include/generated/utsrelease.h"
	refused "this kernel is 5.4.0-board, and stage2 needs 5.10 or newer"
}

# A compiler that is there without its C++ half.
no_cxx() {
	plant
	# The compiler itself: the cache in front of it goes by its own name.
	ln -s "$(type -ap aarch64-linux-gnu-gcc-12 | tail -n 1)" "$scratch/aarch64-linux-gnu-gcc-99"
	PATH=$scratch:$PATH refused "the C++ compiler aarch64-linux-gnu-g++-99, which goes with the kernel's \
aarch64-linux-gnu-gcc-99, is missing: apt install g++-12" CC=aarch64-linux-gnu-gcc-99
}

not_the_kernels_compiler() {
	plant
	printf 'no program' >"$scratch/aarch64-linux-gnu-gcc-97"
	chmod +x "$scratch/aarch64-linux-gnu-gcc-97"
	ln -s aarch64-linux-gnu-gcc-97 "$scratch/aarch64-linux-gnu-g++-97"
	PATH=$scratch:$PATH refused "does not run, or does not say its version" CC=aarch64-linux-gnu-gcc-97
	refused "the kernel's compiler aarch64-linux-gnu-gcc-98 is missing: apt install g++-12" CC=aarch64-linux-gnu-gcc-98
	refused "this kernel was built by gcc (aarch64-linux-gnu-gcc-12" CC=clang-19
	configure 's/^CONFIG_GCC_VERSION=.*/CONFIG_GCC_VERSION=140200/'
	refused "aarch64-linux-gnu-gcc-12 is version 12, and the kernel was built by 14: apt install g++-14, and \
make modules CC=aarch64-linux-gnu-gcc-14" CC=aarch64-linux-gnu-gcc-12
	configure 's/^CONFIG_CC_IS_GCC=y/CONFIG_CC_IS_CLANG=y/; s/^CONFIG_CLANG_VERSION=.*/CONFIG_CLANG_VERSION=190107/'
	refused "make modules LLVM=-19 (apt install clang-19 lld-19 llvm-19)"
}

no_python() {
	plant
	refused "python9 is missing, which audits what was compiled: apt install python3" PYTHON3=python9
}

no_compressor() {
	local goal=modules_install

	plant
	configure '/^CONFIG_MODULE_COMPRESS/d'
	echo 'CONFIG_MODULE_COMPRESS_XZ=y
CONFIG_MODULE_COMPRESS_ALL=y' >>"$config"
	refused "this kernel's modules are compressed, and xz99 is missing: apt install xz-utils" XZ=xz99 \
		INSTALL_MOD_PATH="$scratch/root"
}

# Who does not come by the Makefile (DKMS) is told the same.
told_by_kbuild() {
	plant
	configure '/^CONFIG_DEBUG_FS=/d'
	mkdir "$scratch/shadow"
	cp -rs "$top"/{Kbuild,VERSION,include,module,scripts} "$scratch/shadow"
	make -C "$kdir" M="$scratch/shadow" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- modules >"$scratch/log" 2>&1 &&
		echo "was not refused"
	(($(grep -c 'stage2: this kernel has no debugfs' "$scratch/log") == 1)) || cat "$scratch/log"
	make -C "$kdir" M="$scratch/shadow" ARCH=arm64 clean >"$scratch/log" 2>&1 || cat "$scratch/log"
}

# boot WORDS MODULE...: what the kernel and insmod say of each module, on a kernel with WORDS on its command line.
boot() {
	local words=$1 kernel module root=$scratch/root
	shift

	kernel=$(scripts/fetch-kernel.sh 6.12)
	rm -rf "$root"
	mkdir "$root"
	for module; do
		cp "$module" "$root/$(basename "$module")"
		echo "insmod /$(basename "$module") 2>&1"
	done >"$root/main"
	echo 'dmesg | grep -E "odule|stage2" | tail; true' >>"$root/main"
	scripts/initramfs.sh "$scratch/initrd" "$root" 2>/dev/null &&
		scripts/boot.sh --kernel "$kernel/vmlinuz" --initrd "$scratch/initrd" --append "$words" 2>&1
}

# A module of one's own key, on a kernel that does not know it. boards.rst has the words.
signature_is_enforced() {
	local module kernel

	kernel=$(scripts/fetch-kernel.sh 6.12)
	module=$(scripts/build-module.sh 6.12 2>/dev/null)
	cp "$module" "$scratch/unsigned.ko"
	cp "$module" "$scratch/signed.ko"
	openssl req -new -x509 -newkey rsa:2048 -nodes -days 36500 -subj '/CN=my modules/' \
		-addext extendedKeyUsage=codeSigning -outform DER -keyout "$scratch/key.priv" -out "$scratch/key.der" 2>/dev/null
	"$kernel/headers/scripts/sign-file" sha256 "$scratch/key.priv" "$scratch/key.der" "$scratch/signed.ko"
	boot module.sig_enforce=1 "$scratch"/{unsigned,signed}.ko >"$scratch/log"
	for words in 'Loading of unsigned module is rejected' 'Loading of module with unavailable key is rejected'; do
		grep -q "$words" "$scratch/log" || cat "$scratch/log"
	done
	(($(grep -c 'insmod: .*: Key was rejected by service' "$scratch/log") == 2)) || cat "$scratch/log"
}

debugfs_is_off() {
	boot debugfs=off "$scratch/unsigned.ko" >"$scratch/log"
	grep -q 'stage2: cannot make its folder in debugfs (-EPERM): boot without debugfs=off' "$scratch/log" &&
		grep -q 'insmod: .*: Operation not permitted' "$scratch/log" || cat "$scratch/log"
}

# The words of boards.rst, a cell of its table each, are those that are said.
manual_has_them() {
	local words said

	said=$(cat scripts/check-kernel.sh Makefile module/kernel/debugfs.c scripts/check-package.sh | tr -d '\n\t"\\')
	while IFS= read -r words; do
		[[ $said == *"$words"* ]] ||
			echo "nothing says: $words"
	done < <(sed -nE 's/^   \* - ``(.*)``$/\1/p' Documentation/boards.rst)
	# What a user installs is what this machine would ask for.
	scripts/setup.sh --list --board | while IFS= read -r words; do
		grep -qE "^ +sudo apt install .* ${words//+/\\+}( |\$)" Documentation/boards.rst || echo "not in boards.rst: $words"
	done
}

# shellcheck source=scripts/ktap.sh
source scripts/ktap.sh
check "there is one version" one_version
check "the tarball is the same from git and from itself" same_tarball
check "the module builds from the tarball" builds_from_tarball
check "refused: no headers" no_headers
check "refused: not a kernel's folder" no_kernel
check "refused: a kernel that is not prepared" not_prepared
check "refused: a 32-bit kernel" other_kernel "this kernel is a 32-bit one (CONFIG_ARM)" \
	's/^CONFIG_ARM64=y/CONFIG_ARM=y/'
check "refused: a kernel for another machine" other_kernel "is not for arm64" 's/^CONFIG_ARM64=y/CONFIG_X86=y/'
check "refused: a kernel without modules" other_kernel "it has to be built with CONFIG_MODULES=y" '/^CONFIG_MODULES=/d'
check "refused: a kernel without debugfs" other_kernel "it has to be built with CONFIG_DEBUG_FS=y" '/^CONFIG_DEBUG_FS=/d'
check "refused: a kernel that is too old" too_old
check "refused: no C++ compiler" no_cxx
check "refused: another compiler than the kernel's" not_the_kernels_compiler
check "refused: no python3" no_python
check "refused to be installed: nothing that compresses" no_compressor
check "refused by insmod: a module that is not signed, or by a key nobody knows" signature_is_enforced
check "refused by insmod: no debugfs" debugfs_is_off
check "boards.rst has the packages and the words" manual_has_them
check "Kbuild refuses, too, and cleans nevertheless" told_by_kbuild
ktap_end
