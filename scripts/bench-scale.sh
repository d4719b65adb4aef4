#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/bench-scale.sh [--check | --renew]
#
# What an operation costs for a page of a small guest and of a large one, from 2 MiB to 64 GiB, in four formats:
# instructions of the library on this host, counted by callgrind (kunit/bench/scale.cpp). A page may cost no more than
# 5 % over what it costs in the smallest guest whose tables are full. Then how many tables ten shapes of
# guests have, which are as few as there can be (kunit/bench/shapes.cpp).
#
# Fails where that does not hold. With --check no guest has more than 262144 pages, which takes seconds; with --renew the
# table becomes the manual's, Documentation/costs_scale.inc.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

[[ "$*" =~ ^(|--check|--renew)$ ]] || die "usage: bench-scale.sh [--check | --renew]"
out=build/bench
page=Documentation/costs_scale.inc
most=()
[[ ${1-} != --check ]] || most=(262144)
mkdir -p "$out"
rm -f "$out"/scale.out*
for program in scale shapes; do
	g++ -std=c++20 -O3 -Wall -Wextra -Werror -Iinclude -c "kunit/bench/$program.cpp" -o "$out/$program.o"
	g++ "$out/$program.o" -o "$out/$program"
done
say "counting, $([[ ${1-} == --check ]] && echo seconds || echo minutes)"
valgrind --tool=callgrind --collect-atstart=no --callgrind-out-file="$out/scale.out" \
	"$out/scale" "${most[@]}" 2>"$out/scale.log" || { cat "$out/scale.log" >&2; die "the benchmark failed"; }
"$out/shapes" >"$out/shapes.txt"

# FORMAT OPERATION BYTES COUNT INSTRUCTIONS of each dump, in the order of the program.
printf '%s\0' "$out"/scale.out.* | sort -zV | xargs -0 grep -h -E '^(desc: Trigger: Client Request: |summary: |totals: )' | awk '
	/^desc/ { what = $5 " " $6 " " $7 " " $8; next }
	what { print what, $2; what = "" }' >"$out/scale.txt"

awk -v table="$out/scale.inc" '
	# Bytes, in words.
	function size(bytes) {
		return bytes < 2 ^ 30 ? bytes / 2 ^ 20 " MiB" : bytes / 2 ^ 30 " GiB"
	}
	FILENAME ~ /shapes/ {
		verdict = $3 == $4 ? "ok" : "not ok"
		failed += $3 != $4
		said = said sprintf("%s %d %s, %s: %d tables of at least %d\n", verdict, ++n, $1, $2, $3, $4)
		if (!($2 in tables)) shapes[++n_shapes] = $2
		tables[$2] = tables[$2] sprintf(" %8d", $3)
		next
	}
	{
		key = $1 " " $2
		if (!(key in of_call)) {
			keys[++n_keys] = key
			of_call[key] = $5
		} else if ($2 ~ /translate|single/) {
			cost[key, $3] = $5 / $4
			note(key, cost[key, $3], $3)
		} else if ($3 == 2 * bytes[key]) {
			# What a further page costs.
			cost[key, $3] = ($5 - before[key]) / ($4 - count[key])
			note(key, cost[key, $3], $3)
		}
		bytes[key] = $3; count[key] = $4; before[key] = $5
	}
	function note(key, c, at) {
		if (!(key in first)) first[key] = c
		if (c > worst[key]) { worst[key] = c; where[key] = at }
		last[key] = c
	}
	END {
		n_columns = split("4194304 67108864 1073741824 8589934592 68719476736", columns, " ")
		printf "format operation        2 MiB   4 MiB  64 MiB   1 GiB   8 GiB  64 GiB\n" >table
		for (i = 1; i <= n_keys; i++) {
			k = keys[i]
			split(k, word, " ")
			line = sprintf("%-6s %-12s %8d", word[1], word[2], of_call[k])
			for (j = 1; j <= n_columns; j++)
				line = line sprintf(" %7s", (k, columns[j]) in cost ? sprintf("%.2f", cost[k, columns[j]]) : "-")
			print line >table
			# Nobody counts a hundredth of an instruction.
			bad = !(k in first) || worst[k] > 1.05 * first[k] + 0.05
			failed += bad
			printf "%s %d %s: a page takes %.2f, at most %.2f (%s)\n", bad ? "not ok" : "ok", ++n, k, first[k],
				worst[k], size(where[k])
		}
		printf "\nshape                   4K      16K      64K     LPA2\n" >table
		for (i = 1; i <= n_shapes; i++)
			printf "%-17s%s\n", shapes[i], tables[shapes[i]] >table
		printf "%s%d passed, %d failed, 0 skipped\n", said, n - failed, failed
		exit failed > 0
	}' "$out/shapes.txt" "$out/scale.txt" >"$out/scale.ktap" || status=$?
cat "$out/scale.inc" "$out/scale.ktap"
if [[ ${1-} == --renew ]]; then
	{
		printf '.. SPDX-License-Identifier: GPL-2.0-only\n.. Written by scripts/bench-scale.sh --renew.\n\n::\n\n'
		sed 's/^./    &/' "$out/scale.inc"
	} >"$page"
fi
exit "${status:-0}"
