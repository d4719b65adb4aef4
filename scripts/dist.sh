#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dist.sh [DIR]: makes stage2-VERSION.tar.xz in DIR (build), and prints where it is: of what git tracks, as it
# is in the tree now, or of the whole tree where there is no git (an unpacked tarball).
#
# The same files always make the same bytes. Their time is that of the last commit, or SOURCE_DATE_EPOCH;
# without git it is the time of VERSION, which a tarball carries on.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

out=$(realpath -m "${1:-$top/build}")
cd "$top"
name=stage2-$(<VERSION)

if [[ $(git rev-parse --show-toplevel 2>/dev/null) == "$top" ]]; then
	git diff --quiet HEAD || say "there are changes that are not committed; the tarball has them"
	files=$(git ls-files)
	time=$(git log -1 --format=%ct)
else
	# What `make clean` removes is not a source; nor is what a package's build leaves beside it.
	files=$(find . -mindepth 1 \( -path ./build -o -path ./.git -o -path ./.pc -o -name .tmp_versions \) -prune -o \
		! -type d ! -name '*.o' ! -name '*.ko' ! -name '*.mod' ! -name '*.mod.c' ! -name '.*.cmd' \
		! -name modules.order ! -name Module.symvers -printf '%P\n')
	time=$(stat -c %Y VERSION)
fi

mkdir -p "$out"
LC_ALL=C sort <<<"$files" | tar --create --no-recursion --verbatim-files-from --files-from=- --format=ustar \
	--owner=root:0 --group=root:0 --mode=u=rwX,go=rX --mtime="@${SOURCE_DATE_EPOCH:-$time}" \
	--transform="s|^|$name/|S" | xz -6 --threads=1 >"$out/.$name.part"
mv "$out/.$name.part" "$out/$name.tar.xz"
echo "$out/$name.tar.xz"
