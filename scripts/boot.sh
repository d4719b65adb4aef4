#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# boot.sh: boots an arm64 kernel in QEMU and reports how it went.
#
# The console goes to stdout and to the log. The exit status is the one that userspace/machine/init reports
# from inside the machine ("stage2-exit: N"), or
#	2	the arguments are wrong
#	124	the machine gets no further
#	125	the machine broke: panic, oops, kernel warning, or no report at all

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

usage() {
	cat >&2 <<-'EOF'
		usage: boot.sh --kernel VMLINUZ --initrd FILE [OPTION...]
		  --log FILE                keep the console there
		  --cpu CPU                 any of `qemu-system-aarch64 -cpu help` (max)
		  --el2 vhe|nvhe|kvm|off    which EL2 the module finds (what the CPU has); kvm: as a board's
		                            kernel boots, KVM takes EL2 when it wants it
		  --kvm-mode MODE           kvm-arm.mode= none, nvhe, protected or nested: what KVM is told (nothing)
		  --qemu VERSION            7.2, 10.0 or 11.1 (this machine's own)
		  --gic 2|3|4               the version of the interrupt controller (3)
		  --its on|off              off: it has no ITS, as a kernel to be followed by kexec wants it
		  --smp N                   CPUs (2; with --count 1)
		  --memory SIZE             memory (1G)
		  --disk FILE               an image, /dev/vda; the next is /dev/vdb
		  --share TAG=DIR[,readonly]  a folder of this machine, by virtio-9p; init mounts it as /TAG
		  --monitor SOCKET          where QEMU's monitor listens, a socket of Unix
		  --append STRING           more words for the kernel's command line
		  --timeout SECONDS         when to give up: so long without a line (120)
		  --count                   CNTVCT_EL0 advances by one an instruction, and two boots
		                            do the same, with one CPU; of several one runs at a time
		  --interactive             a shell on this terminal; no log, no timeout
		An empty value means the default.
	EOF
}

# Wrong arguments: what is wrong, and what would be right.
refuse() {
	say "$@"
	exit 2
}

kernel='' initrd='' log=/dev/null cpu='' el2='' smp='' memory=1G append='' timeout=120 count='' interactive='' disks=() shares=()
qemu='' gic='' its='' kvm_mode='' monitor=''
while (($#)); do
	case $1 in
	--interactive | --count)
		printf -v "${1#--}" 1
		shift
		continue
		;;
	--disk)
		(($# > 1)) || refuse "$1 needs a value"
		[[ -w $2 ]] || refuse "cannot write the disk: $2"
		disks+=(-drive "file=$2,format=raw,if=virtio,cache=unsafe")
		shift 2
		;;
	--share)
		(($# > 1)) || refuse "$1 needs a value"
		[[ $2 =~ ^([a-z]+)=([^,]+)(,readonly)?$ && -d ${BASH_REMATCH[2]} ]] || refuse "--share takes TAG=DIR, not '$2'"
		shares+=(-virtfs "local,path=${BASH_REMATCH[2]},mount_tag=${BASH_REMATCH[1]},security_model=none${BASH_REMATCH[3]:+,readonly=on}")
		shift 2
		;;
	--kernel | --initrd | --log | --cpu | --el2 | --kvm-mode | --qemu | --gic | --its | --smp | --memory | --append | --timeout | --monitor)
		(($# > 1)) || refuse "$1 needs a value"
		name=${1#--}
		printf -v "${name//-/_}" '%s' "$2"
		shift 2
		;;
	--help)
		usage
		exit 0
		;;
	*)
		usage
		refuse "unknown option: $1"
		;;
	esac
done
[[ $kernel && $initrd ]] || { usage; refuse "--kernel and --initrd are needed"; }
[[ -r $kernel ]] || refuse "cannot read the kernel: $kernel"
[[ -r $initrd ]] || refuse "cannot read the initrd: $initrd"
[[ $timeout =~ ^[1-9][0-9]*$ ]] || refuse "--timeout takes whole seconds, not '$timeout'"
[[ ${gic:=3} =~ ^[234]$ ]] || refuse "there is no GICv$gic (known: 2 3 4)"
# QEMU 11.1 refuses an ITS that the GIC cannot have.
[[ $gic != 2 ]] || : "${its:=off}"
[[ ${its:=on} =~ ^(on|off)$ ]] || refuse "--its is on or off, not '$its'"
[[ $its == on || $gic != 4 ]] || refuse "a GICv4 needs an ITS: use --gic 3"
[[ ${kvm_mode:-none} =~ ^(none|nvhe|protected|nested)$ ]] ||
	refuse "unknown mode of KVM '$kvm_mode' (known: none nvhe protected nested)"
# None: as EL2=nvhe, or VHE, has it. In other modes KVM has EL2, or asks for it.
[[ ! $kvm_mode || $el2 != nvhe || $kvm_mode == none ]] ||
	refuse "with EL2=nvhe KVM is off: a mode of KVM ($kvm_mode) goes with EL2=kvm"
qemu=$("$top/scripts/fetch-qemu.sh" "$qemu") || exit 2

# The Armv8.0 cores have no VHE: Linux starts at EL2 there but runs at EL1. On all others it stays
# at EL2.
has_vhe() {
	[[ ! ${1%%,*} =~ ^cortex-a(35|53|57|72|73)$ ]]
}

if [[ ! $el2 ]]; then
	el2=vhe
	has_vhe "$cpu" || el2=nvhe
	[[ $el2 == vhe || ${kvm_mode:-none} == none ]] || el2=kvm
fi
virtualization=on
case $el2 in
vhe)
	cpu=${cpu:-max}
	has_vhe "$cpu" ||
		refuse "$cpu has no VHE: take EL2=nvhe, or another CPU (max, cortex-a76, neoverse-n1)"
	;;
nvhe | kvm)
	cpu=${cpu:-cortex-a72}
	! has_vhe "$cpu" ||
		refuse "on $cpu Linux uses VHE: take EL2=vhe, or an older CPU" \
			"(cortex-a53, cortex-a57, cortex-a72)"
	# Else KVM takes EL2: at boot, or with its first guest.
	[[ $el2 == kvm ]] || append="kvm-arm.mode=none $append"
	;;
off)
	cpu=${cpu:-max}
	virtualization=off
	;;
*)
	refuse "unknown EL2 '$el2' (known: vhe nvhe kvm off)"
	;;
