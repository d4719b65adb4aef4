#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/check-host.sh [FILTER]
#
# Runs the suites natively, with sanitizers (kunit/host.mk), and a million random operations, counted
# by the program that played them. FILTER is GoogleTest's: 'geometry.*', '*.refuses_*'. Only the suites it names are
# compiled then, with lines for a debugger; with a '*' in the place of their name it is all. The games are left
# out, unless it begins with 'games'. A failed game is played again, alone, by
# TEST_GAME=NUMBER scripts/check-host.sh 'games_...'. With a FILTER that begins with 'exhaust' it is every
# state of small worlds (kunit/exhaust), and with TEST_EFFORT=2 of larger ones; with 'interleave' every schedule of
# calls that meet (kunit/interleave), with 'threads' real threads (kunit/threads), with 'guest' parts of the module
# (kunit/guest), and with 'alike' the library optimized for speed beside the one for size (kunit/alike). Leaves build/host/*.log.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

(($# <= 1)) || die "usage: check-host.sh [FILTER]"
filter=${1-*}
cd "$top"
out=build/host

# Sets programs, and suites: those that a filter names are compiled alone, which takes seconds.
which_suites() {
	local all part
	mapfile -t all < <(sed -n '/^#ifdef/q; s/^X(\(.*\))$/\1/p' kunit/suites.def)
	suites=()
	while IFS= read -r -d: part; do
		# Without a dot a star may stand for more than a suite's name.
		[[ $part == *.* ]] || part=${part%%[*?]*}'*'
		for suite in "${all[@]}"; do
			# shellcheck disable=SC2053 # it is a pattern
			[[ $suite != ${part%%.*} ]] || suites+=("$suite")
		done
	done <<<"${filter%%-*}:"
	programs=(some)
	((${#suites[@]} <= ${#all[@]} / 4)) || programs=(tests)
}

suites=()
case $# in
0) programs=(tests guest games alike) ;;
*)
	case $filter in
	games* | alike* | guest* | exhaust* | interleave* | threads*) programs=("${filter%%[_.*]*}") ;;
	*) which_suites ;;
	esac
	;;
esac
logs=("${programs[@]/#/$out/}")
logs=("${logs[@]/%/.*.log}")
make --no-print-directory --jobs="$(nproc)" -f kunit/host.mk SUITES="${suites[*]}" "${programs[@]/#/$out/}"
# shellcheck disable=SC2086 # they are patterns
rm -f ${logs[*]}

# All of a program's tests, shared out among the CPUs. What threads do, one run does not tell of the next.
run() {
	local shards i jobs=() status=0 command=("$out/$1" --gtest_filter="$filter")

	[[ $1 == threads ]] || command=(scripts/known.sh "$out/$1" -- "${command[@]}")
	shards=$(nproc)
	for ((i = 0; i < shards; i++)); do
		GTEST_TOTAL_SHARDS=$shards GTEST_SHARD_INDEX=$i "${command[@]}" \
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

cat_logs() {
	# shellcheck disable=SC2086
	cat ${logs[*]}
}

# A sanitizer ends the program: the test it ended has begun, and neither passed nor was skipped.
count() {
	cat_logs | grep -c "$1" || true
}
begun=$(count '^\[ RUN  ')
passed=$(count '^\[       OK ')
skipped=$(count '^\[  SKIPPED .* ms)$')
failed=$((begun - passed - skipped))
played=$(cat_logs | awk '/ operations played$/ { n += $1 } END { print n + 0 }')

cat_logs | grep -E '^[^ ].*: [0-9]+ (states|races), ' || true
cat_logs | sed -nE 's/^\[       OK \] (.*) \(([0-9]+)([0-9]) ms\)$/# \1 took \2 hundredths of a second/p' |
	awk '$(NF - 4) >= 100' | sort -rn -k4,4 | head -n 5 || true
((begun > 0)) || say "no test matches '$filter'"
((played == 0)) || say "$played operations played"
if (($# == 0 && played < 1000000)); then
	say "fewer than 1000000 operations played"
	status=1
fi
if ((status != 0 || failed > 0 || begun == 0)); then
	cat_logs | grep -v '^\[ RUN  \|^\[       OK \|^\[-----\|^\[=====' || true
	((failed > 0)) || failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
