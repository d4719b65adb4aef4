#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-tools.sh: what the library is outside of this project. vmsa-image makes the images and says
# the words that userspace/vmsa-image/golden has; tables built by the compiler are constants; an
# installation is found by pkg-config and by CMake, and the README's example compiles with it.
# And scripts/known.sh knows only what it has seen. One KTAP line a check.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

golden=userspace/vmsa-image/golden
tool=$top/build/vmsa-image/vmsa-image
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

build_tool() {
	make --no-print-directory --jobs="$(nproc)" -f userspace/vmsa-image/host.mk >"$scratch/build.log" 2>&1 ||
		cat "$scratch/build.log"
}

# What the tool makes of description $1, as the golden file has it: the registers, the rows as text
# and as JSON, and every table.
transcript() {
	local description=$golden/$1.map image=$scratch/$1.tables setup

	read -ra setup < <(grep -m 1 '^stage=' "$description")
	"$tool" make "$description" -o "$image"
	"$tool" print "$image" "${setup[@]}"
	"$tool" print --json "$image"
	od -A x -t x8 -w8 -v "$image" | sed \$d | grep -v ' 0000000000000000$'
}

same_as_golden() {
	transcript "$1" >"$scratch/$1.txt" || return
	diff <(sed 1d "$golden/$1.txt") "$scratch/$1.txt"
}

# Each description in complaints.txt is refused with the words that follow it.
complaints() {
	local line part=description

	: >"$scratch/bad.map"
	: >"$scratch/expected"
	while IFS= read -r line; do
		case $line in
		----) part=expected ;;
		====)
			(cd "$scratch" && "$tool" make bad.map -o bad.tables 2>said) && echo "not refused:" &&
				cat "$scratch/bad.map"
			diff "$scratch/expected" "$scratch/said"
			[[ ! -e $scratch/bad.tables ]] || echo "an image was written"
			part=description
			: >"$scratch/bad.map"
			: >"$scratch/expected"
			;;
		*)
			if [[ $part == description ]]; then
				echo "$line" >>"$scratch/bad.map"
			else
				echo "$line" >>"$scratch/expected"
			fi
			;;
		esac
	done < <(sed 1,2d "$golden/complaints.txt")
}

# refused WHY IMAGE WORD...: printing says WHY.
refused() {
	local why=$1
	shift

	"$tool" print "$@" >/dev/null 2>"$scratch/said" && echo "was printed: $*"
	grep -qF "$why" "$scratch/said" || cat "$scratch/said"
}

junk_is_no_image() {
	local setup=(stage=1 regime=el2 granule=4K bits=40 output_bits=40)

	head -c 4095 /dev/zero >"$scratch/odd"
	refused 'the size is not a multiple of 8 bytes' "$scratch/odd" "${setup[@]}" base=0
	: >"$scratch/empty"
	refused 'not an image' "$scratch/empty" "${setup[@]}" base=0
	# A size is the same however it is written.
	refused 'not an image' "$scratch/empty" "${setup[@]/4K/4k}" base=0
	refused 'not an image' "$scratch/empty" "${setup[@]/4K/0x1000}" base=0
	yes | head -c 65536 | tr '\ny' '\003\377' >"$scratch/junk"
	refused 'not an image' "$scratch/junk" "${setup[@]}" base=0
	"$tool" make "$golden/board.map" -o "$scratch/image" >/dev/null
	refused 'not an image' "$scratch/image" "${setup[@]}" base=0x40081000
	refused 'cannot be read' "$scratch/none" "${setup[@]}" base=0
	# The setup that lies beside it is another's, or gone.
	echo 'stage=2 granule=4K bits=40 bace=0' >"$scratch/image.setup"
	refused 'image.setup: unknown word' "$scratch/image"
	rm "$scratch/image.setup"
	refused 'image.setup: cannot be read' "$scratch/image"
}

# The manual has the grammar that the program has.
grammar_is_in_the_manual() {
	"$tool" --help | sed -n '/^A description has/,$p' | sed 's/^/    /; s/ *$//' >"$scratch/grammar"
	sed -n '/^    A description has/,$p' Documentation/vmsa-image.rst | diff - "$scratch/grammar"
}

