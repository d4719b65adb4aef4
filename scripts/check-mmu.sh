#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/check-mmu.sh [REGIME...]
#
# Lets an MMU judge the library: firmware images (kunit/mmu), one a regime, build tables with it, and
# what the MMU says is compared with what the library says. REGIME is EL3, EL2, 'EL2&0', 'EL1&0' or
# stage2; by default all of them. Prints KTAP, leaves build/mmu/REGIME.LEVEL.log.
#
# An image runs on two machines. The one that enters it at EL3 asks other regimes by AT; the other
# enters it where it can stand on its own tables. EL3's image does both on one.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

qemu=$(command -v qemu-system-aarch64) || die "there is no qemu-system-aarch64: scripts/setup.sh installs it"
most=300 # seconds of CPU time; the slowest takes a tenth of that

# Everything to run, as "IMAGE LEVEL".
runs_of() {
	case $1 in
	EL3) echo el3 EL3 ;;
	EL2) printf '%s\n' 'el2 EL3' 'el2 EL2' ;;
	'EL2&0') printf '%s\n' 'el2and0 EL3' 'el2and0 EL2' ;;
	'EL1&0') printf '%s\n' 'el1and0 EL3' 'el1and0 EL1' ;;
	stage2) printf '%s\n' 'stage2 EL3' 'stage2 EL2' ;;
	*) die "no such regime: $1 (there are: EL3 EL2 'EL2&0' 'EL1&0' stage2)" ;;
	esac
}

# Runs IMAGE on a machine that starts at LEVEL. How it ended is the last line of its log.
judge() {
	local image=$1 level=$2 log=build/mmu/$1.$2.log machine status=0

	case $level in
	EL3) machine=secure=on,virtualization=on ;;
	EL2) machine=virtualization=on ;;
	EL1) machine=virtualization=off ;;
	esac
	patiently "$most" scripts/known.sh "$qemu" "build/mmu/$image.bin" -- "$qemu" -M "virt,gic-version=3,$machine" -m 1G \
		-cpu max,pauth-impdef=on -nographic -nic none \
		-semihosting-config enable=on,target=native -bios "build/mmu/$image.bin" \
		</dev/null >"$log" 2>&1 || status=$?
	echo "# exit status $status" >>"$log"
}

(($#)) || set -- EL3 'EL2&0' 'EL1&0' stage2 EL2 # the longest first
runs=()
images=()
for regime in "$@"; do
	of_regime=$(runs_of "$regime")
	images+=("build/mmu/${of_regime%% *}.bin")
	while read -r run; do
		runs+=("$run")
	done <<<"$of_regime"
done

make --no-print-directory --silent --jobs="$(nproc)" -f kunit/mmu/mmu.mk "${images[@]}"
for run in "${runs[@]}"; do
	while (($(jobs -rp | wc -l) >= $(nproc))); do
		wait -n
	done
	read -r image level <<<"$run"
	judge "$image" "$level" &
done
wait

# One test a run, its verdicts below it.
passed=0 failed=0 skipped=0 number=0
echo "KTAP version 1"
echo "1..${#runs[@]}"
for run in "${runs[@]}"; do
	read -r image level <<<"$run"
	log=build/mmu/$image.$level.log
	sed 's/^/    /' "$log"

	skip=$(grep -c '^ok .* # SKIP' "$log" || true)
	good=$(grep -c '^ok ' "$log" || true)
	bad=$(grep -c '^not ok ' "$log" || true)
	verdict=ok
	if [[ $(tail -n 1 "$log") != '# exit status 0' ]] || ((bad)); then
		verdict='not ok'
		# It broke before it could say so: an exception, or the timeout.
		((bad)) || bad=1
	fi
	echo "$verdict $((++number)) $image, entered at $level"
	passed=$((passed + good - skip)) failed=$((failed + bad)) skipped=$((skipped + skip))
done
echo "$passed passed, $failed failed, $skipped skipped"
((!failed))
