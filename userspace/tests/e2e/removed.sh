# SPDX-License-Identifier: GPL-2.0-only
#
# Files of a guest that is gone: who still has one open gets an error, never memory.
. /lib.sh

# $1, done with the file open as descriptor 3, says "No such device"; error_log names file $2.
gone() {
	eval "{ $1; }" 2>/tmp/said
	like '*: No such device' "$(cat /tmp/said)"
	logged "$2" 'the guest was removed' "$3" ''
}

it 'refuses to write to a file that was open when the guest was removed'
for file in map unmap protect fold walk regs run demand dirty; do
	guest ram=64k
	exec 3<>$demo/$file
	accepted remove name=demo
	gone 'echo ipa=0 size=4k >&3' $demo/$file 'ipa=0 size=4k'
	exec 3<&-
done

it 'refuses to read from a file that was open when the guest was removed'
for file in config maps tables tables.bin walk verify stats regs run demand dirty accessed; do
	guest ram=64k
	accepted map 'ipa=0 size=4k'
	exec 3<$demo/$file 4<>$demo/map
	accepted remove name=demo
	gone 'cat <&3' $demo/$file ''
	# And it holds no lock: who needs it alone is answered, too.
	gone 'echo ipa=0 size=4k >&4' $demo/map 'ipa=0 size=4k'
	exec 3<&- 4<&-
done

it 'refuses guest memory that was open when the guest was removed'
guest ram=64k
accepted map 'ipa=0 size=64k'
exec 3<>$demo/mem
accepted remove name=demo
gone 'cat <&3' $demo/mem ''
gone 'echo written >&3' $demo/mem ''
exec 3<&-

it 'ends a dump in the middle when the guest is removed'
guest ram=8M
accepted map 'ipa=0 size=8M max=4k'
exec 3<$demo/tables
head -c 100 <&3 >/tmp/out
accepted remove name=demo
gone 'cat <&3 >/tmp/out' $demo/tables ''
[ "$(wc -c </tmp/out)" -lt 10000 ] || problem 'it went on'
exec 3<&-

it 'does not take a new guest for the old one of the same name'
guest ram=64k
exec 3<>$demo/map 4<$demo/maps 5<>$demo/mem
accepted remove name=demo
accepted create 'name=demo ram=64k'
accepted map 'ipa=0x10000 size=4k prot=r'
gone 'echo ipa=0 size=4k >&3' $demo/map 'ipa=0 size=4k'
gone 'cat <&4' $demo/maps ''
gone 'cat <&5' $demo/mem ''
same '0000010000-0000010fff r-- normal  1 x 4K' "$(cat $demo/maps)"
accepted remove name=demo
gone 'cat <&4' $demo/maps ''
exec 3<&- 4<&- 5<&-