# The object of Documentation/examples/outside/board.cpp holds 12 KiB in .rodata and not an
# instruction, initializer or relocation.
is_constant() {
	local object=$scratch/board.o symbols

	"$1" -std=c++20 -O2 -ffreestanding -fno-exceptions -fno-rtti -Iinclude -c -o "$object" \
		Documentation/examples/outside/board.cpp
	readelf --sections --wide "$object" |
		sed -nE 's/^ *\[ *[0-9]+\] +(\.(text|data|bss|init|ctors|rela)[^ ]*) +[^ ]+ +[^ ]+ +[^ ]+ +0*([1-9a-f][0-9a-f]*) .*/section \1 is not empty/p'
	# $d is how AArch64 marks data.
	symbols=$(nm --print-size "$object" | grep -v ' \$d$')
	[[ $symbols =~ ^0+\ 0*3000\ R\ board_tables$ ]] || echo "symbols: $symbols"
	grep -q '\.rodata\.board_tables ' <<<"$(readelf --sections --wide "$object")" || echo "no .rodata.board_tables"
}

# A map with an error has to end the compilation, and the words are about that.
is_refused() {
	sed 's|0x4000.0000}, 1 \* GiB|0x0900'"'"'0000}, 4 * KiB|' Documentation/examples/outside/board.cpp >"$scratch/bad.cpp"
	"$1" -std=c++20 -fsyntax-only -Iinclude "$scratch/bad.cpp" >"$scratch/said" 2>&1 && echo "compiled"
	grep -q 'this piece of the map is refused' "$scratch/said" &&
		grep -qE 'Errc::overlap' "$scratch/said" || cat "$scratch/said"
}

install_headers() {
	PREFIX=$1 DESTDIR=$2 scripts/install-headers.sh 2>/dev/null
}

with_pkg_config() {
	local flags

	read -ra flags < <(PKG_CONFIG_PATH=$scratch/prefix/share/pkgconfig pkg-config --cflags vmsa)
	[[ ${flags[0]} == "-I$scratch/prefix/include" ]] || echo "flags: ${flags[*]}"
	cp Documentation/examples/fifteen.cpp "$scratch"
	(cd "$scratch" && g++ -std=c++20 -Wall -Wextra -Wshadow -Werror "${flags[@]}" -o fifteen fifteen.cpp && ./fifteen)
}

with_cmake() {
	cp -R Documentation/examples "$scratch/examples"
	cmake -S "$scratch/examples/outside" -B "$scratch/cmake" -DCMAKE_PREFIX_PATH="$scratch/prefix" \
		>"$scratch/cmake.log" 2>&1 && cmake --build "$scratch/cmake" >>"$scratch/cmake.log" 2>&1 ||
		cat "$scratch/cmake.log"
	"$scratch/cmake/outside"
}

# What find_package(vmsa ASKED) finds of an installed version: one line each, INSTALLED ASKED yes|no.
versions_for_cmake() {
	local installed asked wanted

	while read -r installed asked wanted; do
		sed "s|@VERSION@|$installed|" scripts/package/vmsa-config-version.cmake.in >"$scratch/version.cmake"
		cat >"$scratch/ask.cmake" <<-END
			set(PACKAGE_FIND_VERSION $asked)
			include($scratch/version.cmake)
			message("\${PACKAGE_VERSION_COMPATIBLE}")
		END
		[[ $(cmake -P "$scratch/ask.cmake" 2>&1) == "$wanted" ]] || echo "$installed, asked for as $asked, should be $wanted"
	done <<-END
		0.1.0 0.1 TRUE
		0.1.5 0.1.2 TRUE
		0.1.0 0.1.1 FALSE
		0.2.0 0.1 FALSE
		1.2.0 1.2 TRUE
		1.5.3 1.2 TRUE
		1.10.0 1.9 TRUE
		1.2.0 1.5 FALSE
		2.0.0 1.2 FALSE
		1.0.0 0.9 FALSE
	END
}

