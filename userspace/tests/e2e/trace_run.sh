# SPDX-License-Identifier: GPL-2.0-only
#
# trace_run: what a guest that runs leaves in the trace: entries, exits, faults, and what its TLBs are told.
. /lib.sh
needs traces
needs engine
. /trace_lib.sh

# Without what the host's interrupts add: out, and in again.
undisturbed() {
	lines | awk '
		/^stage2_exit: .* reason=interrupt / { out = 1; next }
		out && /^stage2_enter: / { out = 0; next }
		{ print }'
}

# How long something took is no matter, but it has to be a number that is not 0.
timeless() {
	sed 's/ ns=[1-9][0-9]*$//'
}

feature() {
	sed -n "s/^$1 *//p" features
}

# The faults of a run that leaves for reason $1, as "IPA KIND ACCESS LEVEL OUTCOME".
faults() {
	traces fault
	runs "$1" '*'
	lines | timeless | sed -n \
		's/^stage2_fault: guest=demo vcpu=0 ipa=\(.*\) kind=\(.*\) access=\(.*\) level=\(.*\) outcome=\(.*\)$/\1 \2 \3 \4 \5/p'
}

it 'has a line for each way into the guest, and out'
program ram=1M $version $end
traces enter exit
runs end '*'
same 'stage2_enter: guest=demo vcpu=0 pc=0x80000000
stage2_exit: guest=demo vcpu=0 reason=hvc pc=0x8000000c esr=0x5a000000
stage2_enter: guest=demo vcpu=0 pc=0x8000000c
stage2_exit: guest=demo vcpu=0 reason=hvc pc=0x80000018 esr=0x5a000000' "$(undisturbed | timeless)"

it 'has none when it is off again'
traces
accepted regs pc=0x80000000
runs end '*'
traced ''

it 'says what took the CPU out'
while read -r why wanted instruction; do
	program ram=64k "$instruction"
	traces exit
	runs "$wanted" '*'
	same "$why 0x$(of_exit esr | sed 's/^0x0*\([^ ]*\) .*/\1/')" \
		"$(undisturbed | sed -n 's/.* reason=\(.*\) pc=.* esr=\(.*\) ns=.*/\1 \2/p')"
done <<'LIST'
wfi wfi 0xd503207f
smc smc 0xd40000a3
fault stage2-translation 0xf9400062
sysreg sysreg 0xd53be020
LIST
program ram=64k 0x9e6703e0
accepted regs cpacr_el1=0x300000
traces exit
runs fp '*'
same fp "$(undisturbed | sed -n 's/.* reason=\(.*\) pc=.*/\1/p')"
program ram=64k 0x91000421 0x91000421 0x91000421 $end
traces exit
runs step-budget '*' instructions=2
same 'step step' "$(undisturbed | sed -n 's/.* reason=\(.*\) pc=.*/\1/p' | paste -sd' ')"

it 'says which vcpu it was, and that an interrupt has no syndrome'
program 'ram=64k vcpus=2' $forever
accepted regs 'vcpu=1 pc=0x80000000'
traces exit
runs time-budget '*' vcpu=1 ms=50
same 'stage2_exit: guest=demo vcpu=1 reason=interrupt pc=0x80000000 esr=0x0' "$(lines | timeless | sort -u)"

it 'begins and ends while the guest runs'
program ram=64k $forever
traces
sh -c "echo >$demo/run" 2>/dev/null &
runner=$!
is_running
for event in enter exit; do
	traces $event
	rounds=0
	until lines | grep -q "^stage2_$event: guest=demo vcpu=0 .*pc=0x80000000"; do
		rounds=$((rounds + 1))
		[ $rounds -lt 100 ] || break
		sleep 0.1
	done
	[ $rounds -lt 100 ] || problem "no $event"
done
traces
sleep 0.1
traced ''
stop

it 'says what a fault was, and what became of it'
program ram=1M 0xf9000062 0xf9400083 $end
accepted demand 'ipa=0x90000000 size=1M'
accepted regs 'x3=0x90003010 x4=0x90004020'
same '0x90003010 translation write 2 demand-page
0x90004020 translation read 3 demand-page' "$(faults end)"
program ram=1M 0xd61f0060
accepted regs x3=0x90000000
same '0x90000000 translation fetch 2 reported' "$(faults stage2-translation)"
program ram=16M 0xf9000062 $end
accepted demand 'ipa=0x90000000 size=4M max=2m'
accepted regs x3=0x90200008
same '0x90200008 translation write 2 demand-block' "$(faults end)"
program ram=128k 0xf9000062 $end
accepted map 'ipa=0x90000000 size=4k prot=r'
accepted regs x3=0x90000000
same '0x90000000 permission write 3 reported' "$(faults stage2-permission)"
program ram=64k 0xf9000062 $end
accepted demand 'ipa=0x90000000 size=1M'
accepted regs x3=0x90000000
same '0x90000000 translation write 2 no-ram' "$(faults no-memory)"

it 'says that a fault wanted a table, and there was none'
program 'ram=1M tables=4' 0xf9000062 $end
accepted demand 'ipa=0x90000000 size=1M'
accepted regs x3=0x90000000
traces fault oom
runs no-memory '*'
same 'stage2_oom: guest=demo ipa=0x90000000 size=0x1000 given_back=0 table_bytes=16384
stage2_fault: guest=demo vcpu=0 ipa=0x90000000 kind=translation access=write level=2 outcome=no-tables' "$(lines | timeless)"

