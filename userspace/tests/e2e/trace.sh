# SPDX-License-Identifier: GPL-2.0-only
#
# trace: what changes tables leaves a line of trace, where somebody wants it. Guests that run are in
# trace_run.sh.
. /lib.sh
needs traces
. /trace_lib.sh

it 'has the events of the manual, and they are off'
same "$every_event" "$(cd $events && echo stage2_*)"
same 0 "$(cat $events/enable)"

it 'says nothing while it is off'
traces
guest ram=16M
accepted map 'ipa=2G size=6M'
accepted protect 'ipa=0x80001000 size=4k prot=r'
accepted protect 'ipa=0x80001000 size=4k prot=rw'
accepted fold 'ipa=2G size=2M'
accepted unmap 'ipa=2G size=6M'
traced ''

it 'has a line for each request to map, unmap and protect, carried out or refused'
guest ram=16M
traces map unmap protect
accepted map 'ipa=2G size=6M'
accepted map 'ipa=0x90000000 size=8k prot=rx'
accepted map 'ipa=0x90002000 size=4k prot=none attr=device'
accepted map 'ipa=0x90003000 size=4k prot=w attr=nc'
accepted protect 'ipa=0x80001000 size=4k prot=r'
accepted unmap 'ipa=0x80200000 size=2M'
refused map 'ipa=^0x80000000 size=4k' EEXIST 'is mapped already'
refused map 'ipa=^0x800 size=0x1000' EINVAL 'must be a multiple'
refused map 'ipa=0 size=^1G' ENOSPC 'no free run'
refused unmap 'ipa=^0x80200000 size=4k' ENOENT 'is not mapped'
refused protect 'ipa=^0x90000000 size=64k prot=rw' ENOENT 'is not mapped'
refused protect 'ipa=^1T size=4k prot=rwx' ERANGE 'leaves the IPA space'
traced 'stage2_map: guest=demo ipa=0x80000000 size=0x600000 prot=rw attr=normal error=0 table_bytes=12288
stage2_map: guest=demo ipa=0x90000000 size=0x2000 prot=rx attr=normal error=0 table_bytes=16384
stage2_map: guest=demo ipa=0x90002000 size=0x1000 prot=none attr=device error=0 table_bytes=16384
stage2_map: guest=demo ipa=0x90003000 size=0x1000 prot=w attr=nc error=0 table_bytes=16384
stage2_protect: guest=demo ipa=0x80001000 size=0x1000 prot=r error=0 table_bytes=20480
stage2_unmap: guest=demo ipa=0x80200000 size=0x200000 error=0 table_bytes=20480
stage2_map: guest=demo ipa=0x80000000 size=0x1000 prot=rw attr=normal error=-17 table_bytes=20480
stage2_map: guest=demo ipa=0x800 size=0x1000 prot=rw attr=normal error=-22 table_bytes=20480
stage2_map: guest=demo ipa=0x0 size=0x40000000 prot=rw attr=normal error=-28 table_bytes=20480
stage2_unmap: guest=demo ipa=0x80200000 size=0x1000 error=-2 table_bytes=20480
stage2_protect: guest=demo ipa=0x90000000 size=0x10000 prot=rw error=-2 table_bytes=20480
stage2_protect: guest=demo ipa=0x10000000000 size=0x1000 prot=rwx error=-34 table_bytes=20480'

it 'has no line for a request that names no region'
traces map unmap protect
refused map 'ipa=0 size=4k ^prto=rw' EINVAL 'unknown word'
refused unmap 'ipa=0^' EINVAL 'size=... is missing'
traced ''

it 'shows tables come and go, with the addresses that the tables have'
accepted remove name=demo
traces table_alloc table_free
guest ram=16M
accepted map 'ipa=2G size=4M max=4k'
pas="$(sed -n 's/.*table -> \(0x[0-9a-f]*\)$/\1/p' $demo/tables | sort)"
root=$(sed -n 's/^vttbr_el2 *0x....\(.*\)/\1/p' $demo/config)
lines >/tmp/lines
same "$(printf 'guest=demo pa=0x%x bytes=8192 table_bytes=8192' $((0x$root)))" \
	"$(sed -n 's/^stage2_table_alloc: //p' /tmp/lines | head -n 1)"
same "$pas" "$(sed -n 's/^stage2_table_alloc: .* pa=\(.*\) bytes=4096 .*/\1/p' /tmp/lines | sort)"
same '8192 12288 16384 20480' "$(sed -n 's/.*table_bytes=//p' /tmp/lines | paste -sd' ')"
accepted remove name=demo
lines >/tmp/lines
same "$(sed -n 's/^stage2_table_alloc: .* \(pa=.* bytes=.*\) .*/\1/p' /tmp/lines | sort)" \
	"$(sed -n 's/^stage2_table_free: .* \(pa=.* bytes=.*\) .*/\1/p' /tmp/lines | sort)"
