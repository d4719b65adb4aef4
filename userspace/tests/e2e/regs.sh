# SPDX-License-Identifier: GPL-2.0-only
#
# regs: a vCPU's registers, from outside.
. /lib.sh

names="pc sp pstate $(seq 0 30 | sed s/^/x/ | paste -sd' ')
	sp_el0 elr_el1 spsr_el1 sctlr_el1 tcr_el1 ttbr0_el1 ttbr1_el1 mair_el1 amair_el1 vbar_el1 esr_el1
	far_el1 afsr0_el1 afsr1_el1 par_el1 cpacr_el1 cntkctl_el1 contextidr_el1 tpidr_el1 tpidr_el0
	tpidrro_el0"

it 'shows the registers of every vCPU, each by its name'
guest ram=64k vcpus=3
same 'vcpu 0,vcpu 1,vcpu 2' "$(grep vcpu $demo/regs | paste -sd,)"
# shellcheck disable=SC2086 # words
same "$(echo $names)" "$(echo $(sed -n '2,/vcpu/s/^\([a-z0-9_]*\) .*/\1/p' $demo/regs | grep -v vcpu))"

it 'starts a vCPU without an entry, at EL1h with all masked, its MMU off, and the rest 0'
guest ram=64k
same 'unset' "$(register pc)"
same 0x00000000000003c5 "$(register pstate)"
same 0x0000000030d00800 "$(register sctlr_el1)"
same '' "$(grep -vE '^vcpu|^pc|^pstate|^sctlr_el1| 0x0{16}$' $demo/regs)"

it 'keeps what is written to each register'
words='' wanted='vcpu 0' n=1
for name in $names; do
	value=$((n * 0x1000010000))
	[ "$name" != pstate ] || value=$((0x80000004))
	words="$words $name=$value" wanted="$wanted$newline$name $(printf 0x%016x $value)" n=$((n + 1))
done
guest ram=64k
accepted regs "$words"
same "$wanted" "$(cat $demo/regs)"

it 'changes what is named, of the vCPU that is named, and nothing else'
guest ram=64k vcpus=2
accepted regs 'x7=7'
accepted regs 'vcpu=1 x8=8 pc=0x1000'
accepted regs 'vcpu=0 x9=9'
same 'x7 0x0000000000000007,x9 0x0000000000000009,pc 0x0000000000001000,x8 0x0000000000000008' \
	"$(grep -vE ' 0x0{16}$|^vcpu|unset|pstate|sctlr' $demo/regs | paste -sd,)"

it 'takes every mode that a guest can be in, and the flags'
for pstate in 0 4 5 0x3c5 0xf0000005 0x3c4; do
	accepted regs "pstate=$pstate"
done

it 'refuses a mode that no guest can be in'
for mode in 1 2 3 6 7 8 9 12 13 15 0x10 0x13 0x1f; do
	refused regs "pstate=^$mode" EINVAL 'pstate must have the mode EL0t (0), EL1t (4) or EL1h (5)'
done

it 'refuses PSTATE bits that must not be set: IL, SS, and what is reserved'
refused regs 'pstate=^0x100005' EINVAL 'pstate must not have the bits 0x100000'
refused regs 'pstate=^0x200005' EINVAL 'pstate must not have the bits 0x200000'
refused regs 'pstate=^0x100000005' EINVAL 'pstate must not have the bits 0x100000000'

it 'refuses what has to be aligned and is not'
refused regs 'pc=^0x80000002' EINVAL 'pc must be a multiple of 4'
refused regs 'pc=^1' EINVAL 'pc must be a multiple of 4'
refused regs 'sp=^0x80010008' EINVAL 'sp must be a multiple of 16'
refused regs 'sp_el0=^4' EINVAL 'sp_el0 must be a multiple of 16'
refused regs 'vbar_el1=^0x400' EINVAL 'vbar_el1 must be a multiple of 2048'

it 'refuses a request whole when one word of it is wrong'
guest ram=64k
accepted regs 'x1=1'
refused regs 'x1=2 x2=3 pc=^2' EINVAL 'pc must be a multiple of 4'
refused regs 'pc=0x1000 x1=2 ^x31=3' EINVAL 'unknown word (known: vcpu pc sp pstate x0'
same 'unset' "$(register pc)"

it 'refuses a vCPU that the guest has not got'
guest ram=64k vcpus=2
refused regs 'vcpu=^2 x0=1' ENOENT 'there is no vcpu 2 (the guest has 2)'
refused regs 'vcpu=^0xffffffffffffffff x0=1' ENOENT 'there is no vcpu'
refused regs 'x0=1 vcpu=^4294967296' ENOENT 'there is no vcpu'

it 'refuses what is no number, and words given twice'
refused regs 'x0=^' EINVAL 'a number is missing'
refused regs 'x0=^-1' EINVAL 'cannot be negative'
refused regs '^' EINVAL 'the line names no register'
refused regs '^vcpu=0' EINVAL 'the line names no register'
refused regs 'x0=1 ^x0=1' EINVAL 'x0 is given twice'
refused regs 'vcpu=0 ^vcpu=0' EINVAL 'vcpu is given twice'

it 'makes as many vCPUs as create is asked for, 1 to 8'
for n in 1 2 8; do
	guest ram=64k vcpus=$n
	same $n "$(grep -c vcpu $demo/regs)"
	same $n "$(sed -n 's/^vcpus *//p' $demo/config)"
done
guest ram=64k
refused create 'name=other vcpus=^0' ERANGE 'vcpus must be 1..8'
refused create 'name=other vcpus=^9' ERANGE 'vcpus must be 1..8'
refused create 'name=other vcpus=^0x100000001' ERANGE 'vcpus must be 1..8'
