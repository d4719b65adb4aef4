# SPDX-License-Identifier: GPL-2.0-only
#
# 5,000 random writes to every file (see effort): random bytes, and good requests that were damaged. What was asked
# for by chance is done; guests that were not addressed are as they were.
. /lib.sh

echo 'name=bystander ram=64k' >create
echo 'ipa=0 size=16k prot=rx' >guests/bystander/map
dd if=/stage2.ko of=guests/bystander/mem bs=16k count=1 2>/dev/null
cat guests/bystander/verify >/dev/null 2>&1 # gives it its VMID
bystander() {
	for file in config maps tables tables.bin stats regs run demand verify mem; do
		cat guests/bystander/$file
	done 2>/dev/null
}
bystander >/tmp/bystander
guest ram=8M vcpus=2

# $1 writes to the files that follow.
survives() {
	writes=$(effort "$1")
	shift
	fuzz random "$writes" "$@" || problem 'these are no answers to a request'
	bystander | cmp -s - /tmp/bystander || problem 'another guest changed'
	agree demo
}

it 'survives random writes to each file of a guest'
survives 30000 $demo/map $demo/unmap $demo/protect $demo/fold $demo/walk $demo/mem

it 'survives random writes to create, and to remove'
survives 10000 create remove

it 'survives random writes to what runs a guest, while its memory changes'
survives 10000 $demo/regs $demo/run $demo/demand $demo/dirty $demo/accessed $demo/map $demo/unmap $demo/protect

it 'survives random writes to files that are only read'
survives 5000 features error_log $demo/config $demo/maps $demo/stats $demo/tables $demo/tables.bin \
	$demo/verify
