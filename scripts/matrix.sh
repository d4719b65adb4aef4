#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# matrix.sh [PATTERN]: the end-to-end tests on many machines: the lines of scripts/matrix, or those whose names match
# ('newest-*', '*-cortex-a72-*').
# matrix.sh --list: the names.
# matrix.sh --manual: writes what was found so far as Documentation/matrix.rst.
#
# As many run at once as there are CPUs (or MATRIX_LANES). What a cell found is in build/matrix/NAME, with the console;
# a cell is not run again for the same sources, kernel and QEMU, so an end before the end loses nothing. One that
# fails stops nothing; why it does, where that is not ours to mend, is in scripts/matrix.known. Everything found so
# far is printed, and is in build/matrix.md.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

out=build/matrix
lanes=${MATRIX_LANES:-$(nproc)}
# Maps, walks, a guest on the MMU, its leaves judged by AT, which engine there is, and that nothing is left.
smoke='engine map walk run verify unload'
cells=$(sed -E '/^(#|$)/d; s/ +/ /g' scripts/matrix)

# name_of LINE: with dashes, and without what is left to boot.sh.
name_of() {
	local name=${1// - / }

	echo "${name// /-}"
}

# What a result depends on: the sources as they are.
sources() {
	local paths=(Kbuild include module userspace scripts/Makefile.cxx scripts/boot.sh scripts/check-e2e.sh)

	{ git ls-files -s "${paths[@]}"; git diff HEAD -- "${paths[@]}"; } | sha1sum | cut -c 1-12
}

# The module, once for all cells of a kernel: why it cannot be is in its .failed.
prepare() {
	local stamp=$out/$1.built

	(
		lock "$out/.$1.lock"
		[[ ! -e $stamp || $(<"$stamp") != "$sources" ]] || exit 0
		rm -f "$out/$1.failed"
		scripts/build-module.sh "$1" >"$out/$1.build.log" 2>&1 || mv "$out/$1.build.log" "$out/$1.failed"
		echo "$sources" >"$stamp"
	)
}

# A result is what the page says of the cell: KEY=VALUE, of one line each.
run_cell() {
	local name=$1 kernel=$2 qemu=$3 cpu=$4 gic=$5 smp=$6 memory=$7 mode=$8 tests=$9
	local dir=$out/$name key command release version counts what why='' died skips options=()

	release=$(<"$(scripts/fetch-kernel.sh "$kernel")/release") && command=$(scripts/fetch-qemu.sh "$qemu") || return
	version=$("$command" --version | sed -nE 's/^QEMU emulator version ([^ ]+).*/\1/p')
	key="$sources $release $version $tests"
	[[ ! -e $dir/result || $(sed -n 's/^key=//p' "$dir/result") != "$key" ]] || return 0

	mkdir -p "$dir"
	prepare "$kernel"
	[[ $tests == full ]] && what='*' || what=$smoke
	case $mode in
	-) ;;
	stock) options=(--el2 kvm) ;;
	*) options=(--kvm-mode "$mode") ;;
	esac
	if [[ -e $out/$kernel.failed ]]; then
		echo "the module does not build: see $out/$kernel.failed" >"$dir/log"
	else
		scripts/check-e2e.sh --label "matrix/$name" --kernel "$kernel" --qemu "$qemu" --cpu "$cpu" --gic "$gic" \
			--smp "$smp" --memory "$memory" --tests "$what" --timeout 3600 "${options[@]}" >"$dir/log" 2>&1 || true
	fi
	counts=$(grep -oE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$dir/log" | tail -n 1) ||
		counts='0 passed, 1 failed, 0 skipped'
	why=$(sed -nE 's/^ {8}not ok [0-9]+ (.*)/\1/p; s/^not ok [23] (.*)/\1/p' "$dir/log" | paste -sd ';')
	[[ $why || $counts == *' 0 failed'* ]] || why=$(tail -n 1 "$dir/log")
	died=$(sed -nE 's/^qemu-system-aarch64: (.*Assertion .*)/\1/p' "$dir/log" | head -n 1)
	[[ ! $died ]] || why="QEMU itself died: $died"
	skips=$(sed -nE 's/^ {8}ok .* # SKIP (.*)/\1/p' "$dir/log" | sort | uniq -c | awk '{ n = $1; $1 = ""; printf "%s%s (%d)", sep, substr($0, 2), n; sep = "; " }')
	cat >"$dir/result" <<-EOF2
		key=$key
		day=$(date +%F)
		release=$release
		qemu=$version
		engine=$(sed -nE 's/^ *# engine (vhe|nvhe|soft)$/\1/p' "$dir/log" | head -n 1)
		counts=$counts
		why=$why
		skips=$skips
	EOF2
	echo "$name: $counts${why:+ ($why)}"
}

# get NAME KEY
get() {
	sed -n "s/^$2=//p" "$out/$1/result"
}

# PATTERN|FAILURE|REASON
known_failures() {
	sed -E '/^(#|$)/d; s/ *\| */|/g' scripts/matrix.known
}