it 'says that a write was logged, and an access noted, where the hardware does not'
program ram=1M 0xf9000062 $end
accepted map 'ipa=0x90000000 size=4k'
accepted dirty 'ipa=0x90000000 size=4k'
accepted regs x3=0x90000000
case $(feature dirty_state) in
hardware) wanted='' ;;
*) wanted='0x90000000 permission write 3 dirty-logged' ;;
esac
same "$wanted" "$(faults end)"
program ram=1M 0xf9400062 $end
accepted map 'ipa=0x90000000 size=4k'
accepted regs x3=0x90000000
cat $demo/accessed >/dev/null
case $(feature access_flag) in
hardware) wanted='' ;;
*) wanted='0x80000000 access-flag fetch 3 accessed
0x90000000 access-flag read 3 accessed' ;;
esac
same "$wanted" "$(faults end)"

it 'counts each demand page once when two vcpus meet in a hole'
# l: str x1, [x3]; add x3, x3, x4; subs x5, x5, #1; b.ne l; end
program 'ram=2M vcpus=2' 0xf9000061 0x8b040063 0xf10004a5 0x54ffffa1 $end
accepted demand 'ipa=0x90000000 size=1M'
accepted regs 'vcpu=0 x3=0x90000000 x4=0x1000 x5=256'
accepted regs 'vcpu=1 x3=0x90000000 x4=0x1000 x5=256 pc=0x80000000'
traces fault
echo vcpu=1 >$demo/run &
runs end '*'
wait
lines >/tmp/lines
same 256 "$(grep -c ' outcome=demand-page ' /tmp/lines)"
same 0 "$(grep -vc -e ' outcome=demand-page ' -e ' outcome=resolved ' /tmp/lines)"
same "$(sed -n 's/^faults *//p' $demo/stats)" "$(wc -l </tmp/lines)"

it 'says what TLBs are told: how, of what, and in how many instructions'
# l: b l
program ram=16M 0x14000000
accepted map 'ipa=0x90000000 size=260k max=4k'
traces tlbi
in_background
traced 'stage2_tlbi: guest=demo kind=vmid ipa=0x0 size=0x10000000000 operations=1'
# 65 pages: one more than a range of 64.
case $(feature tlb_range) in
yes) many='range-leaf' many_walk='range-walk' one=leaf operations=2 ;;
*) many=vmid many_walk=vmid one=vmid operations=1 ;;
esac
traces tlbi
accepted protect 'ipa=0x90000000 size=260k prot=r'
accepted unmap 'ipa=0x90001000 size=4k'
accepted map 'ipa=0x90001000 size=4k'
accepted unmap 'ipa=0x90000000 size=260k'
traced "stage2_tlbi: guest=demo kind=$many ipa=0x90000000 size=0x41000 operations=$operations
stage2_tlbi: guest=demo kind=$one ipa=0x90001000 size=0x1000 operations=1
stage2_tlbi: guest=demo kind=$many_walk ipa=0x90000000 size=0x41000 operations=$operations"

it 'says when in a break-before-make they are told'
accepted map 'ipa=0xa0000000 size=2M'
traces bbm tlbi cut fold protect table_alloc table_free
accepted protect 'ipa=0xa0000000 size=4k prot=r'
lines | sed 's/ pa=0x[0-9a-f]*/ pa/' >/tmp/lines
same "stage2_table_alloc: guest=demo pa bytes=4096 table_bytes=20480
stage2_bbm: guest=demo ipa=0xa0000000 size=0x200000 level=2
stage2_tlbi: guest=demo kind=$one ipa=0xa0000000 size=0x200000 operations=1
stage2_cut: guest=demo ipa=0xa0000000 size=0x200000 level=2
stage2_protect: guest=demo ipa=0xa0000000 size=0x1000 prot=r error=0 table_bytes=20480" "$(cat /tmp/lines)"
accepted protect 'ipa=0xa0000000 size=4k prot=rw'
traces bbm tlbi fold table_free
accepted fold 'ipa=0xa0000000 size=2M'
lines | sed 's/ pa=0x[0-9a-f]*/ pa/' >/tmp/lines
same "stage2_bbm: guest=demo ipa=0xa0000000 size=0x200000 level=2
stage2_tlbi: guest=demo kind=$many_walk ipa=0xa0000000 size=0x200000 operations=1
stage2_fold: guest=demo ipa=0xa0000000 size=0x200000 level=2
stage2_table_free: guest=demo pa bytes=4096 table_bytes=16384" "$(cat /tmp/lines)"

it 'tells TLBs nothing while no vcpu runs: no CPU has anything of the guest'
stop
accepted map 'ipa=0xb0000000 size=2M'
traces bbm tlbi
accepted protect 'ipa=0xb0000000 size=4k prot=r'
accepted unmap 'ipa=0xa0000000 size=2M'
accepted protect 'ipa=0xb0000000 size=4k prot=rw'
accepted fold 'ipa=0xb0000000 size=2M'
traced ''

it 'runs with what was changed meanwhile'
# ldr x2, [x3]; end
program ram=16M 0xf9400062 $end
accepted map 'ipa=0x90000000 size=4k'
accepted regs x3=0x90000000
runs end '*'
traces tlbi
accepted unmap 'ipa=0x90000000 size=4k'
traced ''
accepted regs 'pc=0x80000000 x3=0x90000000'
runs stage2-translation '*'
