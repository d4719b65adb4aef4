#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench-size.sh: how many bytes of code the library makes at -Os for AArch64, in three uses
# (kunit/bench/size). Prints a table with what each is to come down to, its bound, and the limit it must keep;
# writes build/bench/size.json. Fails when a limit is passed.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

out=build/bench
mkdir -p "$out"

# bytes NAME: .text of all that is reachable from measured().
bytes() {
	aarch64-linux-gnu-g++-12 -std=c++20 -Os -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics \
		-mgeneral-regs-only -mno-outline-atomics -fomit-frame-pointer -ffunction-sections -Wall -Wextra \
		-Werror -I. -Iinclude -c "kunit/bench/size/$1.cpp" -o "$out/$1.o"
	aarch64-linux-gnu-ld -r --gc-sections -e measured -u measured "$out/$1.o" -o "$out/$1.elf"
	aarch64-linux-gnu-size -A "$out/$1.elf" | awk '/^\.text/ { n += $2 } END { print n }'
}

# NAME BOUND LIMIT
uses='id_map 4900 9250
stage2_basic 9000 13400
full 30000 42800'

failed=0 n=0 json=''
echo '#    use                  ours      bound      limit'
while read -r name bound limit; do
	n=$((n + 1))
	ours=$(bytes "$name")
	verdict=ok
	if ((ours > limit)); then
		verdict='not ok'
		failed=$((failed + 1))
	fi
	printf '%s %d %-14s %10d %10d %10d\n' "$verdict" "$n" "$name" "$ours" "$bound" "$limit"
	json+="${json:+, }\"$name\": {\"ours\": $ours, \"bound\": $bound}"
done <<<"$uses"
echo "{$json}" >"$out/size.json"
echo "$((n - failed)) passed, $failed failed, 0 skipped"
((!failed))
