#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench-host.sh: what the library's operations cost on this host, in instructions per descriptor (or
# per call), counted by callgrind. Prints a table with the bound of each and the limit it must keep: what
# Documentation/costs.rst says, and 2 % more. Writes build/bench/host.json. Fails when a limit is passed.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

out=build/bench
mkdir -p "$out"
rm -f "$out"/callgrind.*
g++ -std=c++20 -O3 -Wall -Wextra -Werror -Iinclude kunit/bench/host.cpp -o "$out/host"
say "counting, about ten seconds"
valgrind --tool=callgrind --collect-atstart=no --callgrind-out-file="$out/callgrind.out" \
	"$out/host" 2>"$out/valgrind.log" || { cat "$out/valgrind.log" >&2; die "the benchmark failed"; }

# Each dump names itself in its trigger, with the number to divide by.
{
	# The table of the page: a name between double backquotes, and behind what it is the count.
	sed -nE 's/^``([a-z0-9_]+)`` .* {2,}([0-9.,]+) +([0-9.,]+|-) .*/limit \1 \2/p' Documentation/costs.rst | tr -d ,
	grep -h -E '^(desc: Trigger: Client Request: |summary: |totals: )' "$out"/callgrind.out.*
} |
	awk -v json="$out/host.json" '
	$1 == "limit" { limit[$2] = $3 * 1.02; next }
	/^desc: Trigger/ {
		name = $5; count = $NF; bound = 0
		if (name == "bound") { bound = 1; name = $6 }
		next
	}
	/^(summary|totals):/ && count {
		if (bound) bounds[name] = $2 / count
		else { ours[name] = $2 / count; order[++n] = name }
		count = 0
	}
	END {
		printf "#    %-14s %10s %10s %10s\n", "operation", "ours", "bound", "limit"
		printf "{" > json
		for (i = 1; i <= n; i++) {
			o = order[i]
			over = !(o in limit) || ours[o] > limit[o]
			failed += over
			printf "%s %d %-14s %10.2f %10.2f %10.2f\n", (over ? "not ok" : "ok"), i, o, ours[o],
				bounds[o], limit[o]
			printf "%s\"%s\": {\"ours\": %.2f, \"bound\": %.2f}", (i > 1 ? ", " : ""), o, ours[o], bounds[o] > json
		}
		print "}" > json
		printf "%d passed, %d failed, 0 skipped\n", n - failed, failed
		exit failed || n != 20
	}'
