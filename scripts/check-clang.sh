#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-clang.sh: clang builds the module for a kernel with kCFI, BTI and shadow call stacks (LLVM=-19), and what
# it makes passes the audit. The kernel is configured, and not built, unless `make kunit-clang` has: what it
# does with the module is tested there, and by scripts/check-e2e.sh --kernel clang. One KTAP line a check.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

kernel=build/kunit/clang
ko=build/modules/clang-only/stage2.ko

builds() {
	[[ -e $kernel/Module.symvers ]] || scripts/kunit.sh --clang --prepare
	scripts/build-module.sh clang-only "$top/$kernel" >/dev/null
}

has_every_protection() {
	local option

	for option in CFI_CLANG SHADOW_CALL_STACK UNWIND_PATCH_PAC_INTO_SCS ARM64_BTI_KERNEL; do
		grep -qx "CONFIG_$option=y" "$kernel/.config" || echo "the kernel has no $option"
	done
	! grep -x 'CONFIG_CFI_PERMISSIVE=y' "$kernel/.config"
}

same_types() {
	local said

	said=$(scripts/kcfi.py "$ko") || echo "$said"
}

# Where the CPU cannot sign return addresses, the kernel makes a shadow call stack of the signing instructions:
# of those that unwind tables describe.
not_described() {
	local signing described

	signing=$(llvm-objdump-19 -d --no-show-raw-insn "$ko" | grep -c 'paciasp$')
	described=$(llvm-readelf-19 --relocations --wide "$ko" | awk '
		/^Relocation section/	{ here = /\.init\.eh_frame/ }
		here && /R_AARCH64/	{ n++ }
		END			{ print n + 0 }')
	((signing > 0 && described >= signing)) ||
		echo "of $signing functions that sign their return address $described are in the unwind tables"
}

# shellcheck source=scripts/ktap.sh
source scripts/ktap.sh
check "clang builds the module, and the audit has no complaint" builds
check "its kernel has kCFI, shadow call stacks and landing pads" has_every_protection
check "C calls C++ by the types that C++ gives its functions" same_types
check "the kernel finds in the unwind tables where return addresses are signed" not_described
ktap_end
