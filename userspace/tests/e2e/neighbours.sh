# SPDX-License-Identifier: GPL-2.0-only
#
# KVM guests before, between, after and beside those of stage2: what they do does not change.
. /lib.sh
# Else it is one or the other: see turns.
needs vhe
needs kvm

kvm_runs() {
	kvm /guests/mmu.elf >/tmp/said 2>&1 || problem "KVM: $(cat /tmp/said)"
	like '*none of them stale*back in the lower range' "$(cat /tmp/said)"
}

it 'KVM runs its guests before, between and after'
kvm_runs
start mmu
runs end 'status 0'
kvm_runs
load mmu
runs end 'status 0'
echo name=demo >remove
kvm_runs

it 'KVM runs its guests at the same time, on the same CPUs'
start work x1=0x80200000 x2=1M x3=0x80300000
echo ms=60000 >$demo/run &
kvm /guests/smp.elf vcpus=2 x1=2 x2=2000 >/tmp/said || problem "KVM: $(cat /tmp/said)"
same "vCPU 0 counts 4000 and 4000${newline}vCPU 1 counts 4000 and 4000" "$(sort /tmp/said)"
kvm_runs
printf stop | dd of=$demo/mem bs=4 seek=$((0x80300000 / 4)) conv=notrunc 2>/dev/null
wait
read_exit 0
same 'end status 0' "$reason $detail"
printed 'all as it was written'

it 'KVM, as its first guest starts, does not open the timer to a guest that runs'
# l: ldr x2, [x3]; cbz x2, l; mrs x4, CNTP_CTL_EL0; end
program ram=64k 0xf9400062 0xb4ffffe2 0xd53be224 $end
for _ in $(repeats 3); do
	accepted regs 'pc=0x80000000 x3=0x80008000'
	printf '\0' | dd of=$demo/mem bs=4096 seek=$((0x80008)) conv=notrunc 2>/dev/null
	in_background taskset 2
	: >/tmp/said
	taskset 1 kvm /guests/spin.elf >/tmp/said 2>&1 &
	kvm=$!
	until grep -q spinning /tmp/said; do
		[ -e /proc/$kvm/exe ] || break
	done
	printf 1 | dd of=$demo/mem bs=4096 seek=$((0x80008)) conv=notrunc 2>/dev/null
	wait $runner
	read_exit 0
	same 'sysreg read of CNTP_CTL_EL0 into x4' "$reason $detail"
	kill $kvm
	wait $kvm 2>/dev/null
done

it 'the same guest sees the same under both'
while read -r words; do
	# shellcheck disable=SC2086 # they are words
	start touch $words
	runs end 'status 0'
	# shellcheck disable=SC2086
	same "$(kvm /guests/touch.elf $words)" "$output"
done <<EOT
x1=0x80200000 x2=1M
x1=0x80200000 x2=1M x3=2 x4=5000 x5=2 x6=77
EOT

it 'KVM runs its guests when the module is gone'
echo name=demo >remove
cd /
rmmod stage2 || problem 'not unloaded'
kvm_runs
insmod /stage2.ko
cd $stage2 || problem 'not loaded'
