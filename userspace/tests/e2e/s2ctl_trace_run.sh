# SPDX-License-Identifier: GPL-2.0-only
#
# s2ctl trace, hist and top of guests that run: they count what the module counts.
. /lib.sh
needs bpf
. /s2ctl_trace_lib.sh
needs engine

# 64 pages on demand, twice: the second time, nothing faults.
touches() {
	load touch x1=0x90000000 x2=256K
	accepted run ''
	accepted run ''
}

demanding() {
	start touch
	accepted demand 'ipa=0x90000000 size=1M prot=rw max=4k'
}

it 'shows each entry and exit, and each fault with its outcome'
demanding
tracing trace
touches
traced
same "$(counter exits)" "$(grep ' exit ' /tmp/traced | grep -vc ' reason=interrupt ')"
same "$(counter interrupts)" "$(lines ' reason=interrupt ')"
same "$(lines ' enter ')" "$(lines ' exit ')"
same "64 64 64" "$(counter faults) $(lines ' fault ') $(lines ' outcome=demand-page ')"
same "$(counter exits)" "$(lines ' reason=\(hvc\|fault\) ')"
like '* fault *vcpu=0 ipa=0x9003f* kind=translation access=* level=3 outcome=demand-page ns=*' \
	"$(grep " fault .*ipa=0x9003f" /tmp/traced)"

it 'counts the same without a ring, and has their latencies'
demanding
tracing trace --summary
touches
traced
same 0 $status
same "$(counter faults)" "$(sed -n 's/^fault  *\([0-9]*\)  p50 .*/\1/p' /tmp/traced)"
same "$(($(counter exits) + $(counter interrupts)))" "$(sed -n 's/^exit  *\([0-9]*\)  p50 .*/\1/p' /tmp/traced)"
same 0 "$(sed -n 's/^lost  *//p' /tmp/traced)"

it 'counts the instructions of TLB invalidation, which a guest that runs takes'
# l: b l
program ram=16M 0x14000000
accepted map 'ipa=0xa0000000 size=2M'
in_background
tracing trace --event tlbi
mv /tmp/traced /tmp/each
each=$tracer
tracing trace --summary
accepted protect 'ipa=0xa0000000 size=64K prot=r'
accepted unmap 'ipa=0xa0000000 size=2M'
traced
stop
kill -INT $each
wait $each
instructions=$(awk -F = '/ tlbi / { n += $NF } END { print n + 0 }' /tmp/each)
same "$(grep -c ' tlbi ' /tmp/each) $instructions" \
	"$(sed -n 's/^tlbi  *\([0-9]*\)  \([0-9]*\) instructions/\1 \2/p' /tmp/traced)"
[ "$instructions" -gt 1 ] || problem 'there were none'

it 'makes histograms of faults and runs'
demanding
tracing hist
touches
traced
same "$(counter faults)" "$(sed -n 's/^demo fault: \([0-9]*\) faults, time to answer/\1/p' /tmp/traced)"
exits=$(($(counter exits) + $(counter interrupts)))
same $exits "$(sed -n 's/^demo run: \([0-9]*\) runs, time from entry to exit/\1/p' /tmp/traced)"
same $exits "$(sed -n '/^demo run:/,$s/^.* \.\. *[0-9.nums]* *\([0-9]*\).*/\1/p' /tmp/traced |
	awk '{ n += $1 } END { print n }')"
same 'lost: 0' "$(tail -n 1 /tmp/traced)"

it 'makes histograms of what it is asked for, in JSON, too'
demanding
tracing hist demo --of fault --json
touches
traced
same '1 64 1' "$(lines '"of": "fault"') $(sed -n 's/^      "count": \([0-9]*\),/\1/p' /tmp/traced) $(lines '"histograms": \[')"
tracing hist nobody --json
touches
traced
same 0 "$(lines '"of":')"

it 'loses nothing of a great many events'
start escape x1=34
tracing trace --event exit
accepted run exits=20000
traced
sent=$(($(counter exits) + $(counter interrupts)))
same "0 s2ctl: $sent events, 0 lost" "$status $words"
same $sent "$(lines ' exit ')"

it 'counts to the last one what a small ring loses'
start escape x1=34
tracing trace --event exit --event enter --buffer "$(page)"
accepted run exits=5000
traced
received=$(lines ' e[nx][it][te]r* ')
lost=$(awk '/^lost / { n += $2 } END { print n + 0 }' /tmp/traced)
same "0 s2ctl: $received events, $lost lost" "$status $words"
same $((2 * ($(counter exits) + $(counter interrupts)))) $((received + lost))

it 'shows a table of guests again and again'
start escape x1=34
echo 'name=idle ram=1M' >create
tracing top --interval 0.2
round=0
while [ $round -lt 10 ] && ! grep -q '^demo  *[^ ]* *[0-9]* *0 *[1-9][0-9]* .* [0-9.]*[num]*s *[0-9.]*[num]*s$' /tmp/traced; do
	accepted run ms=300
	round=$((round + 1))
done
[ $round -lt 10 ] || problem "no exits: $(tail -n 4 /tmp/traced)"
echo name=idle >remove
round=0
until tail -n 3 /tmp/traced | grep -q '^1 guest, ' || [ $round -ge 100 ]; do
	sleep 0.1
	round=$((round + 1))
done
traced
same '0 ' "$status $words"
same '2 guests, ' "$(head -n 1 /tmp/traced | cut -c 1-10)"
same 'GUEST             MAPPED TABLES FAULTS/s  EXITS/s   TLBI/s FAULT p50     p99  RUN p50     p99' \
	"$(sed -n 2p /tmp/traced)"
grep -qx 'idle  *0K  *[12]  *0  *0  *0  *-  *-  *-  *-' /tmp/traced || problem "no line of idle: $(cat /tmp/traced)"
like '1 guest, *
demo *4M *' "$(tail -n 3 /tmp/traced)"

it 'writes a look a line in JSON, and so many'
tracing top --interval 0.1 --count 2 --json
traced itself
same '0 2' "$status $(lines '^{"time_ns": [0-9]*, "interval_ns": [0-9]*, "lost": 0, "guests": \[{"guest": "demo", .*}\]}$')"
tracing top --interval 30 --count 2
kill -WINCH $tracer
traced
same '130 s2ctl: interrupted: 0 of 2 snapshots' "$status $words"

it 'stays in the room that a terminal has, also when that changes, until Ctrl-C'
for n in 1 2 3 4 5 6; do
	echo "name=idle$n ram=1M" >create
done
terminal 100x24 60x6 100x24 -- s2ctl top --interval 0.2 >/tmp/drawn
same 0 $?
# The first of a size may have been drawn for the last one.
same '' "$(awk '
	/^== / { split($2, size, "x"); draw = 0 }
	/\^\[\[H/ { draw++; lines = 0 }
	{ gsub(/\^\[\[[0-9]*[A-Z]/, ""); lines++ }
	draw > 1 && (length > size[1] || lines > size[2]) { print size[1] "x" size[2] ": " $0 }' /tmp/drawn)"
like '*== 100x24*idle6*== 60x6*and 5 more*== 100x24*idle6*== Ctrl-C*' "$(cat /tmp/drawn)"
for n in 1 2 3 4 5 6; do
	echo "name=idle$n" >remove
done

it 'goes on when all guests have gone'
tracing top demo --interval 0.1
echo name=demo >remove
round=0
while tail -n 2 /tmp/traced | grep -q demo && [ $round -lt 100 ]; do
	sleep 0.1
	round=$((round + 1))
done
traced
same '0 0' "$status $(tail -n 2 /tmp/traced | grep -c demo)"
