# SPDX-License-Identifier: GPL-2.0-only
#
# run: why a guest was left, in words. The programs are a few instructions each; the assembly is beside.
. /lib.sh
needs engine

it 'ends with the status that the guest gives'
# mov x1, #7
program ram=64k 0xd28000e1 $end
runs end 'status 7'
same 0x0000000080000010 "$(of_exit pc)"
same 1 "$(of_exit exits)"
# mov x1, #-1
program ram=64k 0x92800001 $end
runs end 'status -1'

it 'goes on behind a yield'
# mov x9, x0; mov x1, #3
program ram=64k $yield 0xaa0003e9 0xd2800061 $end
runs yield ''
same 0x000000008000000c "$(of_exit pc)"
runs end 'status 3'
same 0x0000000000000000 "$(register x9)"

it 'answers the version, and what it does not know with NOT_SUPPORTED'
# mov x9, x0; hvc #0 with x0 = 1, hvc #1 with the function of end; mov x10, x0; mov x11, x0
program ram=64k $version 0xaa0003e9 0xd2800020 $hvc 0xaa0003ea 0xd2800020 0xf2b8c000 0xd4000022 \
	0xaa0003eb $end
runs end 'status 0'
same '0x0000000000000001 0xffffffffffffffff 0xffffffffffffffff' \
	"$(register x9) $(register x10) $(register x11)"
same 4 "$(of_exit exits)"

it 'keeps all other registers over a call'
# mov x1, #5; hvc #0, unknown
program ram=64k 0xd28000a1 $hvc $end
words=''
for n in $(seq 2 30); do
	words="$words x$n=$((n * 257))"
done
accepted regs "$words"
runs end 'status 5'
same "$(for n in $(seq 2 30); do
	printf 'x%d 0x%016x\n' "$n" $((n * 257))
done)" "$(sed -n '/^x2 /,/^x30 /p' $demo/regs)"

it 'prints what the guest prints, line by line, and answers how much it took'
program ram=64k $print 0xaa0003e9 $end
printf 'one\ntwo \001\377!\n\nlast' | dd of=$demo/mem bs=4096 seek=$((0x80001)) conv=notrunc 2>/dev/null
accepted regs 'x1=0x80001000 x2=17'
runs end 'status *'
printed "one${newline}two ..!${newline}${newline}last"
same 0x0000000000000011 "$(register x9)"

it 'counts what does not fit in the output, and forgets the output with the next run'
# x2 bytes, as often as x5 says: mov x6, x1; l: mov x1, x6; print; subs x5, x5, #1; b.ne l; end
program ram=64k 0xaa0103e6 0xaa0603e1 $print 0xf10004a5 0x54ffff61 $end
accepted regs 'x1=0x80001000 x2=1000 x5=6'
runs end 'status *'
same '1904 bytes' "$(of_exit truncated)"
accepted regs 'pc=0x80000000 x1=0x80001000 x2=0 x5=1'
runs end 'status *'
same '' "$(grep -E 'output|truncated' $demo/run)"

it 'does not take text that is not all there to be read, nor more than the output holds at once'
# print; mov x9, x0; end
program ram=64k $print 0xaa0003e9 $end
for text in '0x8000fff0 17' '0 1' '0xffffffffffffffff 2' '0x10000000000 8' '0x7fffffff 2'; do
	accepted regs "pc=0x80000000 x1=${text% *} x2=${text#* }"
	runs end 'status *'
	same 0xfffffffffffffffe "$(register x9)"
	printed ''
done
accepted protect 'ipa=0x80001000 size=4k prot=w'
accepted regs 'pc=0x80000000 x1=0x80001000 x2=8'
runs end 'status *'
same 0xfffffffffffffffe "$(register x9)"
accepted regs 'pc=0x80000000 x1=0x80002000 x2=0xffffffffffffffff'
runs end 'status *'
same 0x0000000000001000 "$(register x9)"

# QEMU lets WFE pass.
it 'leaves at WFI, and goes on behind it'
program ram=64k 0xd503207f $end
runs wfi ''
same '0x0000000080000004' "$(of_exit pc)"
runs end 'status 0'

it 'leaves at SMC, and stays there'
program ram=64k 0xd40000a3
accepted regs 'x0=0x84000000'
runs smc 'SMC #5, function 0x84000000'
same '0x0000000080000000' "$(of_exit pc)"
runs smc '*'

