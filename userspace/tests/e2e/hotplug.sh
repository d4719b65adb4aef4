# SPDX-License-Identifier: GPL-2.0-only
#
# CPUs go offline and come back while guests run: neither guests nor engines see anything of it.
. /lib.sh
needs engine
needs hotplug

# Takes CPU 1 offline and back, $1 times.
plug() {
	for _ in $(seq "$1"); do
		echo 0 >/sys/devices/system/cpu/cpu1/online || problem 'CPU 1 cannot go'
		echo 1 >/sys/devices/system/cpu/cpu1/online || problem 'CPU 1 does not come back'
	done
}

it 'goes on wherever a CPU is left'
begin_work
plug 4
ends_well

it 'goes on elsewhere when the CPU that it is bound to goes'
begin_work taskset 2
plug 1
ends_well

it 'goes on while its tables change and CPUs come and go'
begin_work
for page in 0 1 2 3; do
	plug 1
	accepted protect "ipa=0x803${page}1000 size=4k prot=r"
	accepted map "ipa=0x9000${page}000 size=4k max=4k"
	accepted unmap "ipa=0x9000${page}000 size=4k"
	accepted protect "ipa=0x803${page}1000 size=4k prot=rwx"
	accepted fold 'ipa=2G size=4M'
done
ends_well
agree demo

it 'runs on a CPU that has come back, and asks its MMU'
start hello
plug 1
taskset 2 sh -c "echo >$demo/run"
read_exit 0
same 'end status 0 hello from EL1, vCPU 0' "$reason $detail $output"
like '*no difference*' "$(taskset 2 cat $demo/verify)"

it 'sees at once, on a CPU that has come back, that memory is gone'
# l: ldr x2, [x3]; add x1, x1, #1; b l
program ram=1M 0xf9400062 0x91000421 0x17fffffe
accepted map 'ipa=0x90000000 size=64k'
accepted regs x3=0x90008000
plug 1
for cpus in 2 1; do
	in_background taskset $cpus
	accepted unmap 'ipa=0x90008000 size=4k'
	wait
	read_exit 0
	same 'stage2-translation read of 0x90008000 at level 3, 8 bytes, x2' "$reason $detail"
	accepted map 'ipa=0x90008000 size=4k'
done

it 'leaves no CPU stuck when guests are removed meanwhile'
for _ in $(repeats 3); do
	program 'ram=64k vcpus=2' $forever
	accepted regs 'vcpu=1 pc=0x80000000'
	for n in 0 1; do
		sh -c "echo vcpu=$n >$demo/run" 2>/dev/null &
	done
	plug 1 &
	accepted remove name=demo
	wait
done
