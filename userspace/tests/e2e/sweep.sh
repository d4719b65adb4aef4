# SPDX-License-Identifier: GPL-2.0-only
#
# Every System register there is, on one CPU: what one guest leaves there, the next does not find, and itself finds
# again; whoever ran it. What can be read is a table in engines.rst.
. /lib.sh
needs engine

one=0x5a5a5a5a5a5a5a5a
other=0xa5a5a5a5a5a5a5a5

# Makes guest $1 afresh and runs it, with WORDs, on the one CPU. What it could read is then in /tmp/$1.
sweeper() {
	name=$1
	shift
	[ ! -d "guests/$name" ] || accepted remove "name=$name"
	accepted create "name=$name ram=4M"
	echo 'ipa=2G size=4M prot=rwx' >"guests/$name/map"
	s2load "guests/$name" /guests/sweep.elf "$@" || problem 'it cannot be loaded'
	sweeps "$name"
}

sweeps() {
	taskset 1 sweep "guests/$1" /tmp/traps >"/tmp/$1" 2>/tmp/said || problem "$(cat /tmp/said)"
}

# A guest of KVM does. What is implementation defined traps there, too, and KVM's log is long.
kvm_sweeps() {
	taskset 1 kvm /guests/sweep.elf "$@" >/tmp/said 2>&1 || problem "KVM: $(head -n 5 /tmp/said)"
}

# Two lookers have found the same.
same_found() {
	diff "/tmp/$1" "/tmp/$2" >/tmp/difference || problem "$(grep '^[-+]S' /tmp/difference)"
}

kvm=''
[ ! -c /dev/kvm ] || kvm=1

it 'steps over every encoding, and finds what a guest can read'
sweeper look x1=0
[ "$(wc -l </tmp/look)" -gt 60 ] || problem "$(wc -l </tmp/look) registers can be read: $(cat /tmp/said)"
grep -q '^S3_0_C1_C0_0 0x30d00800$' /tmp/look || problem 'SCTLR_EL1 is not what it is at reset'

it 'finds nothing that the manual does not explain'
listed=$(sed -n '/^What a guest can read/,/^TLBs/p' /manual/engines.rst | grep -o '``S[^`]*``' | tr -d '`')
[ "$listed" ] || problem 'engines.rst has no such table'
while read -r name value; do
	set -f
	for pattern in $listed; do
		# shellcheck disable=SC2254 # it is a pattern
		case $name in
		$pattern) continue 2 ;;
		esac
	done
	problem "$name can be read, and is $value"
done </tmp/look
set +f

it 'lets a guest find nothing that another has left'
sweeper one x1=$one x3=1
sweeper first x1=0 x3=1
[ ! $kvm ] || { kvm_sweeps x2=1 x3=2; cp /tmp/said /tmp/kvm_first; }
sweeper other x1=$other x3=1
sweeper second x1=0 x3=1
[ ! $kvm ] || { kvm_sweeps x2=1 x3=2; cp /tmp/said /tmp/kvm_second; }
same_found first second

it 'gives a guest back all that it has left itself'
for name in one other; do
	sweeps $name
	like '*then end status 0' "$(cat /tmp/said)"
	same '' "$(sed -n 's/^output *//p' guests/$name/run)"
done

it 'leaves nothing that a guest of KVM finds'
if [ $kvm ]; then
	[ "$(wc -l </tmp/kvm_first)" -gt 60 ] || problem "$(wc -l </tmp/kvm_first) registers can be read"
	same_found kvm_first kvm_second
else
	skip 'no KVM on this machine'
fi

it 'lets a guest find nothing that a guest of KVM has left'
if [ $kvm ]; then
	kvm_sweeps x1=$one x3=2
	sweeper first x1=0 x3=1
	kvm_sweeps x1=$other x3=2
	sweeper second x1=0 x3=1
	same_found first second
else
	skip 'no KVM on this machine'
fi
remove_guests
