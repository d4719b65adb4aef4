#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/check-host.sh [FILTER]
#
# Runs the suites natively, with sanitizers (kunit/host.mk), and a million random operations, counted
# by the program that played them. FILTER is GoogleTest's: 'geometry.*', '*.refuses_*'; the games are
# left out then, unless it begins with 'games'. A failed game is played again, alone, by
# TEST_GAME=NUMBER scripts/check-host.sh 'games_...'. Leaves build/host/*.log.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

(($# <= 1)) || die "usage: check-host.sh [FILTER]"
filter=${1-*}
cd "$top"
out=build/host

case $# in
0) programs=(tests games) ;;
*) [[ $filter == games* ]] && programs=(games) || programs=(tests) ;;
esac
make --no-print-directory --jobs="$(nproc)" -f kunit/host.mk "${programs[@]/#/$out/}"
rm -f "$out"/*.log

# All of a program's tests, shared out among the CPUs.
run() {
	local shards i jobs=() status=0

	shards=$(nproc)
	for ((i = 0; i < shards; i++)); do
		GTEST_TOTAL_SHARDS=$shards GTEST_SHARD_INDEX=$i "$out/$1" --gtest_filter="$filter" \
			>"$out/$1.$i.log" 2>&1 &
		jobs+=($!)
	done
	for i in "${jobs[@]}"; do
		wait "$i" || status=$?
	done
	return "$status"
}

status=0
for program in "${programs[@]}"; do
	run "$program" || status=$?
done

# A sanitizer ends the program: the test it ended has begun, and neither passed nor was skipped.
count() {
	cat "$out"/*.log | grep -c "$1" || true
}
begun=$(count '^\[ RUN  ')
passed=$(count '^\[       OK ')
skipped=$(count '^\[  SKIPPED .* ms)$')
failed=$((begun - passed - skipped))
played=$(awk '/ operations played$/ { n += $1 } END { print n + 0 }' "$out"/*.log)

((begun > 0)) || say "no test matches '$filter'"
((played == 0)) || say "$played operations played"
if (($# == 0 && played < 1000000)); then
	say "fewer than 1000000 operations played"
	status=1
fi
if ((status != 0 || failed > 0 || begun == 0)); then
	cat "$out"/*.log | grep -v '^\[ RUN  \|^\[       OK \|^\[-----\|^\[=====' || true
	((failed > 0)) || failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
