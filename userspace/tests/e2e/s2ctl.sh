# SPDX-License-Identifier: GPL-2.0-only
#
# s2ctl against the module: what it does is what the files do, and it says why something was refused.
. /lib.sh

# Runs s2ctl; $out is what it says, $err what it complains about, $status how it ends.
ctl() {
	s2ctl "$@" >/tmp/out 2>/tmp/err
	status=$?
	out=$(cat /tmp/out) err=$(cat /tmp/err)
}

# It succeeds, and says $out.
done_well() {
	settle
	ctl "$@"
	same 0 $status
	same '' "$err"
}

# It ends with status $1 and a complaint that matches $2; nothing of any guest has changed.
fails() {
	wanted=$1 complaint=$2
	shift 2
	[ "$settling" ] || state >/tmp/before
	settling=1
	ctl "$@"
	same "$wanted" $status
	like "s2ctl: $complaint" "$err"
	same '' "$out"
}

it 'makes guests, lists them and removes them'
done_well create demo
done_well create small --ram 1M --ipa-bits 36 --tables 20
same 'ipa_bits   36' "$(grep ipa_bits guests/small/config)"
done_well list --names
same "demo${newline}small" "$out"
done_well list
like "NAME *${newline}demo *40 *64M *0K *2 (8K)${newline}small *36 *1M *0K *1 (4K)" "$out"
done_well list small
like "NAME *${newline}small *36 *1M *0K *1 (4K)" "$out"
fails 1 "there is no guest 'nobody'*" list demo nobody
done_well remove small demo
done_well list
same '' "$out"

it 'maps, unmaps and protects'
guest ram=8M
done_well map demo 0x80000000 6M
done_well map demo 0x9000000 4K --prot rw --attr device
done_well map demo 0x40000000 64K --prot rx --max 4k
done_well protect demo 0x80100000 4K r
done_well unmap demo 0x80500000 1M
same '0009000000-0009000fff rw- device  1 x 4K
0040000000-004000ffff r-x normal  16 x 4K
0080000000-00800fffff rw- normal  256 x 4K
0080100000-0080100fff r-- normal  1 x 4K
0080101000-00801fffff rw- normal  255 x 4K
0080200000-00803fffff rw- normal  1 x 2M
0080400000-00804fffff rw- normal  256 x 4K' "$(cat $demo/maps)"
agree demo

it 'shows what the files show'
accepted dirty 'ipa=0x80200000 size=4K'
accepted dirty 'ipa=0x80400000 size=64K'
for file in maps tables stats; do
	s2ctl $file demo | cmp - $demo/$file || problem "$file differs"
done
s2ctl features | cmp - features || problem 'features differs'

it 'explains each step of a walk as the module made it'
for ipa in 0x80100123 0x80200000 0x80500000 0xffffffffff; do
	accepted walk $ipa
	s2ctl walk demo $ipa >/tmp/walk
	grep -A 1 '^level' /tmp/walk | grep '^  0x' | sed 's/^ *//; s/  / /' >/tmp/mine
	grep '^level' $demo/walk | sed 's/.*\] //' | cmp - /tmp/mine || problem "the steps to $ipa differ"
	same "$(tail -n 1 $demo/walk)" "$(tail -n 1 /tmp/walk)"
done
like '*table at 0x*
    7:6    S2AP         0b01    read-only*' "$(s2ctl walk demo 0x80100123)"

it 'walks several addresses, and in JSON'
done_well walk demo 0x80100123 2050M --json
like '*"ipa": "0x80100123"*"output": "0x*123"*"ipa": "0x80200000"*"output": "0x*00000"*' "$out"

it 'says why the module refuses, as error_log does'
fails 1 'guests/demo/map: ipa must be a multiple of 4K
           ipa=0x80000800 size=4K
               ^' map demo 0x80000800 4K
fails 1 'guests/demo/map: 0x80000000-0x801fffff is mapped already
           ipa=2G size=2M prot=r
               ^' map demo 2G 2M --prot r
fails 1 'guests/demo/unmap: 0x0-0xfff is not mapped*' unmap demo 0 4K
fails 1 'guests/demo/protect: other characters after the number*
           ipa=0x80000000 size=4kb prot=r
                                ^' protect demo 0x80000000 4kb r
fails 1 'create: a guest of that name exists already*' create demo
fails 1 "there is no guest 'nobody'*" remove nobody
fails 1 "there is no guest 'nobody'*" remove demo nobody
fails 2 "guest 'demo' is named twice" remove demo demo
fails 2 "'..' cannot be the name of a guest" remove demo ..
fails 1 '0x10000000000 is beyond the IPA space, which ends at 0xffffffffff' walk demo 0x10000000000
ctl unmap demo 0 4K --json
like '{
  "error": "guests/demo/unmap: 0x0-0xfff is not mapped*",
  "exit": 1
}' "$err"

it 'refuses wrong words before the module hears of them'
last=$(cat error_log)
fails 2 'GUEST is required*' map
fails 2 '--prot: *is none of: none r w rw rx rwx*' map demo 0 4K --prot rrr
fails 2 "size: '4K prot=rwx' is not one word" map demo 0 '4K prot=rwx'
fails 2 'IPA:*not a number*' walk demo x
fails 2 "there is no command 'mapp' (did you mean map*" mapp demo
same "$last" "$(cat error_log)"

it 'knows a guest that is not there, and one that went away'
fails 1 "there is no guest 'nobody' (s2ctl list shows those there are)" maps nobody
fails 1 "there is no guest 'nobody'*" stats nobody
fails 1 "there is no guest 'nobody'*" walk nobody 0
fails 1 "there is no guest 'nobody'*" map nobody 0 4K

