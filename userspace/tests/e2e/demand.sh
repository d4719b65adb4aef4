# SPDX-License-Identifier: GPL-2.0-only
#
# demand: a fault in a declared region takes RAM, and the guest does not notice.
. /lib.sh
needs engine

# l: str x1, [x3]; ldr x6, [x3]; add x3, x3, x4; subs x5, x5, #1; b.ne l; end with x1
sweep="0xf9000061 0xf9400066 0x8b040063 0xf10004a5 0x54ffff81 $end"

maps() {
	tail -n +"${1:-1}" $demo/maps
}

stat() {
	sed -n "s/^$1 *//p" $demo/stats
}

it 'maps a page where a fault was, and no other'
program ram=1M $sweep
accepted demand 'ipa=0x90000000 size=1M'
accepted regs 'x1=7 x3=0x90003010 x4=0x5000 x5=2'
runs end 'status 7'
same '0090003000-0090003fff rw- normal  1 x 4K
0090008000-0090008fff rw- normal  1 x 4K' "$(maps 2)"
same '0090000000-00900fffff rw- normal  max 4K  2 pages' "$(cat $demo/demand)"
same '2 2' "$(stat faults) $(stat demand_pages)"
same 3 "$(of_exit exits)"
agree demo

it 'gives every page memory of its own, which keeps what is written there'
# l: ldr x6, [x3]; str x1, [x3]; add x1, x1, #1; add x3, x3, x4; subs; b.ne; end
program ram=1M 0xf9400066 0xf9000061 0x91000421 0x8b040063 0xf10004a5 0x54ffff61 $end
accepted demand 'ipa=0x90000000 size=1M prot=rw'
accepted regs 'x1=1 x3=0x90000000 x4=0x1000 x5=100'
runs end '*'
same '0090000000-0090063fff rw- normal  100 x 4K' "$(maps 2)"
page=0
while [ $page -lt 100 ]; do
	same "$((page + 1))" "$(($(dd if=$demo/mem bs=4096 skip=$((0x90000 + page)) count=1 2>/dev/null | od -An -tu4 -N4)))"
	page=$((page + 33))
done
same 100 "$(grep -o '0x[0-9a-f]* rw- normal' $demo/tables | sort -u | wc -l)"
agree demo

it 'maps blocks where max allows them and there is room, and pages where not'
program ram=16M $sweep
accepted map 'ipa=0x90600000 size=4k max=4k'
accepted demand 'ipa=0x90001000 size=0xbff000 max=2m'
# The first 2M of the region lack a page, the fourth have one already.
accepted regs 'x3=0x90100000 x4=0x200000 x5=4'
runs end '*'
same '0090100000-0090100fff rw- normal  1 x 4K
0090200000-00905fffff rw- normal  2 x 2M
0090600000-0090600fff rw- normal  1 x 4K
0090700000-0090700fff rw- normal  1 x 4K' "$(maps 2)"
same 1026 "$(stat demand_pages)"
agree demo

it 'maps pages where no block of RAM is left'
program ram=2M $sweep
accepted demand 'ipa=0x90000000 size=4M max=1g'
accepted regs 'x3=0x90000000 x4=0x200000 x5=2'
runs end '*'
same '0090000000-0090000fff rw- normal  1 x 4K
0090200000-0090200fff rw- normal  1 x 4K' "$(maps 2)"

it 'maps what was declared, and a fault that this does not permit is an exit'
program ram=1M $sweep
accepted demand 'ipa=0x90000000 size=64k prot=r'
accepted demand 'ipa=0xa0000000 size=64k prot=rwx attr=normal'
accepted demand 'ipa=0xb0000000 size=64k prot=rw attr=device'
accepted regs 'x3=0x90000000 x4=0 x5=1'
runs stage2-permission 'write of 0x90000000 at level 3, 8 bytes, x1'
accepted regs 'x3=0xb0000000'
runs end '*'
accepted regs 'x3=0xa0000000 x5=1 pc=0x80000000'
runs end '*'
same '0090000000-0090000fff r-- normal  1 x 4K
00a0000000-00a0000fff rwx normal  1 x 4K
00b0000000-00b0000fff rw- device  1 x 4K' "$(maps 2)"
same '0090000000-009000ffff r-- normal  max 4K  1 pages
00a0000000-00a000ffff rwx normal  max 4K  1 pages
00b0000000-00b000ffff rw- device  max 4K  1 pages' "$(cat $demo/demand)"

it 'fetches on demand, too'
program ram=1M 0xd61f0060
accepted demand 'ipa=0x90000000 size=64k prot=rwx'
accepted regs 'x3=0x90000000'
# The page is all zeroes, which is no instruction: the guest's vector is at 0x200.
runs stage2-translation 'fetch of 0x200 at *'
same '0090000000-0090000fff rwx normal  1 x 4K' "$(maps 2)"

