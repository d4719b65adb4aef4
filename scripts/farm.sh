#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/farm.sh [--env FILE] [--boards 'NAME...'] [--tests 'NAME...'] [--kernel 6.12] [--ko FILE]
#                        [--no-progress SECONDS]
#        scripts/farm.sh --pack FILE [--ko FILE]
#
# The end-to-end suite on many boards at once, through labgrid and pytest. FILE is a labgrid environment
# (farm/qemu.yaml: three machines in QEMU; farm/board.yaml is an example of a real board), and its targets are
# the boards: all of them, or those that are named. Where a board shows nothing new for SECONDS (300) it is
# turned off and on again, and the next file of tests is tried.
# Leaves build/farm/ENVIRONMENT/BOARD/: junit.xml, result.ktap, console_BOARD, and pytest.log.
# With --pack it only makes the suite's archive, to be unpacked and run on a board by hand (sh on_board).

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

env=$top/scripts/farm/qemu.yaml boards='' tests='*' kernel=6.12 ko='' no_progress=300 pack='' extra=''
while (($#)); do
	case $1 in
	--env | --boards | --tests | --kernel | --ko | --no-progress | --pack | --extra)
		(($# > 1)) || die "$1 needs a value"
		name=${1#--}
		printf -v "${name//-/_}" '%s' "$2"
		shift 2
		;;
	*) die "unknown option '$1' (known: --env --boards --tests --kernel --ko --no-progress --pack)" ;;
	esac
done
[[ -r $env ]] || die "there is no environment file $env"
env=$(realpath "$env")
[[ $no_progress =~ ^[1-9][0-9]*$ ]] || die "--no-progress takes whole seconds, not '$no_progress'"
farm=$top/build/farm
mkdir -p "$farm"
lock "$farm/.lock" "waiting for another run of the farm"

# The suite, packed; --extra is a file of tests that is not one of ours (check-farm.sh plants faults by it).
make_suite() {
	ko=${ko:-$("$top/scripts/build-module.sh" "$kernel")}
	rm -rf "$farm/root"
	"$top/scripts/suite.sh" "$farm/root" "$ko" "$tests"
	[[ ! $extra ]] || cp "$extra" "$farm/root/tests/"
	tar -C "$farm/root" --owner=0 --group=0 --sort=name -czf "$1" .
}

# For farm/qemu.yaml: a system that gives a shell, as a board's own would, and has the suite as a file.
make_machine() {
	rm -rf "$farm/machine"
	mkdir -p "$farm/machine"
	cp "$farm/suite.tar.gz" "$farm/machine/"
	"$top/scripts/initramfs.sh" "$farm/initramfs.gz" "$farm/machine"
	ln -sf "$("$top/scripts/fetch-kernel.sh" "$kernel")/vmlinuz" "$farm/vmlinuz"
}

# run_board NAME: pytest has its say in pytest.log.
run_board() {
	local out=$results/$1 status=0

	mkdir -p "$out"
	cd "$farm/root"
	PYTHONPATH=$top/scripts/farm PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -p stage2_farm -p no:cacheprovider \
		--rootdir "$farm/root" --lg-env "$env" --lg-log "$out" --board "$1" --suite "$farm/suite.tar.gz" \
		--no-progress "$no_progress" --ktap "$out/result.ktap" --junitxml "$out/junit.xml" \
		-o junit_family=xunit1 -o "junit_suite_name=$1" -r N --tb=short tests \
		</dev/null >"$out/pytest.log" 2>&1 || status=$?
	echo "$status" >"$out/status"
}

# What a board came to: its counts, and what failed.
report() {
	local out=$results/$1 counts status

	counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$out/pytest.log" | tail -n 1) || true
	status=$(<"$out/status")
	if [[ ! $counts ]]; then
		counts='0 passed, 1 failed, 0 skipped'
		printf '%s: pytest ended with status %s and no counts\n' "$1" "$status"
		tail -n 5 "$out/pytest.log" | sed 's/^/    /'
	fi
	printf '%s: %s\n' "$1" "$counts"
	sed -n 's/^FAILED /    not ok /p' "$out/pytest.log"
	read -r p _ f _ s _ <<<"$counts"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	((status == 0 || f)) || failed=$((failed + 1))
}

if [[ $pack ]]; then
	make_suite "$pack"
	exit
fi
known=$(/usr/bin/python3 -c 'import sys
from labgrid.config import Config
print(*Config(sys.argv[1]).get_targets())' "$env" 2>&1) || die "$env: $(tail -n 1 <<<"$known")"
boards=${boards:-$known}
for board in $boards; do
	[[ " $known " == *" $board "* ]] || die "$env has no target '$board' (it has: $known)"
done
results=$farm/$(basename "$env" .yaml)
rm -rf "$results"
make_suite "$farm/suite.tar.gz"
make_machine

say "running on ${boards// /, }"
trap 'kill 0' INT
for board in $boards; do
	run_board "$board" &
done
wait
passed=0 failed=0 skipped=0
for board in $boards; do
	report "$board"
done
say "see ${results#"$top"/}"
echo "$passed passed, $failed failed, $skipped skipped"
((!failed))
