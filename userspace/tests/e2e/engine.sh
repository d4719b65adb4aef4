# SPDX-License-Identifier: GPL-2.0-only
#
# Which engine there is, and how to ask for another.
. /lib.sh

engine() {
	sed -n 's/^engine *\([a-z]*\).*/\1/p' features
}

# Loads the module with parameters $*.
load() {
	cd /
	rmmod stage2 2>/dev/null
	log_from_here
	insmod /stage2.ko "$@" 2>/tmp/said
	cd $stage2 2>/dev/null
}

# The best engine of this machine, as its kernel has booted. KVM that cannot be told so takes EL2 with its
# first guest, and not at boot.
case $(dmesg | grep -E 'started at EL|(Hyp|Hyp nVHE|Protected nVHE|Protected hVHE) mode' | sed 's/.*: //') in
*Protected*) best=soft ;;
*Hyp*) best=nvhe && ! grep -qs Y /sys/module/kvm/parameters/enable_virt_at_load || best=soft ;;
*EL1*) best=soft ;;
*) best=nvhe && ! grep -q '^kernel *at EL2' features || best=vhe ;;
esac

it 'is the best that the machine has'
same $best "$(engine)"
guest ram=64k
same $best "$(sed -n 's/^engine *//p' $demo/config)"
dmesg | grep -q "stage2: engine $best: " || problem 'the log does not tell'

it 'can be asked for by name'
load engine=$best
same $best "$(engine)"

it 'is soft where that is asked for'
load engine=soft
same 'soft (it was asked for)' "$(sed -n 's/^engine *//p' features)"
guest ram=64k
accepted map 'ipa=0 size=64k'
like '*: Operation not supported' "$(cat $demo/verify 2>&1)"

it 'is refused where the machine has not got it'
for name in vhe nvhe; do
	[ $name != $best ] || continue
	load engine=$name
	like '*: No such device' "$(cat /tmp/said)"
	kernel_said "stage2: no engine $name here: "
done

it 'is refused where there is none of that name'
for name in kvm VHE vhe,nvhe; do
	load engine=$name
	like '*: Invalid argument' "$(cat /tmp/said)"
	kernel_said "stage2: unknown engine '$name' (known: vhe nvhe soft)"
done

it 'is the best again without a parameter'
load
same $best "$(engine)"

it 'is refused while it is there already, and stays'
guest ram=64k
insmod /stage2.ko 2>/tmp/said
like '*: File exists' "$(cat /tmp/said)"
same $best "$(engine)"
[ -d $demo ] || problem 'the guest is gone'