# known NAME: why it is known to fail, if that is what it failed of.
known() {
	local name failure reason why

	why=$(get "$1" why)
	while IFS='|' read -r name failure reason; do
		# shellcheck disable=SC2053 # they are patterns
		[[ ! $why || $1 != $name || $why != $failure ]] || echo "$reason"
	done < <(known_failures)
}

# What is known of a machine that passes.
known_no_more() {
	local name result

	while IFS='|' read -r name _; do
		for result in $(compgen -G "$out/$name/result"); do
			! grep -qx 'why=' "$result" || say "$(dirname "$result") passes: scripts/matrix.known has a line for it"
		done
	done < <(known_failures)
}

# each_result COMMAND: with the words of a row, for each cell that has a result.
each_result() {
	local kernel qemu cpu gic smp memory mode tests name counts passed failed skipped

	while read -r kernel qemu cpu gic smp memory mode tests; do
		name=$(name_of "$kernel $qemu $cpu $gic $smp $memory $mode $tests")
		[[ -e $out/$name/result ]] || continue
		counts=$(get "$name" counts)
		read -r passed _ failed _ skipped _ <<<"$counts"
		[[ $mode != - ]] || mode=''
		"$1" "$kernel" "$(get "$name" release)" "$(get "$name" qemu)" "$cpu" "$(get "$name" engine)" "GICv$gic, $smp CPU, $memory" \
			"$mode" "$tests" "$passed" "$failed" "$skipped" "$(get "$name" why)" "$(known "$name")" \
			"$(get "$name" skips)" "$(get "$name" day)"
	done <<<"$cells"
}

row_md() {
	local IFS='|'

	echo "|$*|" | sed 's/|/ | /g; s/^ //; s/ $//'
}

row_rst() {
	local first='*' value

	for value; do
		sed -E 's/[*`|_\\]/\\&/g' <<<"$value" | sed "1s/^/   $first - /; s/ *$//"
		first=' '
	done
}

heads=(kernel release QEMU CPU engine machine kvm-arm.mode tests passed failed skipped 'what failed' 'known reason' 'why skipped' day)

# Of a cell that failed whether it did for a reason that is known.
verdict() {
	if ((${10} == 0)); then
		echo passed
	else
		echo "failed${13:+, and is known to}"
	fi
}

totals() {
	each_result verdict | awk -v all="$(wc -l <<<"$cells")" '
		/^failed/ { red++ }
		/known/ { known++ }
		END {
			printf "%d of its %d machines so far, %d of them with a failure", NR, all, red
			if (known)
				printf " (%d for a reason that is known)", known
			print ""
		}'
}

write_md() {
	{
		echo '# The matrix'
		echo
		totals
		echo
		row_md "${heads[@]}"
		row_md "${heads[@]//*/---}"
		each_result row_md
	} >build/matrix.md
}

write_manual() {
	{
		cat <<-EOF2
			.. SPDX-License-Identifier: GPL-2.0-only

			The matrix
			==========

			.. Written by scripts/matrix.sh --manual: change that, or run \`\`make matrix\`\`.

			This page lists the kernels, QEMU versions and CPUs with which the module was tested. \`\`scripts/matrix.sh --manual\`\`
			wrote it on $(date +%F) from the results of \`\`make matrix\`\`: $(totals). Other machines were not tried.
			:file:\`scripts/matrix\` lists all machines and the rule for their choice; :doc:\`testing\` says how to run them.
			The kernels have the names of \`\`KERNEL=\`\`. If the engine is \`\`soft\`\`, tests that run guests are skipped.
			\`\`smoke\`\` means ${smoke// /, }; \`\`full\`\` means every file of :file:\`userspace/tests/e2e\`.

			.. list-table::
			   :header-rows: 1

		EOF2
		row_rst "${heads[@]}"
		each_result row_rst
		echo
	} >Documentation/matrix.rst
}

pattern='*'
case ${1-} in
--list)
	while read -r line; do name_of "$line"; done <<<"$cells"
	exit
	;;
--manual)
	write_manual
	exit
	;;
-*) die "unknown option '$1' (known: --list --manual)" ;;
?*) pattern=$1 ;;
esac

chosen=() qemus=''
while read -r line; do
	# shellcheck disable=SC2053 # it is a pattern
	[[ $(name_of "$line") == $pattern ]] || continue
	chosen+=("$line")
	qemus+="$(cut -d ' ' -f 2 <<<"$line")"$'\n'
done <<<"$cells"
((${#chosen[@]})) || die "no machine is called '$pattern' (matrix.sh --list has all)"

mkdir -p "$out"
trap 'kill 0' INT
sources=$(sources)
while read -r qemu; do
	scripts/fetch-qemu.sh "$qemu" >/dev/null
done < <(printf %s "$qemus" | sort -u)
say "${#chosen[@]} machines, $lanes at a time; what is done for these sources is not done again"
for line in "${chosen[@]}"; do
	while (($(jobs -rp | wc -l) >= lanes)); do
		wait -n || true
	done
	# shellcheck disable=SC2086 # words
	run_cell "$(name_of "$line")" $line &
done
wait
write_md
cat build/matrix.md
known_no_more
! grep -qx failed <<<"$(each_result verdict)"
