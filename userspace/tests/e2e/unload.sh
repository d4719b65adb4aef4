# SPDX-License-Identifier: GPL-2.0-only
#
# Taking the module out: refused or clean, never half.
. /lib.sh
. /memory_lib.sh

loaded() {
	grep -q '^stage2 ' /proc/modules
}

load() {
	insmod /stage2.ko && cd $stage2 || problem 'the module cannot be loaded'
}

it 'is refused while any file is open, and nothing is lost'
guest ram=64k
accepted map 'ipa=0 size=4k'
for file in create error_log $demo/map $demo/maps $demo/mem; do
	case $file in
	create | $demo/map) exec 3>$file ;;
	*) exec 3<$file ;;
	esac
	rmmod stage2 2>/tmp/said && problem "unloaded, with $file open"
	exec 3<&-
	like "*can't unload*: Resource temporarily unavailable" "$(cat /tmp/said)"
done
same '0000000000-0000000fff rw- normal  1 x 4K' "$(cat $demo/maps)"

it 'is refused while a file of a guest that was removed is open'
exec 3<$demo/maps
accepted remove name=demo
rmmod stage2 2>/tmp/said && problem 'unloaded'
exec 3<&-

it 'takes guests and their mappings along'
for name in a b c; do
	accepted create "name=$name ram=8M"
	echo 'ipa=0 size=8M max=4k' >guests/$name/map
done
echo 'ipa=4M size=1M' >guests/b/unmap
rmmod stage2 || problem 'not unloaded'
loaded && problem 'it is still there'
[ ! -e $stage2 ] || problem 'its folder is still there'
load
same 'guests/*' "$(echo guests/*)"
same '' "$(cat error_log)"

it 'can be done again and again, and leaves no memory behind'
count=0 times=$(effort 20)
# From the first on there has to be a second, or nothing is compared.
[ "$times" -ge 3 ] || times=3
while [ "$count" -lt "$times" ]; do
	echo 'name=demo ram=2M' >create
	echo 'ipa=0x1000 size=2044k' >$demo/map
	[ -e $demo/maps ] || problem "round $count: no guest"
	rmmod stage2 || problem "round $count: not unloaded"
	[ "$count" != $((times / 5)) ] || before=$(free_memory)
	load
	count=$((count + 1))
done
rmmod stage2
after=$(free_memory)
load
[ $((before - after)) -lt 4096 ] || problem "$((before - after)) KiB are gone"
