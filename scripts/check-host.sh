#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/check-host.sh [FILTER]
#
# Runs the suites natively, under AddressSanitizer and UndefinedBehaviorSanitizer. FILTER is
# GoogleTest's: 'geometry.*', '*.refuses_*'. Leaves build/host/test.log.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

(($# <= 1)) || die "usage: check-host.sh [FILTER]"
cd "$top"
log=build/host/test.log

make --no-print-directory --jobs="$(nproc)" -f kunit/host.mk
status=0
build/host/tests --gtest_filter="${1-*}" >"$log" 2>&1 || status=$?

# A sanitizer ends the program: the test it ended has begun, and neither passed nor was skipped.
begun=$(grep -c '^\[ RUN  ' "$log" || true)
passed=$(grep -c '^\[       OK ' "$log" || true)
skipped=$(grep -c '^\[  SKIPPED .* ms)$' "$log" || true)
failed=$((begun - passed - skipped))

((begun > 0)) || say "no test matches '${1-*}'"
if ((status != 0 || failed > 0 || begun == 0)); then
	grep -v '^\[ RUN  \|^\[       OK \|^\[-----\|^\[=====' "$log" || true
	((failed > 0)) || failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
