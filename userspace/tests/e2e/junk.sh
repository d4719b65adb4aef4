# SPDX-License-Identifier: GPL-2.0-only
#
# Writes that are no requests at all.
. /lib.sh

guest ram=64k
accepted map 'ipa=0 size=4k'
writable="create remove $demo/map $demo/unmap $demo/protect $demo/fold $demo/regs $demo/demand $demo/dirty $demo/accessed
	$demo/walk"
state >/tmp/before

unchanged() {
	state >/tmp/after
	cmp -s /tmp/before /tmp/after || problem "$1 changed something"
}

it 'refuses an empty write'
fuzz empty $writable || problem 'these are no requests'
unchanged 'an empty write'

it 'refuses a single byte, whichever it is'
# A digit is all that walk needs.
fuzz bytes ${writable% *} || problem 'these are no requests'
unchanged 'a single byte'

it 'refuses 1 MiB, and says how much it takes'
for file in $writable; do
	dd if=/dev/zero of=$file bs=1M count=1 2>/tmp/said && problem "1 MiB to $file is taken"
	like '*: Argument list too long' "$(head -n 1 /tmp/said)"
	logged $file 'the request has 1048576 bytes, and at most 4096 are allowed' '' ''
done
unchanged '1 MiB'

it 'refuses bytes that are no text'
for file in $writable; do
	dd if=/dev/urandom of=$file bs=300 count=1 2>/dev/null && problem "$file takes random bytes"
	dd if=/stage2.ko of=$file bs=4096 count=1 2>/dev/null && problem "$file takes a program"
done
unchanged 'binary data'

it 'refuses a good request with a NUL or another line behind it'
for file in $writable; do
	printf 'ipa=0x2000 size=4k prot=r\000' 2>/dev/null >$file
	printf 'ipa=0x2000 size=4k\nipa=0x4000 size=4k\n' 2>/dev/null >$file
	printf 'name=x\nname=y\n' 2>/dev/null >$file
	printf 'name=x\000' 2>/dev/null >$file
	printf '0x2000\000' 2>/dev/null >$file
done
unchanged 'a NUL or a second line'

it 'takes a request of 4096 bytes, and refuses one of 4097'
for length in 4095 4096; do
	printf "%${length}s\\n" 'ipa=0x2000 size=4k' >/tmp/request
	dd if=/tmp/request of=$demo/map bs=5000 2>/tmp/said
	[ $length = 4096 ] || accepted unmap 'ipa=0x2000 size=4k'
done
like '*: Argument list too long' "$(head -n 1 /tmp/said)"