it 'names a load or store that meets a hole: where, which way, how wide, which register'
while read -r instruction detail; do
	program ram=64k "$instruction"
	accepted regs 'x3=0x90000010'
	runs stage2-translation "$detail"
	same 0x0000000090000010 "$(of_exit ipa)"
	same 0x0000000090000010 "$(of_exit far)"
	same 0x0000000000900000 "$(of_exit hpfar)"
	same 0x0000000080000000 "$(of_exit pc)"
	like '0x0000000092*0?? (Data Abort from a lower Exception level)' "$(of_exit esr | sed s/0x0000000093/0x0000000092/)"
done <<'LIST'
0xf9400062 read of 0x90000010 at level 2, 8 bytes, x2
0xb9000064 write of 0x90000010 at level 2, 4 bytes, x4
0x39400065 read of 0x90000010 at level 2, 1 byte, x5
0x7900007f write of 0x90000010 at level 2, 2 bytes, xzr
0xa9400861 read of 0x90000010 at level 2
LIST

it 'names a fetch from a hole, and the level at which the walk ended'
program ram=64k 0xd61f0060
for place in '0x80010000 3' '0x80200000 2' '0x4000000000 1' '0x0 1'; do
	accepted regs "pc=0x80000000 x3=${place% *}"
	runs stage2-translation "fetch of ${place% *} at level ${place#* }"
	like '*(Instruction Abort from a lower Exception level)' "$(of_exit esr)"
done

it 'names what stage 2 does not permit: a write, a read, a fetch'
for try in '0xf9000062 r write' '0xf9400062 w read' '0xd61f0060 rw fetch' '0xf9400062 none read'; do
	# shellcheck disable=SC2086 # three words
	set -- $try
	program ram=128k "$1"
	accepted map "ipa=0x80010000 size=4k prot=$2"
	accepted regs 'x3=0x80010040'
	runs stage2-permission "$3 of 0x80010040 at level 3*"
	same 0x0000000080010040 "$(of_exit ipa)"
done

it 'goes on where it was when what was missing is there'
program ram=128k 0xf9400062 0xf9000062 $end
accepted regs 'x3=0x80010040'
runs stage2-translation 'read of *'
accepted map 'ipa=0x80010000 size=4k prot=r'
runs stage2-permission 'write of *'
accepted protect 'ipa=0x80010000 size=4k prot=rw'
runs end 'status *'

it 'keeps what PAR_EL1 says over a fault whose IPA has to be asked for'
# str x2, [x3]; mrs x8, par_el1
program ram=128k 0xf9000062 0xd5387408 $end
accepted map 'ipa=0x80010000 size=4k prot=r'
accepted regs 'x3=0x80010040 par_el1=0x12000'
runs stage2-permission 'write of 0x80010040*'
accepted protect 'ipa=0x80010000 size=4k prot=rw'
runs end 'status *'
same 0x0000000000012000 "$(register x8)"

it 'names the System register that a guest must not have'
while read -r instruction detail; do
	program ram=64k "$instruction"
	runs sysreg "$detail"
	same 0x0000000080000000 "$(of_exit pc)"
	like '*(Trapped MSR, MRS or System instruction)' "$(of_exit esr)"
done <<'LIST'
0xd53be020 read of CNTPCT_EL0 into x0
0xd53be03f read of CNTPCT_EL0 into xzr
0xd5087e44 DC CISW with x4
0xd53b9d05 read of PMCCNTR_EL0 into x5
0xd5300386 read of DBGBVR3_EL1 into x6
0xd518103f write of ACTLR_EL1 from xzr
LIST

it 'leaves at floating point'
program ram=64k 0x9e6703e0
accepted regs cpacr_el1=0x300000
runs fp ''
like '*(Access to SME, SVE, Advanced SIMD or floating-point functionality)' "$(of_exit esr)"

it 'executes exactly as many instructions as it is paid for'
# l: add x1, x1, #1; b l
program ram=64k 0x91000421 0x17ffffff
runs step-budget '' instructions=1
same 0x0000000000000001 "$(register x1)"
same 0x0000000080000004 "$(of_exit pc)"
runs step-budget '' instructions=3
same '0x0000000000000002 0x0000000080000000' "$(register x1) $(of_exit pc)"
many=$(($(effort 10000) * 2))
runs step-budget '' instructions=$many
same "$(printf 0x%016x $((many / 2 + 2)))" "$(register x1)"
same $many "$(of_exit instructions)"
same 0x00000000000003c5 "$(register pstate)"

