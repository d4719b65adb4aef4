# SPDX-License-Identifier: GPL-2.0-only
#
# Out of memory half-way. tables=N of create makes every allocation from the Nth table on fail, so
# each step of an operation can be the one that does.
. /lib.sh

stat() {
	sed -n "s/^$1 *//p" $demo/stats
}

# Writing $3 to file $2 takes $1 tables, and is refused with any fewer. $4, which takes $5 tables, is
# mapped before.
needs() {
	limit=$((2 + $5))
	while [ $limit -le $((2 + $5 + $1)) ]; do
		guest "ram=8M tables=$limit"
		[ -z "$4" ] || accepted map "$4"
		if [ $limit -lt $((2 + $5 + $1)) ]; then
			refused "$2" "$3" ENOMEM 'no memory for another table'
		else
			accepted "$2" "${3%%^*}${3#*^}"
		fi
		limit=$((limit + 1))
	done
	same $((limit - 1)) "$(stat tables)"
}

it 'refuses a map when any of its tables cannot be had'
needs 2 map 'ipa=^0x10000 size=64k' '' 0
needs 4 map 'ipa=^0x3fff0000 size=128k' '' 0
needs 4 map 'ipa=^0x1ff000 size=4M max=4k' '' 0

it 'refuses to unmap part of a block when it cannot be cut'
needs 1 unmap 'ipa=^0x201000 size=4k' 'ipa=0x200000 size=2M' 1
needs 2 unmap 'ipa=^0x3ff000 size=8k' 'ipa=0x200000 size=4M' 1

it 'refuses to protect part of a block when it cannot be cut'
needs 1 protect 'ipa=^0x201000 size=4k prot=r' 'ipa=0x200000 size=2M' 1
needs 2 protect 'ipa=^0x3ff000 size=8k prot=r' 'ipa=0x200000 size=4M' 1

it 'loses no RAM and no table to what was refused'
guest ram=8M tables=3
round=0
while [ $round -lt 50 ]; do
	write map 'ipa=0x1000 size=4k'
	round=$((round + 1))
done
accepted map 'ipa=0 size=8M'
same 3 "$(stat tables)"
same 12288 "$(stat table_bytes)"
