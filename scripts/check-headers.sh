#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-headers.sh: the library's headers compile without a warning, with each compiler, as C++20 and C++23, hosted
# and freestanding. One KTAP line for a compiler and a standard. What a header needs, it includes: each compiles alone, too,
# with g++ and clang, and with no header of the standard library but those that a freestanding one has, nor of a C library.
# And every misuse of kunit/misuse is refused in a few lines, the first of which say what it is that
# was wanted: the word in the file's "// Names:". Of a function that is in its notes: the line itself says that none
# matches, and for a deleted overload beside it, that this is deleted, with g++ 12 and clang 19.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

# A name that hides a local one is a trap. One that hides a global (r, w: access) is how g++ sees a
# parameter, so for it only locals count.
out=build/headers
common=(-c -MMD -o "$out/it.o" -Iinclude -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Werror)
gnu=(-Wshadow=local)
clang=(-Wshadow -Wno-pragma-once-outside-header)
freestanding=(-ffreestanding -fno-exceptions -fno-rtti)

without_span= # headers to leave out, for want of <span>
passed=0 failed=0 skipped=0

# A file that includes each header, and one that includes all of them. ccache knows files, and what they include
# (-MMD), but not pipes.
rm -rf "$out"
mkdir -p "$out/alone"
for header in include/vmsa/*.hpp; do
	include="#include \"${header#include/}\""
	echo "$include" >"$out/alone/$(basename "$header" .hpp).cpp"
	echo "$include" >>"$out/all.cpp"
done

# complaints alone|together COMPILER FLAGS...
complaints() {
	local files=("$out/all.cpp") file
	[[ $1 == together ]] || files=("$out"/alone/*.cpp)
	shift

	for file in "${files[@]}"; do
		[[ $without_span && $file =~ /($without_span).cpp ]] && continue
		"$@" "${common[@]}" "$file" 2>&1 || echo "in $file"
	done
}

# What the manual says that freestanding code needs, alone in a folder: what these include of libstdc++'s
# own, without what that would have of a C library.
lone_headers() {
	local folder=$1 gnu config

	gnu=/usr/include/c++/12
	config=/usr/include/$(g++-12 -print-multiarch)/c++/12/bits/c++config.h
	rm -rf "$folder"
	mkdir -p "$folder/bits"
	ln -s "$gnu"/{bit,compare,concepts,cstddef,cstdint,initializer_list,type_traits,ext} "$folder/"
	ln -s "$gnu"/bits/* "$config" "$folder/bits/"
	touch "$folder/bits/os_defines.h" "$folder/bits/cpu_defines.h"
}

# misunderstood COMPILER: what it says of a misuse that is of no help.
misunderstood() {
	local file wanted said

	for file in kunit/misuse/*.cpp; do
		wanted=$(sed -n 's,^// Names: ,,p' "$file")
		if said=$("$1" -std=c++20 "${freestanding[@]}" -fsyntax-only -Iinclude "$file" 2>&1); then
			echo "$file compiles"
		elif ! grep -qw "$wanted" <<<"$(awk '/error:/ { n++ } n == 1' <<<"$said")"; then
			echo "the first error of $file does not name $wanted:"
			echo "$said"
		elif ((${#said} > 5000)); then
			echo "$file takes ${#said} characters to say so"
		fi
	done
}

# try NAME alone|together|misuse COMPILER FLAGS...
try() {
	local name=$1 said number=$((passed + failed + skipped + 1))
	shift

	if ! command -v "$2" >/dev/null; then
		skipped=$((skipped + 1))
		echo "ok $number $name # SKIP $2 is not installed"
		return
	fi
	if [[ $1 == misuse ]]; then
		said=$(misunderstood "$2")
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
try "g++-12 c++20, each alone" alone g++-12 -std=c++20 "${gnu[@]}"
try "clang++-19 c++20, each alone" alone clang++-19 -std=c++20 "${clang[@]}"
for standard in c++20 c++23; do
	for compiler in g++-12 aarch64-linux-gnu-g++-12; do
		try "$compiler $standard" together "$compiler" -std=$standard "${gnu[@]}"
		try "$compiler $standard freestanding" together "$compiler" -std=$standard "${gnu[@]}" \
			"${freestanding[@]}"
	done
	try "clang++-19 $standard" together clang++-19 -std=$standard "${clang[@]}"
	try "clang++-19 $standard freestanding for aarch64" together clang++-19 --target=aarch64-linux-gnu \
		-std=$standard "${clang[@]}" "${freestanding[@]}"
done
lone_headers "$out/lone"
without_span='image|static_tables'
try "clang++-19 for aarch64-none-elf, each alone with freestanding headers" alone clang++-19 \
	--target=aarch64-none-elf -std=c++20 "${clang[@]}" "${freestanding[@]}" -nostdinc++ -nostdlibinc \
	-isystem "$out/lone"
try "g++-12, each alone with freestanding headers" alone g++-12 -std=c++20 "${gnu[@]}" "${freestanding[@]}" -nostdinc \
	-isystem "$out/lone" -isystem "$(g++-12 -print-file-name=include)"
for compiler in g++-12 clang++-19; do
	try "$compiler on misuse" misuse "$compiler"
done
echo "1..$((passed + failed + skipped))"
echo "$passed passed, $failed failed, $skipped skipped"
((!failed))
