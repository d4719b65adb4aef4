#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# suite.sh ROOT KO [TESTS [WITHOUT]]: the end-to-end suite, ready to run: into the folder ROOT, which is the root
# directory of a machine, or lies on a board (on_board runs it there), go the module KO, the programs, the toy
# guests, and the files of userspace/tests/e2e: those that are named ('guests run*'), but for some.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

(($# >= 2 && $# <= 4)) || die "usage: suite.sh ROOT KO [TESTS [WITHOUT]]"
root=$1 ko=$2 tests=${3:-*} without=${4-}
[[ -r $ko ]] || die "there is no $ko: scripts/build-module.sh builds one"

mkdir -p "$root/tests" "$root/bin" "$root/root"
cp "$("$top/scripts/fetch-arm64.sh" busybox-static)/bin/busybox" "$root/bin/"
cp "$top/scripts/restart-for-guests" "$root/bin/"
cp "$ko" "$root/stage2.ko"
cp "$top"/userspace/tests/e2e/{main,on_board,complaints,*lib.sh,agree.awk} "$top/userspace/machine/mounts" \
	"$top/userspace/guests/escape/escape.def" "$root/"
cp "$top/userspace/machine/demo" "$root/root/"
# What the manual has a reader type, manual.sh types; what it lists, others compare.
mkdir -p "$root/manual"
cp "$top"/scripts/manual.known "$top"/userspace/tests/e2e/sessions.awk "$top"/README.md "$top"/userspace/machine/README.txt \
	"$top"/Documentation/engines.rst "$root/manual/"
while read -r _ page; do
	[[ $page == README.* ]] || cp "$top/Documentation/$page" "$root/manual/"
done < <(grep -E '^\s*typed ' "$top/userspace/tests/e2e/manual.sh")
read -ra patterns <<<"$tests"
for pattern in "${patterns[@]}"; do
	# shellcheck disable=SC2206 # it is a pattern
	files=("$top"/userspace/tests/e2e/$pattern.sh)
	[[ -e ${files[0]} ]] || die "no test is called '$pattern'"
	cp "${files[@]}" "$root/tests/"
done
rm -f "$root"/tests/*lib.sh
for test in $without; do
	[[ -e $root/tests/$test.sh ]] || die "'$test', which is to be left out, is no test here, or is named twice"
	rm "$root/tests/$test.sh"
done
"$top/scripts/build-userspace.sh" "$root"
# As somebody makes one of his own: a copy of the example, elsewhere.
own=$(mktemp -d)
trap 'rm -rf "$own"' EXIT
cp "$top"/Documentation/examples/guest/* "$own/"
make --no-print-directory --silent -C "$top" -f userspace/guests/guests.mk DIR="$own" >&2
cp "$own"/*.elf "$root/guests/"
