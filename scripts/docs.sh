#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# docs.sh [--outputs]: builds the manual into build/docs/html, and holds it to what it says: its examples compile
# and run and print what the pages show, every test and file it names exists, every public name of the library is
# described, and Sphinx has no complaint. One KTAP line a check. With --outputs it runs the examples, and writes what they
# print into the pages.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"
out=build/docs

# What an example prints stands in the manual (inline.py).
run_examples() {
	local source name

	mkdir -p "$out/examples"
	for source in Documentation/examples/*.cpp; do
		name=$out/examples/$(basename "$source" .cpp)
		g++ -std=c++20 -Wall -Wextra -Werror -Iinclude -o "$name" "$source" || return
		"$name" >"$name.txt" || return
	done
}

# What the ports print stands there, too, without what each change of the library moves.
run_ports() {
	local port

	mkdir -p "$out/ports"
	for port in firmware boot_tables hypervisor kernel; do
		patiently 120 scripts/ports.sh "$port" | sed -E 's/\r//; s/(kernel is at 0xffffff80400)[0-9a-f]+/\1...../' >"$out/ports/$port.txt" || cat "$out/ports/$port.txt"
	done
}

# No port is larger than adopting.rst says.
large_ports() {
	local most port

	most=$(sed -nE 's/.*less than ([0-9]+) KiB at -Os.*/\1/p' Documentation/adopting.rst)
	[[ $most ]] || echo "adopting.rst does not say how large the ports are"
	for port in firmware boot_tables hypervisor kernel; do
		aarch64-linux-gnu-size -A "build/ports/$port.elf" | awk -v port="$port" -v most="$most" '
			$1 ~ /^\.(text|rodata)$/ { bytes += $2 }
			END { if (bytes > most * 1024) print port ": " bytes " bytes" }'
	done
}

# Every public name of the library has a comment, and every header is on a page or excluded in Doxyfile.
undescribed() {
	local header

	mkdir -p "$out/doxygen"
	doxygen Documentation/Doxyfile
	cat "$out/doxygen/undocumented"
	for header in include/vmsa/*.hpp; do
		grep -q "$header" Documentation/Doxyfile || [[ $header == */vmsa.hpp ]] ||
			grep -qxF ".. doxygenfile:: $(basename "$header")" Documentation/api/*.rst ||
			echo "$header is on no page of Documentation/api, and not excluded in Documentation/Doxyfile"
	done
}

# The texts of role $1, one a line.
quoted() {
	grep -ohE ":$1:\`[^\`]+\`" Documentation/*.rst | sed -E 's/^[^`]*`(.*)`$/\1/' | sort -u
}

unknown_tests() {
	local test

	while read -r test; do
		case $test in
		audit.*) [[ -f kunit/audit/${test#audit.}.cpp ]] ;;
		*.sh:\ *) grep -qF "it '${test#*: }'" "userspace/tests/e2e/${test%%:*}" ;;
		*.*) grep -qF "TEST(${test#*.})" "kunit/suites/${test%%.*}.cpp" ;;
		*) false ;;
		esac 2>/dev/null || echo "no such test: $test"
	done < <(quoted test)
}

unknown_files() {
	local file

	while read -r file; do
		compgen -G "$file" >/dev/null || echo "no such file: $file"
	done < <(
		quoted file
		grep -ohE '`[A-Za-z0-9_.-]+/[A-Za-z0-9_./-]*`' README.md CONTRIBUTING.md | tr -d '`' | grep -v '^guests/me\|^build/'
	)
}

# The jobs for other people's CI: the packages are known, and what they run is there.
ci_examples() {
	local ci=Documentation/examples/ci package job

	sh -n "$ci/kunit.sh"
	while read -r package; do
		grep -q "^$package " scripts/setup.sh || echo "setup.sh knows no package $package"
	done < <(sed -n '/apt-get .* install/,/[^\\]$/p' "$ci/kunit.sh" | sed 1d | grep -oE '[a-z][^ \\]+')
	for job in "$ci"/*.yml; do
		python3 -c 'import sys, yaml; yaml.safe_load(open(sys.argv[1]))' "$job"
		grep -q "sh /tmp/stage2/$ci/kunit.sh" "$job" || echo "$job does not run $ci/kunit.sh"
	done
}

# The text of a file without what is quoted from a terminal.
prose() {
	awk '
		/^```/ { quoted = !quoted }
		{ match($0, /^ */) }
		literal && NF && RLENGTH <= margin { literal = 0 }
		!quoted && !literal
		/::$/ && !/^ *\.\. / { literal = 1; margin = RLENGTH }' "$1"
}

