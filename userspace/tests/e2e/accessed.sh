# SPDX-License-Identifier: GPL-2.0-only
#
# accessed: which leaves were accessed since the last read. By hardware or by faults.
. /lib.sh
needs engine

# l: ldr x1, [x3]; add x3, x3, x4; subs x5, x5, #1; b.ne l; end
reads="0xf9400061 0x8b040063 0xf10004a5 0x54ffffa1 $end"

again() {
	accepted regs "pc=0x80000000 x3=$1 x4=${3:-0x1000} x5=${2:-1}"
	runs end '*'
}

# Of the data: where the program is, is accessed all the time.
accessed() {
	same "$1" "$(grep -v ^0080000000 $demo/accessed)"
}

it 'reports a new mapping, then what was accessed since the last read'
program ram=1M $reads
accepted map 'ipa=0x90000000 size=128k max=4k'
accessed '0090000000-009001ffff'
accessed ''
again 0x90003010 3
again 0x9000a000 2 0x2000
accessed '0090003000-0090005fff
009000a000-009000afff
009000c000-009000cfff'
accessed ''

it 'reports fetches, and blocks as a whole'
program ram=8M $reads
accepted map 'ipa=0x90000000 size=4M'
cat $demo/accessed >/tmp/ranges
again 0x90210000
same '0080000000-0080000fff
0090200000-00903fffff' "$(cat $demo/accessed)"

it 'shows in tables what was not accessed, and makes nothing of it in maps'
same '0080000000-008000ffff rwx normal  16 x 4K
0090000000-00903fffff rw- normal  2 x 2M' "$(cat $demo/maps)"
same 0 "$(grep -c accessed $demo/tables)"
again 0x90210000
same 2 "$(grep -c accessed $demo/tables)"
agree demo

it 'takes a fault for a first access only where hardware does not note it'
program ram=1M $reads
accepted map 'ipa=0x90000000 size=128k max=4k'
cat $demo/accessed >/tmp/ranges
again 0x90000000 32
again 0x90000000 32
case $(sed -n 's/^access_flag *//p' features) in
hardware) same 0 "$(sed -n 's/^faults *//p' $demo/stats)" ;;
*) same 33 "$(sed -n 's/^faults *//p' $demo/stats)" ;;
esac

it 'leaves the guest at the fault when it is told to report'
program ram=1M $reads
accepted map 'ipa=0x90000000 size=8k max=4k'
accepted accessed faults=report
cat $demo/accessed >/tmp/ranges
accepted regs 'x3=0x90000000 x4=0x1000 x5=2'
case $(sed -n 's/^access_flag *//p' features) in
hardware) ;;
*)
	same 'by faults, reported' "$(sed -n 's/^accessed *//p' $demo/config)"
	runs stage2-access-flag 'fetch of 0x80000000 at level 3'
	runs stage2-access-flag 'fetch of 0x80000000 at level 3'
	accepted accessed faults=note
	runs exits-budget '' exits=1
	accepted accessed faults=report
	runs stage2-access-flag 'read of 0x90000000 at level 3, 8 bytes, x1'
	same 0x0000000090000000 "$(of_exit ipa)"
	;;
esac
accepted accessed faults=note
runs end '*'
accessed '0090000000-0090001fff'

it 'leaves the dirty log alone'
program ram=1M 0xf9000061 0x8b040063 0xf10004a5 0x54ffffa1 $end
accepted map 'ipa=0x90000000 size=16k max=4k'
accepted dirty 'ipa=0x90000000 size=16k'
again 0x90001000
accessed '0090000000-0090003fff'
accessed ''
same '0090001000-0090001fff' "$(cat $demo/dirty)"
again 0x90002000
same '0090002000-0090002fff' "$(cat $demo/dirty)"
accessed '0090002000-0090002fff'

it 'has room for as many ranges as there are leaves'
program ram=4M $reads
accepted demand 'ipa=0x90000000 size=2M'
again 0x90000000 256 0x2000
n=0
while [ $n -lt 256 ]; do
	printf '00%08x-00%08x\n' $((0x90000000 + n * 0x2000)) $((0x90000fff + n * 0x2000))
	n=$((n + 1))
done >/tmp/alone
accessed "$(cat /tmp/alone)"
accessed ''

it 'refuses what it does not know'
refused accessed '^' EINVAL 'faults=... is missing'
refused accessed 'faults=^no' EINVAL 'unknown value for faults (known: note report)'
refused accessed '^off' EINVAL 'unknown word (known: faults)'
