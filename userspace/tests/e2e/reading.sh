# SPDX-License-Identifier: GPL-2.0-only
#
# Reading: in pieces, from the middle, and while things change.
. /lib.sh

guest ram=8M
accepted map 'ipa=0x200000 size=2M'
accepted protect 'ipa=0x300000 size=4k prot=r'
accepted unmap 'ipa=0x220000 size=1664k'
accepted map 'ipa=1G size=4M'
accepted walk 0x200000
write map junk

it 'gives the same in small pieces as at once'
for file in features error_log $demo/config $demo/maps $demo/stats $demo/walk $demo/tables; do
	cat $file >/tmp/whole
	dd if=$file bs=7 2>/dev/null | cmp - /tmp/whole || problem "$file differs, by 7 bytes"
done
dd if=$demo/maps bs=1 2>/dev/null | cmp - $demo/maps || problem "maps differs, by single bytes"
dd if=$demo/tables.bin bs=100 2>/dev/null | cmp - $demo/tables.bin ||
	problem 'tables.bin differs, by 100 bytes'

it 'gives the rest of a file from any place on'
for file in error_log $demo/maps $demo/walk $demo/tables $demo/tables.bin; do
	for skip in 1 333 4097; do
		tail -c +$((skip + 1)) $file >/tmp/rest
		dd if=$file bs=$skip skip=1 2>/dev/null | cmp - /tmp/rest || problem "$file differs from $skip on"
	done
done

it 'can be moved in while it is open'
for file in $demo/maps $demo/tables $demo/tables.bin; do
	exec 3<$file
	dd bs=10 count=1 <&3 >/tmp/start 2>/dev/null
	dd bs=50 skip=1 <&3 >/tmp/rest 2>/dev/null
	exec 3<&-
	tail -c +61 $file | cmp - /tmp/rest || problem "$file differs from 60 on"
done

it 'gives nothing at the end, however often it is asked'
exec 3<$demo/maps
cat <&3 >/dev/null
same '' "$(cat <&3)"
exec 3<&-

it 'starts afresh for each open file'
exec 3<$demo/maps
head -c 5 <&3 >/tmp/start
exec 4<$demo/maps
cat <&4 | cmp - $demo/maps || problem 'a second open file is disturbed by the first'
exec 3<&- 4<&-

# Far more than it can be, if it has no end.
whole() {
	head -c 4000000 "$demo/$1" >/tmp/one
	[ "$(wc -c </tmp/one)" -lt 4000000 ] || problem "$1 has no end"
	cat /tmp/one
}

it 'shows whole lines only, and an end, while another shell changes the tables'
(
	while [ ! -e /tmp/stop ]; do
		echo 'ipa=2G size=3M' >$demo/map
		echo 'ipa=0x80003000 size=12k prot=rx' >$demo/protect
		echo 'ipa=0x80000000 size=2M' >$demo/unmap
		echo 'ipa=0x80200000 size=1M' >$demo/unmap
	done
) &
round=0
while [ $round -lt 8 ]; do
	whole maps >>/tmp/maps
	whole tables >>/tmp/tables
	dd if=$demo/tables bs=301 2>/dev/null >>/tmp/tables
	whole tables.bin >>/tmp/bin
	round=$((round + 1))
done
touch /tmp/stop
wait
rm /tmp/stop
strange=$(grep -vE '^[0-9a-f]{10}-[0-9a-f]{10} [r-][w-][x-] normal  [0-9]+ x (4K|2M)$' /tmp/maps)
same '' "$strange"
strange=$(grep -vE '^ *level [1-3] \[0x[0-9a-f]{3}\] [0-9a-f]{10} 0x[0-9a-f]{16} (table|block 2M|page 4K) -> 0x[0-9a-f]+000( [r-][w-][x-] normal inner-shareable accessed)?$' /tmp/tables)
same '' "$strange"
agree demo
rm /tmp/maps /tmp/tables /tmp/bin
