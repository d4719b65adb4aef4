# SPDX-License-Identifier: GPL-2.0-only
#
# A machine whose kernel runs at EL1 and leaves EL2 to its stub, until KVM takes it for a guest and gives it
# back: KVM and the module take turns. Whoever comes at the wrong time is told so, and nothing of one is
# left to the other.
. /lib.sh
needs turns

busy='KVM has EL2 now: end its guests, or boot with kvm-arm.mode=none'
# add x1, x1, #1; b back
count='0x91000421 0x17ffffff'

# COMMAND... (taskset 1) starts it.
kvm_takes() {
	: >/tmp/kvm
	"$@" kvm /guests/spin.elf >/tmp/kvm 2>&1 &
	kvm=$!
	until grep -q spinning /tmp/kvm; do
		[ -e /proc/$kvm/exe ] || break
	done
	same spinning "$(cat /tmp/kvm)"
}

kvm_gives() {
	kill $kvm
	wait $kvm 2>/dev/null
}

# verify of demo cannot be had.
no_verify() {
	like '*: Device or resource busy' "$(cat $demo/verify 2>&1)"
	logged $demo/verify "$busy" '' ''
}

says_hello() {
	load hello
	runs end 'status 0'
	printed 'hello from EL1, vCPU 0'
}

load_module() {
	insmod /stage2.ko && cd $stage2 || problem 'the module cannot be loaded'
}

it 'runs its guests before KVM runs one, and after, and says who has EL2 in between'
start hello
runs end 'status 0'
for _ in $(repeats 3); do
	kvm_takes
	refused run 'vcpu=0' EBUSY "$busy"
	no_verify
	settle
	kvm_gives
	says_hello
	like '*no difference*' "$(cat $demo/verify)"
done

it 'shows in features whose it is'
same 'ours now' "$(sed -n 's/^el2  *//p' features)"
kvm_takes
same "KVM's now" "$(sed -n 's/^el2  *//p' features)"
kvm_gives
same 'ours now' "$(sed -n 's/^el2  *//p' features)"

it 'does not trouble a KVM guest by asking'
start hello
kvm /guests/smp.elf vcpus=2 x1=2 x2=2000 >/tmp/kvm 2>&1 &
kvm=$!
while [ -e /proc/$kvm/exe ]; do
	{ echo vcpu=0 >$demo/run; cat $demo/verify features; } >/tmp/out 2>&1
done
wait $kvm || problem "KVM: $(cat /tmp/kvm)"
same "vCPU 0 counts 4000 and 4000${newline}vCPU 1 counts 4000 and 4000" "$(sort /tmp/kvm)"

it 'changes tables while KVM has EL2, and the MMU knows it afterwards'
guest ram=16M
accepted map 'ipa=2G size=4M prot=rwx'
accepted map 'ipa=0x90000000 size=4M'
says_hello
kvm_takes
accepted protect 'ipa=0x90001000 size=4k prot=r'
accepted unmap 'ipa=0x90200000 size=1M'
accepted map 'ipa=0xa0000000 size=64k'
accepted dirty 'ipa=0x90000000 size=2M'
accepted fold 'ipa=2G size=4M'
agree demo
no_verify
kvm_gives
like '*no difference*' "$(cat $demo/verify)"
says_hello

it 'stops a guest that runs when KVM takes EL2, and goes on with it when it is free'
program ram=64k $count
for cpus in 1 2; do
	in_background taskset $cpus
	kvm_takes
	wait $runner
	like '*: Device or resource busy' "$(cat /tmp/background)"
	logged $demo/run "$busy" ms=3600000 ''
	read_exit 0
	same kvm-has-el2 "$reason"
	before=$(($(register x1)))
	[ $before -gt 0 ] || problem 'it did not run'
	kvm_gives
	runs step-budget '' instructions=20
	[ $(($(register x1))) -ge $((before + 9)) ] || problem 'it has forgotten how far it was'
done