it 'saves tables, and examines them without the guest'
done_well dump demo /tmp/demo.tables
cmp /tmp/demo.tables $demo/tables.bin || problem 'the file is not tables.bin'
for view in maps tables; do
	s2ctl $view demo >/tmp/live
	s2ctl $view /tmp/demo.tables | cmp - /tmp/live || problem "$view of the file differs"
done
s2ctl walk demo 0x80100123 >/tmp/live
s2ctl walk /tmp/demo.tables 0x80100123 | cmp - /tmp/live || problem 'walk of the file differs'
head -c 9000 /tmp/demo.tables >/tmp/cut.tables
fails 4 '/tmp/cut.tables: at byte 9000: the file ends within a table' load-dump /tmp/cut.tables

it 'draws a guest, and says what changed'
guest ram=8M
accepted map 'ipa=0x80000000 size=6M'
accepted map 'ipa=0x9000000 size=4K attr=device'
done_well dump demo /tmp/before.tables
accepted protect 'ipa=0x80100000 size=4K prot=r'
accepted unmap 'ipa=0x9000000 size=4K'
done_well render --diff /tmp/before.tables demo --text
same '- 0009000000-0009000fff rw- device 4K inner-shareable accessed
~ 0080000000-00800fffff size 2M to 4K
~ 0080100000-0080100fff permission rw- to r--, size 2M to 4K
~ 0080101000-00801fffff size 2M to 4K' "$(echo "$out" | sed 's/-> [0-9a-f]* //')"
done_well render demo -o /tmp/demo.html
same '<!doctype html> </html>' "$(echo $(sed -n '1p; $p' /tmp/demo.html))"
done_well render demo --svg -o /tmp/demo.svg
like '*<title>demo</title>*>rw- normal 2M</text>*' "$(cat /tmp/demo.svg)"

# The first $2 bytes of demo's memory at page $1 are those of file $3.
holds() {
	head -c "$2" "$3" >/tmp/wanted
	dd if=$demo/mem bs=4096 skip=$1 count=$((($2 + 4095) / 4096)) 2>/dev/null | head -c "$2" |
		cmp - /tmp/wanted ||
		problem "the memory at page $1 is not $3"
}

it 'loads programs through the tables, all of them or nothing'
guest ram=8M ipa_bits=32
accepted map 'ipa=0x400000 size=4M'
head -c 1000001 /bin/busybox >/tmp/flat
accepted map 'ipa=0xa0000000 size=512K prot=rx'
accepted map 'ipa=0xa0080000 size=512K prot=r'
done_well load demo /tmp/flat --at 0xa0001000
like '976.5K loaded, entry 0xa0001000*' "$out"
holds $((0xa0001)) 1000001 /tmp/flat
fails 1 '0xa0100000 is not mapped*nothing was written*' load demo /tmp/flat --at 0xa0080000
fails 4 '/tmp/nothing: No such file*' load demo /tmp/nothing
# Debian's busybox is a static ELF program, linked at 0x400000.
done_well load demo /bin/busybox
like '*M loaded, entry 0x4*' "$out"
holds $((0x400)) 65536 /bin/busybox

it 'reads whole rows, while tables come and go'
guest ram=8M
(
	while [ ! -e /tmp/stop ]; do
		echo 'ipa=2G size=3M' >$demo/map
		echo 'ipa=0x80003000 size=12k prot=rx' >$demo/protect
		echo 'ipa=0x80000000 size=3M' >$demo/unmap
	done
) &
round=0
while [ $round -lt 10 ]; do
	ctl maps demo
	same 0 $status
	echo "$out" >>/tmp/rows
	like '' "$(grep -v ' changed while they were read: ' /tmp/err)"
	round=$((round + 1))
done
touch /tmp/stop
wait
rm /tmp/stop
same '' "$(grep -vE '^(0080[02][0-9a-f]{5}-0080[0-2][0-9a-f]{5} r[w-][x-] normal  [0-9]+ x (4K|2M))?$' /tmp/rows)"

it 'ends well when the guest goes while it is read'
(
	while [ ! -e /tmp/stop ]; do
		echo 'name=brief ram=1M' >create
		echo 'ipa=0 size=1M max=4k' >guests/brief/map
		echo 'name=brief' >remove
	done
) 2>/dev/null &
round=0
while [ $round -lt 8 ]; do
	for command in 'maps brief' 'tables brief' 'stats brief' 'walk brief 0'; do
		# shellcheck disable=SC2086 # they are words
		ctl $command
		case $status:$err in
		0: | '1:s2ctl: there is no guest '* | '5:s2ctl: guest '*' was removed meanwhile') ;;
		# The folder goes file by file.
		'3:s2ctl: this module has no '*) ;;
		*) problem "$command: $status: $err" ;;
		esac
	done
	round=$((round + 1))
done
touch /tmp/stop
wait
rm /tmp/stop

it 'says what is missing: the module, or debugfs'
remove_guests
cd /
rmmod stage2
ctl list
same '3 s2ctl: the module is not loaded: insmod stage2.ko, or modprobe stage2' "$status $err"
for command in trace hist top; do
	ctl $command
	same '3 s2ctl: the module is not loaded: insmod stage2.ko, or modprobe stage2' "$status $err"
done
umount /sys/kernel/debug
ctl list
same '3 s2ctl: debugfs is not mounted: mount -t debugfs debugfs /sys/kernel/debug' "$status $err"
mount -t debugfs debugfs /sys/kernel/debug
insmod /stage2.ko
cd $stage2 || exit
