# SPDX-License-Identifier: GPL-2.0-only
#
# While a guest runs: who else may do what, and how it is stopped.
. /lib.sh
needs engine

# add x1, x1, #1; b back
count='0x91000421 0x17ffffff'

it 'refuses to run a vCPU that is running, and to write its registers; to read them is no use'
program ram=64k $count
in_background
refused run '^' EBUSY 'vcpu 0 is running'
refused run 'ms=1 vcpu=^0' EBUSY 'vcpu 0 is running'
refused regs '^x1=5' EBUSY 'vcpu 0 is running'
same "vcpu 0${newline}running" "$(cat $demo/regs)"
same 'vcpu 0,reason running' "$(tr -s ' ' <$demo/run | paste -sd,)"
stop

it 'stops at a signal, and goes on where it was'
read_exit 0
same signal "$reason"
accepted regs x1=0
runs step-budget '' instructions=20
same 0x000000000000000a "$(register x1)"

it 'says EINTR when a signal stops it'
fuzz interrupted $demo/run || problem 'it says something else'
read_exit 0
same signal "$reason"

it 'stops when the thread is killed'
in_background
kill -KILL $runner
wait $runner 2>/dev/null
read_exit 0
same signal "$reason"

it 'ends when the guest is removed: nobody waits for the other'
for _ in $(repeats 5); do
	program ram=64k $count
	in_background
	accepted remove name=demo
	[ ! -e $demo ] || problem 'it is still there'
	wait $runner
	like '*: No such device' "$(cat /tmp/background)"
done
like '*guests/demo/run: the guest was removed*' "$(tail -n 2 error_log)"

it 'ends when the guest is removed, also on the way in and out'
# l: hvc #0; b l
program 'ram=64k vcpus=4' $hvc 0x17ffffff
for n in 0 1 2 3; do
	accepted regs "vcpu=$n pc=0x80000000"
	sh -c "while echo vcpu=$n ms=3 >$demo/run; do :; done" 2>/dev/null &
done
sleep 0.3
accepted remove name=demo
wait

it 'is over before the guest is: who removes it waits for its thread to have a CPU'
program ram=64k $count
in_background taskset 2
read -r throttle </proc/sys/kernel/sched_rt_runtime_us
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
# From 6.12 on the fair server gives a thread that starves its part of each second: off, and a second waited for.
server=/sys/kernel/debug/sched/fair_server/cpu1/runtime
[ ! -e $server ] || { read -r served <$server; echo 0 >$server; }
hog 1 60000 &
hog=$!
until [ "$(cut -d ' ' -f 41 /proc/$hog/stat)" != 0 ]; do # its policy
	:
done
echo name=demo >remove &
remover=$!
sleep 1.5
[ -e /proc/$remover/exe ] || problem 'the guest is gone, and its vCPU not yet put'
kill $hog
wait $remover || problem 'it cannot be removed'
wait
[ ! -e $server ] || echo "$served" >$server
echo "$throttle" >/proc/sys/kernel/sched_rt_runtime_us

it 'keeps the module loaded'
program ram=64k $count
in_background
rmmod stage2 2>/tmp/said && problem 'unloaded'
like "*can't unload*: Resource temporarily unavailable" "$(cat /tmp/said)"
stop
same signal "$(of_exit reason)"

it 'lets requests and readers go on beside it'
program ram=8M $count
in_background
accepted map 'ipa=0x90000000 size=4M'
accepted protect 'ipa=0x90001000 size=4k prot=r'
accepted unmap 'ipa=0x90200000 size=1M'
accepted demand 'ipa=0xa0000000 size=4M'
accepted dirty 'ipa=0x90000000 size=2M'
accepted walk 0x90001000
agree demo
is_running || problem 'it does not run any more'
stop

it 'sees it at once when memory goes away, and when it is back'
# l: ldr x2, [x3]; add x1, x1, #1; b l
program ram=1M 0xf9400062 0x91000421 0x17fffffe
accepted map 'ipa=0x90000000 size=64k'
accepted regs x3=0x90008000
for _ in $(repeats 5); do
	in_background
	accepted unmap 'ipa=0x90008000 size=4k'
	wait $runner
	read_exit 0
	same 'stage2-translation read of 0x90008000 at level 3, 8 bytes, x2' "$reason $detail"
	accepted map 'ipa=0x90008000 size=4k'
done

