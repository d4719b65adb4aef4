# SPDX-License-Identifier: GPL-2.0-only
#
# fold: pages are blocks again.
. /lib.sh

it 'makes a block of pages that a cut has left, and keeps what is in them'
guest ram=16M
accepted map 'ipa=2G size=6M prot=rwx'
dd if=/stage2.ko of=$demo/mem bs=1M seek=2048 count=1 conv=notrunc 2>/dev/null
dd if=$demo/mem bs=1M skip=2048 count=2 2>/dev/null | md5sum >/tmp/sum
accepted protect 'ipa=0x80001000 size=4k prot=r'
accepted protect 'ipa=0x80001000 size=4k prot=rwx'
accepted fold 'ipa=2G size=2M'
same '0080000000-00805fffff rwx normal  3 x 2M' "$(cat $demo/maps)"
dd if=$demo/mem bs=1M skip=2048 count=2 2>/dev/null | md5sum | cmp -s - /tmp/sum || problem 'it is not'
agree demo

it 'makes blocks of pages that were mapped one by one'
guest ram=16M
accepted map 'ipa=2G size=4M max=4k'
same '0080000000-00803fffff rw- normal  1024 x 4K' "$(cat $demo/maps)"
accepted fold 'ipa=2G size=4M'
same '0080000000-00803fffff rw- normal  2 x 2M' "$(cat $demo/maps)"
agree demo

it 'leaves what differs, and holes, as they are'
guest ram=16M
accepted map 'ipa=2G size=6M max=4k'
accepted protect 'ipa=0x80001000 size=4k prot=r'
accepted unmap 'ipa=0x80201000 size=4k'
accepted fold 'ipa=0 size=4G'
same '0080000000-0080000fff rw- normal  1 x 4K
0080001000-0080001fff r-- normal  1 x 4K
0080002000-0080200fff rw- normal  511 x 4K
0080202000-00803fffff rw- normal  510 x 4K
0080400000-00805fffff rw- normal  1 x 2M' "$(cat $demo/maps)"
agree demo

it 'leaves what the region does not include as a whole'
guest ram=16M
accepted map 'ipa=2G size=2M max=4k'
accepted fold 'ipa=0x80001000 size=2044k'
same '0080000000-00801fffff rw- normal  512 x 4K' "$(cat $demo/maps)"

it 'refuses what is no region'
refused fold 'ipa=^0x80000800 size=4k' EINVAL 'must be a multiple of 4K'
refused fold 'ipa=0 size=^0' EINVAL 'size must be a multiple of 4K, and not 0'
refused fold 'ipa=^1T size=2M' ERANGE 'leaves the IPA space'
refused fold 'ipa=0^' EINVAL 'size=... is missing'
