# SPDX-License-Identifier: GPL-2.0-only
#
# mem: guest memory at its IPA, through the tables.
. /lib.sh

# Writes text $2 at IPA $1, at once. (dd without notrunc sets the length of a file, and debugfs has
# none beyond 2 GiB.)
poke() {
	printf %s "$2" | dd of=$demo/mem bs=64 seek=$(($1)) oflag=seek_bytes conv=notrunc 2>/tmp/said
}

# Reads $2 bytes at IPA $1, at once.
peek() {
	dd if=$demo/mem bs="$2" skip=$(($1)) iflag=skip_bytes count=1 2>/tmp/said
}

it 'reads zeros before anything is written'
guest ram=8M
accepted map 'ipa=0x80000000 size=6M'
dd if=$demo/mem bs=1M skip=2050 count=1 2>/dev/null | cmp -n $((1 << 20)) - /dev/zero ||
	problem 'not zero'

it 'reads back what was written, across a page and across a block too'
poke 0x80000000 first
poke 0x80000ffc 'over a page'
poke 0x801ffffc 'over a block'
poke 0x805ffffc last
same first "$(peek 0x80000000 5)"
same 'over a page' "$(peek 0x80000ffc 11)"
same 'over a block' "$(peek 0x801ffffc 12)"
same last "$(peek 0x805ffffc 4)"

it 'finds the next page where the tables say, not where the last one ends'
for page in 3 2 1; do
	accepted map "ipa=0x${page}0000 size=64k max=4k"
done
poke 0x1fffc 'at the seam'
poke 0x2fffe 'and here'
same 'at the seam' "$(peek 0x1fffc 11)"
same 'and here' "$(peek 0x2fffe 8)"
same ' seam' "$(peek 0x20002 5)"

it 'keeps what was written when a block is cut and its permissions change'
dd if=$demo/mem bs=1M skip=2048 count=2 2>/dev/null | md5sum >/tmp/before
accepted protect 'ipa=0x80000000 size=4k prot=r'
accepted protect 'ipa=0x801ff000 size=8k prot=none'
dd if=$demo/mem bs=1M skip=2048 count=2 2>/dev/null | md5sum | cmp -s - /tmp/before ||
	problem 'the bytes changed'

it 'cannot be reached where nothing is mapped, and says where that is'
peek 0x7ffffffe 4 >/tmp/out
like '*: Input/output error' "$(head -n 1 /tmp/said)"
logged $demo/mem '0x7ffffffe is not mapped' '' ''
poke 0x80600000 x
like '*: Input/output error' "$(head -n 1 /tmp/said)"
logged $demo/mem '0x80600000 is not mapped' '' ''
peek 0x10000000000 1
like '*: Input/output error' "$(head -n 1 /tmp/said)"
peek 0x7ffffffffffffff0 1
like '*: Input/output error' "$(head -n 1 /tmp/said)"

it 'transfers what is mapped, up to a hole'
same last "$(peek 0x805ffffc 8)"
accepted unmap 'ipa=0x80300000 size=4k'
same $((3 << 20)) "$(dd if=$demo/mem bs=4M skip=512 count=1 2>/dev/null | wc -c)"

it 'does not show one guest the memory of another'
guest ram=64k
accepted map 'ipa=0 size=64k'
echo 'name=other ram=64k' >create
echo 'ipa=0 size=64k' >guests/other/map
poke 0 secret
cmp -n 65536 guests/other/mem /dev/zero || problem 'the other guest sees something'
echo name=demo >remove
guest ram=64k
accepted map 'ipa=0 size=64k'
cmp -n 65536 $demo/mem /dev/zero || problem 'a new guest sees what an old one wrote'
remove_guests

it 'moves 16 MiB there and back'
guest ram=32M
accepted map 'ipa=1G size=16M'
piece=/bin/busybox
cat $piece $piece $piece $piece $piece $piece $piece $piece $piece $piece >/tmp/sent
dd if=/tmp/sent of=$demo/mem bs=1M seek=1024 count=16 conv=notrunc 2>/dev/null
dd if=$demo/mem of=/tmp/received bs=1M skip=1024 count=16 2>/dev/null
same $((16 << 20)) "$(wc -c </tmp/received)"
dd if=/tmp/received of=/tmp/last bs=1M skip=15 count=1 2>/dev/null
dd if=/tmp/sent bs=1M skip=15 count=1 2>/dev/null | cmp -n $((1 << 20)) - /tmp/last ||
	problem 'the bytes differ'
rm /tmp/sent /tmp/received /tmp/last
