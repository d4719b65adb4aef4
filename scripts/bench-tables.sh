#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/bench-tables.sh
#
# What operations on tables cost, in instructions per page, block or call: the module's against those of
# KVM's own stage 2 code, in the same kernel on one CPU (kunit/suites/kvm_cost.cpp). CNTVCT_EL0 counts:
# QEMU lets it advance by one an instruction.
#
# Prints a table, and leaves build/bench/tables.json.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

out=$top/build/bench
mkdir -p "$out"

# Two boots of the same: what differs between them is not a cost.
for boot in 1 2; do
	say "counting, boot $boot of 2"
	STAGE2_COUNT=1 STAGE2_SUITES=kvm_cost "$top/scripts/kunit.sh" kvm_cost >"$out/tables.log" 2>&1 ||
		die "the suite failed: see $out/tables.log"
	while read -r name units ours kvm; do
		echo "$name $((units)) $((ours)) $((kvm))"
	done < <(sed -nE 's/.*: cost ([a-z0-9_]+):(( 0x[0-9a-f]+){3}).*/\1\2/p' "$top/build/kunit/plain/test.log") \
		>"$out/tables.$boot"
done
[[ -s $out/tables.1 ]] || die 'the suite counts nothing: is there a KVM at EL2?'

paste "$out"/tables.{1,2} | awk -v json="$out/tables.json" '
	BEGIN { printf "%-18s %10s %10s %8s\n", "instructions", "stage2", "KVM", "ratio" }
	{
		if ($3 - $7 > $3 / 50 || $7 - $3 > $3 / 50 || $4 - $8 > $4 / 50 || $8 - $4 > $4 / 50) {
			printf "%s varies: %d and %d, KVM %d and %d\n", $1, $3, $7, $4, $8 >"/dev/stderr"
			varies = 1
		}
		if ($4)
			printf "%-18s %10.1f %10.1f %8.3f\n", $1, $3 / $2, $4 / $2, $3 / $4
		else
			printf "%-18s %10.1f %10s\n", $1, $3 / $2, "-"
		text = text sprintf("%s\"%s\": {\"ours\": %.1f, \"kvm\": %.1f}", text ? ", " : "{", $1, $3 / $2, $4 / $2)
	}
	END { print text "}" >json; exit varies }'
say "see $out/tables.json"
