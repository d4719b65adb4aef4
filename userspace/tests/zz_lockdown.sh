# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel that is locked down: debugfs takes no requests. The last file of all, because there is no way
# back but a boot.
. /lib.sh

it 'takes no request, and s2ctl says why'
[ -e /sys/kernel/security/lockdown ] || mount -t securityfs securityfs /sys/kernel/security
echo integrity >/sys/kernel/security/lockdown
like '*: Operation not permitted' "$(echo name=demo 2>&1 >create)"
same 'create: the kernel is locked down (integrity), which closes debugfs: boot it with lockdown=none' \
	"$(s2ctl create demo 2>&1 | sed 's/^s2ctl: //')"
s2ctl create demo 2>/dev/null
same 3 $?
same '' "$(s2ctl list)"
