# SPDX-License-Identifier: GPL-2.0-only
#
# A file of tests with a fault, where a word on the kernel's command line plants one (planted.yaml).
. /lib.sh

it 'a guest comes and goes'
! grep -q STAGE2_PLANTED=dies /proc/cmdline || echo c >/proc/sysrq-trigger
guest ram=4M
accepted remove name=demo

it 'a fault is planted here'
case $(cat /proc/cmdline) in
*STAGE2_PLANTED=fails*)
	same 'no fault' 'a fault'
	echo '[ 1.0] WARNING: this is planted, too' >/dev/kmsg
	;;
*STAGE2_PLANTED=hangs*)
	while :; do
		:
	done
	;;
*) skip 'none is planted' ;;
esac

it 'a guest comes and goes again'
guest ram=4M
accepted remove name=demo
