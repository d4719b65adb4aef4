# SPDX-License-Identifier: GPL-2.0-only
#
# Memory and tables change while a guest runs on them.
. /lib.sh
needs engine

# Writes text $2 at IPA $1.
poke() {
	printf %s "$2" | dd of=$demo/mem bs=64 seek=$(($1)) oflag=seek_bytes conv=notrunc 2>/dev/null
}

begin() {
	load "$@"
	in_background
}

# Each of the next three would see what a TLB remembers, if it were not told. It is, by request $2 to file
# $1; and then, before anything else comes to pass, that it should not, by a word at IPA 0.
tell() {
	echo "$2" >"$demo/$1" && echo changed 1<>$demo/mem
	wait
	read_exit 0
}

watched() {
	guest ram=16M
	accepted map 'ipa=0 size=4k max=4k'
	accepted map 'ipa=2G size=4M prot=rwx'
}

# Runs the guest that looks at IPA 0x90000000 until it is told.
watch() {
	printf '\0\0\0\0\0\0\0\0' 1<>$demo/mem
	begin watch x1=0x90000000 x2=0 "$@"
}

it 'sees at once that a page is gone'
watched
for _ in $(repeats 10); do
	accepted map 'ipa=0x90000000 size=4k'
	watch
	tell unmap 'ipa=0x90000000 size=4k'
	like 'stage2-translation read of 0x90000000 *' "$reason $detail"
done

it 'sees at once that a page can no longer be written'
watched
accepted map 'ipa=0x90000000 size=4k'
for _ in $(repeats 10); do
	accepted protect 'ipa=0x90000000 size=4k prot=rw'
	watch x3=1
	tell protect 'ipa=0x90000000 size=4k prot=r'
	like 'stage2-permission write of 0x90000000 *' "$reason $detail"
done

it 'sees at once the page that is mapped in place of another'
for _ in $(repeats 5); do
	watched
	# A demand fault takes the first page of RAM that is free: the one that 0xa0000000 has at first.
	accepted map 'ipa=0xa0000000 size=4k'
	accepted map 'ipa=0x90000000 size=4k'
	poke 0x90000000 before..
	poke 0xa0000000 '..behind'
	accepted demand 'ipa=0x90000000 size=4k'
	accepted unmap 'ipa=0xa0000000 size=4k'
	watch
	tell unmap 'ipa=0x90000000 size=4k'
	same 'end status 0' "$reason $detail"
	printed 'sees 0x646e696865622e2e'
done

it 'loses nothing while the block it works on is cut, and pages of it are protected'
begin_work
for page in 0 1 2 3 4 5 6 7; do
	accepted protect "ipa=0x803${page}0000 size=4k prot=rw"
	accepted map "ipa=0x9000${page}000 size=4k max=4k"
	accepted protect "ipa=0x803${page}0000 size=4k prot=rwx"
done
ends_well
agree demo

it 'loses nothing while the block it runs in and the one it works on are cut, and folded'
begin_work
for _ in $(repeats 8); do
	accepted protect 'ipa=0x801ff000 size=8k prot=rw'
	accepted protect 'ipa=0x801ff000 size=8k prot=rwx'
	accepted fold 'ipa=2G size=4M'
	same '0080000000-00803fffff rwx normal  2 x 2M' "$(cat $demo/maps)"
done
ends_well
agree demo

it 'loses nothing while the logs of it are read, and other pages come and go'
guest ram=16M
accepted map 'ipa=2G size=2M prot=rwx'
accepted map 'ipa=0x80200000 size=1M max=4k'
accepted map 'ipa=0x80300000 size=4k'
accepted dirty 'ipa=2G size=4M'
begin $work
for _ in $(repeats 8); do
	cat $demo/dirty $demo/accessed $demo/maps $demo/tables $demo/stats >/dev/null
	accepted map 'ipa=0x90000000 size=4M'
	accepted unmap 'ipa=0x90001000 size=2M'
	accepted unmap 'ipa=0x90000000 size=4k'
	accepted unmap 'ipa=0x90201000 size=2044k'
done
ends_well
agree demo

it 'loses nothing while its logs come and go'
begin_work
for _ in $(repeats 8); do
	accepted dirty 'ipa=2G size=4M'
	cat $demo/dirty >/dev/null
	accepted dirty off
done
ends_well

it 'loses nothing while the MMU is asked about its tables'
begin_work
for _ in $(repeats 5); do
	like '*no difference*' "$(cat $demo/verify)"
done
ends_well
