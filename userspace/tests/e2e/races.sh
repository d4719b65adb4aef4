# SPDX-License-Identifier: GPL-2.0-only
#
# Several shells at once. What each request answers is chance; that all fits together is not.
. /lib.sh

# Runs commands $2 over and over in a shell of its own, for $1 rounds (see effort).
shell() {
	sh -c "round=0
	while [ \$round -lt $(effort "$1") ]; do
		round=\$((round + 1))
		$2
	done" 2>/dev/null &
}

it 'keeps the tables in order when two shells change the same guest, and others read it'
guest ram=16M
for shift in 0 1; do
	shell 150 "
		echo ipa=$((shift * 3))M size=4M >$demo/map
		echo ipa=0x$((shift + 1))ff000 size=64k prot=r >$demo/protect
		echo ipa=0x$((shift + 2))80000 size=512k >$demo/unmap
		echo ipa=0x201000 size=4k >$demo/unmap
		echo ipa=0x201000 size=8k max=4k >$demo/map
		echo 0x201000 >$demo/walk
		echo ipa=$((shift * 3))M size=2M >$demo/unmap
		echo ipa=2M size=2M >$demo/unmap
		echo ipa=4M size=3M >$demo/unmap"
done
shell 15 "cat $demo/maps $demo/tables $demo/tables.bin $demo/walk $demo/stats error_log
	dd if=$demo/mem bs=64k skip=40 count=40" >/dev/null
wait
agree demo

it 'has all RAM left after that'
while read -r range _; do
	[ "$range" ] || continue
	first=0x${range%-*} last=0x${range#*-}
	accepted unmap "ipa=$first size=$((last - first + 1))"
done <<EOF
$(cat $demo/maps)
EOF
accepted map 'ipa=0 size=16M'
agree demo

it 'creates a guest once when two shells create it, and removes it once'
for _ in 1 2; do
	shell 100 "
		echo name=race ram=64k >create && echo created
		echo ipa=0 size=4k >guests/race/map
		echo name=race >remove && echo removed"
done >/tmp/done
wait
same "$(grep -c created /tmp/done)" "$(grep -c removed /tmp/done)"
[ ! -e guests/race ] || problem 'it is still there'

it 'removes a guest while others read and write its files'
for _ in 1 2; do
	shell 100 "
		echo ipa=0 size=4M max=4k >$demo/map
		echo ipa=4k size=2M >$demo/unmap
		echo 0x1000 >$demo/walk"
done
shell 12 "cat $demo/tables $demo/maps $demo/tables.bin $demo/stats" >/dev/null
for _ in $(repeats 30); do
	echo name=demo >remove
	echo name=demo ram=4M >create
done
wait
guest ram=64k
agree demo
