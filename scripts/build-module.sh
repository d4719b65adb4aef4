#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build-module.sh KERNEL [FOLDER]: builds stage2.ko for one of the kernels that fetch-kernel.sh knows, in
# build/modules/KERNEL, and prints where it is. FOLDER is another kernel's, and may be one that is configured,
# but not built: there stage2.ko is not held to what the kernel exports.
#
# Kbuild puts objects beside their sources. So that several kernels can be built for side by side,
# it is shown a folder of links to the sources instead of the sources.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

(($# == 1 || $# == 2)) || die "usage: build-module.sh KERNEL [FOLDER]"
kernel=${2:-$("$top/scripts/fetch-kernel.sh" "$1")}
exports=$kernel/headers/Module.symvers
if [[ ! -e $exports ]]; then
	exports=/dev/null
	export KBUILD_MODPOST_WARN=1
fi
shadow=$top/build/modules/$1

lock "$shadow/.lock"
# A source that went away must not be built again. What a build in the tree left there is no source: its objects
# would lie where this build's do.
find "$shadow" -type l -delete
cp -s "$top"/{Kbuild,VERSION} "$shadow"
while IFS= read -r folder; do
	mkdir -p "$shadow/$folder"
	find "$top/$folder" -maxdepth 1 -type f ! -name '*.o' ! -name '*.ko' ! -name '*.mod' ! -name '*.mod.c' \
		! -name '.*.cmd' ! -name '.tmp_*' -exec ln -st "$shadow/$folder" {} +
done < <(cd "$top" && find include module scripts -type d)

# make runs in a folder of this clone, of links to what is in the kernel's: only then are sources in the same place for the compiler
# in every clone, and ccache knows them.
headers=$(realpath "$kernel/headers")
if [[ $headers != "$top"/* ]]; then
	rm -rf "$shadow/.kernel"
	mkdir -p "$shadow/.kernel/headers"
	find "$headers" -mindepth 1 -maxdepth 1 -exec ln -st "$shadow/.kernel/headers" {} +
	# Debian's Makefile includes one of the folder beside it.
	find "$(dirname "$headers")" -mindepth 1 -maxdepth 1 ! -name headers -exec ln -st "$shadow/.kernel" {} +
	headers=$shadow/.kernel/headers
fi

# The compiler that built the kernel, or at least this machine's.
gcc=12 objdump=aarch64-linux-gnu-objdump
if [[ -e $kernel/tools ]]; then
	gcc=$(sed -nE 's/^CONFIG_CC_VERSION_TEXT=.*gcc-([0-9]+) .*/\1/p' "$kernel/config")
	PATH=$kernel/tools/usr/bin:$PATH
	# ccache has its names for compilers that are installed, and this one is not.
	if command -v ccache >/dev/null; then
		mkdir -p "$shadow/.ccache"
		for name in gcc g++; do
			ln -sfn "$(command -v ccache)" "$shadow/.ccache/aarch64-linux-gnu-$name-$gcc"
		done
		PATH=$shadow/.ccache:$PATH
	fi
fi

compiler=(CROSS_COMPILE=aarch64-linux-gnu- CC="aarch64-linux-gnu-gcc-$gcc")
if grep -q '^CONFIG_CC_IS_CLANG=y' "$kernel/config"; then
	compiler=(LLVM=-19) objdump=llvm-objdump-19
fi

if ! make -C "$headers" ARCH=arm64 "${compiler[@]}" M="$shadow" modules >"$shadow/build.log" 2>&1; then
	cat "$shadow/build.log" >&2
	die "stage2.ko does not build for $1"
fi
"$top/scripts/audit.py" --objdump "$objdump" --symvers "$exports" "$shadow/stage2.ko"
# A name of the kernel's that is gone reads as "no" where it chooses an instruction, and nothing else tells.
for state in 'pan, #(0x)?1' 'tco, #(0x)?0'; do
	"$objdump" -d "$shadow/module/engine/el2/vhe_enter.o" | grep -iE "msr\s+$state" >/dev/null ||
		die "built for $1, the world switch does not give PSTATE.${state%%,*} back to the kernel"
done
echo "$shadow/stage2.ko"
