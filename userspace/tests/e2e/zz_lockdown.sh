# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel that is locked down: debugfs takes no requests. The last file of all, because there is no way
# back but a boot.
. /lib.sh
needs lockdown

it 'takes no request, and s2ctl says why'
echo integrity >/sys/kernel/security/lockdown
like '*: Operation not permitted' "$(echo name=demo 2>&1 >create)"
same 'create: the kernel is locked down (integrity), which closes debugfs: boot it with lockdown=none' \
	"$(s2ctl create demo 2>&1 | sed 's/^s2ctl: //')"
s2ctl create demo 2>/dev/null
same 3 $?
same '' "$(s2ctl list)"

it 'traces, until the kernel keeps its memory to itself'
s2ctl trace --for 0.1 2>/tmp/words
same '0 s2ctl: 0 events, 0 lost' "$? $(cat /tmp/words)"
echo confidentiality >/sys/kernel/security/lockdown
s2ctl trace 2>/tmp/words
same '3 s2ctl: the kernel is locked down (confidentiality), which forbids BPF to read its memory: boot it with lockdown=none' \
	"$? $(cat /tmp/words)"
