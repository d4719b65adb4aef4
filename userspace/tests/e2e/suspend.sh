# SPDX-License-Identifier: GPL-2.0-only
#
# The machine is suspended, as far as it can be woken up again, while a guest runs: the guest goes on.
. /lib.sh
needs engine
needs suspend

# Suspends to $2, as far as test level $1 (/sys/power/pm_test).
suspend() {
	echo "$1" >/sys/power/pm_test || problem "there is no level $1"
	echo "$2" >/sys/power/state || problem "$2 fails, at level $1"
	echo none >/sys/power/pm_test
}

it 'goes on when all threads were frozen'
begin_work
suspend freezer freeze
suspend freezer freeze
ends_well

it 'goes on when all devices were asleep'
begin_work
suspend devices freeze
suspend platform freeze
ends_well
agree demo

it 'goes on when all other CPUs were down for an image of the machine, which nobody has room for'
if grep -qs disk /sys/power/state; then
	begin_work
	echo test_resume >/sys/power/disk
	like '*: No such device' "$(echo disk 2>&1 >/sys/power/state)"
	ends_well
else
	skip 'the kernel does not hibernate'
fi

it 'begins its milliseconds again, and its registers not'
# add x1, x1, #1; b back
program ram=64k 0x91000421 0x17ffffff
accepted regs x1=0
again 1 $demo/run ms=3000 &
sleep 1
suspend freezer freeze
clock
woke=$now
wait
clock
# However slow the machine is: of 3 s that went on, some would be over.
[ $((now - woke)) -gt 280 ] || problem "it ended at $now, awake since $woke"
read_exit 0
same time-budget "$reason"

it 'goes on when a shell has stopped it for a while'
begin_work
kill -STOP $runner
sleep 0.2
kill -CONT $runner
ends_well
