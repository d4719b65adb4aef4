# SPDX-License-Identifier: GPL-2.0-only
#
# map: what it makes of a region, and what it refuses.
. /lib.sh

maps() {
	cat $demo/maps
}

it 'uses the largest blocks that fit'
guest ram=64M
accepted map 'ipa=0x80000000 size=6M prot=rw attr=normal'
same '0080000000-00805fffff rw- normal  3 x 2M' "$(maps)"

it 'uses pages at the ends of a region that no block fits'
guest ram=64M
accepted map 'ipa=0x801ff000 size=2056k'
same '00801ff000-00801fffff rw- normal  1 x 4K
0080200000-00803fffff rw- normal  1 x 2M
0080400000-0080400fff rw- normal  1 x 4K' "$(maps)"

it 'uses nothing larger than max'
guest ram=64M
accepted map 'ipa=0x80000000 size=4M max=4k'
accepted map 'ipa=0x90000000 size=4M max=2m'
accepted map 'ipa=0xa0000000 size=4M max=1g'
same '0080000000-00803fffff rw- normal  1024 x 4K
0090000000-00903fffff rw- normal  2 x 2M
00a0000000-00a03fffff rw- normal  2 x 2M' "$(maps)"

it 'knows each prot and each attr, and rw and normal when they are not given'
guest ram=64k
ipa=0
for words in '' prot=none prot=r prot=w prot=rw prot=rx prot=rwx attr=device attr=nc \
	'attr=device prot=r' 'attr=nc prot=w'; do
	accepted map "ipa=$ipa size=4k $words"
	ipa=$((ipa + 8192))
done
same 'rw- normal
--- normal
r-- normal
-w- normal
rw- normal
r-x normal
rwx normal
rw- device
rw- nc
r-- device
-w- nc' "$(cut -d' ' -f2-3 $demo/maps)"

it 'shows neighbours of the same kind as one range, whatever the requests were'
guest ram=64k
for page in 2 0 1 3; do
	accepted map "ipa=$((page * 4096)) size=4k"
done
accepted map 'ipa=16k size=4k prot=r'
same '0000000000-0000003fff rw- normal  4 x 4K
0000004000-0000004fff r-- normal  1 x 4K' "$(maps)"

it 'refuses device and nc memory that could be executed'
refused map 'ipa=1G size=4k attr=device prot=^rx' EINVAL 'cannot be executable'
refused map 'ipa=1G size=4k prot=^rwx attr=nc' EINVAL 'cannot be executable'

it 'reaches the first and the last page of every size of IPA space, and not one page more'
pa_bits=$(sed -n 's/^pa_bits *//p' features)
for bits in 32 36 40 48; do
	[ $bits -le "$pa_bits" ] || continue
	end=$((1 << bits))
	guest ipa_bits=$bits ram=64k
	accepted map "ipa=$((end - 4096)) size=4k"
	accepted map 'ipa=0 size=4k'
	same 2 "$(grep -c '1 x 4K' $demo/maps)"
	refused map "ipa=^$end size=4k" ERANGE 'leaves the IPA space'
	refused map "ipa=^$((end - 8192)) size=12k" ERANGE 'leaves the IPA space'
	refused unmap "ipa=^$((end - 4096)) size=8k" ERANGE 'leaves the IPA space'
	accepted unmap "ipa=$((end - 4096)) size=4k"
done

it 'refuses a region that is empty, or goes past 2^64'
guest ram=2M
accepted map 'ipa=0x1000 size=4k'
refused map 'ipa=0x10000 size=^0' EINVAL 'size must be a multiple of 4K, and not 0'
refused map 'ipa=0 size=^0' EINVAL 'size must be a multiple of 4K, and not 0'
refused unmap 'ipa=0x1000 size=^0' EINVAL 'size must be a multiple of 4K, and not 0'
refused protect 'ipa=0x1000 prot=r size=^0' EINVAL 'size must be a multiple of 4K, and not 0'
refused map 'ipa=0xfffffffffffff000 size=^8k' EINVAL 'goes past 2^64'
refused map 'ipa=0x2000 size=^0xfffffffffffff000' EINVAL 'goes past 2^64'
refused map 'ipa=^0xfffffffffffff000 size=4k' ERANGE 'leaves the IPA space'
refused map 'ipa=^0 size=0xfffffffffffff000' ERANGE 'leaves the IPA space'

it 'refuses what is not aligned to a page'
refused map 'ipa=^0x10800 size=4k' EINVAL 'ipa must be a multiple of 4K'
refused map 'ipa=^1 size=4k' EINVAL 'ipa must be a multiple'
refused map 'ipa=^0x10800 size=2k' EINVAL 'ipa must be a multiple'
refused map 'ipa=0x10000 size=^1' EINVAL 'size must be a multiple of 4K'
refused map 'ipa=0x10000 size=^4097' EINVAL 'size must be a multiple'
refused unmap 'ipa=^0x1800 size=2k' EINVAL 'ipa must be a multiple'
refused unmap 'ipa=0x1000 size=^2k' EINVAL 'size must be a multiple'
refused protect 'ipa=0x1000 size=^2k prot=r' EINVAL 'size must be a multiple'

it 'refuses what is mapped already, and names the range'
guest ram=8M
accepted map 'ipa=0x10000 size=16k'
accepted map 'ipa=0x200000 size=2M'
refused map 'ipa=^0x10000 size=16k' EEXIST '0x10000-0x13fff is mapped already'
refused map 'ipa=^0xf000 size=8k' EEXIST '0x10000-0x10fff is mapped already'
refused map 'ipa=^0x13000 size=8k' EEXIST '0x13000-0x13fff is mapped already'
refused map 'ipa=^0x11000 size=4k' EEXIST '0x11000-0x11fff is mapped already'
refused map 'ipa=^0 size=1M' EEXIST '0x10000-0x13fff is mapped already'
refused map 'ipa=^0x201000 size=4k' EEXIST '0x201000-0x201fff is mapped already'
refused map 'ipa=^0x1ff000 size=4M' EEXIST '0x200000-0x3fffff is mapped already'
refused map 'ipa=^0 size=1G' EEXIST '0x10000-0x13fff is mapped already'

it 'refuses more than the RAM that is left, and says how much is mapped'
guest ram=1M
accepted map 'ipa=0x10000 size=512k'
refused map 'ipa=0x100000 size=^516k' ENOSPC 'no free run of 516K (512K of 1M are mapped)'
refused map 'ipa=0x100000 size=^2M' ENOSPC 'no free run of 2M ('
refused map 'ipa=0x100000 size=^0xf000000000' ENOSPC 'no free run of 960G ('
accepted map 'ipa=0x100000 size=512k'
refused map 'ipa=0x200000 size=^4k' ENOSPC 'no free run of 4K (1M of 1M are mapped)'
