# SPDX-License-Identifier: GPL-2.0-only
#
# verify: the MMU and the library read the same tables the same way. Without an engine it says so.
. /lib.sh

engine=$(sed -n 's/^engine *\([a-z]*\).*/\1/p' features)
pa_bits=$(sed -n 's/^pa_bits *//p' features)

# Guest $1 has $2 leaves and $3 holes, and no difference.
verified() {
	cat "guests/$1/verify" >/tmp/verified 2>/tmp/said
	if [ "$engine" = soft ]; then
		like '*: Operation not supported' "$(cat /tmp/said)"
		logged "guests/$1/verify" 'the engine is soft: ' '' ''
	else
		same "checked $2 leaves, $3 holes: no difference" "$(cat /tmp/verified /tmp/said)"
	fi
}

it 'is one hole in a guest that maps nothing'
guest ram=64k
verified demo 0 1

it 'knows what every prot and attr allows, in pages and blocks'
guest ram=32M
at=0
for prot in none r w rw rx rwx; do
	accepted map "ipa=${at}M size=2M prot=$prot"
	accepted map "ipa=$((at + 2))M size=64k prot=$prot"
	at=$((at + 4))
done
verified demo 102 6
for attr in normal device nc; do
	for prot in none r w rw; do
		accepted map "ipa=${at}M size=32k prot=$prot attr=$attr"
		at=$((at + 1))
	done
done
verified demo 198 18

it 'sees what happened since'
accepted protect 'ipa=1M size=4k prot=r'
accepted protect 'ipa=5M size=64k prot=none'
accepted unmap 'ipa=8M size=4k'
accepted map 'ipa=1G size=4k'
verified demo 1731 19

it 'reaches both ends of every space'
for bits in 32 33 34 35 36 39 40 42 43 44 47 48; do
	[ $bits -le "$pa_bits" ] || continue
	guest ipa_bits=$bits ram=64k
	accepted map 'ipa=0 size=4k prot=rwx'
	accepted map "ipa=$(((1 << bits) - 0x2000)) size=8k prot=r"
	verified demo 3 1
done

it 'agrees 8192 times in a guest of single pages'
guest ram=32M
accepted map 'ipa=0x80000000 size=32M max=4k prot=rwx'
verified demo 8192 2

it 'gives the same in small pieces as at once'
[ "$engine" = soft ] || same "$(cat $demo/verify)" "$(dd if=$demo/verify bs=7 2>/dev/null)"

it 'agrees while other shells change the tables'
guest ram=16M
readings=$(effort 30) rounds=$(effort 150)
for shift in 0 1; do
	sh -c "round=0
	while [ \$round -lt $rounds ]; do
		round=\$((round + 1))
		echo ipa=$((shift * 3))M size=4M >$demo/map
		echo ipa=0x$((shift + 1))ff000 size=64k prot=r >$demo/protect
		echo ipa=0x$((shift + 2))80000 size=512k >$demo/unmap
		echo ipa=0x201000 size=4k >$demo/unmap
		echo ipa=$((shift * 3))M size=2M >$demo/unmap
		echo ipa=4M size=3M >$demo/unmap
	done" 2>/dev/null &
done
count=0
while [ $count -lt $readings ]; do
	cat $demo/verify 2>/dev/null
	count=$((count + 1))
done >/tmp/all
wait
same "$([ "$engine" = soft ] || echo $readings)" "$(grep -c ': no difference$' /tmp/all | sed s/^0$//)"
same '' "$(grep -v ': no difference$' /tmp/all)"

it 'gives each guest a VMID of its own, the highest first, and none before it needs one'
vmid_of() {
	sed -n 's/^vttbr_el2  0x\(....\).*/\1/p' "guests/$1/config"
}
guest ram=64k
accepted create 'name=other ram=64k'
same '0000 0000' "$(vmid_of demo) $(vmid_of other)"
verified demo 0 1
verified other 0 1
case $engine,$(sed -n 's/^vmid_bits *//p' features) in
soft,*) same '0000 0000' "$(vmid_of demo) $(vmid_of other)" ;;
*,16) same 'ffff fffe' "$(vmid_of demo) $(vmid_of other)" ;;
*) same '00ff 00fe' "$(vmid_of demo) $(vmid_of other)" ;;
esac
accepted remove name=demo
accepted create 'name=demo ram=64k'
verified demo 0 1
[ "$engine" = soft ] || like '??ff' "$(vmid_of demo)"

it 'runs out of VMIDs only where there are 255, and then says so'
[ ! -d guests/other ] || accepted remove name=other
# Of 65,535 some do.
bits=$(sed -n 's/^vmid_bits *//p' features) guests=255
[ "$bits" != 16 ] || guests=$(effort 255)
last=g$((guests - 1))
count=0
while [ $count -lt "$guests" ]; do
	echo "name=g$count ram=64k" >create
	read -r _ <guests/g$count/verify
	count=$((count + 1))
done 2>/tmp/said
if [ "$engine" = soft ]; then
	verified $last 0 1
elif [ "$bits" = 16 ]; then
	verified $last 0 1
	same '' "$(cat /tmp/said)"
else
	like '*: No space left on device' "$(cat guests/$last/verify 2>&1)"
	logged guests/$last/verify 'every VMID is in use' '' ''
	accepted remove name=g0
	verified $last 0 1
fi
