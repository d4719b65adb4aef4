#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-kcsan.sh: the kernel that looks for data races (kunit/kcsan.config). It runs the suite that uses two CPUs, and
# the end-to-end tests; no report is expected. Then `crowd` runs with a stage2.ko in which a race is planted, which must be
# reported: a detector that sleeps has nothing to report either.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

(($# == 0)) || die "usage: check-kcsan.sh"

passed=0 failed=0 skipped=0 status=0

# Runs one of the project's scripts, and adds up its last line.
sum_up() {
	local line

	"$@" | tee build/kcsan/last.log || status=1
	line=$(tail -n 1 build/kcsan/last.log)
	[[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]] || die "$1 came to no end"
	passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
}

mkdir -p build/kcsan
sum_up scripts/kunit.sh --kcsan engine
scripts/build-module.sh kcsan
sum_up scripts/check-e2e.sh --kernel kcsan

# Several vCPUs count here what they have filled of one region.
atomic='__atomic_fetch_add(&demand.bytes, bytes, __ATOMIC_RELAXED);' plain='demand.bytes = demand.bytes + bytes;'
copy=build/kcsan/planted
rm -rf "$copy"/{include,module,scripts}
mkdir -p "$copy"
cp -r include module scripts Kbuild VERSION "$copy"
sed -i "s/$atomic/$plain/" "$copy/module/guest/faults.cpp"
grep -qF "$plain" "$copy/module/guest/faults.cpp" || die "module/guest/faults.cpp has no more: $atomic"
"$copy/scripts/build-module.sh" kcsan "$("$top/scripts/fetch-kernel.sh" kcsan)"
scripts/check-e2e.sh --kernel kcsan --tests crowd --ko "$copy/build/modules/kcsan/stage2.ko" --label kcsan-planted \
	>build/kcsan/planted.log || true # it complains
reports=$(grep -acE 'BUG: KCSAN: data-race in .*\[stage2\]' build/e2e/kcsan-planted/console.log) || true
say "the planted race is reported $reports times"
if ((reports)); then
	echo 'ok - a planted race is reported'
	passed=$((passed + 1))
else
	echo 'not ok - a planted race is reported'
	failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && status == 0))
