# SPDX-License-Identifier: GPL-2.0-only
#
# s2load: images that are none, and images that do not fit. Nothing is written then.
. /lib.sh

# What the first 256K of RAM hold, as far as it is mapped.
memory() {
	dd if=$demo/mem bs=64k skip=$((0x8000)) count=4 2>/dev/null
}

# refuses FILE TEXT: it does not load, says so, and leaves memory as it was.
refuses() {
	memory >/tmp/before_load
	if s2load $demo "$1" >/tmp/said 2>&1; then
		problem "$1 is loaded"
	fi
	like "s2load: $2" "$(cat /tmp/said)"
	memory | cmp -s - /tmp/before_load || problem 'memory has changed'
}

guest ram=4M
accepted map 'ipa=2G size=64k'

it 'refuses an image that is larger than what is mapped'
refuses /guests/mmu.elf '/guests/mmu.elf: 0x800*-0x800* is not all mapped in guests/demo'
accepted unmap 'ipa=2G size=64k'
refuses /guests/hello.elf '/guests/hello.elf: 0x80000000-0x80001* is not all mapped in *'

it 'refuses an ELF file that is cut short, wherever'
accepted map 'ipa=2G size=2M'
for bytes in 0 3 4 63 64 100 4000 4200; do
	head -c $bytes /guests/hello.elf >/tmp/short.elf
	case $bytes in
	0 | 3) refuses /tmp/short.elf '/tmp/short.elf: not an ELF file' ;;
	4 | 63) refuses /tmp/short.elf '/tmp/short.elf: the file ends within its header' ;;
	64 | 100) refuses /tmp/short.elf '/tmp/short.elf: the file ends within its program headers' ;;
	*) refuses /tmp/short.elf '/tmp/short.elf: the file ends within a segment' ;;
	esac
done

it 'refuses what is no program for 64-bit Arm, or not there'
refuses /lib.sh '/lib.sh: not an ELF file'
refuses /stage2.ko '/stage2.ko: not an ELF program (link an object first)'
refuses /bin/busybox '/bin/busybox: 0x*-0x* is not all mapped in guests/demo'
refuses /nowhere.elf '/nowhere.elf: No such file or directory'

it 'refuses a guest that is not there'
s2load guests/nobody /guests/hello.elf 2>/tmp/said && problem 'it is loaded'
like 's2load: guests/nobody/maps: No such file or directory' "$(cat /tmp/said)"
