# SPDX-License-Identifier: GPL-2.0-only
#
# dirty: which leaves of a region were written since the last read. By hardware or by faults: config
# says which, and nothing else here does.
. /lib.sh
needs engine

# l: str x1, [x3]; add x3, x3, x4; subs x5, x5, #1; b.ne l; end
writes="0xf9000061 0x8b040063 0xf10004a5 0x54ffffa1 $end"
reads="0xf9400061 0x8b040063 0xf10004a5 0x54ffffa1 $end"

# The program again, on x5 = $2 words from $1 on, $3 (a page) apart.
again() {
	accepted regs "pc=0x80000000 x3=$1 x4=${3:-0x1000} x5=${2:-1}"
	runs end '*'
}

dirty() {
	same "$1" "$(cat $demo/dirty)"
}

maps() {
	tail -n +2 $demo/maps
}

it 'reports what was written since the last read, as merged ranges, once'
program ram=1M $writes
accepted map 'ipa=0x90000000 size=128k max=4k'
accepted dirty 'ipa=0x90000000 size=128k'
dirty ''
again 0x90003010 3
again 0x9000a000 2 0x2000
dirty '0090003000-0090005fff
009000a000-009000afff
009000c000-009000cfff'
dirty ''

it 'reports it again when it is written again'
again 0x90004000
dirty '0090004000-0090004fff'
again 0x90004000
again 0x90004000
dirty '0090004000-0090004fff'
dirty ''

it 'shows in maps and tables what is clean and what is dirty'
again 0x90004000 2
same '0090000000-0090003fff rw- normal  4 x 4K clean
0090004000-0090005fff rw- normal  2 x 4K dirty
0090006000-009001ffff rw- normal  26 x 4K clean' "$(maps)"
same '2 dirty 30 clean' "$(grep -c ' dirty$' $demo/tables) dirty $(grep -c ' clean$' $demo/tables) clean"
agree demo
dirty '0090004000-0090005fff'
same '0090000000-009001ffff rw- normal  32 x 4K clean' "$(maps)"

it 'reports no reads, and nothing outside of the region'
again 0x80008000
dirty ''
program ram=1M $reads
accepted map 'ipa=0x90000000 size=128k max=4k'
accepted dirty 'ipa=0x90000000 size=128k'
again 0x90000000 32
dirty ''

it 'says who notes it'
like '*hardware, 1 regions' "$(sed -n 's/^dirty *//p' $demo/config | sed 's/by faults/hardware/')"
same "$(sed -n 's/^dirty_state *//p' features)" "$(sed -n 's/^dirty *\([a-z ]*\),.*/\1/p' $demo/config)"

it 'takes a fault for a first write only where hardware does not note it'
program ram=1M $writes
accepted map 'ipa=0x90000000 size=128k max=4k'
accepted dirty 'ipa=0x90000000 size=128k'
again 0x90000000 32
again 0x90000000 32
case $(sed -n 's/^dirty_state *//p' features) in
hardware) same 0 "$(sed -n 's/^faults *//p' $demo/stats)" ;;
*) same 32 "$(sed -n 's/^faults *//p' $demo/stats)" ;;
esac
dirty '0090000000-009001ffff'

it 'reports whole blocks, also where they stick out of the region'
program ram=8M $writes
accepted map 'ipa=0x90000000 size=4M'
accepted dirty 'ipa=0x90001000 size=2M'
again 0x90000000
dirty '0090000000-00901fffff'
again 0x903ffff0
dirty '0090200000-00903fffff'
same '0090000000-00903fffff rw- normal  2 x 2M clean' "$(maps)"

it 'keeps several regions, in the order of their addresses'
program ram=1M $writes
for at in 0xa0000000 0x90000000; do
	accepted map "ipa=$at size=64k max=4k"
	accepted dirty "ipa=$at size=64k"
done
again 0xa0001000
again 0x90002000
dirty '0090002000-0090002fff
00a0001000-00a0001fff'

it 'is not disturbed by holes, nor by what cannot be written anyway'
program ram=1M $writes
accepted map 'ipa=0x90002000 size=8k max=4k'
accepted map 'ipa=0x90006000 size=4k prot=r'
accepted dirty 'ipa=0x90000000 size=1M'
again 0x90003000
dirty '0090003000-0090003fff'
accepted regs 'pc=0x80000000 x3=0x90006000 x5=1'
runs stage2-permission 'write of 0x90006000 at level 3, 8 bytes, x1'
same '0090002000-0090003fff rw- normal  2 x 4K clean
0090006000-0090006fff r-- normal  1 x 4K' "$(maps)"

it 'logs what is mapped in the region later, on request and on demand'
program ram=1M 0xf9400066 $writes
accepted demand 'ipa=0x90010000 size=64k'
accepted dirty 'ipa=0x90000000 size=1M'
accepted map 'ipa=0x90000000 size=16k max=4k'
again 0x90010000
dirty '0090010000-0090010fff'
# A read first, then the write.
again 0x90011000
dirty '0090011000-0090011fff'
again 0x90002000
dirty '0090002000-0090002fff'
program ram=1M $writes
accepted demand 'ipa=0x90010000 size=64k'
accepted dirty 'ipa=0x90000000 size=1M'
again 0x90012000
dirty '0090012000-0090012fff'

it 'maps on demand, for a read, what is clean'
program ram=1M $reads
accepted demand 'ipa=0x90010000 size=64k'
accepted dirty 'ipa=0x90000000 size=1M'
again 0x90010000 2
dirty ''
same '0090010000-0090011fff rw- normal  2 x 4K clean' "$(maps)"

