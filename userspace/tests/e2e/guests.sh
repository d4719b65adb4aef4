# SPDX-License-Identifier: GPL-2.0-only
#
# The toy guests, loaded and run: what each of them is for.
. /lib.sh
needs engine

# The number after key $1 in demo's stats.
stat() {
	sed -n "s/^$1 *//p" $demo/stats
}

# run_both COUNT [COMMAND...]: vCPUs 0 and 1 of demo run at the same time, started by COMMAND (taskset 1), and both come
# to COUNT. Not from this shell itself: that a child of it ends is a signal, and a signal ends a run.
run_both() {
	count=$1
	shift
	"$@" sh -c "echo vcpu=0 ms=20000 >$demo/run" &
	"$@" sh -c "echo vcpu=1 ms=20000 >$demo/run" &
	wait
	for vcpu in 0 1; do
		read_exit $vcpu
		same 'end status 0' "$reason $detail"
		same "vCPU $vcpu counts $count and $count" "$output"
	done
}

it 'hello prints, on each vCPU'
start hello
runs end 'status 0'
printed 'hello from EL1, vCPU 0'
runs end 'status 0' vcpu=1
printed 'hello from EL1, vCPU 1'

it 'hello can be loaded and run again'
load hello
runs end 'status 0'
printed 'hello from EL1, vCPU 0'

it 'touch reads pages that come on demand, and finds zeros'
start touch x1=0x90000000 x2=1M
accepted demand 'ipa=0x90000000 size=2M max=4k'
runs end 'status 0'
printed 'touched 256 pages: 256 reads, 0 writes, checksum 0xae2e938c8000400'
same 256 "$(stat demand_pages)"
load touch x1=0x90000000 x2=1M
runs end 'status 0'
printed 'touched 256 pages: 256 reads, 0 writes, checksum 0xae2e938c8000400'
same 256 "$(stat demand_pages)"
agree demo

it 'says what it has to be started with'
start touch x1=0x90000000
runs end 'status 1'
like 'touch.cpp:*: x2 must be at least 4096' "$output"
start work x1=0x90000000
runs end 'status 1'
like 'work.cpp:*: x2 must be at least 4096, and at most 16M' "$output"

it 'touch touches what its pattern says, and so much comes on demand'
while read -r pages words; do
	# shellcheck disable=SC2086 # they are words
	start touch x1=0x90000000 x2=1M $words
	accepted demand 'ipa=0x90000000 size=1M max=4k'
	runs end 'status 0'
	same "$pages" "$(stat demand_pages)"
done <<EOT
16 x3=1 x4=16 x5=1 x6=16
10 x3=0 x4=10 x5=2
256 x3=2 x4=2000 x5=2 x6=99
EOT

it 'touch leaves the log of what it wrote'
start touch x1=0x90000000 x2=64k x3=1 x4=4 x5=1 x6=4
accepted demand 'ipa=0x90000000 size=4M max=4k'
accepted dirty 'ipa=0x90000000 size=1G'
runs end 'status 0'
same '0090000000-0090000fff
0090004000-0090004fff
0090008000-0090008fff
009000c000-009000cfff' "$(cat $demo/dirty)"
load touch x1=0x90000000 x2=64k
runs end 'status 0'
same '' "$(cat $demo/dirty)"

it 'mmu changes its own tables while it runs on them'
start mmu
runs end 'status 0'
like 'the MMU is on*remapped itself by 2 breaks; 100 windows, none of them stale*' "$output"

it 'mmu does so on memory that comes on demand, too, and with a log of what it writes'
guest ram=16M
accepted map 'ipa=2G size=512k max=4k prot=rwx'
accepted demand 'ipa=2G size=4M prot=rwx max=4k'
accepted dirty 'ipa=2G size=4M'
load mmu
runs end 'status 0'
like '*none of them stale*back in the lower range' "$output"
[ "$(wc -l <$demo/dirty)" -gt 1 ] || problem 'it wrote nothing'

it 'mmu runs in two guests at the same time, which see nothing of each other'
echo 'name=other ram=16M' >create
echo 'ipa=2G size=4M prot=rwx' >guests/other/map
for _ in $(repeats 3); do
	load mmu
	s2load guests/other /guests/mmu.elf
	echo ms=20000 >guests/other/run &
	echo ms=20000 >$demo/run &
	wait
	for name in demo other; do
		like '*reason *end*detail *status 0*none of them stale*' "$(cat guests/$name/run)"
	done
done

it 'smp contends for a lock on two vCPUs, and both agree'
start smp x1=2
run_both 20000
for _ in $(repeats 5); do
	load smp x1=2 x2=2000
	run_both 4000
done

# Long enough that each loses its CPU to the other, again and again.
it 'smp comes to an end where both vCPUs have one CPU, too'
start smp x1=2 x2=1000000
run_both 2000000 taskset 1
