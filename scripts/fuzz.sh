#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/fuzz.sh [--seconds N] [--keep] [TARGET...]
#
# Runs libFuzzer's targets (kunit/fuzz/fuzz.mk), each from the inputs in kunit/fuzz/corpus/TARGET on. Without --seconds each makes as
# many tries as `tries` says, the same in every run. With it, all of them together take N seconds of one CPU, with
# chances of their own, and go on from what earlier runs have found. --keep puts what all runs have found into
# kunit/fuzz/corpus, as few and as small inputs as reach the same edges. FORMATS=all has every format of the library.
#
# An input that is judged wrong stays in build/fuzz/wrong: build/fuzz/TARGET FILE shows it again.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"
out=build/fuzz

# About seven seconds of CPU each.
declare -A tries=([operations]=700 [requests]=8000 [adopt]=8000 [image]=10000 [dump]=1200 [description]=30000
		  [decode]=60000 [records]=120000)
# Longer ones say no more.
declare -A longest=([operations]=600 [requests]=1200 [adopt]=400 [image]=400 [dump]=300 [description]=600)

seconds='' keep='' targets=()
while (($#)); do
	case $1 in
	--seconds)
		[[ ${2-} =~ ^[1-9][0-9]*$ ]] || die "--seconds needs a number, and '${2-}' is none"
		seconds=$2
		shift
		;;
	--keep) keep=1 ;;
	-*) die "unknown option '$1' (known: --seconds --keep)" ;;
	*)
		[[ ${tries[$1]-} ]] || die "no target is called '$1' (there are: ${!tries[*]})"
		targets+=("$1")
		;;
	esac
	shift
done
((${#targets[@]})) || targets=(operations requests adopt image dump description decode records)

say "building ${targets[*]}"
mkdir -p "$out/wrong"
make --silent --jobs="$(nproc)" -f kunit/fuzz/fuzz.mk "${targets[@]/#/$out/}" >"$out/build.log" 2>&1 || {
	cat "$out/build.log" >&2
	die "the targets do not build"
}

# What libFuzzer says at the end: "#2500 DONE cov: 1234 ft: 5678 ..."
end_of() {
	sed -nE 's/^#([0-9]+)[[:space:]]+DONE +cov: ([0-9]+) .*/\1 executions, \2 edges/p' "$1"
}

fuzz() {
	local target=$1 options found=$out/corpus/$1 words=kunit/fuzz/$1.dict known=()

	options=(-len_control=0 -max_len="${longest[$1]:-200}" -timeout=120 -rss_limit_mb=4096 -artifact_prefix="$out/wrong/$1-")
	[[ -f $words ]] || words=''
	options+=(${words:+-dict="$words"})
	if [[ $seconds ]]; then
		options+=(-max_total_time=$(((seconds + ${#targets[@]} - 1) / ${#targets[@]})))
	else
		# Others have found more, and have it in corpus.
		found=$out/seeded/$1
		rm -rf "$found"
		options+=(-seed=1 -runs="${tries[$1]}")
		known=(scripts/known.sh "$out/$1" "kunit/fuzz/corpus/$1"/* ${words:+"$words"} --)
	fi
	mkdir -p "$found"
	"${known[@]}" "$out/$1" "${options[@]}" "$found" "kunit/fuzz/corpus/$1" >"$out/$1.log" 2>&1
}

keep() {
	local kept=$out/kept/$1

	rm -rf "$kept"
	mkdir -p "$kept"
	"$out/$1" -set_cover_merge=1 -use_counters=0 -max_len="${longest[$1]:-200}" "$kept" "kunit/fuzz/corpus/$1" "$out/corpus/$1" \
		>"$out/$1.log" 2>&1 || die "the inputs of $1 cannot be merged, see $out/$1.log"
	rm -f "kunit/fuzz/corpus/$1"/*
	cp "$kept"/* "kunit/fuzz/corpus/$1"
}

passed=0 failed=0
for target in "${targets[@]}"; do
	if [[ $keep ]]; then
		keep "$target"
		echo "$target: $(find "kunit/fuzz/corpus/$target" -type f | wc -l) inputs"
		passed=$((passed + 1))
	elif fuzz "$target"; then
		echo "$target: $(end_of "$out/$target.log")"
		passed=$((passed + 1))
	else
		grep -vE '^(#|INFO:|[[:space:]]*$)' "$out/$target.log" | head -n 25
		echo "not ok $target, see $out/$target.log"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
