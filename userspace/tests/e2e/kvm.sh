# SPDX-License-Identifier: GPL-2.0-only
#
# The toy guests under KVM, with the module in the kernel: what they do there is what they have to do
# under stage2, too.
. /lib.sh
needs kvm

# kvm STATUS TEXT FILE [WORD...]
under_kvm() {
	status=$1 text=$2
	shift 2
	kvm "$@" >/tmp/said 2>&1
	same "$status" $?
	like "$text" "$(cat /tmp/said)"
}

it 'prints and ends'
under_kvm 0 'hello from EL1, vCPU 0' /guests/hello.elf

it 'touches pages'
under_kvm 0 'touched 256 pages: 256 reads, 0 writes, checksum 0x988f40bcc8000400' \
	/guests/touch.elf x1=0x80400000 x2=1M

it 'names the exit that it has no answer to'
under_kvm 1 '*KVM_EXIT_MMIO at pc 0x8*, address 0x10000000' /guests/touch.elf x1=0x10000000 x2=4K

it 'changes its own tables while it runs on them'
under_kvm 0 'the MMU is on*remapped itself by 2 breaks; 100 windows, none of them stale*' \
	/guests/mmu.elf

it 'counts on two vCPUs'
under_kvm 0 '*counts 20000 and 20000*counts 20000 and 20000' /guests/smp.elf vcpus=2 x1=2

it 'ends a guest for an exception of its own, and says which'
under_kvm $((1037 & 255)) 'exception: ESR 0x96*, at 0x80*, address 0x10000000000000' \
	/guests/escape.elf x1=7
