# SPDX-License-Identifier: GPL-2.0-only
#
# The words of a request, and its numbers. What the words mean is for other files.
. /lib.sh

guest ipa_bits=36 ram=2M

it 'reads numbers in base 10 and 16, with a suffix or without'
while read -r written meant; do
	accepted walk "$written"
	while read -r word _; do
		understood=$word
	done <$demo/walk
	same "$meant" "$understood"
done <<EOF
0 0x0
4096 0x1000
0x1000 0x1000
0X1000 0x1000
0xabcdef 0xabcdef
0xABCDEF 0xabcdef
000000000000000000000000000000000012 0xc
4k 0x1000
4K 0x1000
0x10k 0x4000
3m 0x300000
1.5m 0x180000
1.5K 0x600
2.0G 0x80000000
100B 0x64
3M 0x300000
2g 0x80000000
2G 0x80000000
0t 0x0
0T 0x0
68719476735 0xfffffffff
EOF

it 'refuses what is not a number, pointing at it'
refused walk '^' EINVAL 'a number is missing'
refused walk '^ 1' EINVAL 'not a number'
refused walk '^x' EINVAL 'not a number'
refused walk '^+1' EINVAL 'not a number'
refused walk '0x^' EINVAL 'not a number'
refused walk '0x^g' EINVAL 'not a number'
refused walk '^k' EINVAL 'not a number'

it 'refuses a negative number'
refused walk '^-1' EINVAL 'cannot be negative'
refused map 'ipa=0 size=^-4k' EINVAL 'cannot be negative'

it 'refuses junk after a number, pointing at the junk'
refused walk '1^ ' EINVAL 'other characters after the number'
refused walk '1^ 2' EINVAL 'other characters after the number'
refused walk '12^a' EINVAL 'other characters after the number'
refused walk '4^KB' EINVAL 'other characters after the number'
refused walk '4^KK' EINVAL 'other characters after the number'
refused walk '4^P' EINVAL 'other characters after the number'
refused walk '1^.5' EINVAL 'other characters after the number'
refused walk '1^.G' EINVAL 'other characters after the number'
refused walk '0x1^.5G' EINVAL 'other characters after the number'
refused map 'ipa=0 size=4^k,' EINVAL 'other characters after the number'
refused map 'ipa=0 size=4^k.ipa=8k' EINVAL 'other characters after the number'

it 'refuses a number that does not fit in 64 bits, with or without its suffix'
refused walk '^18446744073709551616' ERANGE 'does not fit in 64 bits'
refused walk '^0x10000000000000000' ERANGE 'does not fit in 64 bits'
refused walk '^99999999999999999999999999999999' ERANGE 'does not fit in 64 bits'
refused walk '^16777216T' ERANGE 'does not fit in 64 bits'
refused walk '^0x4000000000000000k' ERANGE 'does not fit in 64 bits'
refused walk '^18446744073709551615' ERANGE 'beyond the IPA space'
refused map 'ipa=0 size=^18446744073709551616' ERANGE 'does not fit in 64 bits'

it 'takes words in any order, between any blanks'
accepted map '  size=4k	ipa=0x1000   '
same '000001000-000001fff rw- normal  1 x 4K' "$(cat $demo/maps)"
accepted unmap 'size=4k  ipa=0x1000'

it 'refuses an unknown word, and names the known ones'
refused map 'ipa=0 size=4k ^prto=rw' EINVAL 'unknown word (known: ipa size prot attr max contiguous)'
refused unmap 'ipa=0 size=4k ^prot=rw' EINVAL 'unknown word (known: ipa size)'
refused protect 'ipa=0 size=4k ^attr=nc' EINVAL 'unknown word (known: ipa size prot)'
refused create '^nam=x' EINVAL 'unknown word (known: name granule ipa_bits ram tables vcpus)'
refused map '^IPA=0 size=4k' EINVAL 'unknown word'
refused map '^ip=0 size=4k' EINVAL 'unknown word'
refused map '^ipa0=0 size=4k' EINVAL 'unknown word'
refused map '^=0' EINVAL 'unknown word'
refused map '^=' EINVAL 'unknown word'

it 'refuses a request in which a word is missing, pointing at its end'
refused map 'ipa=0^' EINVAL 'size=... is missing'
refused map 'size=4k^' EINVAL 'ipa=... is missing'
refused map '^' EINVAL 'ipa=... is missing'
refused map '   ^' EINVAL 'ipa=... is missing'
refused unmap 'ipa=0^' EINVAL 'size=... is missing'
refused protect 'ipa=0 size=4k^' EINVAL 'prot=... is missing'

it 'refuses a word given twice, pointing at the second'
refused map 'ipa=0 size=4k ^ipa=4k' EINVAL 'ipa is given twice'
refused map 'ipa=0 size=4k ^size=4k' EINVAL 'size is given twice'
refused map 'ipa=0 prot=r ^prot=r size=4k' EINVAL 'prot is given twice'
refused create 'name=a ^name=b' EINVAL 'name is given twice'

it 'refuses a word without a value'
refused map 'ipa^ size=4k' EINVAL 'a value is missing: ipa=...'
refused map 'ipa=0 size^' EINVAL 'a value is missing: size=...'
refused map 'ipa=^ size=4k' EINVAL 'a number is missing'
refused map 'ipa=0 size=^' EINVAL 'a number is missing'
refused map 'ipa=0 size=4k prot=^' EINVAL 'unknown value for prot'

it 'refuses an unknown value, and names the known ones'
refused map 'ipa=0 size=4k prot=^x' EINVAL 'unknown value for prot (known: none r w rw rx rwx)'
refused map 'ipa=0 size=4k prot=^RW' EINVAL 'unknown value for prot'
refused map 'ipa=0 size=4k attr=^wt' EINVAL 'unknown value for attr (known: normal device nc)'
refused map 'ipa=0 size=4k max=^8k' EINVAL 'unknown value for max (known: 4K 2M 1G)'
refused protect 'ipa=0 size=4k prot=^rwxx' EINVAL 'unknown value for prot'

it 'names all the words it knows, however many they are'
for file in map unmap protect fold demand dirty accessed run regs; do
	write $file 'nonsense=1'
	like '*(known: *[a-z0-9])' "$(grep "guests/demo/$file: unknown word" error_log | tail -n 1)"
done
like '*tpidr_el1 tpidr_el0 tpidrro_el0)' "$(grep 'guests/demo/regs: unknown word' error_log | tail -n 1)"

it 'takes a size that stands for a level as it is shown, or as any number'
for max in 4k 4K 4096 0x1000; do
	accepted map "ipa=16M size=2M max=$max"
	same 512 "$(sed -n 's/^leaves_4K *//p' $demo/stats)"
	accepted unmap 'ipa=16M size=2M'
done
accepted map 'ipa=16M size=2M max=2M'
accepted unmap 'ipa=16M size=2M'
refused map 'ipa=16M size=2M max=4^KB' EINVAL 'other characters after the number'
