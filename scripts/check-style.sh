#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-style.sh: every file says its licence, the C++ is clang-formatted, the C is clean under the
# kernel's own checkpatch.pl, scripts parse, and nothing includes what is above it. One KTAP line a check.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

files() {
	git ls-files --cached --others --exclude-standard -- "$@"
}

no_spdx() {
	# Licences are their own text, VERSION and two of debian/ have a form, README.txt is what a shell shows, stage2 is what a module said, corpus any bytes.
	files ':!LICENSES' ':!VERSION' ':!debian/changelog' ':!debian/source/format' ':!userspace/machine/README.txt' ':!userspace/s2ctl/golden/stage2' \
		':!*.json' ':!*.png' ':!*.svg' ':!*.bin' ':!kunit/fuzz/corpus' |
		xargs grep --files-without-match 'SPDX-License-Identifier:' || true
}

wrong_spdx() {
	files include/vmsa | xargs grep --files-without-match 'SPDX-License-Identifier: MIT OR Apache-2.0$'
	files module | xargs grep --files-without-match 'SPDX-License-Identifier: GPL-2.0-only'
	true
}

not_formatted() {
	files '*.hpp' '*.cpp' | xargs clang-format --dry-run
}

not_kernel_style() {
	local checkpatch=$1 file ignore headers

	# Their names may be spelt as they are.
	mapfile -t headers < <(files 'include/*.h')

	# Not patches, and not in a kernel tree, so there is more than one version to suit. kernel.h spells
	# an attribute as C++ does (BRACKET_SPACE, COMPLEX_MACRO). A list that is a macro calls one of its
	# arguments many times, with some that are not for it (MACRO_ARG_*).
	for file in $(files '*.c' '*.h'); do
		ignore=FILE_PATH_CHANGES,SPDX_LICENSE_TAG,BRACKET_SPACE,COMPLEX_MACRO
		ignore+=,LINUX_VERSION_CODE,CONSTANT_COMPARISON,MACRO_ARG_REUSE,MACRO_ARG_UNUSED
		# TRACE_EVENT is laid out as it is in the kernel, which checkpatch takes for C.
		[[ $file != include/trace/events/* ]] ||
			ignore+=,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT,SPACING
		# What is set before a BPF program is loaded must not be folded.
		[[ $file != *.bpf.c ]] || ignore+=,VOLATILE
		scripts/known.sh "$checkpatch" "${checkpatch%/*}"/{spelling.txt,const_structs.checkpatch} "$file" "${headers[@]}" -- \
			perl "$checkpatch" --no-tree --file --terse --no-summary --strict --max-line-length=100 \
			--ignore "$ignore" "$file"
	done
	true
}

bad_scripts() {
	local file

	for file in $(files 'scripts/*.sh' 'userspace/machine/board/*' .ci/run); do
		bash -n "$file"
	done
	# grep -q ends at the first match, which may kill the writer; with pipefail that counts as no match.
	files 'scripts/*.sh' .ci/run | xargs grep -nHE '(^|[^|])\|&? *([A-Z_]+=[^ ]* +)*grep( .*)? -[a-zA-Z]*q' || true
	for file in $(files userspace/machine/init userspace/machine/demo userspace/machine/run 'userspace/tests/e2e/*.sh'); do
		sh -n "$file"
	done
	# What make runs by its name.
	for file in $(grep -oP "^\t@?([A-Z_]+=('[^']*'|\S+) +)*\Kscripts/[\w.-]+" Makefile | sort -u); do
		[[ -x $file ]] || echo "$file: make cannot run it, it is not executable"
	done
}

# clang-format leaves comments as they are. What the audit is to say stands in one line, however long.
wide_comments() {
	files '*.hpp' '*.cpp' '*.h' '*.c' '*.S' ':!kunit/audit' | xargs perl -CSDA -ne '
		chomp;
		1 while s/\t+/" " x (8 * length($&) - length($`) % 8)/e;
		print "$ARGV:$.: ", length, " columns, more than 120\n" if length > 120 && m{^ *(//|/?\*) };
		close ARGV if eof'
}

long_files() {
	files '*.hpp' '*.cpp' '*.h' '*.c' '*.S' '*.sh' '*.py' | xargs wc -l |
		awk '$2 != "total" && $1 > 400 { print $2 ": " $1 " lines, more than 400" }'
}

source_tree=$(scripts/fetch-source.sh)
# shellcheck source=scripts/ktap.sh
source scripts/ktap.sh
check "every file names its licence" no_spdx
check "include/vmsa is MIT OR Apache-2.0, module is GPL-2.0-only" wrong_spdx
check "clang-format leaves the C++ as it is" not_formatted
check "checkpatch.pl has nothing to say about the C" not_kernel_style "$source_tree/scripts/checkpatch.pl"
check "shell scripts parse, and make can run what it calls" bad_scripts
check "no file includes one of a floor above it" scripts/check-floors.py
check "no comment is wider than 120 columns" wide_comments
check "no file is longer than 400 lines" long_files
ktap_end
