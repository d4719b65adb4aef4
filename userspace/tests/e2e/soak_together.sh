# SPDX-License-Identifier: GPL-2.0-only
#
# Guests come, run, are changed and go, by four processes at once, for STAGE2_SECONDS (or a few rounds): no request is
# refused, and no memory, VMID or guest is left behind.
. /lib.sh
. /memory_lib.sh
needs engine

seconds=${STAGE2_SECONDS:-0}
processes='1 2 3 4'

# Request $2 to file $1; what is refused is told, and ends the process.
ask() {
	path_of "$1"
	{ echo "$2" >"$path"; } 2>/tmp/said.$name
	read -r said </tmp/said.$name
	[ ! "$said" ] || {
		echo "$path '$2': $said; $(grep -A 2 "$name" error_log | tail -n 3)" >>/tmp/refused
		exit 1
	}
}

# The life of guest $name; $round says what happens in it.
live() {
	ask create "name=$name ram=8M vcpus=2"
	ask map 'ipa=2G size=4M prot=rwx'
	ask demand 'ipa=0x90000000 size=2M prot=rw max=4k'
	ask dirty 'ipa=2G size=4M'
	s2load $demo /guests/touch.elf x1=0x90000000 x2=1M >/tmp/said.$name 2>&1 || {
		echo "s2load: $(cat /tmp/said.$name)" >>/tmp/refused
		exit 1
	}
	ask run ""
	read_exit 0
	[ "$reason $detail" = 'end status 0' ] || echo "$name left for $reason $detail" >>/tmp/refused
	cat $demo/dirty $demo/accessed $demo/maps $demo/tables.bin $demo/stats $demo/verify >/dev/null
	ask protect 'ipa=0x80201000 size=4k prot=r'
	ask dirty off
	ask protect 'ipa=0x80201000 size=4k prot=rwx'
	ask fold 'ipa=2G size=4M'
	[ $((round % 3)) != 0 ] || ask unmap 'ipa=0x80200000 size=1M'
	# Now and then it runs when it is removed.
	[ $((round % 4)) != 0 ] || {
		code 0x80000000 $forever
		ask regs 'vcpu=1 pc=0x80000000'
		{ echo vcpu=1 >$demo/run; } 2>/dev/null &
	}
	ask remove "name=$name"
	wait
	# And now and then one is killed that would have made it.
	[ $((round % 5)) != 0 ] || {
		{ echo "name=$name ram=32M" >create; } 2>/dev/null &
		kill -9 $!
		wait $! 2>/dev/null
		[ ! -d $demo ] || ask remove "name=$name"
	}
}

# One of the processes, number $1.
process() {
	name=soak$1 demo=guests/soak$1 round=0
	while [ $round -lt "$rounds" ] || [ $now -lt $end ]; do
		round=$((round + 1))
		live
		clock
		echo $round >/tmp/rounds.$1
	done
}

# The VMID of a guest that is new, the highest that is free: none is lost.
vmid() {
	start hello
	accepted run ''
	sed -n 's/^vttbr_el2 *0x\(....\).*/\1/p' $demo/config
}

# A line a minute, so that whoever looks on sees that it goes on.
look_on() {
	while [ $now -lt $end ]; do
		sleep 60
		clock
		echo "    # $(((now - end) / 100 + seconds)) s: $(cat /tmp/rounds.* | tr '\n' ' ')rounds," \
			"$(grep -E '^(MemFree|MemAvailable|Slab|SUnreclaim)' /proc/meminfo | tr -s ' \n' ' ')"
	done
}

lives_together() {
	clock
	end=$((now + seconds * 100))
	pids=''
	for number in $processes; do
		process $number &
		pids="$pids $!"
	done
	look_on
	# shellcheck disable=SC2086 # they are words
	wait $pids
}

it 'loses nothing to guests that come, run, change and go, four at a time'
: >/tmp/refused
before_all=$(vmid)
rounds=$(effort 2)
seconds=0 lives_together
rounds=$(effort 3)
loses_less 2048 lives_together
[ ! -s /tmp/refused ] || problem "$(head -n 10 /tmp/refused)"
same "$before_all" "$(vmid)"
same demo "$(cd guests && echo *)"
echo "    # rounds of each process: $(cat /tmp/rounds.* | tr '\n' ' ')"
