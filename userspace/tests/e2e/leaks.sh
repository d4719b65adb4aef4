# SPDX-License-Identifier: GPL-2.0-only
#
# What is taken is given back: memory before and after a great many requests.
. /lib.sh
. /memory_lib.sh

# Runs "$2" $1 times.
repeat() {
	rounds=$1
	while [ "$rounds" -gt 0 ]; do
		eval "$2"
		rounds=$((rounds - 1))
	done 2>/dev/null
}

# So it does, after a few to warm up, and less than 150 pages are missing then: half of one each time.
loses_little() {
	repeat 10 "$2"
	times=$1 what=$2
	loses_less $((150 * page_kib)) 'repeat $times "$what"'
}

page_kib=$(sed -n 's/^kernel .* \([0-9]*\)K pages.*/\1/p' features)

it 'loses no memory to guests that come and go'
loses_little 100 'echo name=demo ram=2M >create
	echo ipa=0x1000 size=2044k >$demo/map
	echo name=demo >remove'

it 'loses no memory to guests that cannot be made'
loses_little 300 'echo name=demo tables=1 >create; echo name=demo ram=100G >create
	echo name=demo ram=1 >create'

it 'loses no memory to maps, cuts and unmaps'
guest ram=8M
loses_little 300 'echo ipa=0x1ff000 size=4M >$demo/map
	echo ipa=0x3ff000 size=8k prot=r >$demo/protect
	echo ipa=0x1ff000 size=4M >$demo/unmap'

it 'loses no memory to maps and cuts that fail half-way'
guest ram=8M tables=5
accepted map 'ipa=0x200000 size=2M'
loses_little 300 'echo ipa=0x3fff0000 size=128k >$demo/map
	echo ipa=0x1000 size=4k >$demo/map
	echo ipa=0x40000000 size=4M max=4k >$demo/map'

it 'loses no memory to files that are opened and closed'
loses_little 300 'exec 3<$demo/tables 4>$demo/map 5<>$demo/mem 3<&- 4<&- 5<&-'

it 'has the RAM of a removed guest at once, also where a file of the guest is still open'
guest ram=64M
exec 3<$demo/mem
before=$(free_memory)
accepted remove name=demo
gained=$(($(free_memory) - before))
exec 3<&-
[ $gained -gt 60000 ] || problem "only $gained KiB"

# With 16K pages the root alone has 16 tables (costs.rst).
it 'takes 48 KiB at most for a guest that does nothing, besides its RAM'
if [ "$page_kib" != 4 ]; then
	skip 'pages are larger here'
else
	before=$(free_memory)
	for i in $(seq 1 128); do
		echo "name=idle$i ram=64k" >create
	done
	took=$(((before - $(free_memory)) * 1024 / 128 - 65536))
	echo "    # an idle guest: $took bytes besides its RAM"
	[ "$took" -le 49152 ] || problem "it takes $took bytes"
	for i in $(seq 1 128); do
		echo "name=idle$i" >remove
	done
fi
