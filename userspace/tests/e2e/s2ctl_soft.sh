# SPDX-License-Identifier: GPL-2.0-only
#
# s2ctl where no guest can run: it says why.
. /lib.sh
needs soft

it 'says why nothing runs and nothing is verified'
guest ram=64k
accepted map 'ipa=2G size=64k prot=rwx'
accepted regs pc=2G
like 's2ctl: guests/demo/run: *' "$(s2ctl run demo 2>&1)"
s2ctl run demo 2>/dev/null
same 1 $?
like 's2ctl: guests/demo/verify: the engine is soft: *' "$(s2ctl verify demo 2>&1)"
s2ctl verify demo 2>/dev/null
same 1 $?
