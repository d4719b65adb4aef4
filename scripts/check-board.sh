#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-board.sh [SUITE [WAY]]: Documentation/boards.rst, tried on a board with Debian's SUITE (bookworm): an arm64
# root with its own kernel and compilers, in QEMU, which goes all the ways that scripts/boards has for it, or one.
# Not a part of check: a compiler takes minutes there. KTAP, one line a check; and a way writes a line of
# Documentation/boards.inc, which is committed.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

suite=${1:-bookworm}
known=$(awk -v suite="$suite" '$1 == suite { print $2 }' scripts/boards)
[[ $known ]] || die "unknown suite '$suite' (known: $(awk '/^[a-z]/ { print $1 }' scripts/boards | uniq | xargs))"
if [[ ! ${2-} ]]; then
	status=0
	for way in $known; do
		scripts/check-board.sh "$suite" "$way" || status=$?
	done
	exit "$status"
fi
way=$2
grep -qx "$way" <<<"$known" || die "unknown way '$way' for $suite (known: $(xargs <<<"$known"))"

board=$(scripts/board-root.sh "$suite")
out=build/board/$suite/$way
lock "$out/.lock"
rm -rf "$out/work"
mkdir -p "$out/work/debs"
tar -C "$out/work" -xf "$(scripts/dist.sh "$out/work")"
rm "$out/work"/*.tar.xz
echo "$way" >"$out/work/way"
cp -t "$out/work" userspace/machine/board/*.sh
cp userspace/machine/board/check "$out/work/main"
if [[ $way == packages ]]; then
	ln -sf "$(scripts/build-deb.sh --indep)"/*.deb "$board"/debs/*.deb "$out/work/debs"
fi
tar -C "$out/work" --dereference -cf "$out/work.tar" .
# What happens there leaves no trace in the cache.
cp --sparse=always "$board/disk" "$out/disk"
status=0
scripts/boot.sh --kernel "$board/vmlinuz" --initrd "$board/initrd" --log "$out/console.log" --cpu cortex-a76 \
	--disk "$out/disk" --disk "$out/work.tar" --smp "$(nproc)" --memory 3G --timeout 10800 >/dev/null || status=$?
((status)) || rm "$out/disk"
grep -aE '^(KTAP version 1|1\.\.[0-9]+|(not )?ok [0-9]+ .*|#.*|[0-9]+ passed, .*)$' "$out/console.log" || true
((status <= 1)) || die "the machine broke: see $out/console.log"

what=$(sed -n 's/^# board: //p' "$out/console.log")
counts=$(sed -n 's/^\([0-9]* passed, [0-9]* failed\),.*/\1/p' "$out/console.log")
sed -i "s|^   $suite,$way,.*|   $suite,$way,$what,\"$counts\",$(date +%F)|" Documentation/boards.inc
exit "$status"
