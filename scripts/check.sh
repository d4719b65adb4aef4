#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh [PART...]: every test there is, or the parts that are named (`check.sh style docs`). Each part closes
# with "N passed, N failed, N skipped"; so does the whole, after its CPU time and its five slowest tests. What a part
# printed is in build/check/PART.log.
#
# A program that does the same each time is not run again when it has passed on this machine (known.sh). It is when parts
# are named, and with CHECK_ANEW=1.
#
# Parts run side by side, as many as there are CPUs (or CHECK_LANES): a machine in QEMU keeps one busy,
# and leaves another to compilers. What two parts build, they build under a lock.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

logs=build/check
lanes=${CHECK_LANES:-$(nproc)}

# The lines of a log that matter, and what KTAP says before a test that failed.
what_failed() {
	awk '
		/^(\[[0-9:]+\])? *#/ { if (!/ took /) said = said $0 "\n"; next }
		/^ *not ok|\[ *FAILED|: Failure$|error:|\.sh: / { printf "%s%s\n", said, $0 }
		{ said = "" }' "$1"
}

# Runs a part, says how it went, and writes the counts to PART.counts.
judge() {
	local name=$1 status=0 start=$SECONDS counts failed said complaint='' known=''
	shift

	((${#wanted[@]})) || [[ ${CHECK_ANEW-} ]] || export CHECK_KNOWN=$logs/$name.known
	{ time "$@" >"$logs/$name.log" 2>&1; } 2>"$logs/$name.cpu" || status=$?
	counts=$(grep -oE '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$logs/$name.log" |
		tail -n 1) || true
	# A part that did not come to its end, or that failed without saying what, is a failure itself.
	if [[ ! $counts ]] || { ((status)) && [[ $counts == *" 0 failed"* ]]; }; then
		read -r _ _ failed _ <<<"$counts"
		counts=$(sed -E "s/[0-9]+ failed/$((failed + 1)) failed/" <<<"${counts:-0 passed, 0 failed, 0 skipped}")
		complaint=", and exit status $status"
	fi
	echo "$counts" >"$logs/$name.counts"
	if ((status)); then
		said=$(what_failed "$logs/$name.log" | head -n 20) || true
		complaint+=${said:+$'\n'$said}
		complaint=${complaint//$'\n'/$'\n    '}$'\n'"    see $logs/$name.log"
	fi
	[[ ! -e $logs/$name.known ]] || known="; $(wc -l <"$logs/$name.known") runs known"
	printf '%-16s%s  (%d s, %d of CPU%s)%s\n' "$name" "$counts" $((SECONDS - start)) \
		"$(($(<"$logs/$name.cpu")))" "$known" "$complaint"
}

part() {
	((${#wanted[@]} == 0)) || [[ " ${wanted[*]} " == *" $1 "* ]] || return 0
	while (($(jobs -rp | wc -l) >= lanes)); do
		wait -n || true
	done
	judge "$@" &
	parts+=("$1")
}

# Once in a check for each kernel.
module() {
	(
		flock 9
		[[ -e $logs/$1.module ]] || { scripts/build-module.sh "$1" && touch "$logs/$1.module"; }
	) 9>"$logs/$1.lock"
}

# e2e KERNEL CPU EL2 [OPTION...]
e2e() {
	module "$1" &&
		scripts/check-e2e.sh --kernel "$1" --cpu "$2" --el2 "$3" "${@:4}"
}

# 6.12 runs all files of tests. Any other machine runs those whose outcome may differ there; `make matrix` runs all on six kernels.

# How a request is read, garbage or not, what s2ctl makes of an answer, and how the kernel shares its CPUs and its
# memory, is the same with other pages, and without VHE or EL2.
about_text='alive create demo error_log fuzz junk manual reading s2ctl s2ctl_trace s2ctl_trace_run words'

# On another kernel s2ctl reads other traces, which s2ctl_trace does with all events; text is text.
text_alone='create demo error_log fuzz junk manual reading s2ctl s2ctl_trace_run words'

# What becomes of tables is decided by C++ that is the same on each machine, and here no guest runs meanwhile.
about_tables='map no_memory unmap walk'

# So are a guest's tables, memory and registers. Another kernel cannot change them; other pages, and another EL2, can.
about_guests='granules mem regs verify'

# What becomes of memory and locks when much is asked for at once is decided by C++, too: 6.12 tries it, and the kernel
# with sanitizers has races and storm, of which it sees more. `crowd` does it in guests: also where they run without VHE.
about_many='leaks races soak soak_together storm'

# What concerns several CPUs, hotplug or KVM's guests does not depend on the size of pages.
about_cpus='hotplug kvm neighbours running suspend'

# What makes and frees the module's own objects. Only these run with kmemleak.
about_objects='demand dirty files fold guests load removed unload zy_kmemleak'

# What is done over and over, and at random: whole on 6.12, a third of it on other machines.
less=(--append STAGE2_EFFORT=33)

# A machine without pointer authentication, SVE and SME takes three quarters of the time. run-newest has them.
lean=pauth=off,sve=off,sme=off

# What depends on the CPU most: the switch to a guest and back, and what a guest may reach.
world_switch='run trace_run guests escape sweep'

# Only what runs guests, or most of that: on other machines it is the world switch that differs.
runs() {
	e2e "$@" --tests "$world_switch beside hotplug neighbours turns restart" "${less[@]}"
}

# What the engine does with a CPU and with memory. What KVM's code makes, and what kmemleak says, other parts know.
kunit_san() {
	STAGE2_CPU=max,$lean scripts/kunit.sh --sanitizers --append kmemleak=off 'engine.*'
}

# The compilers are in packages.
headers() {
	scripts/known.sh scripts/{check-headers,lib}.sh include/vmsa/*.hpp kunit/misuse/* /var/lib/dpkg/status \
		-- scripts/check-headers.sh
}

# As `make shell` has it.
shell_machine() {
	module 6.12 && scripts/check-shell.sh
}

wanted=("$@")
mapfile -t known < <(sed -nE 's/^part ([^ ]+) .*/\1/p' "$0")
for name in "${wanted[@]}"; do
	[[ " ${known[*]} " == *" $name "* ]] || die "no part is called '$name' (there are: ${known[*]})"
done
# A part alone, on a machine where only `make run` was.
scripts/setup.sh
mkdir -p "$logs"
unset CHECK_KNOWN
rm -f "$logs"/*.{known,module}
((${#wanted[@]})) || rm -f "$logs"/*
parts=()
TIMEFORMAT='%0U + %0S'
trap 'kill 0' INT # what runs in the background takes no notice of Ctrl-C
# The longest first.
part kunit scripts/kunit.sh
part kunit-san kunit_san
part style scripts/check-style.sh
part audit scripts/test-audit.sh
part clang scripts/check-clang.sh
part docs scripts/docs.sh
part headers headers
part tools scripts/check-tools.sh
part ports scripts/check-ports.sh
part s2ctl scripts/check-s2ctl.sh
part render scripts/check-render.sh
part shell shell_machine
part package scripts/check-package.sh
# It boots kunit's kernel.
part costs scripts/bench-tables.sh --check
part bench scripts/bench-host.sh
part scale scripts/bench-scale.sh --check
part size scripts/bench-size.sh
part exits scripts/bench.sh --once
part host scripts/check-host.sh
part exhaust scripts/check-host.sh 'exhaust*'
part interleave scripts/check-host.sh 'interleave*'
part threads scripts/check-host.sh 'threads*'
part litmus scripts/litmus.py
part fuzz scripts/fuzz.sh
part mmu scripts/check-mmu.sh
part e2e-6.12 e2e 6.12 max,$lean ''
part stretches e2e 6.12 '' '' --count --tests stretches
# It says that it is a Cortex-A55: with that one's errata, and what Linux does about them.
part e2e-6.1 e2e 6.1 max,midr=0x412fd050,$lean '' --without "$text_alone $about_tables $about_guests $about_many alive crowd" "${less[@]}"
# The newest QEMU has CPU features that no other has, and takes 1.6 times the CPU time. So it runs only what they may change.
part e2e-newest e2e newest max,$lean '' --without "$text_alone $about_tables $about_guests $about_many alive crowd $world_switch" "${less[@]}"
part run-newest e2e newest '' '' --qemu 11.1 --tests "$world_switch neighbours" "${less[@]}"
# When its kernel is there: kunit-san has built it. It sees no more than others of a guest's tables and registers, of how
# much memory is free, and of what programs print.
part e2e-san e2e san '' '' --without "$about_objects granules soak sweep s2ctl_run guests_start" --append kmemleak=off
# What vCPUs do at the same time, `crowd` has in e2e-san. One CPU takes three quarters of the time of two.
part e2e-kmemleak e2e san '' '' --tests "$about_objects" --label san-kmemleak --smp 1
part e2e-6.12-16k e2e 6.12-16k max,$lean '' --smp 1 --without "$about_text $about_tables $about_many $about_cpus crowd" "${less[@]}"
part e2e-6.12-off e2e 6.12 max,$lean off --smp 1 --without "$about_text $about_tables $about_many" "${less[@]}"
# KPTI, which KASLR wants, takes a third of the time: the machines below have it.
part e2e-6.12-nvhe e2e 6.12 cortex-a53 nvhe --without "$about_text $about_tables $about_many" --append "STAGE2_EFFORT=33 kpti=off"
part run-6.12-a76 runs 6.12 cortex-a76 vhe --smp 4 --kexec
part run-6.12-a72 runs 6.12 cortex-a72 nvhe --smp 4 --kexec
# As a board boots that has no VHE: KVM takes EL2, and gives it back. No CPU goes offline before: a KVM guest of
# 6.1 hangs on one that came back, without this module, too.
part run-6.1-a72 e2e 6.1 cortex-a72 kvm --tests "$world_switch beside neighbours turns" "${less[@]}"
# As one where KVM keeps EL2, until it is started without.
part restart e2e 6.12 cortex-a72 kvm --gic 2 --restart --tests restart
wait

# The five slowest tests of those that say how long they took, without the parts of which something was known.
slowest() {
	for name in "${parts[@]}"; do
		[[ ! -e $logs/$name.known ]] || continue
		sed -nE "s/^ *# (.*) took ([0-9]*)([0-9]{2}) hundredths of a second.*/\2.\3 $name: \1/p" "$logs/$name.log"
	done | sort -rn | sed -nE '1,5 { s/^\./0./; s/ / s  /; s/^/    /; p; }'
}

cpu=0
for name in "${parts[@]}"; do
	cpu=$((cpu + $(<"$logs/$name.cpu")))
done
echo "$cpu seconds of CPU time. The slowest tests:"
slowest
passed=0 failed=0 skipped=0
for name in "${parts[@]}"; do
	read -r p _ f _ s _ <"$logs/$name.counts" || p=0 f=1 s=0
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed, $skipped skipped"
((!failed))
