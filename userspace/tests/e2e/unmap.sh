# SPDX-License-Identifier: GPL-2.0-only
#
# unmap and protect: cutting blocks, naming holes, and leaving no trace.
. /lib.sh

maps() {
	cat $demo/maps
}

stat() {
	sed -n "s/^$1 *//p" $demo/stats
}

it 'unmaps part of a block by cutting it'
guest ram=8M
accepted map 'ipa=0x200000 size=2M'
accepted unmap 'ipa=0x280000 size=8k'
same '0000200000-000027ffff rw- normal  128 x 4K
0000282000-00003fffff rw- normal  382 x 4K' "$(maps)"

it 'protects part of a block by cutting it, and the rest keeps its permissions'
guest ram=8M
accepted map 'ipa=0x200000 size=4M prot=rw'
accepted protect 'ipa=0x3ff000 size=8k prot=r'
same '0000200000-00003fefff rw- normal  511 x 4K
00003ff000-0000400fff r-- normal  2 x 4K
0000401000-00005fffff rw- normal  511 x 4K' "$(maps)"

it 'protects whole blocks without cutting them'
guest ram=8M
accepted map 'ipa=0x200000 size=4M prot=rw'
accepted protect 'ipa=0x200000 size=4M prot=rx'
same '0000200000-00005fffff r-x normal  2 x 2M' "$(maps)"

it 'keeps memory where it is when a block is cut'
guest ram=8M
accepted map 'ipa=0x200000 size=2M'
accepted walk 0x2a5123
before=$(tail -n 1 $demo/walk)
accepted protect 'ipa=0x2a5000 size=4k prot=r'
same "$before" "$(tail -n 1 $demo/walk)"

it 'refuses what is not mapped, and names the hole'
guest ram=8M
accepted map 'ipa=0x200000 size=2M'
accepted map 'ipa=0x500000 size=64k'
refused unmap 'ipa=^0x100000 size=4k' ENOENT '0x100000-0x100fff is not mapped'
refused unmap 'ipa=^0x1ff000 size=8k' ENOENT '0x1ff000-0x1fffff is not mapped'
refused unmap 'ipa=^0x3ff000 size=8k' ENOENT '0x400000-0x400fff is not mapped'
refused unmap 'ipa=^0x200000 size=4M' ENOENT '0x400000-0x4fffff is not mapped'
refused unmap 'ipa=^0x50f000 size=8k' ENOENT '0x510000-0x510fff is not mapped'
refused unmap 'ipa=^0 size=1T' ENOENT '0x0-0x1fffff is not mapped'
refused protect 'ipa=^0x3ff000 size=8k prot=r' ENOENT '0x400000-0x400fff is not mapped'
refused protect 'ipa=^0x200000 size=4M prot=r' ENOENT '0x400000-0x4fffff is not mapped'

it 'keeps the RAM under what it refuses to unmap'
guest ram=64k
accepted map 'ipa=0 size=64k'
refused unmap 'ipa=^0 size=128k' ENOENT '0x10000-0x1ffff is not mapped'
refused map 'ipa=1M size=^4k' ENOSPC '64K of 64K are mapped'
guest ram=8M
accepted map 'ipa=0x200000 size=2M'

it 'refuses to make device and nc memory executable, whatever else is in the region'
accepted map 'ipa=0x400000 size=64k attr=device'
accepted map 'ipa=0x410000 size=64k attr=nc'
refused protect 'ipa=0x3f0000 size=128k prot=^rx' EINVAL 'cannot be executable (0x400000-'
refused protect 'ipa=0x410000 size=4k prot=^rwx' EINVAL 'cannot be executable (0x410000-'

it 'leaves nothing but the root when all is unmapped'
guest ram=8M
cat $demo/tables.bin >/tmp/empty
accepted map 'ipa=0x1ff000 size=4M'
accepted map 'ipa=512G size=4k'
accepted unmap 'ipa=0x1ff000 size=4M'
accepted unmap 'ipa=512G size=4k'
same '' "$(maps)"
cmp $demo/tables.bin /tmp/empty || problem 'tables.bin is not what it was'
same 2 "$(stat tables)"
same 0 "$(stat mapped_bytes)"

it 'ends where it began after map, protect, cut and unmap, over and over'
accepted map 'ipa=0x200000 size=4M max=4k prot=r'
cat $demo/tables.bin >/tmp/first
round=0
while [ $round -lt 20 ]; do
	accepted map 'ipa=0x600000 size=4M'
	accepted protect 'ipa=0x601000 size=8k prot=none'
	accepted unmap 'ipa=0x7ff000 size=8k'
	accepted unmap 'ipa=0x600000 size=2044k'
	accepted unmap 'ipa=0x801000 size=2044k'
	accepted protect 'ipa=0x2ff000 size=1M prot=rwx'
	accepted protect 'ipa=0x2ff000 size=1M prot=r'
	round=$((round + 1))
done
cmp $demo/tables.bin /tmp/first || problem 'tables.bin is not what it was'

it 'gives RAM back when it is unmapped'
guest ram=8M
round=0
while [ $round -lt 10 ]; do
	accepted map "ipa=${round}G size=8M"
	accepted unmap "ipa=$((round * 1024 + 2))M size=3M"
	accepted map "ipa=100G size=3M"
	accepted unmap "ipa=${round}G size=2M"
	accepted unmap "ipa=$((round * 1024 + 5))M size=3M"
	accepted unmap "ipa=100G size=3M"
	round=$((round + 1))
done
accepted map 'ipa=0 size=8M'
