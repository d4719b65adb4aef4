# SPDX-License-Identifier: GPL-2.0-only
#
# Everything at once: four processes call whatever can be called on every file, with guests that come, run and go, while
# another guest checks its memory. The kernel's complaints are looked for afterwards (check-e2e.sh).
. /lib.sh
needs engine

it 'survives four processes that do at random all that can be done to a file'
begin_work
storm 1 "$(effort 5000)" || problem 'these are no answers to a request'
ends_well

it 'has every file of a guest afterwards, and runs it'
remove_guests
start hello
runs end 'status 0'
printed 'hello from EL1, vCPU 0'
agree demo
