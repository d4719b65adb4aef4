#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-headers.sh: every header of the library compiles alone and without a warning, with each
# compiler, as C++20 and C++23, hosted and freestanding. One KTAP line for a compiler and a standard.
# And every misuse of kunit/misuse is refused in a few lines, the first of which say what it is that
# was wanted: the word in the file's "// Names:".

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

# A name that hides a local one is a trap. One that hides a global (r, w: access) is how g++ sees a
# parameter, so for it only locals count.
common=(-fsyntax-only -xc++ -Iinclude -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Werror)
gnu=(-Wshadow=local)
clang=(-Wshadow -Wno-pragma-once-outside-header)
freestanding=(-ffreestanding -fno-exceptions -fno-rtti)

passed=0 failed=0 skipped=0

# complaints COMPILER FLAGS...: about each header on its own.
complaints() {
	local header

	for header in include/vmsa/*.hpp; do
		"$@" "${common[@]}" - <<<"#include \"${header#include/}\"" 2>&1 || echo "in $header"
	done
}

# misunderstood COMPILER: what it says of a misuse that is of no help.
misunderstood() {
	local file wanted said

	for file in kunit/misuse/*.cpp; do
		wanted=$(sed -n 's,^// Names: ,,p' "$file")
		if said=$("$1" -std=c++20 "${freestanding[@]}" -fsyntax-only -Iinclude "$file" 2>&1); then
			echo "$file compiles"
		elif ! awk '/error:/ { n++ } n == 1' <<<"$said" | grep -qw "$wanted"; then
			echo "the first error of $file does not name $wanted:"
			echo "$said"
		elif ((${#said} > 5000)); then
			echo "$file takes ${#said} characters to say so"
		fi
	done
}

# try NAME COMPILER FLAGS...
try() {
	local name=$1 said number=$((passed + failed + skipped + 1))
	shift

	if ! command -v "$1" >/dev/null; then
		skipped=$((skipped + 1))
		echo "ok $number $name # SKIP $1 is not installed"
		return
	fi
	if [[ $2 == misuse ]]; then
		said=$(misunderstood "$1")
	else
		said=$(complaints "$@")
	fi
	if [[ $said ]]; then
		failed=$((failed + 1))
		echo "not ok $number $name"
		head -n 40 <<<"$said" | sed 's/^/# /'
	else
		passed=$((passed + 1))
		echo "ok $number $name"
	fi
}

echo "KTAP version 1"
for standard in c++20 c++23; do
	for compiler in g++-12 aarch64-linux-gnu-g++-12; do
		try "$compiler $standard" "$compiler" -std=$standard "${gnu[@]}"
		try "$compiler $standard freestanding" "$compiler" -std=$standard "${gnu[@]}" \
			"${freestanding[@]}"
	done
	try "clang++-19 $standard" clang++-19 -std=$standard "${clang[@]}"
	try "clang++-19 $standard freestanding for aarch64" clang++-19 --target=aarch64-linux-gnu \
		-std=$standard "${clang[@]}" "${freestanding[@]}"
done
for compiler in g++-12 clang++-19; do
	try "$compiler on misuse" "$compiler" misuse
done
echo "1..$((passed + failed + skipped))"
echo "$passed passed, $failed failed, $skipped skipped"
((!failed))
