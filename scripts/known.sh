#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/known.sh FILE... -- COMMAND...
#
# Runs COMMAND, a program that does the same whenever it has the same words, the same FILEs and the same variables
# TEST_* and GTEST_*: it has no threads, no clock, and no chances but those of a fixed seed. If just this has passed on
# this machine, it is not run: what it printed then is printed again, and the file $CHECK_KNOWN gets a line of it. Without
# that variable everything is run. check.sh sets it for a whole check, but not with CHECK_ANEW=1, as in CI.
#
# The first FILE is the program. The libraries that it loads count, too. What nobody has asked for in a month is forgotten.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

files=()
while (($#)) && [[ $1 != -- ]]; do
	files+=("$1")
	shift
done
((${#files[@]} && $# > 1)) || die "usage: known.sh FILE... -- COMMAND..."
shift
[[ ${CHECK_KNOWN-} ]] || exec "$@"

mapfile -t libraries < <(ldd "${files[0]}" 2>/dev/null | grep -o '/[^ ]*')
key=$({
	printf '%s\n' "$@"
	env | grep -E '^(TEST|GTEST)_' | LC_ALL=C sort || true
	cat "${files[@]}" "${libraries[@]}" | sha256sum
} | sha256sum)
passed=$cache/passed/${key%% *}

if [[ -e $passed ]]; then
	touch "$passed"
	echo "$*" >>"$CHECK_KNOWN"
	cat "$passed"
	exit
fi
mkdir -p "$cache/passed"
find "$cache/passed" -type f -mtime +30 -delete
said=$(mktemp -p "$cache/passed" .XXXXXX)
trap 'rm -f "$said"' EXIT
"$@" 2>&1 | tee "$said"
mv "$said" "$passed"
