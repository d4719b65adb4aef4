# SPDX-License-Identifier: GPL-2.0-only
#
# s2ctl trace: what is asked of the module comes as events, each once, and what is lost is counted.
. /lib.sh
needs bpf
. /s2ctl_trace_lib.sh

it 'attaches by BTF where the module has it, as raw tracepoints where not'
guest ram=8M
tracing trace
traced
way=raw_tp
[ ! -e /sys/kernel/btf/stage2 ] || way=tp_btf
like "*: 13 trace events, by $way*" "$(cat /tmp/words)"
same '0 s2ctl: 0 events, 0 lost' "$status $words"

it 'shows requests as they are carried out, or refused'
guest ram=8M
tracing trace --event map,unmap,protect --event cut,bbm
accepted map 'ipa=2G size=4M'
accepted protect 'ipa=0x80100000 size=4K prot=r'
refused map 'ipa=^2G size=8K attr=nc' EEXIST 'mapped already'
accepted unmap 'ipa=0x80200000 size=2M'
traced
same '0 s2ctl: 5 events, 0 lost' "$status $words"
same 'demo map ipa=0x80000000 size=4M prot=rw attr=normal error=0 table_bytes=12K
demo cut ipa=0x80000000 size=2M level=2
demo protect ipa=0x80100000 size=4K prot=r error=0 table_bytes=16K
demo map ipa=0x80000000 size=8K prot=rw attr=nc error=EEXIST table_bytes=16K
demo unmap ipa=0x80200000 size=2M error=0 table_bytes=16K' \
	"$(sed 's/^[0-9.]* [0-9]* *//; s/  */ /g' /tmp/traced)"

it 'shows tables that come and go, and what was given back when there were no more'
guest ram=8M tables=5
tracing trace --event table_alloc --event table_free --event oom
tables=$(counter tables)
accepted map 'ipa=2G size=64K'
refused map 'ipa=^0x1ff000 size=4M max=4k' ENOMEM 'no memory for another table'
accepted unmap 'ipa=2G size=64K'
same "$tables" "$(counter tables)"
traced
same "$(lines ' table_alloc ')" "$(lines ' table_free ')"
like '* oom *ipa=0x1ff000 size=4M given_back=[12] *' "$(grep ' oom ' /tmp/traced)"

it 'shows one guest or several, when only these are asked for'
guest ram=1M
echo 'name=demon ram=1M' >create
echo 'name=third ram=1M' >create
for guests in demo 'demo third'; do
	# shellcheck disable=SC2086 # they are words
	tracing trace $guests --event map,unmap
	for one in demo demon third; do
		echo 'ipa=0x90000000 size=4K' >guests/$one/map
		echo 'ipa=0x90000000 size=4K' >guests/$one/unmap
	done
	traced
	case $guests in
	demo) same '2 2 0' "$(lines .) $(lines ' demo ') $(lines ' third ')" ;;
	*) same '4 2 2' "$(lines .) $(lines ' demo ') $(lines ' third ')" ;;
	esac
done
# 31 letters are a name, and one more is not taken for it.
long=a123456789012345678901234567890
echo "name=$long ram=1M" >create
tracing trace ${long}1 --event map
echo 'ipa=0x90000000 size=4K' >guests/$long/map
traced
same 0 "$(lines .)"
tracing trace $long --event unmap
echo 'ipa=0x90000000 size=4K' >guests/$long/unmap
traced
same 1 "$(lines " $long ")"
s2ctl remove demon third $long