it 'forgets nothing over protect: what was written is reported, what is read-only stays read-only'
program ram=1M $writes
accepted map 'ipa=0x90000000 size=32k max=4k'
accepted dirty 'ipa=0x90000000 size=32k'
again 0x90001000 2
accepted protect 'ipa=0x90000000 size=16k prot=r'
same '0090000000-0090000fff r-- normal  1 x 4K
0090001000-0090002fff r-- normal  2 x 4K dirty
0090003000-0090003fff r-- normal  1 x 4K
0090004000-0090007fff rw- normal  4 x 4K clean' "$(maps)"
accepted regs 'pc=0x80000000 x3=0x90000000 x5=1'
runs stage2-permission 'write *'
dirty '0090001000-0090002fff'
dirty ''
accepted protect 'ipa=0x90000000 size=8k prot=rw'
dirty ''
again 0x90000000
dirty '0090000000-0090000fff'

it 'keeps what was written over protect that leaves it writable'
again 0x90000000
accepted protect 'ipa=0x90000000 size=8k prot=rwx'
again 0x90001000
dirty '0090000000-0090001fff'

it 'keeps the log in a block that is cut'
program ram=8M $writes
accepted map 'ipa=0x90000000 size=2M'
accepted dirty 'ipa=0x90000000 size=2M'
accepted protect 'ipa=0x90001000 size=4k prot=r'
again 0x90002000
dirty '0090002000-0090002fff'
accepted unmap 'ipa=0x90003000 size=4k'
again 0x90004000
dirty '0090004000-0090004fff'
agree demo

it 'is over when it is off: everything can be written, and nothing is noted'
program ram=1M $writes
accepted map 'ipa=0x90000000 size=32k max=4k'
accepted dirty 'ipa=0x90000000 size=32k'
again 0x90001000
accepted dirty off
same '0090000000-0090007fff rw- normal  8 x 4K' "$(maps)"
dirty ''
faults=$(sed -n 's/^faults *//p' $demo/stats)
again 0x90000000 8
dirty ''
same "$faults" "$(sed -n 's/^faults *//p' $demo/stats)"
same '0 regions' "$(sed -n 's/^dirty .*, //p' $demo/config)"

it 'takes with it what it found and nobody has read, also where nothing can be written any more'
program ram=1M $writes
accepted map 'ipa=0x90000000 size=32k max=4k'
accepted dirty 'ipa=0x90000000 size=32k'
again 0x90001000 2
accepted protect 'ipa=0x90000000 size=16k prot=r'
accepted dirty off
same '0090000000-0090003fff r-- normal  4 x 4K
0090004000-0090007fff rw- normal  4 x 4K' "$(maps)"
accepted dirty 'ipa=0x90000000 size=32k'
dirty ''

it 'gives each range to one reader, however the readers go about it'
program ram=8M $writes
accepted map 'ipa=0x90000000 size=2M max=4k'
accepted dirty 'ipa=0x90000000 size=2M'
again 0x90000000 256 0x2000
exec 3<$demo/dirty 4<$demo/dirty
dd bs=22 count=5 <&3 >/tmp/first 2>/dev/null
again 0x90001000
same '0090001000-0090001fff' "$(cat <&4)"
cat <&3 >>/tmp/first
exec 3<&- 4<&-
same 256 "$(grep -cE '^0090[01][0-9a-f]{2}000-0090[01][0-9a-f]{2}fff$' /tmp/first)"
dirty ''

it 'misses no write while it is read'
# The guest writes to two pages, for ever: every read of the log that it ran before has both, or it was
# between the two.
# l: add x1, x1, #1; str x1, [x3]; str x1, [x4]; b l
program ram=1M 0x91000421 0xf9000061 0xf9000081 0x17fffffd
accepted map 'ipa=0x90000000 size=8k max=4k'
accepted dirty 'ipa=0x90000000 size=8k'
accepted regs 'x3=0x90000000 x4=0x90001000'
echo ms=60000 >$demo/run &
good=0 round=0
while [ $good -lt 20 ] && [ $round -lt 1000 ]; do
	[ "$(cat $demo/dirty)" != '0090000000-0090001fff' ] || good=$((good + 1))
	round=$((round + 1))
done
kill $!
wait $! 2>/dev/null
[ $good = 20 ] || problem "both pages only $good times"
cat $demo/dirty >/tmp/last
dirty ''

it 'refuses a region that is no region, one that is logged already, and more than 16'
guest ram=64k
refused dirty 'ipa=^0x10800 size=4k' EINVAL 'ipa must be a multiple of 4K'
refused dirty 'ipa=0 size=^0' EINVAL 'size must be a multiple of 4K, and not 0'
refused dirty 'ipa=^0xffffffff000 size=4k' ERANGE 'leaves the IPA space'
refused dirty 'ipa=0 size=4k ^prot=r' EINVAL 'unknown word (known: ipa size)'
refused dirty '^on' EINVAL 'unknown word'
accepted dirty 'ipa=0x10000 size=64k'
refused dirty 'ipa=^0x1f000 size=8k' EEXIST '0x10000-0x1ffff is declared already'
n=1
while [ $n -lt 16 ]; do
	accepted dirty "ipa=$((n * 0x100000)) size=4k"
	n=$((n + 1))
done
refused dirty 'ipa=^0x8000000 size=4k' ENOSPC 'there are 16 regions already'
