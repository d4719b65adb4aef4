# SPDX-License-Identifier: GPL-2.0-only
#
# A great many runs and exits: nothing leaks, and no CPU is stuck. `make soak` has more of them, as
# STAGE2_SOAK on the kernel's command line says; see effort, too.
. /lib.sh
. /memory_lib.sh
needs engine

times=${STAGE2_SOAK:-1} busy=''

it 'loses no memory to runs'
start escape x1=64
again 100 $demo/run vcpu=0
loses_less 2048 "again $(effort $((1000 * times))) $demo/run vcpu=0 || problem 'a run is refused'"

it 'loses no memory to exits'
start escape x1=34
again 1 $demo/run exits=1000
loses_less 2048 "echo exits=$(effort $((10000 * times))) >$demo/run"
read_exit 0
same exits-budget "$reason"

it 'loses no memory to demand faults'
faults() {
	rounds=$1
	while [ "$rounds" -gt 0 ]; do
		load touch x1=0x90000000 x2=2M
		accepted run ''
		accepted unmap 'ipa=0x90000000 size=2M'
		rounds=$((rounds - 1))
	done
}
start touch
accepted demand 'ipa=0x90000000 size=2M prot=rw max=4k'
faults 2
loses_less 2048 "faults $((5 * times))"

it 'loses no memory to guests that run and go'
lives() {
	rounds=$1
	while [ "$rounds" -gt 0 ]; do
		start hello
		accepted run ''
		rounds=$((rounds - 1))
	done
}
lives 5
loses_less 2048 "lives $((5 * times))"

# Another thread has to want the CPUs, or there is nothing to be told.
it 'is told when a vCPU loses its CPU, however often guests come and go'
for _ in 1 2; do
	sh -c 'while :; do :; done' &
	busy="$busy $!"
done
rounds=$(effort $((20 * times)))
while [ "$rounds" -gt 0 ]; do
	program 'ram=64k vcpus=2' $forever
	accepted regs 'vcpu=1 pc=0x80000000'
	echo vcpu=1 ms=12 >$demo/run &
	runs time-budget '*' ms=12
	wait $! || problem 'vCPU 1 was refused'
	rounds=$((rounds - 1))
done
# shellcheck disable=SC2086 # they are words
kill $busy