it 'writes an object a line, and a last one about all of it'
guest ram=1M
tracing trace --json --event map --count 2
accepted map 'ipa=0x90000000 size=4K'
accepted map 'ipa=0x90001000 size=4K'
traced itself
same '0 ' "$status $words"
same '' "$(grep -vE '^\{"[a-z_]+": ("[^"\\]*"|-?[0-9]+)(, "[a-z_]+": ("[^"\\]*"|-?[0-9]+))*\}$' /tmp/traced)"
like '{"event": "map", "time_ns": *, "cpu": [0-9]*, "guest": "demo", "ipa": "0x90001000", "size": 4096, *' \
	"$(sed -n 2p /tmp/traced)"
same "{\"event\": \"end\", \"events\": 2, \"lost\": 0, \"attached_by\": \"$way\"}" "$(sed -n '3,$p' /tmp/traced)"

it 'counts what finds no room, to the last event'
guest ram=1M
# It is stopped: the ring fills up.
tracing trace --event map --event unmap --buffer "$(page)"
kill -STOP $tracer
round=0
while [ $round -lt 100 ]; do
	accepted map 'ipa=0x90000000 size=4K'
	accepted unmap 'ipa=0x90000000 size=4K'
	round=$((round + 1))
done
kill -CONT $tracer
traced
received=$(lines ' error=0 ')
lost=$(sed -n 's/^lost \([0-9]*\) events: the buffer was full.*/\1/p' /tmp/traced)
same "0 s2ctl: $received events, $lost lost" "$status $words"
same 200 $((received + lost))
[ "$lost" -gt 0 ] || problem 'nothing was lost'

it 'ends at its time, and by a signal; with an end of its own, that is early'
tracing trace --for 0.2
traced itself
same '0 s2ctl: 0 events, 0 lost' "$status $words"
tracing trace --for 60
traced
same '130 s2ctl: interrupted: 0 events, 0 lost' "$status $words"
tracing trace --count 5 --event map
accepted map 'ipa=0x90000000 size=4K'
traced
same '130 s2ctl: interrupted: 1 events, 0 lost' "$status $words"

it 'ends when nobody reads it any more'
rm -f /tmp/words
{
	s2ctl trace -v 2>/tmp/words
	echo $? >/tmp/status
} | head -n 1 >/tmp/traced &
until grep -qs ' trace events, by ' /tmp/words; do
	sleep 0.1
done
round=0
while [ ! -s /tmp/status ] && [ $round -lt 100 ]; do
	write map 'ipa=0x90000000 size=4K'
	write unmap 'ipa=0x90000000 size=4K'
	sleep 0.1
	round=$((round + 1))
done
same 141 "$(cat /tmp/status)"

it 'keeps the module, while it traces'
tracing trace
rmmod stage2 2>/dev/null && problem 'the module went'
traced
same 0 $status

it 'does as well in a kernel without BTF'
mount -t tmpfs none /sys/kernel/btf
guest ram=1M
tracing trace --event map --json
accepted map 'ipa=0x90000000 size=4K'
traced
umount /sys/kernel/btf
same '0 1' "$status $(lines '"event": "map"')"
like '*"events": 1, "lost": 0, "attached_by": "raw_tp"}' "$(tail -n 1 /tmp/traced)"

it 'tells who is not root'
for command in trace hist top; do
	same 's2ctl: only root may trace (or who has CAP_BPF and CAP_PERFMON): try sudo
3' "$(unshare -U s2ctl $command 2>&1; echo $?)"
done

it 'says what is wrong with its words'
for words in '--buffer 3K' '--buffer 0' '--buffer 2G' '--event nothing' '--for 0' '--for x' '--count x'; do
	# shellcheck disable=SC2086 # they are words
	s2ctl trace $words >/tmp/traced 2>/tmp/words
	same "2 ${words% *}" "$? $(sed -n 's/^s2ctl: \(--[a-z]*\): .*/\1/p' /tmp/words)"
done

it 'lists its events, and what they say'
s2ctl trace --list | sed -n 's/^\([a-z].*[a-z]\)  .*/\1/p' | sort >/tmp/words
ls /sys/kernel/tracing/events/stage2 | sed -n 's/^stage2_//p' | sort | cmp - /tmp/words ||
	problem 'the kernel has others'
