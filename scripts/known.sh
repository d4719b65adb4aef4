#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/known.sh FILE... -- COMMAND...
#
# Runs COMMAND, a program that does the same whenever it has the same words, the same FILEs and the same variables
# (TEST_*, those of sanitizers, and paths): it has no threads, no clock, and no chances but those of a fixed seed. If just
# this has passed on this machine, it is not run: what it printed then is printed again, and the file $CHECK_KNOWN gets a
# line of it. Without that variable everything is run. check.sh sets it for a whole check, but not with CHECK_ANEW=1, as in
# CI. What has failed since is not known any more.
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

mapfile -t libraries < <(ldd "${files[0]}" 2>/dev/null | grep -o '/[^ ]*')

# The file that says that just this has passed.
record() {
	local key

	key=$({
		printf '%s\n' "$@"
		env | grep -E '^((TEST|GTEST|ASAN|UBSAN)_[A-Z_]*|PATH|C(PLUS_INCLUDE_)?PATH)=' | LC_ALL=C sort
		sha256sum -- "${files[@]}" "${libraries[@]}"
	} | sha256sum) || die "cannot tell what ${files[*]} are"
	echo "$cache/passed/${key%% *}"
}

passed=$(record "$@")
if [[ ! ${CHECK_KNOWN-} ]]; then
	"$@" || { status=$? && rm -f "$passed" && exit "$status"; }
	exit
fi
if cat "$passed" 2>/dev/null; then
	touch --no-create "$passed"
	echo "$*" >>"$CHECK_KNOWN"
	exit
fi
mkdir -p "$cache/passed"
# Others do the same.
find "$cache/passed" -ignore_readdir_race -type f ! -name '.*' -mtime +30 -delete || true
said=$(mktemp -p "$cache/passed" .XXXXXX)
trap 'rm -f "$said"' EXIT
"$@" 2>&1 | tee "$said"
# Nobody has changed a file meanwhile.
[[ $(record "$@") != "$passed" ]] || mv "$said" "$passed"