it 'leaves the guest at a hole outside of every region, and at the first byte behind one'
program ram=1M $sweep
accepted demand 'ipa=0x90000000 size=64k'
accepted regs 'x3=0x90008000 x4=0x4000 x5=9'
runs stage2-translation 'write of 0x90010000 at level 3, 8 bytes, x1'
accepted regs 'x3=0x8fffffff'
runs stage2-translation 'write of 0x8fffffff at level *'

it 'counts a fault as an exit of the guest'
program ram=1M $sweep
accepted demand 'ipa=0x90000000 size=1M'
accepted regs 'x3=0x90000000 x4=0x1000 x5=9'
runs exits-budget '' exits=3
same 3 "$(stat demand_pages)"
runs end '*'
same 9 "$(stat demand_pages)"

it 'leaves the guest when RAM is used up, and goes on when there is some again'
program ram=128k $sweep
accepted demand 'ipa=0x90000000 size=1M'
accepted regs 'x3=0x90000000 x4=0x1000 x5=20'
runs no-memory "write of 0x90010000 at level 3, 8 bytes, x1: the guest's RAM is used up"
same '0090000000-009000ffff rw- normal  16 x 4K' "$(maps 2)"
accepted unmap 'ipa=0x90000000 size=64k'
runs end '*'
same '0090010000-0090013fff rw- normal  4 x 4K' "$(maps 2)"
agree demo

it 'leaves the guest when there is no table left, and has lost nothing'
program 'ram=1M tables=4' $sweep
accepted demand 'ipa=0x90000000 size=16M'
accepted regs 'x3=0x90000000 x4=0x200000 x5=3'
runs no-memory 'write of 0x90000000 at level 2, 8 bytes, x1: no memory for another table'
same '' "$(maps 2)"
agree demo

it 'fills a hole once when two vCPUs meet in it'
program 'ram=2M vcpus=2' $sweep
accepted demand 'ipa=0x90000000 size=1M'
accepted regs 'vcpu=0 x3=0x90000000 x4=0x1000 x5=256'
accepted regs 'vcpu=1 x3=0x90000000 x4=0x1000 x5=256 pc=0x80000000'
echo vcpu=1 >$demo/run &
runs end '*'
wait
same '0090000000-00900fffff rw- normal  256 x 4K' "$(maps 2)"
same '0090000000-00900fffff rw- normal  max 4K  256 pages' "$(cat $demo/demand)"
same 256 "$(stat demand_pages)"
agree demo

it 'maps nothing more when it is off'
program ram=1M $sweep
accepted demand 'ipa=0x90000000 size=1M'
accepted regs 'x3=0x90000000 x4=0 x5=1'
runs end '*'
accepted demand off
same '' "$(cat $demo/demand)"
accepted regs 'x3=0x90001000 x5=1 pc=0x80000000'
runs stage2-translation '*'
same '0090000000-0090000fff rw- normal  1 x 4K' "$(maps 2)"

it 'shows regions in the order of their addresses'
guest ram=64k
for at in 0x30000 0x10000 0x50000 0x20000 0x40000; do
	accepted demand "ipa=$at size=64k"
done
same '0000010000 0000020000 0000030000 0000040000 0000050000' "$(cut -d- -f1 $demo/demand | paste -sd' ')"

it 'refuses a region that is no region, or cannot be mapped like that'
guest ram=64k ipa_bits=36
refused demand 'ipa=^0x10800 size=4k' EINVAL 'ipa must be a multiple of 4K'
refused demand 'ipa=0 size=^0' EINVAL 'size must be a multiple of 4K, and not 0'
refused demand 'ipa=0 size=^6k' EINVAL 'size must be a multiple of 4K'
refused demand 'ipa=^0xffffff000 size=8k' ERANGE 'leaves the IPA space'
refused demand 'ipa=0 size=4k attr=device prot=^rx' EINVAL 'cannot be executable'
refused demand 'ipa=0^' EINVAL 'size=... is missing'
refused demand 'ipa=0 size=4k ^off' EINVAL 'unknown word'

it 'refuses a region that overlaps another, and more than 16'
accepted demand 'ipa=0x10000 size=64k'
refused demand 'ipa=^0x1f000 size=8k' EEXIST '0x10000-0x1ffff is declared already'
refused demand 'ipa=^0xf000 size=8k' EEXIST '0x10000-0x1ffff is declared already'
refused demand 'ipa=^0 size=1M' EEXIST '0x10000-0x1ffff is declared already'
n=1
while [ $n -lt 16 ]; do
	accepted demand "ipa=$((n * 0x100000)) size=4k"
	n=$((n + 1))
done
refused demand 'ipa=^0x8000000 size=4k' ENOSPC 'there are 16 regions already'
accepted demand off
accepted demand 'ipa=0x8000000 size=4k'