it 'counts a call as an instruction, and answers it before the budget ends'
# l: hvc #0; add x1, x1, #1; b l
program ram=64k 0xd4000002 0x91000421 0x17fffffe
runs step-budget '' instructions=3001
same '0x00000000000003e8 0xffffffffffffffff' "$(register x1) $(register x0)"
same '3001 1001' "$(of_exit instructions) $(of_exit exits)"
program ram=64k $end
runs end 'status 0' instructions=3
# What does not complete does not count, and leaves no trace in PSTATE.
program ram=64k 0xd40000a3
runs smc '*' instructions=3
same '0x00000000000003c5 ' "$(register pstate) $(of_exit instructions)"

it 'is paid for a load-exclusive, all that follows, and its store-exclusive as for one instruction'
# l: ldxr w1, [x3]; add w1, w1, #1; stxr w2, w1, [x3]; cbnz w2, l
program ram=64k 0x885f7c61 0x11000421 0x88027c61 0x35ffffa2 $end
stored='0x000000008000000c 0x0000000000000001 0x0000000000000000'
# An interrupt within the sequence clears the monitor: the step ends there, or the store fails. So it is tried again.
for _ in 1 2 3 4 5; do
	accepted regs 'pc=0x80000000 x2=0 x3=0x80008000'
	runs step-budget '' instructions=1
	seen="$(of_exit pc) $(register x1) $(register x2)"
	[ "$seen" != "$stored" ] || break
done
same "$stored" "$seen"
accepted regs pc=0x80000000
runs end 'status 2' instructions=100
# l: ldxr x3, [x3]; cbz x3, out; stxr w2, x1, [x4]; cbnz w2, l; out: end
program ram=64k 0xc85f7c63 0xb4000063 0xc8027c81 0x35ffffa2 $end
accepted regs 'x1=1 x3=0x80008000 x4=0x80008000'
runs step-budget '' instructions=1
same '0x0000000080000010 0x0000000000000000' "$(of_exit pc) $(register x3)"
# On tables of its own. The guest takes 28,000 instructions to make them, so it is stepped only afterwards. vCPU 1 waits there
# for vCPU 0, which then takes its turn and waits for vCPU 1. On a busy machine 100 ms may be too few: then all begins again.
for _ in 1 2 3 4 5; do
	start smp x1=2 x2=10
	accepted run 'vcpu=1 ms=100'
	accepted run 'vcpu=0 ms=100'
	accepted run 'vcpu=1 instructions=10000'
	read_exit 1
	[ "$reason" != end ] || break
done
same 'end status 0' "$reason $detail"
runs end 'status 0' ms=10000

it 'makes as many exits as it is paid for'
program ram=64k 0xd4000002 0x91000421 0x17fffffe
runs exits-budget '' exits=1
same '0x0000000000000000 0xffffffffffffffff' "$(register x1) $(register x0)"
runs exits-budget '' exits=1000
same '0x00000000000003e8 1000' "$(register x1) $(of_exit exits)"
program ram=64k $end
runs end 'status 0' exits=1

it 'ends when its time is over, also with interrupts masked'
# msr daifset, #15; l: add x1, x1, #1; b l
program ram=64k 0xd5034fdf 0x91000421 0x17ffffff
clock
before=$now
runs time-budget '' ms=300
clock
[ $((now - before)) -ge 30 ] || problem 'it ended early'
same 0 "$(of_exit exits)"
runs step-budget '' instructions=10
runs time-budget '' ms=1

it 'runs at EL0, from where no call comes out'
# mrs x2, tpidr_el0; hvc #0: undefined there, so the guest is at its vector for EL0
program ram=64k 0xd53bd042 $hvc
accepted regs 'pstate=0 tpidr_el0=0x1234 vbar_el1=0x80008000'
code 0x80008400 $end
runs end 'status 0'
same '0x0000000000001234 0x0000000080000004' "$(register x2) $(register elr_el1)"
same 0x0000000000000000 "$(register spsr_el1)"

