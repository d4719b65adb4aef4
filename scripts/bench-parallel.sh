#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/bench-parallel.sh [--kernel NAME] [--ko FILE] [--leaves N] [--pages N] [--cpus 'N...']
#                                  [native|lines|machine|wait...]
#
# How much several get done at once. Where that is a time, it is worth something on a quiet machine only; the best of
# many rounds is shown.
#
#   native   threads of this host's map pages of one tree: 1, 2, and the ratio; and what one page takes
#   lines    the lines of caches that move from vCPU to vCPU with a demand fault, counted
#   machine  1, 2, 4 and 8 vCPUs touch pages, on machines with 1, 2 and 4 CPUs: what one page takes, in nanoseconds;
#            with one CPU in instructions, which are the same in every run
#   wait     the longest wait of a fault while `tables` of a guest with 1,000,000 leaves is read, on two CPUs that QEMU
#            runs by turns, with a clock that advances by a nanosecond an instruction: so no load of the host is in it
#            (no more than two: QEMU 7.2 lets one of three starve, see costs.rst)
#
# Leaves what the machines said in build/bench/parallel.*.log.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

kernel=6.12 ko='' leaves=1000000 pages=4096 cpus='' what=()
while (($#)); do
	case $1 in
	--kernel | --ko | --leaves | --pages | --cpus)
		(($# > 1)) || die "$1 needs a value"
		printf -v "${1#--}" '%s' "$2"
		shift 2
		;;
	native | lines | machine | wait)
		what+=("$1")
		shift
		;;
	*) die "unknown option '$1' (known: --kernel --ko --leaves --pages --cpus native lines machine wait)" ;;
	esac
done
# What the guest's addresses have room for.
within() {
	[[ ! $2 =~ ^[1-9][0-9]{0,6}$ ]] || (($2 > $3)) || return 0
	die "--$1 takes 1 to $3, not '$2'"
}
within leaves "$leaves" 1000000
within pages "$pages" 16384
((${#what[@]})) || what=(native lines machine wait)

out=$top/build/bench
mkdir -p "$out"

native() {
	g++ -std=c++20 -O3 -Wall -Wextra -Werror -Iinclude kunit/bench/parallel.cpp -pthread -o "$out/parallel"
	"$out/parallel"

	local n
	n=$(valgrind --tool=callgrind --collect-atstart=no --callgrind-out-file="$out/parallel.callgrind" \
		"$out/parallel" count 2>"$out/valgrind.log") || { cat "$out/valgrind.log" >&2; die "the benchmark failed"; }
	awk -v n="$n" '/^(summary|totals):/ { instructions = $2 }
		END { printf "a page: %.1f instructions, with the new tables; one is atomic\n", instructions / n }' "$out/parallel.callgrind"
}

lines() {
	local flags=(-std=c++20 -O1 -Wall -Wextra -Werror -Wno-unused-private-field -Iinclude -Imodule -I.) part

	rm -rf "$out/lines.o"
	mkdir -p "$out/lines.o"
	clang++-19 "${flags[@]}" -c kunit/bench/lines.cpp -o "$out/lines.o/lines.o"
	for part in faults ram policy vcpu registry space; do
		clang++-19 "${flags[@]}" -fsanitize=thread -ffunction-sections -c "module/guest/$part.cpp" -o "$out/lines.o/$part.o"
	done
	clang++-19 -no-pie -Wl,--gc-sections,--unresolved-symbols=ignore-all "$out"/lines.o/*.o -o "$out/lines"
	"$out/lines"
}

# The machine's root.
prepare() {
	local root=$out/parallel.root

	[[ ! -e $out/parallel.gz || $prepared ]] || rm "$out/parallel.gz"
	prepared=1
	[[ ! -e $out/parallel.gz ]] || return 0
	rm -rf "$root"
	mkdir -p "$root"
	cp "${ko:-$("$top/scripts/build-module.sh" "$kernel")}" "$root/stage2.ko"
	cp "$top/userspace/machine/bench-parallel" "$root/main"
	"$top/scripts/initramfs.sh" "$out/parallel.gz" "$root"
}

# boot LOG MEMORY CPUS WORD...
boot() {
	local log=$out/parallel.$1.log memory=$2 smp=$3 image

	image=$("$top/scripts/fetch-kernel.sh" "$kernel")/vmlinuz
	shift 3
	"$top/scripts/boot.sh" --kernel "$image" --initrd "$out/parallel.gz" --cpu max --smp "$smp" --memory "$memory" "${count[@]}" \
		--timeout 600 --append "$*" --log "$log" >/dev/null || die "the machine failed: see $log"
	tr -d '\r' <"$log" | grep -a '^bench: '
}

machine() {
	local smp unit count

	prepare
	for smp in ${cpus:-1 2 4}; do
		say "booting a machine with $smp CPUs"
		# With one CPU QEMU lets the counter advance by one an instruction.
		((smp > 1)) && unit=ns count=() || unit=instructions count=(--count)
		boot "smp$smp" 1G "$smp" STAGE2_WHAT=many "STAGE2_PAGES=$pages" | awk -v unit="$unit" -v cpus="$smp" -v host="$(nproc)" '
			$2 == "crowd" {
				key = $3 " " $4
				if (!(key in least)) { order[++n] = key; least[key] = $9 }
				if ($9 < least[key]) least[key] = $9
				faults[key] = $6; mapped[key] = $7; tables[key] = $8
				if ($4 == 1) one[$3] = least[key]
			}
			END {
				printf "%d CPUs (this host has %d)\n", cpus, host
				printf "%-12s %5s %14s %8s %7s %12s %7s\n", "pages", "vCPUs", "faults a vCPU", "mapped", "tables", unit, "speed"
				for (i = 1; i <= n; i++) {
					split(order[i], k, " ")
					ns = least[order[i]] * 1e9 / mapped[order[i]]
					if (k[2] == 1) alone[k[1]] = ns
					printf "%-12s %5d %14.1f %8d %7d %12.0f %7.2f\n", k[1], k[2], faults[order[i]] / k[2],
						mapped[order[i]], tables[order[i]], ns, alone[k[1]] / ns
				}
			}'
	done
}

wait_for_it() {
	local count=(--count)

	prepare
	say "booting a machine for $leaves leaves"
	boot wait 6G 2 STAGE2_WHAT=longest "STAGE2_LEAVES=$leaves STAGE2_TICKS=200000" | awk '
		$2 == "wait" { row[++n] = sprintf("%-12s %8d %12.3f %14d", $3, $4, $5 / 1e6, $6) }
		$2 == "guest" {
			printf "%d leaves, %d tables\n", $3, $4
			printf "%-12s %8s %12s %14s\n", "beside", "faults", "longest, ms", "over 1.05 ms"
		}
		END { for (i = 1; i <= n; i++) print row[i] }'
}

prepared=''
for step in "${what[@]}"; do
	case $step in
	wait) wait_for_it ;;
	*) "$step" ;;
	esac
done