# Both licences, whole, and a program that asks which version it was compiled with.
licences_and_version() {
	local name

	for name in MIT Apache-2.0; do
		cmp "LICENSES/$name.txt" "$scratch/prefix/share/licenses/vmsa/$name.txt"
	done
	cat >"$scratch/version.cpp" <<-'END'
		#include <cstdio>
		#include <vmsa/vmsa.hpp>
		#if VMSA_VERSION < VMSA_VERSION_OF(0, 1, 0)
		#error "too old"
		#endif
		static_assert(VMSA_VERSION_OF(1, 10, 0) > VMSA_VERSION_OF(1, 9, 999));
		int main() { puts(VMSA_VERSION_STRING); }
	END
	g++ -std=c++20 -Wall -Wextra -Werror -I"$scratch/prefix/include" -o "$scratch/version" "$scratch/version.cpp" &&
		"$scratch/version" | diff VERSION -
}

goes_to_destdir() {
	install_headers /usr "$scratch/stage"
	diff -r include/vmsa "$scratch/stage/usr/include/vmsa"
	grep -qx 'prefix=/usr' "$scratch/stage/usr/share/pkgconfig/vmsa.pc" || echo "vmsa.pc names the staging place"
	! grep -rl "$scratch" "$scratch/stage" || return
}

readme_shows_it() {
	sed -n '/^```cpp$/,/^```$/{/^```/!p}' README.md | diff - <(sed 1d Documentation/examples/fifteen.cpp)
	(($(grep -cv '^$' Documentation/examples/fifteen.cpp) <= 16)) || echo "more than fifteen lines"
}

# A program that says how often it has been run, and fails while there is a file that nobody knows of.
known_is_the_same() {
	local program=$scratch/program number=0

	cat >"$program" <<-end
		#!/bin/sh
		echo run >>$scratch/runs
		echo "run \$(wc -l <$scratch/runs)"
		! [ -e $scratch/fails ]
	end
	chmod +x "$program"
	echo one >"$scratch/input"
	# says WANTED WORD...: what it says this time, with words of its own.
	says() {
		local wanted=$1 said
		shift
		number=$((number + 1))
		said=$(STAGE2_CACHE=$scratch scripts/known.sh "$program" "$scratch/input" -- "$program" "$@") || said+=", failed"
		[[ $said == "$wanted" ]] || echo "call $number: wanted '$wanted', got '$said'"
	}
	(
		export CHECK_KNOWN=$scratch/known
		touch "$scratch/fails"
		says 'run 1, failed'
		says 'run 2, failed'
		rm "$scratch/fails"
		says 'run 3'
		says 'run 3'
		says 'run 4' word
		says 'run 3'
		TEST_GAME=7 says 'run 5'
		echo two >"$scratch/input"
		says 'run 6'
		echo one >"$scratch/input"
		says 'run 3'
		[[ $(wc -l <"$CHECK_KNOWN") == 3 ]] || echo "known are $(wc -l <"$CHECK_KNOWN") runs"
		CHECK_KNOWN='' says 'run 7'
		says 'run 3'
		# It has failed since.
		touch "$scratch/fails"
		CHECK_KNOWN='' says 'run 8, failed'
		says 'run 9, failed'
		rm "$scratch/fails"
		says 'run 10'
		echo '# another' >>"$program"
		says 'run 11'
	)
}

# shellcheck source=scripts/ktap.sh
source scripts/ktap.sh
check "vmsa-image is built without a warning" build_tool
for map in board guest kernel process; do
	check "vmsa-image makes and prints $map.map as its golden file has it" same_as_golden "$map"
done
check "vmsa-image says what is wrong with a description, and where" complaints
check "vmsa-image refuses what is no image" junk_is_no_image
check "the manual has vmsa-image's grammar" grammar_is_in_the_manual
for compiler in g++-12 clang++-19 aarch64-linux-gnu-g++-12; do
	check_with $compiler "tables built by $compiler are constants, and no code" is_constant $compiler
	check_with $compiler "a map with an error is refused by $compiler" is_refused $compiler
done
check "install-headers installs" install_headers "$scratch/prefix" ''
check_with pkg-config "the README's example compiles outside, with pkg-config" with_pkg_config
check_with cmake "the README's example compiles outside, with CMake" with_cmake
check "the licences are installed, and #if knows the version" licences_and_version
check_with cmake "find_package takes what is compatible, and nothing else" versions_for_cmake
check "install-headers respects DESTDIR" goes_to_destdir
check "the README shows Documentation/examples/fifteen.cpp" readme_shows_it
check "known.sh knows what has passed, with the same program, input, words and variables" known_is_the_same
ktap_end
