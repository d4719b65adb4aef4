# SPDX-License-Identifier: GPL-2.0-only
#
# Faults of several vCPUs at once, in the same holes, with others that look at the guest meanwhile.
. /lib.sh
needs engine

# l: str x1, [x3]; ldr x6, [x3]; add x3, x3, x4; subs x5, x5, #1; b.ne l; end with x1
sweep="0xf9000061 0xf9400066 0x8b040063 0xf10004a5 0x54ffff81 $end"

stat() {
	sed -n "s/^$1 *//p" $demo/stats
}

# Four vCPUs write to $2 addresses each, $3 apart, the n-th from 0x90000000 + $1 * n on. All come to their end.
crowd() {
	for n in 0 1 2 3; do
		accepted regs "vcpu=$n pc=0x80000000 x3=$((0x90000000 + $1 * n)) x4=$3 x5=$2"
	done
	for n in 0 1 2 3; do
		echo "vcpu=$n" >$demo/run &
	done
	wait
	same 4 "$(grep -c '^reason *end$' $demo/run)"
}

it 'takes one page for a hole, and the last page of RAM, however many ask for it'
for _ in $(repeats 5); do
	program 'ram=1088k vcpus=4' $sweep
	accepted demand 'ipa=0x90000000 size=2M'
	crowd 0 256 0x1000
	same '256 256' "$(stat demand_pages) $(sed 1d $demo/maps | sed -n 's/.* \([0-9]*\) x 4K/\1/p')"
	# A page that two were given would have left another.
	accepted regs 'pc=0x80000000 x3=0x90100000 x5=1'
	runs no-memory '*'
	agree demo
done

it 'gives each page of RAM to one hole'
program 'ram=65600k vcpus=4' $sweep
accepted demand 'ipa=0x90000000 size=128M'
crowd 0x1000000 4096 0x1000
same 16384 "$(stat demand_pages)"
accepted regs 'pc=0x80000000 x3=0x94000000 x5=1'
runs no-memory '*'
agree demo

it 'takes no table more than one vCPU would'
program 'ram=1M vcpus=4' $sweep
accepted demand 'ipa=0x90000000 size=1G'
crowd 0 8 0x2000000
tables=$(stat tables)
for _ in $(repeats 5); do
	program "ram=1M vcpus=4 tables=$tables" $sweep
	accepted demand 'ipa=0x90000000 size=1G'
	crowd 0 8 0x2000000
	same "8 $tables" "$(stat demand_pages) $(stat tables)"
	agree demo
done

it 'gives back what it took in vain'
for _ in $(repeats 3); do
	program 'ram=1M vcpus=4' $sweep
	accepted demand 'ipa=0x90000000 size=1G'
	crowd 0 100 0x201000
	accepted regs 'pc=0x80000000 x3=0xb0000000 x4=0x1000 x5=140'
	runs end '*'
	accepted regs 'pc=0x80000000 x5=1'
	runs no-memory '*'
	same 240 "$(stat demand_pages)"
done

it 'maps one block where several vCPUs could'
program 'ram=16M vcpus=4' $sweep
accepted demand 'ipa=0x90000000 size=8M max=2M'
crowd 0 64 0x20000
same '4 2048' "$(stat leaves_2M) $(stat demand_pages)"
agree demo

it 'lets others look meanwhile, and they see nothing that is not so'
for _ in $(repeats 3); do
	program 'ram=20M vcpus=4' $sweep
	accepted demand 'ipa=0x90000000 size=16M'
	for file in tables maps stats verify tables.bin; do
		while [ -e $demo ] && [ ! -e /tmp/enough ]; do
			cat $demo/$file >/tmp/seen.$file || break
			! grep -a "and translate() differ" /tmp/seen.$file >>/tmp/wrong || break
		done &
		readers="$readers $!"
	done
	for n in 0 1 2 3; do
		accepted regs "vcpu=$n pc=0x80000000 x3=$((0x90000000 + 0x400000 * n)) x4=0x1000 x5=1024"
		echo "vcpu=$n" >$demo/run &
		runners="$runners $!"
	done
	wait $runners
	touch /tmp/enough
	wait $readers
	rm /tmp/enough
	runners='' readers=''
	same '' "$(cat /tmp/wrong)"
	same 4096 "$(stat demand_pages)"
	like 'checked * no difference' "$(cat $demo/verify)"
	agree demo
done

it 'notes every page that one of several vCPUs wrote'
program 'ram=2M vcpus=4' $sweep
accepted map 'ipa=0x90000000 size=1M max=4k'
accepted dirty 'ipa=0x90000000 size=1M'
crowd 0x10000 64 0x1000
same '0090000000-009006ffff' "$(tr '\n' ' ' <$demo/dirty | awk '{ split($1, a, "-"); split($NF, b, "-"); print a[1] "-" b[2] }')"
same '' "$(cat $demo/dirty)"
agree demo

it 'is gone at once, while all its vCPUs have faults'
for _ in $(repeats 3); do
	program 'ram=20M vcpus=4' $sweep
	accepted demand 'ipa=0x90000000 size=16M'
	for n in 0 1 2 3; do
		accepted regs "vcpu=$n pc=0x80000000 x3=$((0x90000000 + 0x400000 * n)) x4=0x1000 x5=1024"
		echo "vcpu=$n" 2>/dev/null >$demo/run &
	done
	accepted remove name=demo
	wait
done