same 0 "$(sed -n 's/^stage2_table_free: .*table_bytes=//p' /tmp/lines | tail -n 1)"

it 'shows a block cut, and the pages folded again: without a break, as no vcpu runs'
guest ram=16M
accepted map 'ipa=2G size=4M'
traces cut fold bbm
accepted protect 'ipa=0x80201000 size=4k prot=r'
accepted protect 'ipa=0x80201000 size=4k prot=rw'
accepted fold 'ipa=2G size=4M'
traced 'stage2_cut: guest=demo ipa=0x80200000 size=0x200000 level=2
stage2_fold: guest=demo ipa=0x80200000 size=0x200000 level=2'

it 'says what was given back when a change wants more tables than there are'
guest 'ram=16M tables=4'
traces oom table_alloc table_free map unmap
refused map 'ipa=^2G size=4M max=4k' ENOMEM 'no memory for another table'
lines | sed 's/ pa=0x[0-9a-f]*/ pa/' >/tmp/lines
same 'stage2_table_alloc: guest=demo pa bytes=4096 table_bytes=12288
stage2_table_alloc: guest=demo pa bytes=4096 table_bytes=16384
stage2_table_free: guest=demo pa bytes=4096 table_bytes=12288
stage2_table_free: guest=demo pa bytes=4096 table_bytes=8192
stage2_oom: guest=demo ipa=0x80000000 size=0x400000 given_back=2 table_bytes=8192
stage2_map: guest=demo ipa=0x80000000 size=0x400000 prot=rw attr=normal error=-12 table_bytes=8192' \
	"$(cat /tmp/lines)"
accepted map 'ipa=2G size=4M'
traces oom unmap
refused unmap 'ipa=^0x80001000 size=3M' ENOMEM 'no memory for another table'
traced 'stage2_oom: guest=demo ipa=0x80001000 size=0x300000 given_back=1 table_bytes=12288
stage2_unmap: guest=demo ipa=0x80001000 size=0x300000 error=-12 table_bytes=12288'

it 'is filtered by guest, and by number'
for name in a b; do
	accepted create "name=$name ram=1M"
done
traces map
echo 'guest == "a"' >$events/filter
for name in a b; do
	echo 'ipa=0x10000 size=4k' >guests/$name/map
done
traced 'stage2_map: guest=a ipa=0x10000 size=0x1000 prot=rw attr=normal error=0 table_bytes=16384'
echo 0 >$events/filter
traces map
echo 'ipa >= 0x30000 && error == 0' >$events/stage2_map/filter
for ipa in 0x20000 0x30000 0x40000; do
	echo "ipa=$ipa size=4k" >guests/b/map
done
same '0x30000 0x40000' "$(lines | sed -n 's/.* ipa=\([^ ]*\) .*/\1/p' | paste -sd' ')"
echo 0 >$events/filter

it 'is counted by triggers'
if [ ! -e $events/stage2_map/hist ]; then
	skip 'the kernel has no histogram triggers'
else
	echo 'hist:keys=guest:vals=size' >$events/stage2_map/trigger
	for ipa in 0x80000 0x90000; do
		echo "ipa=$ipa size=64k" >guests/b/map
	done
	echo 'ipa=0x80000 size=8k' >guests/a/map
	same 'a 1 8192 b 2 131072' "$(sed -n \
		's/^{ guest: *\([^ ]*\) *} hitcount: *\([0-9]*\)  *size: *\([0-9]*\)$/\1 \2 \3/p' \
		$events/stage2_map/hist | sort | paste -sd' ')"
	echo '!hist:keys=guest:vals=size' >$events/stage2_map/trigger
fi

stays() {
	rmmod stage2 2>/tmp/said && problem "unloaded, with $1"
	grep -qi 'resource temporarily unavailable\|in use' /tmp/said || problem "rmmod says: $(cat /tmp/said)"
}

it 'keeps the module while it is on, counted, or both'
traces map
stays 'an event on'
if [ -e $events/stage2_map/hist ]; then
	echo 'hist:keys=guest' >$events/stage2_map/trigger
	stays 'an event on and a histogram'
	traces
	stays 'a histogram'
	echo '!hist:keys=guest' >$events/stage2_map/trigger
fi
echo 0 >$events/enable

it 'goes with the module, and comes back with it'
guest ram=1M
traces $every
accepted map 'ipa=0x100000 size=64k'
same 3 "$(lines | wc -l)"
echo 0 >$events/enable
rmmod stage2 || problem 'not unloaded when its events are off'
[ ! -e $events ] || problem 'the events are still there'
grep -q stage2_ $tracing/available_events && problem 'the events are still listed'
cat $tracing/trace >/dev/null
insmod /stage2.ko && cd $stage2 || problem 'the module cannot be loaded'
same 0 "$(cat $events/enable)"
traces map
guest ram=1M
accepted map 'ipa=0 size=4k'
traced 'stage2_map: guest=demo ipa=0x0 size=0x1000 prot=rw attr=normal error=0 table_bytes=16384'
