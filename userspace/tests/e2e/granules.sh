# SPDX-License-Identifier: GPL-2.0-only
#
# Guests whose tables have another format: 16K and 64K pages, contiguous groups, IPAs of 52 bits.
. /lib.sh
needs engine

# l: str x1, [x3]; ldr x6, [x3]; add x3, x3, x4; subs x5, x5, #1; b.ne l; end with x1
sweep="0xf9000061 0xf9400066 0x8b040063 0xf10004a5 0x54ffff81 $end"

granules=$(sed -n 's/^granules *//p' features)

has() {
	case " $granules " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}

stat() {
	sed -n "s/^$1 *//p" $demo/stats
}

config() {
	sed -n "s/^$1 *//p" $demo/config
}

no_difference() {
	like 'checked * no difference' "$(cat $demo/verify)"
}

# Of the granule $granule: a page, in bytes, and how many make a contiguous group.
sizes() {
	case $granule in
	4K) page=4096 group=16 ;;
	16K) page=16384 group=128 ;;
	64K) page=65536 group=32 ;;
	esac
}

# Three pages of contiguous groups are written, while $1 is logged.
write_to_groups() {
	program "granule=$granule ram=8M" $sweep
	accepted map "ipa=0x90000000 size=4M max=$granule contiguous=1"
	accepted dirty "$1"
	accepted regs "x1=7 x3=0x90000010 x4=$page x5=3"
	runs end 'status 7'
}

it 'has every granule of the CPU, and refuses one that it lacks'
remove_guests
for granule in 4K 16K 64K; do
	if has $granule; then
		guest granule=$granule ram=1M
		same $granule "$(config granule)"
		agree demo
	else
		refused create "name=other granule=^$granule" EOPNOTSUPP "no $granule granule at stage 2 (it has $granules)"
	fi
done
refused create 'name=other granule=^8k' EINVAL 'unknown value for granule (known: 4k 16k 64k)'

it 'maps, changes and takes away pages of each, and the MMU agrees'
for granule in $granules; do
	sizes
	guest granule=$granule ram=40M
	accepted map "ipa=0x90000000 size=$((page * 40)) max=$granule"
	accepted map "ipa=0xc0000000 size=32M prot=rx"
	accepted protect "ipa=$((0x90000000 + page)) size=$page prot=r"
	accepted unmap "ipa=$((0x90000000 + 5 * page)) size=$((2 * page))"
	no_difference
	same 38 "$(awk -v g=$granule '$1 ~ /^009/ && $NF == g { sum += $(NF - 2) } END { print sum }' $demo/maps)"
	accepted fold "ipa=0xc0000000 size=32M"
	accepted unmap "ipa=0xc0000000 size=32M"
	no_difference
	agree demo
done

it 'refuses what is no multiple of its page, and no size of its leaves'
for granule in $granules; do
	sizes
	guest granule=$granule ram=1M
	refused map "ipa=^$((page / 2)) size=$page" EINVAL "ipa must be a multiple of $granule"
	refused map "ipa=0 size=^$((page / 2))" EINVAL "size must be a multiple of $granule"
	refused map "ipa=0 size=$page max=^8k" EINVAL "unknown value for max (known: $granule "
	refused create "name=other granule=$granule ram=^$((page / 2))" EINVAL 'ram must be a multiple of'
done

it 'runs a program that faults, and notes what it wrote and touched'
for granule in $granules; do
	sizes
	program "granule=$granule ram=2M" $sweep
	accepted demand "ipa=0x90000000 size=1M"
	accepted dirty "ipa=0x90000000 size=1M"
	accepted regs "x1=7 x3=0x90000010 x4=$page x5=10"
	runs end 'status 7'
	same 10 "$(stat demand_pages)"
	same "0090000000-$(printf %010x $((0x90000000 + 10 * page - 1)))" "$(cat $demo/dirty)"
	same '' "$(cat $demo/dirty)"
	accepted regs "pc=0x80000000 x1=7 x3=$((0x90000010 + page)) x4=0 x5=1"
	runs end 'status 7'
	same "$(printf '%010x-%010x' $((0x90000000 + page)) $((0x90000000 + 2 * page - 1)))" "$(cat $demo/dirty)"
	no_difference
	agree demo
done

it 'gives groups the contiguous hint, and takes it back where one page changes'
for granule in $granules; do
	sizes
	guest granule=$granule ram=8M
	accepted map "ipa=0x90000000 size=4M max=$granule contiguous=1"
	accepted map "ipa=0xa0000000 size=$page"
	same $((0x400000 / page)) "$(grep -c ' contiguous$' $demo/tables)"
	no_difference
	accepted protect "ipa=$((0x90000000 + page)) size=$page prot=r"
	same $((0x400000 / page - group)) "$(grep -c ' contiguous$' $demo/tables)"
	accepted protect "ipa=$((0x90000000 + page)) size=$page prot=rw"
	accepted fold "ipa=0x90000000 size=$((group * page)) contiguous=1"
	no_difference
	agree demo
done

it 'notes writes to a contiguous group'
for granule in $granules; do
	sizes
	write_to_groups 'ipa=0x90000000 size=4M'
	like '0090000000-*' "$(cat $demo/dirty)"
	no_difference
done

it 'keeps the account of one page of a contiguous group'
for granule in $granules; do
	sizes
	write_to_groups "ipa=$((0x90000000 + page)) size=$page"
	same "$(printf '%010x-%010x' $((0x90000000 + page)) $((0x90000000 + 2 * page - 1)))" "$(cat $demo/dirty)"
	same $((0x400000 / page - group)) "$(grep -c ' contiguous$' $demo/tables)"
	accepted dirty off
	no_difference
	agree demo
done

it 'reaches IPAs of 52 bits where the CPU has them'
reached=0
for granule in $granules; do
	sizes
	# With 52, walks of 16K tables begin at level 0, and QEMU refuses that.
	bits=52 high=0xfff0000000
	[ $granule != 16K ] || bits=51 high=0x7ff0000000
	write create "name=wide granule=$granule ipa_bits=$bits ram=1M"
	[ ! "$said" ] || continue
	echo name=wide >remove
	reached=$((reached + 1))
	program "granule=$granule ipa_bits=$bits ram=2M" $sweep
	accepted demand "ipa=${high}000 size=1M"
	accepted regs "x1=7 x3=${high}010 x4=$page x5=5"
	runs end 'status 7'
	same 5 "$(stat demand_pages)"
	no_difference
	agree demo
done
[ $reached -gt 0 ] || skip 'the CPU has no IPAs of 52 bits'

it 'keeps guests of different granules apart on one CPU'
set -- $granules
if [ $# -gt 1 ]; then
	for granule in $granules; do
		echo "name=g$granule granule=$granule ram=1M" >create
		echo 'ipa=2G size=64k prot=rwx' >guests/g$granule/map
		demo=guests/g$granule code 0x80000000 $sweep
		echo "ipa=0x90000000 size=512k" >guests/g$granule/demand
	done
	for round in 1 2 3; do
		for granule in $granules; do
			sizes
			echo "pc=0x80000000 x1=$round x3=$((0x90000000 + (round - 1) * page)) x4=$page x5=2" >guests/g$granule/regs
			taskset 1 sh -c "echo vcpu=0 >guests/g$granule/run"
			like '*status '$round "$(sed -n 's/^detail//p' guests/g$granule/run)"
			like 'checked * no difference' "$(cat guests/g$granule/verify)"
		done
	done
else
	skip 'the CPU has one granule'
fi
