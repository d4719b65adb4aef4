#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/check-s2ctl.sh
#
# What reads a guest's tables outside the module: the tests of userspace/unit and a few thousand damaged
# dumps, under AddressSanitizer and UndefinedBehaviorSanitizer. One KTAP line a check.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"
# shellcheck source=scripts/ktap.sh
source scripts/ktap.sh

build_unit() {
	make --no-print-directory --jobs="$(nproc)" -f userspace/unit/host.mk >build/unit.log 2>&1 ||
		grep -E 'error|Error' build/unit.log
}

# What GoogleTest has to say about test $1 when it does not pass.
unit_test() {
	build/unit/tests --gtest_filter="$1" >build/unit.log 2>&1 || grep -v '^\[' build/unit.log
}

# "suite.test", one a line.
unit_tests() {
	build/unit/tests --gtest_list_tests | awk '/^[^ ]+\.$/ { suite = $1 } /^  / { print suite $1 }'
}

mkdir -p build
check "the tests of userspace are built without a warning" build_unit
while read -r test; do
	check "$test" unit_test "$test"
done < <(unit_tests)
check "3000 damaged dumps are refused, or agree with themselves" \
	build/unit/mutate 3000 userspace/unit/*.tables.bin
ktap_end