it 'lets nothing of one guest be seen by the next, of the same VMID'
# ldr x1, [x3]; end
for _ in $(repeats 3); do
	for cpu in 1 2; do
		program ram=64k 0xf9400061 $end
		printf "\\00$cpu\\0\\0\\0\\0\\0\\0\\0" | dd of=$demo/mem bs=4096 seek=$((0x80008)) conv=notrunc 2>/dev/null
		accepted regs x3=0x80008000
		taskset $cpu sh -c "echo >$demo/run" || problem 'it does not run'
		read_exit 0
		same "status $cpu" "$detail"
		kvm_takes
		accepted remove name=demo
		kvm_gives
	done
done

it 'has guests removed while they run and KVM takes EL2'
for _ in $(repeats 3); do
	program 'ram=64k vcpus=2' $count
	accepted regs 'vcpu=1 pc=0x80000000'
	for n in 0 1; do
		sh -c "while [ -e $demo ]; do echo vcpu=$n >$demo/run; done" 2>/dev/null &
	done
	is_running
	kvm_takes
	accepted remove name=demo
	kvm_gives
	wait
done

it 'keeps memory as it is while KVM comes and goes and tables change'
guest ram=16M
accepted map 'ipa=2G size=4M prot=rwx'
load $work
sh -c "until echo >$demo/run; do :; done" 2>/dev/null &
i=0
while [ $i -lt "$(effort 20)" ]; do
	kvm /guests/hello.elf >/tmp/kvm 2>&1 || problem "KVM: $(cat /tmp/kvm)"
	accepted protect "ipa=$((0x80301000 + i * 4096)) size=4k prot=r"
	accepted map 'ipa=0x90000000 size=64k max=4k'
	accepted unmap 'ipa=0x90000000 size=64k'
	accepted protect "ipa=$((0x80301000 + i * 4096)) size=4k prot=rwx"
	accepted fold 'ipa=2G size=4M'
	i=$((i + 1))
done
printf stop | dd of=$demo/mem bs=4096 seek=$((0x80300)) conv=notrunc 2>/dev/null
wait
read_exit 0
same 'end status 0' "$reason $detail"
printed 'all as it was written'
like '*no difference*' "$(cat $demo/verify)"

it 'is unloaded while KVM has EL2, and loaded: soft, until it is loaded again'
start hello
runs end 'status 0'
kvm_takes
cd /
rmmod stage2 || problem 'it cannot be unloaded'
log_from_here
load_module
kernel_said 'stage2: engine soft: KVM has EL2'
like 'soft (KVM has EL2*kvm-arm.mode=none*' "$(sed -n 's/^engine *//p' features)"
start hello
refused run vcpu=0 EOPNOTSUPP 'kvm-arm.mode=none'
settle
kvm_gives
cd /
rmmod stage2 || problem 'it cannot be unloaded'
load_module
like 'nvhe *' "$(sed -n 's/^engine *//p' features)"
start hello
runs end 'status 0'

it 'goes on when a CPU comes back from being offline, whoever has EL2'
if [ -w /sys/devices/system/cpu/cpu1/online ]; then
	start hello
	# On the other CPU: on one that has come back no KVM guest lives (6.1, without any module).
	kvm_takes taskset 1
	echo 0 >/sys/devices/system/cpu/cpu1/online
	echo 1 >/sys/devices/system/cpu/cpu1/online
	like '*: Device or resource busy' "$(taskset 2 cat $demo/verify 2>&1)"
	refused run 'vcpu=0' EBUSY "$busy"
	settle
	kvm_gives
	like '*no difference*' "$(taskset 2 cat $demo/verify)"
	echo 0 >/sys/devices/system/cpu/cpu1/online
	kvm_takes
	kvm_gives
	echo 1 >/sys/devices/system/cpu/cpu1/online
	like '*no difference*' "$(taskset 2 cat $demo/verify)"
	says_hello
else
	skip 'there is no CPU that can go offline'
fi
