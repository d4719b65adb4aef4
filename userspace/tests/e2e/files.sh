# SPDX-License-Identifier: GPL-2.0-only
#
# The files: which there are, with which mode, and what they look like.
. /lib.sh

guest ram=8M

# Every line of file $1 matches one of the extended regular expressions that follow.
shaped() {
	file=$1
	shift
	printf '^%s$\n' "$@" >/tmp/shapes
	strange=$(grep -vE -f /tmp/shapes "$file")
	[ -z "$strange" ] || problem "strange in $file: $strange"
}

it 'gives every file the mode that fits what it does'
same '200 create
400 error_log
400 features
200 remove
600 guests/demo/accessed
400 guests/demo/config
600 guests/demo/demand
600 guests/demo/dirty
200 guests/demo/fold
200 guests/demo/map
400 guests/demo/maps
600 guests/demo/mem
200 guests/demo/protect
600 guests/demo/regs
600 guests/demo/run
400 guests/demo/stats
400 guests/demo/tables
400 guests/demo/tables.bin
200 guests/demo/unmap
400 guests/demo/verify
600 guests/demo/walk' "$(stat -c '%a %n' create error_log features remove $demo/*)"

it 'has no other files'
same 'create error_log features guests remove' "$(echo *)"
same guests/demo "$(echo guests/*)"

it 'cannot be read where it is for writing, nor written where it is for reading'
for file in create remove $demo/map $demo/unmap $demo/protect $demo/fold; do
	like '*: Invalid argument' "$(cat $file 2>&1)"
done
for file in config maps stats tables tables.bin verify ../../features ../../error_log; do
	write $file ''
	like '*: Invalid argument' "$said"
done

it 'describes the machine in features'
shaped features 'engine +[a-z]+ .*' "el2 +(the kernel's|ours now|not ours)" 'kernel +at EL[12].*, (4|16|64)K pages' 'pa_bits +[0-9]+' \
	'ipa_bits +32\.\.[0-9]+' 'granules +(4K )?(16K )?(64K)?' '(lpa2|xnx|fwb|tlb_range|ttl) +(yes|no)' \
	'vmid_bits +(8|16)' '(access_flag|dirty_state) +(hardware|by faults)' 'bbm +level [012]' \
	'errata +(none|[A-Z][^ ]*)' 'branch_(history|targets) +(not affected|by [A-Za-z]+|loop of [0-9]+|not mitigated|switched off)'
same 18 "$(grep -c . features)"

it 'describes a guest in config'
shaped $demo/config 'name +demo' 'engine +[a-z]+' 'granule +4K' 'ipa_bits +40' \
	'start +level 1, 2 concatenated tables' 'vt(cr|tbr)_el2 +0x[0-9a-f]{16}' 'ram +8M' \
	'vcpus +1' 'accessed +(hardware|by faults)' 'dirty +(hardware|by faults), 0 regions' 'demand +0 regions'
same 12 "$(grep -c . $demo/config)"

it 'counts in stats'
accepted map 'ipa=0x200000 size=2052k'
accepted protect 'ipa=0x200000 size=4k prot=r'
same 'tables         5
table_bytes    20480
mapped_bytes   2101248
ram_bytes      8388608
leaves_1G      0
leaves_2M      0
leaves_4K      513
splits         0
invalidations  0
runs           0
exits          0
interrupts     0
faults         0
demand_pages   0' "$(cat $demo/stats)"

it 'shows tables indented by level, each before what is in it'
accepted unmap 'ipa=0x202000 size=2040k'
shaped $demo/tables 'level 1 \[0x000\] 0000000000 0x[0-9a-f]{13}003 table -> 0x[0-9a-f]+000' \
	'  level 2 \[0x001\] 0000200000 0x[0-9a-f]{13}003 table -> 0x[0-9a-f]+000' \
	'    level 3 \[0x000\] 0000200000 0x[0-9a-f]{16} page 4K -> 0x[0-9a-f]+000 r-- normal inner-shareable accessed' \
	'    level 3 \[0x001\] 0000201000 0x[0-9a-f]{16} page 4K -> 0x[0-9a-f]+000 rw- normal inner-shareable accessed' \
	'  level 2 \[0x002\] 0000400000 0x[0-9a-f]{13}003 table -> 0x[0-9a-f]+000' \
	'    level 3 \[0x000\] 0000400000 0x[0-9a-f]{16} page 4K -> 0x[0-9a-f]+000 rw- normal inner-shareable accessed'
same '1 2 3 3 2 3' "$(sed 's/^ *level \(.\).*/\1/' $demo/tables | xargs)"

it 'has the header and the root first in tables.bin'
same STAGE2TB "$(head -c 8 $demo/tables.bin)"
od -A n -v -t x8 -N 64 $demo/tables.bin | xargs >/tmp/words
read -r _ version bits vtcr root pa first level </tmp/words
same 0000000c00000001 "$version"
same 0000000100000028 "$bits"
same "$root" "$pa"
same 0000000000000000 "$first"
same 0000040000000001 "$level"
like "*vtcr_el2*$vtcr*$root*" "$(cat $demo/config)"

it 'tells the same story in stats, maps, tables and tables.bin'
agree demo
for bits in 32 34 36; do
	guest ipa_bits=$bits ram=8M
	accepted map "ipa=$(((1 << bits) - 0x601000)) size=6M"
	accepted protect "ipa=$(((1 << bits) - 0x200000)) size=4k prot=rx"
	accepted map 'ipa=0 size=64k attr=device'
	accepted map 'ipa=64k size=64k attr=nc prot=none'
	agree demo
done
