# SPDX-License-Identifier: GPL-2.0-only
#
# What kmemleak makes of all that the files before this one have done. It knows kmalloc and vmalloc, but
# neither the pages of guests' RAM nor tables: leaks and soak count those.
. /lib.sh
needs kmemleak

# What is younger than five seconds, or was never scanned before, it does not report. Of a module that is
# gone it knows no names.
it 'has leaked nothing when it is taken out'
guest ram=64k
accepted map 'ipa=0 size=64k'
cat $demo/* >/dev/null 2>&1
base=$(cat /sys/module/stage2/sections/.text)
cd /
rmmod stage2 || problem 'it is not'
sleep 5.1
echo scan >/sys/kernel/debug/kmemleak
echo scan >/sys/kernel/debug/kmemleak
leaks=$(head -n 40 /sys/kernel/debug/kmemleak)
[ -z "$leaks" ] || problem "the module was at $base$newline$leaks"
insmod /stage2.ko
cd $stage2 || exit