esac
# The architected algorithm for pointer authentication is slow to emulate: the boot takes twice
# as long.
[[ $cpu != max ]] || cpu=max,pauth-impdef=on
counting=()
if [[ $count ]]; then
	# An instruction takes a nanosecond, and the counter counts those. KASLR would make a difference.
	cpu+=,cntfrq=1000000000
	: "${smp:=1}"
	counting=(-icount "shift=0,sleep=off" -rtc "base=2024-01-01,clock=vm")
	append="nokaslr $append"
fi

: "${smp:=2}"
[[ ! $monitor ]] || monitor=unix:$monitor,server=on,wait=off

# Any panic ends the machine at once: "reboot", which QEMU does not do.
machine=("$qemu"
	-machine "virt,virtualization=$virtualization,gic-version=$gic,its=$its" -cpu "$cpu"
	-smp "$smp" -m "$memory" "${counting[@]}" "${disks[@]}" "${shares[@]}" -nic none -display none -no-reboot
	-kernel "$kernel" -initrd "$initrd")
# Where there are suites in the kernel (kunit.sh), it shall not run them. Debian's kernels measure the jitter of the CPU for
# their random numbers, and test how they derive keys: no test needs either.
append="console=ttyAMA0 printk.time=1 initcall_blacklist=jent_mod_init,crypto_kdf108_init panic=-1 oops=panic kunit.enable=0 ${kvm_mode:+kvm-arm.mode=$kvm_mode }$append"

if [[ $interactive ]]; then
	say "Ctrl-A X quits"
	# mon:stdio hands over the terminal, Ctrl-C included. STAGE2_SHELL ends up in init's
	# environment.
	exec "${machine[@]}" -serial mon:stdio -append "$append quiet STAGE2_SHELL=1"
fi

mkdir -p "$(dirname "$log")"
transcript=$(mktemp)
trap 'rm -f "$transcript" "$transcript.late"' EXIT

# watch PID: ends it when no line has come for too long. However slow this machine is, one that prints gets on; one
# that prints for ever has twenty times as long, in CPU time.
watch() {
	local quiet used

	while sleep 2 && kill -0 "$1"; do
		quiet=$(($(date +%s) - $(stat -c %Y "$transcript")))
		used=$(ps -o cputimes= -p "$1") || continue
		((quiet >= timeout || used >= 20 * timeout)) || continue
		: >"$transcript.late"
		kill "$1"
		sleep 5
		kill -KILL "$1"
	done 2>/dev/null
}

# What runs in the background takes no notice of Ctrl-C.
run_machine() {
	local pid watcher status=0

	"${machine[@]}" -serial stdio -monitor "${monitor:-none}" -append "$append" </dev/null &
	pid=$!
	trap 'kill "$pid"' INT TERM
	watch "$pid" >/dev/null &
	watcher=$!
	wait "$pid" || status=$?
	kill "$watcher" 2>/dev/null || true
	return "$status"
}

status=0
run_machine | stdbuf -oL tr -d '\r' | tee "$transcript" "$log" || status=${PIPESTATUS[0]}

# The kernel's own lines carry a time stamp; what userspace prints does not count. What KCSAN reports is for check-e2e.sh to judge.
words='Kernel panic|Internal error|Unable to handle kernel|BUG: |WARNING: '
trouble=$(grep -aE "^\[ *[0-9]+\.[0-9]+\].*($words)" "$transcript" | grep -avF -m 1 'BUG: KCSAN: ' || true)
reported=$(sed -nE 's/^stage2-exit: ([0-9]+)$/\1/p' "$transcript" | tail -n 1)

if [[ $trouble ]]; then
	say "the kernel reported trouble: $trouble"
	exit 125
elif [[ -e $transcript.late ]]; then
	say "not a line for $timeout s; the last one was: $(tail -n 1 "$transcript")"
	exit 124
elif ((status)); then
	say "QEMU failed with status $status"
	exit 125
elif [[ ! $reported ]]; then
	say "the machine stopped without a report; the last line was: $(tail -n 1 "$transcript")"
	exit 125
fi
exit "$reported"
