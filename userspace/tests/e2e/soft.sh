# SPDX-License-Identifier: GPL-2.0-only
#
# A machine where no guest can run: all else works, and who tries is told what would help.
. /lib.sh
needs soft

it 'refuses to run a guest, and names the boot option that would help'
guest ram=4M
accepted map 'ipa=2G size=2M prot=rwx'
load hello
refused run 'vcpu=0' EOPNOTSUPP 'EL2'

it 'has no MMU to ask'
{ cat $demo/verify >/dev/null; } 2>/tmp/said
like '*: Operation not supported' "$(cat /tmp/said)"

it 'keeps registers all the same'
same 'pc 0x0000000080000000' "$(grep '^pc ' $demo/regs | head -n 1)"
