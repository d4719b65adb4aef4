#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/check-e2e.sh [--kernel NAME] [--cpu CPU] [--el2 vhe|nvhe|kvm|off] [--smp N]
#                             [--tests 'PATTERN...'] [--without 'NAME...'] [--ko FILE] [--append STRING]
#                             [--timeout SECONDS] [--kexec|--restart] [--qemu 7.2|10.0|11.1] [--gic 2|3|4]
#                             [--kvm-mode MODE] [--memory SIZE] [--label LABEL] [--count]
#
# Boots a real kernel with the module and lets a shell in there run userspace/tests/e2e, or those of its
# files that are named ('guests run*'), without some. A kernel with sanitizers (fetch-kernel.sh has them) is
# several times slower: of all files it skips some, and the others make less effort. STRING goes to the
# kernel's command line. With --kexec another machine comes first: guests run in it when its kernel makes
# room for this one. With --restart the other is this one, too: restart-for-guests and Debian's kexec start it anew.
# With --count time is counted in instructions (boot.sh), as some tests want it.
# Leaves build/e2e/LABEL/console.log, the whole serial console, and result.ktap, what the tests said.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

kernel=6.12 cpu='' el2='' smp='' tests='*' without='' ko='' append='' timeout='' kexec='' restart='' memory='' qemu='' gic='' kvm_mode='' label='' its='' count=()
while (($#)); do
	case $1 in
	--count)
		count=(--count)
		shift
		;;
	--kexec | --restart)
		printf -v "${1#--}" 1
		shift
		;;
	--kernel | --cpu | --el2 | --smp | --tests | --without | --ko | --append | --timeout | --qemu | --gic | --kvm-mode | \
		--memory | --label)
		(($# > 1)) || die "$1 needs a value"
		option=${1#--}
		printf -v "${option//-/_}" '%s' "$2"
		shift 2
		;;
	*) die "unknown option '$1' (known: --kernel --cpu --el2 --smp --tests --without --ko --append --timeout --kexec" \
		"--restart --qemu --gic --kvm-mode --memory --label --count)" ;;
	esac
done
left_out=()
if [[ $kernel == san || $kernel == kcsan ]]; then
	timeout=${timeout:-1200}
	# Without pointer authentication, which is slow to emulate, and with less memory for kmemleak to scan.
	cpu=${cpu:-cortex-a76} memory=${memory:-512M} append="STAGE2_EFFORT=5 $append"
	# Slow, and mostly about text: fuzz has the parsers do as much.
	[[ $tests != '*' ]] || left_out=(alive create demo junk leaks manual map no_memory reading regs s2ctl s2ctl_walk soak_together unmap words)
fi
# Of so many accesses KCSAN watches one. By default it is one of 4000, and a race that is planted is not seen.
# And a process of the machine prints the log (init), which may be late.
[[ $kernel != kcsan ]] || append="STAGE2_SKIP_WATCH=200 log_buf_len=4M $append"
((${#count[@]} == 0)) || append="STAGE2_COUNT=1 $append"
# Whatever is not as usual is in the name.
[[ $label ]] || {
	label=$kernel${el2:+-$el2}${cpu:+-${cpu//[^A-Za-z0-9.-]/_}}${smp:+-smp$smp}${kexec:+-kexec}${restart:+-restart}
	label+=${qemu:+-qemu$qemu}${gic:+-gic$gic}${kvm_mode:+-$kvm_mode}${count:+-count}
}
out=$top/build/e2e/$label
ko=${ko:-$top/build/modules/$kernel/stage2.ko}
[[ -r $ko ]] || die "there is no $ko: scripts/build-module.sh $kernel builds it"

root=$out/root
rm -rf "$out"
"$top/scripts/suite.sh" "$root" "$ko" "$tests" "$without"
((${#left_out[@]} == 0)) || printf '%s.sh\n' "${left_out[@]}" >"$root/left_out"
"$top/scripts/initramfs.sh" "$out/initramfs.cpio" "$root"
image=$("$top/scripts/fetch-kernel.sh" "$kernel")/vmlinuz

if [[ $kexec ]]; then
	mkdir "$root/second"
	cp "$image" "$root/second/kernel"
	mv "$out/initramfs.cpio" "$root/second/"
	cp "$top/userspace/tests/e2e/kexec" "$root/main"
	"$top/scripts/initramfs.sh" "$out/initramfs.cpio" "$root"
	append="STAGE2_BOOT=1 $append"
	# Nothing switches LPIs off again, and without UEFI nothing tells the next kernel where the tables are that the
	# GIC goes on writing to: they would be its memory.
	its=off
elif [[ $restart ]]; then
	release=$(<"$(dirname "$image")/release")
	mkdir "$root/second"
	cp "$image" "$root/second/vmlinuz-$release"
	mv "$out/initramfs.cpio" "$root/second/initrd.img-$release"
	cp "$top/userspace/tests/e2e/restart" "$root/main"
	"$top/scripts/add-kexec.sh" "$root/second"
	"$top/scripts/initramfs.sh" "$out/initramfs.cpio" "$root"
	append="STAGE2_RESTART=1 $append"
fi

boot() {
	say "booting $label"
	status=0
	"$top/scripts/boot.sh" --kernel "$image" --initrd "$out/initramfs.cpio" --cpu "$cpu" --el2 "$el2" \
		--smp "$smp" --append "$append" --timeout "${timeout:-300}" --memory "${memory:-1G}" \
		--qemu "$qemu" --gic "$gic" --its "$its" --kvm-mode "$kvm_mode" "${count[@]}" \
		--log "$out/console.log" >/dev/null || status=$?
}

boot
# QEMU may go on with what it had translated of an instruction that the kernel has patched since, behind a kexec more often
# than elsewhere: then no run hears of a switch, which the kernel says. Such a machine says nothing about the module.
if grep -qsa 'scheduler did not announce a switch' "$out/console.log"; then
	say "QEMU has kept an old instruction: the machine starts again"
	boot
fi

# KTAP, wherever it stands in the console.
ktap() {
	grep -aE '^ *(KTAP version 1|1\.\.[0-9]+|(not )?ok [0-9]+ .*|#.*)$' "$out/console.log" || true
}

# The console without the races that KCSAN reports of the kernel alone: no function of the module stands in such a report.
about_us() {
	LC_ALL=C awk '
		/BUG: KCSAN: /		{ report = ""; within = 1 }
		!within			{ print; next }
		{ report = report $0 "\n" }
		/==========/		{ within = 0; if (report ~ /\[stage2\]/) printf "%s", report }
		END			{ if (within) printf "%s", report }' "$out/console.log"
}

# The kernel shows only warnings and worse here, but not all of those are about us.
complaints() {
	about_us | grep -aEf "$top/userspace/tests/e2e/complaints" || true
}

# Tests are two levels deep: in the machine, in a file. What the levels above say only sums up.
read -r planned passed failed skipped < <(ktap | awk '
	/^    1\.\./		{ planned += substr($0, 8) }
	/^    not ok/		{ failed++; next }
	/^    ok .* # SKIP/	{ skipped++; next }
	/^    ok/		{ passed++ }
	END			{ print planned + 0, passed + 0, failed + 0, skipped + 0 }')

# Checks of our own, after those of the machine. $2 is what is wrong, if anything is.
number=1
check() {
	number=$((number + 1))
	if [[ ! $2 ]]; then
		echo "ok $number $1"
		passed=$((passed + 1))
	else
		sed 's/^/# /' <<<"$2"
		echo "not ok $number $1"
		failed=$((failed + 1))
	fi
}

missing=$((planned - passed - failed - skipped))
unfinished=''
((planned > 0 && missing == 0 && status <= 1)) ||
	unfinished="$missing planned tests did not run; the machine ended with status $status"
{
	echo 'KTAP version 1'
	echo '1..3'
	echo "# Subtest: $label"
	ktap | sed 's/^/    /'
	((status == 0)) && echo "ok 1 $label" || echo "not ok 1 $label"
	check 'all tests ran, and the machine powered off' "$unfinished"
	check 'the kernel complained about nothing' "$(complaints)"
} >"$out/result.ktap"
cat "$out/result.ktap"
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && status == 0))
