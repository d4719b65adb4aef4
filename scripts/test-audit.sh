#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tries the freestanding audit on planted breaches: each file in kunit/audit is compiled by gcc, and by clang
# with kCFI, and has to be refused for the reasons, and with the number of lines, its comments say:
#
#   // test: what this shows
#   // compilers: gcc or clang, where it is about one of them
#   // flags: what the compiler is given beside what all files get
#   // audit: what the audit is given
#   // expect: FUNCTION: reason (a pattern; one per line of the audit; none: it has to pass)
#   // expect gcc: the same, for one compiler
#   // exports: the symbols a kernel exports; the object is then audited as a module
#
# Prints KTAP, exits with 1 if a test failed.
set -euo pipefail
shopt -s inherit_errexit

top=$(realpath "$(dirname "$0")/..")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The comments named $2 in file $1.
comments() { sed -n "s|^// $2: *||p" "$1"; }

gcc=(aarch64-linux-gnu-g++-12)
clang=(clang++-19 --target=aarch64-linux-gnu -fsanitize=kcfi)

# Compiles $1 with $2 and prints how the audit disagrees with what the file expects: nothing, if it does not.
disagreements() {
	local source=$1 object options exports flags status=0 pattern objdump=aarch64-linux-gnu-objdump
	local -n compiler=$2
	object=$scratch/$(basename "$source" .cpp).o
	[ "$2" = gcc ] || objdump=llvm-objdump-19
	read -ra options <<<"--objdump $objdump $(comments "$source" audit)"
	read -ra exports <<<"$(comments "$source" exports)"
	read -ra flags <<<"$(comments "$source" flags)"

	if [ "${#exports[@]}" -gt 0 ]; then
		object=${object%.o}.ko
		printf '0x00000000\t%s\tvmlinux\tEXPORT_SYMBOL\t\n' "${exports[@]}" >"$scratch/exports"
		options+=(--symvers "$scratch/exports")
	fi
	"${compiler[@]}" -std=c++20 -O2 -ffreestanding -fno-exceptions -fno-rtti \
		-fno-threadsafe-statics -fno-use-cxa-atexit -fno-unwind-tables -fno-asynchronous-unwind-tables \
		-mno-outline-atomics "${flags[@]}" -c -o "$object" "$source"
	"$top/scripts/audit.py" "${options[@]}" "$object" >"$scratch/said" 2>&1 || status=$?

	{ comments "$source" expect; comments "$source" "expect $2"; } | sed "s|^|^$object: |" >"$scratch/expected"
	[ "$status" -eq "$([ -s "$scratch/expected" ] && echo 1 || echo 0)" ] || echo "exit status $status"
	while read -r pattern; do
		grep -q "$pattern" "$scratch/said" || echo "not said: $pattern"
	done <"$scratch/expected"
	{ grep -v -f "$scratch/expected" "$scratch/said" || true; } | sed 's|^|not expected: |'
}

files=("$top"/kunit/audit/*.cpp)
tests=()
for file in "${files[@]}"; do
	compilers=$(comments "$file" compilers)
	for name in ${compilers:-gcc clang}; do
		tests+=("$name $file")
	done
done
echo "KTAP version 1"
echo "1..${#tests[@]}"
failed=0
for i in "${!tests[@]}"; do
	name=${tests[i]%% *} file=${tests[i]#* }
	wrong=$(disagreements "$file" "$name")
	if [ -z "$wrong" ]; then
		verdict=ok
	else
		verdict="not ok" failed=$((failed + 1))
		sed 's/^/# /' <<<"$wrong"
	fi
	echo "$verdict $((i + 1)) $(comments "$file" test) ($name)"
done
echo "$((${#tests[@]} - failed)) passed, $failed failed, 0 skipped"
((!failed))