it 'gives a guest the registers that were written to regs, and back what it wrote'
# msr tpidr_el1, x1; mrs x2, vbar_el1; mov x3, sp; mrs x4, mpidr_el1; mrs x5, sctlr_el1; mrs x6, far_el1
# mrs x7, contextidr_el1; mrs x8, par_el1; mov sp, x9
program 'ram=64k vcpus=2' 0xd518d081 0xd538c002 0x910003e3 0xd53800a4 0xd5381005 0xd5386006 \
	0xd538d027 0xd5387408 0x9100013f $end
accepted regs 'vcpu=1 pc=0x80000000 x1=0xabc sp=0x80008000 vbar_el1=0x80000800 far_el1=0xfeed x9=0x9990 contextidr_el1=17 par_el1=0x12000'
runs end 'status *' vcpu=1
sed -n '/^vcpu 1/,$p' $demo/regs >/tmp/regs
for pair in tpidr_el1=abc x2=80000800 x3=80008000 x4=80000001 x5=30d00800 x6=feed \
	x7=11 x8=12000 sp=9990; do
	same "${pair%=*} $(printf 0x%016x 0x${pair#*=})" "$(grep "^${pair%=*} " /tmp/regs)"
done

it 'has the number of its vCPU, on whatever CPU it runs'
# mrs x4, mpidr_el1
program ram=64k 0xd53800a4 $end
for cpus in 1 2; do
	taskset $cpus true 2>/tmp/said || continue
	accepted regs 'pc=0x80000000 x4=0'
	taskset $cpus sh -c "echo >$demo/run"
	same 0x0000000080000000 "$(register x4)"
done

it 'says of each vCPU what its last run came to'
program 'ram=64k vcpus=3' $end
same '' "$(cat $demo/run)"
accepted regs 'vcpu=2 pc=0x80000000 x1=5'
runs end 'status 5' vcpu=2
runs end 'status 0'
same 'vcpu 0,detail status 0,vcpu 2,detail status 5' \
	"$(grep -E '^(vcpu|detail)' $demo/run | tr -s ' ' | paste -sd,)"

it 'counts runs, exits and faults'
program ram=64k $hvc $hvc 0xf9400062
runs stage2-translation 'read of 0x0 at level 1*'
runs stage2-translation '*'
stats=$(grep -E '^(runs|exits|faults)' $demo/stats | tr -s ' ' | paste -sd' ')
same 'runs 2 exits 4 faults 2' "$stats"

it 'ends where a walk of the tables of the guest needs more than it may do: it would fault for ever'
# With stage 1 on, and its tables at 0x80010000, which may be written, and not read.
program ram=1M $end
accepted map 'ipa=0x80010000 size=4k max=4k prot=w'
accepted regs 'ttbr0_el1=0x80010000 tcr_el1=0x3519 mair_el1=0xff sctlr_el1=0x30d00801'
runs stage2-permission 'stage 1 walk of 0x80010000 at level *' ms=2000
same 1 "$(of_exit exits)"

it 'refuses to run a vCPU without an entry, or one that the guest has not got'
guest ram=64k vcpus=2
accepted map 'ipa=2G size=64k prot=rwx'
refused run '^' EINVAL 'vcpu 0 has no entry (write pc=... to regs)'
refused run 'vcpu=^1 ms=5' EINVAL 'vcpu 1 has no entry (write pc=... to regs)'
refused run 'vcpu=^2' ENOENT 'there is no vcpu 2 (the guest has 2)'
refused run 'vcpu=^0x100000000' ENOENT 'there is no vcpu 4294967296 (the guest has 2)'

it 'refuses an entry beyond the IPA space'
guest ram=64k ipa_bits=36
accepted regs 'pc=0x1000000000'
refused run '^' ERANGE 'vcpu 0 starts at 0x1000000000, beyond the IPA space, which ends at 0xfffffffff'
accepted regs 'pc=0xffffffffc'
runs stage2-translation 'fetch of 0xffffffffc at level *'

it 'refuses budgets of nothing, or of more than a day'
program ram=64k $forever
refused run 'exits=^0' EINVAL 'exits must be at least 1'
refused run 'instructions=^0' EINVAL 'instructions must be at least 1'
refused run 'ms=^0' EINVAL 'ms must be at least 1'
refused run 'ms=^86400001' ERANGE 'ms must be at most 86400000, which is a day'
refused run '^second=1' EINVAL 'unknown word (known: vcpu exits instructions ms)'
