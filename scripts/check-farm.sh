#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-farm.sh: the farm finds what is wrong with a board, names it, waits for nothing for ever, and has the other
# boards' results all the same. farm/planted.yaml has the boards. One KTAP line a check.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"
out=build/farm/planted
report=build/farm/planted.out
mkdir -p build/farm

run_farm() {
	local status=0

	scripts/farm.sh --env scripts/farm/planted.yaml --tests 'map walk' --extra scripts/farm/planted.sh \
		--no-progress 45 >"$report" 2>"$report.err" || status=$?
	((status == 1)) || echo "its exit status is $status"
	grep -qx "86 passed, 6 failed, 52 skipped" <(tail -n 1 "$report") || tail -n 1 "$report"
}

# came_to BOARD COUNTS [FAILURE...]: what the farm says of a board, and what pytest and JUnit have. A FAILURE is a
# pattern of the shell.
came_to() {
	local board=$1 counts=$2 failure n=0 line
	shift 2

	grep -qxF "$board: $counts" "$report" || grep "^$board:" "$report"
	while IFS= read -r line; do
		failure=${1-}
		# shellcheck disable=SC2053 # it is a pattern
		[[ $failure && $line == $failure ]] || echo "it says: $line"
		n=$((n + 1))
		(($# == 0)) || shift
	done < <(sed -n "/^$board:/,/^[^ ]/{/^ /p}" "$report")
	(($# == 0)) || echo "it does not say: $1"
	grep -q "failures=\"$n\" skipped=\"$(sed -E 's/.* ([0-9]+) skipped/\1/' <<<"$counts")\"" "$out/$board/junit.xml" ||
		grep -o '<testsuite .*hostname' "$out/$board/junit.xml"
}

# KTAP of BOARD has the lines of $2 among its files' verdicts.
ktap_has() {
	diff <(printf '%s\n' "${@:2}") <(grep -E '^(not )?ok' "$out/$1/result.ktap")
}

results_for_lava() {
	local log=build/farm/lava.log

	{ cat "$out/fails/result.ktap"; echo 'stage2-exit: 1'; } >"$log"
	LAVA_TEST_CASE='echo' sh scripts/farm/lava/results.sh "$log" >"$log.out" || return
	grep -qx 'planted.2_a_fault_is_planted_here --result fail' "$log.out" || cat "$log.out"
	[[ $(grep -c -- '--result pass' "$log.out") == 20 ]] || cat "$log.out"
	[[ $(tail -n 1 "$log.out") == 'suite --result fail' ]] || cat "$log.out"
}

run_stand_in() {
	local last

	last=$(scripts/farm/stand-in.sh 'map walk' 2>&1 | tail -n 1)
	[[ $last == '20 passed, 0 failed, 0 skipped' ]] || echo "$last"
}

# shellcheck source=scripts/ktap.sh
source scripts/ktap.sh
fault='a fault is planted here'
check "a farm with faults ends with a failure, and says how many" run_farm
check "a sound board among them has all its results" came_to sound '23 passed, 0 failed, 1 skipped'
check "a test that fails is named, and so is a kernel that complains" \
	came_to fails '22 passed, 2 failed, 0 skipped' "*planted.sh::$fault*wanted: no fault*" "*planted.sh::came to its end*WARNING*"
check "a test that hangs is named, and the board goes on with the next file" \
	came_to hangs '21 passed, 1 failed, 2 skipped' "*planted.sh::$fault*planted ran, and for 45 s there was no progress*"
check "so is one in which the kernel panics" \
	came_to dies '20 passed, 1 failed, 3 skipped' "*planted.sh::a guest comes and goes:*planted ran, and for 45 s there was no progress*"
check "a board that does not boot is given up" \
	came_to mute '0 passed, 1 failed, 23 skipped' '*mute: it does not boot, and for 45 s there was no progress*'
check "a board that does not turn on is given up" \
	came_to no_start '0 passed, 1 failed, 23 skipped' '*no_start: *'
check "each board's KTAP is kept, as far as it came" ktap_has hangs 'ok 1 map' 'not ok 2 planted' 'ok 3 walk'
check "each board's console is kept" grep -qa 'Kernel panic - not syncing' "$out/mute/console_mute"
check "environments and LAVA's jobs name only what there is" scripts/farm/check_files.py build/farm/root
check "LAVA gets each result" results_for_lava
check "a board with a login, a serial line and SSH runs the suite" run_stand_in
ktap_end
