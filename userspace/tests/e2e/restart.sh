# SPDX-License-Identifier: GPL-2.0-only
#
# scripts/restart-for-guests: it refuses where it would not help, or could not, and says why. That it helps, a machine
# tells that came from one (check-e2e.sh --restart).
. /lib.sh

# That it does not go on to the next question, and starts nothing, the rest of the tests tell.
refuses() {
	same "restart-for-guests: $1" "$(restart-for-guests "$2" ${3:+"$3"} 2>&1)"
}

read -r line </proc/cmdline
engine=$(sed -n 's/^engine *//p' features)
case " $line |$engine" in
*' kvm-arm.mode=none '*'|'*) in_vain='this kernel was started with kvm-arm.mode=none already' ;;
*'|vhe '*) in_vain='this kernel runs at EL2: guests run as it is' ;;
*'started at EL1'*) in_vain='this kernel was started at EL1: no option helps, its firmware has to start it at EL2' ;;
*) in_vain='' ;;
esac

it 'names the word it does not know, and the file it cannot read'
refuses "unknown option '--later' (known: --now --kernel --initrd)" --later
refuses '--kernel needs a file' --kernel
refuses 'cannot read /no/such/file' --initrd /no/such/file

it 'refuses where the option would not help, and says why'
if [ "$in_vain" ]; then
	refuses "$in_vain" --now
else
	skip 'the option would help here'
fi

it 'refuses where memory is not safe, or there is no program, or no kernel'
if [ "$in_vain" ] || [ ! -e /sys/kernel/kexec_loaded ]; then
	skip 'the option would not help here, or the kernel has no kexec'
elif [ ! -d /sys/firmware/efi ] && ls -d /sys/firmware/devicetree/base/*/its* >/dev/null 2>&1; then
	refuses "the interrupt controller (GICv3 with ITS) keeps tables in memory, and without EFI the next kernel would\
 not know where: add the option by the boot loader (s2ctl features --boot)" --now
else
	mkdir /tmp/bin
	busybox --install -s /tmp/bin
	cp /bin/restart-for-guests /tmp/bin
	before=$PATH PATH=/tmp/bin
	refuses 'there is no program kexec: apt-get install kexec-tools' --now
	PATH=$before
	# Where there is one, and kexec, it would start it.
	[ -e /boot ] || [ -e /usr/lib/modules ] ||
		refuses "cannot find the kernel $(uname -r) in /boot or /usr/lib/modules: name it with --kernel" --now
fi

it 'comes back with the option, and guests run'
if [ "$STAGE2_RESTART" ] && [ ! -e /second ]; then
	like '* STAGE2_RESTART=1 *kvm-arm.mode=none' "$line"
	like 'nvhe *' "$engine"
	start hello
	runs end 'status 0' vcpu=0
else
	skip 'this machine was not started so'
fi