it 'sees it at once when it is no longer allowed to write'
# l: str x1, [x3]; add x1, x1, #1; b l
program ram=1M 0xf9000061 0x91000421 0x17fffffe
accepted map 'ipa=0x90000000 size=64k'
accepted regs x3=0x90008000
in_background
accepted protect 'ipa=0x90000000 size=64k prot=r'
wait $runner
read_exit 0
same 'stage2-permission write of 0x90008000 at level 3, 8 bytes, x1' "$reason $detail"

# Of stale entries two rounds of three tell: at an interrupt the guest leaves, and QEMU drops them all when it comes
# back. With nohz_full=1 on the kernel's command line nearly all rounds do.
it 'writes nothing more when the request is over that forbids it: of one page by itself, and of many'
# l: add x1, x1, #1; and x2, x1, #0x1f; add x2, x2, x4; strh w2, [x3]; b l
program ram=1M 0x91000421 0x92401022 0x8b040042 0x79000062 0x17fffffc
accepted map 'ipa=0 size=64k max=4k'
code 0 0xa40
accepted regs 'x3=0 x4=0xa40'
# $what is there now. When the run ends meanwhile, SIGCHLD makes the shell begin its read once more, behind what it has
# read already: an empty line.
look() {
	for _ in 1 2 3; do
		IFS= read -r what <$demo/mem
		[ -z "$what" ] || return
	done
	problem 'nothing can be read'
}
for size in 4k 64k; do
	for _ in $(repeats 8); do
		in_background taskset 2
		look
		first=$what
		for _ in $(seq 1000); do
			look
			[ "$what" = "$first" ] || break
		done
		[ "$what" != "$first" ] || problem 'it writes nothing'
		# Nothing more than that: it has to be quick.
		echo "ipa=0 size=$size prot=r" >$demo/protect
		look
		before=$what
		look
		same "$before" "$what"
		wait $runner
		read_exit 0
		like 'stage2-permission write of 0x0 *' "$reason $detail"
		accepted protect "ipa=0 size=$size prot=rw"
	done
done

it 'runs several vCPUs at once, which see what the others write'
# mov x5, #1; str x5, [x3]; l: ldr x6, [x4]; cbz x6, l; end
program 'ram=64k vcpus=2' 0xd2800025 0xf9000065 0xf9400086 0xb4ffffe6 $end
for _ in $(repeats 5); do
	accepted regs 'vcpu=0 pc=0x80000000 x3=0x80008000 x4=0x80009000'
	accepted regs 'vcpu=1 pc=0x80000000 x3=0x80009000 x4=0x80008000'
	dd if=/dev/zero of=$demo/mem bs=4096 seek=$((0x80008)) count=2 conv=notrunc 2>/dev/null
	echo vcpu=1 ms=60000 >$demo/run &
	runs end 'status *' vcpu=0 ms=60000
	wait
	read_exit 1
	same end "$reason"
done

it 'runs more vCPUs than there are CPUs, each for its time, on whatever CPU'
program 'ram=64k vcpus=8' $count
for n in 0 1 2 3 4 5 6 7; do
	accepted regs "vcpu=$n pc=0x80000000 tpidr_el0=$n sp=$((n * 16)) afsr0_el1=0"
done
for n in 0 1 2 3 4 5 6 7; do
	echo "vcpu=$n ms=500" >$demo/run &
done
wait
same 8 "$(grep -c 'reason *time-budget' $demo/run)"
for n in 0 1 2 3 4 5 6 7; do
	sed -n "/^vcpu $n/,/^vcpu $((n + 1))/p" $demo/regs >/tmp/regs
	same "sp $(printf 0x%016x $((n * 16)))" "$(grep '^sp ' /tmp/regs)"
	same "tpidr_el0 $(printf 0x%016x $n)" "$(grep ^tpidr_el0 /tmp/regs)"
	[ $(($(sed -n 's/^x1 //p' /tmp/regs))) -gt 0 ] || problem "vcpu $n did not run"
done

it 'keeps guests apart that run at the same time'
program ram=64k $count
accepted regs x1=0
echo 'name=other ram=64k' >create
echo 'ipa=2G size=64k prot=rwx' >guests/other/map
dd if=$demo/mem bs=4096 skip=$((0x80000)) count=1 2>/dev/null |
	dd of=guests/other/mem bs=4096 seek=$((0x80000)) conv=notrunc 2>/dev/null
echo 'pc=0x80000000 x1=0x100000000000' >guests/other/regs
echo ms=300 >guests/other/run &
runs time-budget '' ms=300
wait
[ $(($(register x1) >> 40)) = 0 ] || problem 'it has the registers of the other'
same 0x000010 "$(sed -n 's/^x1 //p' guests/other/regs | cut -c1-8)"
