# SPDX-License-Identifier: GPL-2.0-only
#
# Checks in the kernel's test format, KTAP: one line a check, and the counts that check.sh reads at the
# end. Source it after lib.sh; it begins with the first line, and ktap_end is the last thing to say.

passed=0 failed=0 skipped=0
echo 'KTAP version 1'

# Sets ticks to the CPU time, in hundredths of a second, of what this shell has started and seen end.
children_ticks() {
	local stat

	read -r stat <"/proc/$BASHPID/stat"
	read -ra stat <<<"${stat##*) }"
	ticks=$((stat[13] + stat[14]))
}

# check NAME COMMAND...: passes when the command succeeds and says nothing.
check() {
	local name=$1 said ticks before
	shift

	children_ticks
	before=$ticks
	said=$("$@" 2>&1) || said=${said:-"exit status $?"}
	children_ticks
	((ticks - before < 100)) || echo "# $name took $((ticks - before)) hundredths of a second of CPU time"
	if [[ $said ]]; then
		failed=$((failed + 1))
		echo "not ok $((passed + failed + skipped)) $name"
		head -n 40 <<<"$said" | sed 's/^/# /'
	else
		passed=$((passed + 1))
		echo "ok $((passed + failed + skipped)) $name"
	fi
}

# check_with PROGRAM NAME COMMAND...: skipped without the program.
check_with() {
	local program=$1
	shift

	if command -v "$program" >/dev/null; then
		check "$@"
	else
		skipped=$((skipped + 1))
		echo "ok $((passed + failed + skipped)) $1 # SKIP $program is not installed"
	fi
}

# True when nothing failed.
ktap_end() {
	echo "1..$((passed + failed + skipped))"
	echo "$passed passed, $failed failed, $skipped skipped"
	((!failed))
}
