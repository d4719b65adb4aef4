# SPDX-License-Identifier: GPL-2.0-only
#
# The toy guests as somebody has them who tries: without a word, started again, and one of one's own.
. /lib.sh
needs engine

it 'each toy that is started without a word does something, or says which word it needs'
while read -r toy wanted; do
	start $toy
	accepted run ms=20000
	read_exit 0
	like "$wanted" "$reason $detail $output"
done <<-'EOF'
	hello end status 0 hello from EL1, vCPU 0
	touch end status 0 touched 64 pages: 64 reads, 0 writes, *
	watch end status 1 watch.cpp:*: x1 must be the IPA of a word that it reads, and x2 that of one that ends it
	work end status 1 work.cpp:*: x2 must be at least 4096, and at most 16M
	mmu end status 0 *none of them stale*
	smp end status 0 vCPU 0 counts 10000 and 10000
	escape end status 1 x1 must be the number of a try, 1 to 64, not 0
	sweep sysreg read of *
EOF
# With FEAT_ECV, a guest cannot read the counter.
start cost
accepted run ms=20000
read_exit 0
case "$reason $detail $output" in
'end status 0 ticks '* | 'sysreg read of CNTVCT_EL0'*) ;;
*) problem "cost: $reason $detail $output" ;;
esac
start spin
accepted run ms=200
read_exit 0
like 'time-budget * spinning' "$reason $detail $output"
# That was all of them.
same 'cost escape example hello mmu smp spin sweep touch watch work ' \
	"$(ls /guests | sed 's/\.elf$//' | sort | tr '\n' ' ')"

it 'one that is started again from pc says what else to do, and does it when that was done'
start hello
runs end 'status 0'
accepted regs pc=0x80000000
runs end 'status 3'
printed 'vCPU 0 has run before: load the image again to start anew (s2ctl load, s2load)'
s2ctl load demo /guests/hello.elf >/tmp/said
runs end 'status 0'
printed 'hello from EL1, vCPU 0'
# The MMU that mmu has left on is off again, and x0 to x6 are what they were at first.
start mmu
runs end 'status 0'
same 's2ctl: '"'x1'"' sets no register; write x1=0x80200000' "$(s2ctl load demo /guests/touch.elf x1 2>&1)"
s2ctl load demo /guests/touch.elf x1=0x80200000 x2=8K >/tmp/said
like '*loaded, entry 0x80000000, where all 2 vcpus will start' "$(cat /tmp/said)"
runs end 'status 0'
like 'touched 2 pages: 2 reads, 0 writes, *' "$output"
runs end 'status 0' vcpu=1
like 'touched 2 pages: 2 reads, 0 writes, *' "$output"

it 'the example of the manual, copied to elsewhere and built there, runs'
start example x1=7
runs end 'status 0'
printed 'vCPU 0 was started with x1=0x7'