# A version of Linux or QEMU that the manual names is one that a machine of the matrix has, or a part of check; so is a
# kernel, a QEMU or a CPU that it gives as a word.
untried_versions() {
	local known file version

	known=$(sed -nE 's/^ +(\* )?- ([0-9]+\.[0-9]+)[.+-].*/\2/p; s/^ +(\* )?- ([a-z0-9.-]+)$/\2/p' Documentation/matrix.rst
		sed -nE 's/^part .* (e2e|runs) ([^ ]+) ([^ ]+) .*/\2\n\3/p' scripts/check.sh
		echo clang # its kernel takes minutes to build, as testing.rst says: if you change it, run it
		echo kcsan) # so does this one
	for file in README.md Documentation/*.rst; do
		[[ $file != */matrix.rst ]] || continue
		while read -r version; do
			grep -qxF "$version" <<<"$known" ||
				echo "$file names $version, and neither Documentation/matrix.rst nor make check has tried it"
		done < <({
			# Kernels are of 5 to 7 here, QEMU of 7 to 11. Not another program's version, nor a figure.
			prose "$file" | grep -oP '(?<!bpftool )\b([5-9]|1[01])\.[0-9]{1,2}\b(?! MB| +[0-9-]| instructions)'
			grep -oP '(\b(KERNEL|QEMU|CPU)=|--(kernel|qemu|cpu) )\K[a-z0-9][a-z0-9.|-]*(?<![.|-])' "$file" | tr '|' '\n'
		} | sort -u)
	done
}

# The table of testing.rst has a row for each part of check, and no other.
parts_differ() {
	diff <(sed -nE 's/^part ([^ ]+) .*/\1/p' scripts/check.sh | sort) \
		<(sed -nE 's/^([a-z][^ ]*) {2,}``.*/\1/p' Documentation/testing.rst | sort)
}

# What boards.rst has a user type, but for apt, is what check-board.sh types.
untyped_lines() {
	# shellcheck disable=SC2016 # that is sed's $
	local whole='s/^[ \t]+//; :a; /\\$/ { N; s/\\\n[ \t]*//; ba }'

	diff <(sed -n '/^    [^ ]/p; /^        /p' Documentation/boards.rst | sed -E "$whole" | grep -vE '^(sudo apt|[-*]) ' | sort -u) \
		<(sed -n "/<<-'LINES'/,/^\tLINES/p" userspace/machine/board/*.sh | grep -v LINES | sed -E "$whole" | sort -u)
}

# Each way of scripts/boards was gone to the end, or the page says how far.
boards_failed() {
	local suite way

	while read -r suite way; do
		grep -qE "^   $suite,$way,(.*,\"[0-9]+ passed, 0 failed\",[-0-9]+|.*,(not tried|in part),.*)\$" Documentation/boards.inc ||
			echo "scripts/check-board.sh $suite $way: $(grep "^   $suite,$way," Documentation/boards.inc)"
	done < <(sed '/^#/d' scripts/boards)
}

if [[ ${1-} == --outputs ]]; then
	run_examples
	run_ports
	scripts/inline.py --refresh Documentation/*.rst
	exit
fi

# shellcheck source=scripts/ktap.sh
source scripts/ktap.sh
check "the examples compile and run" run_examples
check "the ports boot" run_ports
check "no port is larger than the manual says" large_ports
check "what the pages quote is what the files say, and what runs print (make outputs)" \
	scripts/inline.py Documentation/*.rst
check "every public name of the library is described" undescribed
check "every test the manual names exists" unknown_tests
check "every file the manual names exists" unknown_files
check "every planted fault the manual lists fits the sources" scripts/mutants.py --check
check "the jobs for other people's CI are whole" ci_examples
check "every kernel, QEMU and CPU the manual names is in the matrix, or in check" untried_versions
check "testing.rst has a row for each part of check" parts_differ
check "a test types every command of the manual, or scripts/manual.known says why not" scripts/manual.py
check "the board types what boards.rst says" untyped_lines
check "no board of the manual has a check that failed" boards_failed
check "Sphinx builds the manual without a warning" \
	sphinx-build -q -W --keep-going -n -b html -d "$out/doctrees" Documentation "$out/html"
ktap_end
say "see $out/html/index.html"
