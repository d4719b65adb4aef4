# SPDX-License-Identifier: GPL-2.0-only
#
# Large guests are nobody else's trouble: others go on meanwhile, a signal ends what is for nobody, and memory is charged
# to who asks for it. Whether a request is still under way when another one is done is chance, so that is tried often: it
# never is where one waits for the other.
. /lib.sh
. /memory_lib.sh

# It takes a while, and is there.
large=$(($(free_memory) / 2048))
[ $large -lt 160 ] || large=160
large=${large}M

# Does "$1", with guests/large being made by $maker or removed, until it says that it was in time.
try_often() {
	tries=0
	until "$1"; do
		tries=$((tries + 1))
		[ $tries -lt 20 ] || {
			problem "$2"
			return
		}
	done
}

free_now() {
	{
		read -r _
		read -r _ free _
	} </proc/meminfo
}

# Makes guests/large in the background. Returns when that is well under way, or done.
begin_large() {
	[ ! -d guests/large ] || echo name=large >remove
	free_now
	before=$free
	echo "name=large ram=$large" >create 2>/dev/null &
	maker=$!
	while [ -e /proc/$maker/exe ]; do
		free_now
		[ "$free" -gt $((before - 16384)) ] || return
	done
}

it 'makes a guest while a large one is being made'
made_before_the_large_one() {
	begin_large
	accepted create 'name=small ram=64k'
	early=''
	[ -d guests/large ] || early=1
	accepted remove name=small
	wait $maker
	[ "$early" ]
}
try_often made_before_the_large_one 'whoever makes a guest waits for a large one'

it 'has taken the name of a guest that is being made'
taken() {
	begin_large
	write create 'name=large ram=64k'
	error=$(tail -n 3 error_log)
	wait $maker
	case $error in
	*'is being made'*) ;;
	*) false ;;
	esac
}
try_often taken 'it is never refused'
same large "$(cd guests && echo large*)"

it 'makes a guest while a large one goes'
made_before_it_is_gone() {
	[ -d guests/large ] || accepted create "name=large ram=$large"
	echo name=large >remove &
	remover=$!
	while [ -d guests/large ]; do
		:
	done
	accepted create 'name=small ram=64k'
	early=''
	[ ! -e /proc/$remover/exe ] || early=1
	accepted remove name=small
	wait $remover
	[ "$early" ]
}
try_often made_before_it_is_gone 'whoever makes a guest waits until a large one is gone'

it 'makes nothing for a process that was killed meanwhile, and leaves nothing'
killed() {
	begin_large
	kill -9 $maker
	wait $maker 2>/dev/null
	[ ! -d guests/large ]
}
loses_less 4096 "try_often killed 'the guest is made all the same'"
like '*create: who asked for it was killed*' "$(tail -n 3 error_log)"
guest ram=64k
agree demo

all_tables() {
	md5sum <$demo/tables.bin
	cat $demo/stats
}

# Writes "$2" to the file "$1" of demo, reads it where there is no $2, and is killed on the way, until it was told so in the
# middle. What was killed has changed nothing. $3 undoes what was done.
ends_when_killed() {
	settle
	for _ in 1 2; do # the first time fills caches
		took=$(doomed 0 $demo/"$1" ${2:+"$2"})
		"$3"
	done
	for part in 4 4 3 5 8 3 5 8 2 12; do
		before=$(all_tables)
		doomed $((took / part)) $demo/"$1" ${2:+"$2"} >/tmp/out
		case $(tail -n 3 error_log) in
		*"$1: who asked for it was killed"*)
			same "$before" "$(all_tables)"
			echo name=other >remove 2>/dev/null # another line comes last
			echo "    # $1 is ended after $((took / part)) of $took microseconds"
			return
			;;
		esac
		[ "$before" = "$(all_tables)" ] || "$3"
	done
	problem "$1 is never ended, and takes $took microseconds"
}

it 'ends what takes long for a process that was killed meanwhile, and has changed nothing'
guest "ram=$large"
unmap_all() {
	accepted unmap "ipa=0 size=$large"
}
map_all() {
	accepted map "ipa=0 size=$large prot=rw max=4k"
}
ends_when_killed map "ipa=0 size=$large prot=rw max=4k" unmap_all
map_all
ends_when_killed unmap "ipa=0 size=$large" map_all
# What is mapped has its RAM still: there is none for another page.
refused map 'ipa=512G size=^4k' ENOSPC 'no free run of 4K'
# Takes and gives back no RAM: it ends because the tables' memory says so. It takes a while where each leaf has its answer.
accepted dirty "ipa=0 size=$large"
protect_all() {
	accepted protect "ipa=0 size=$large prot=rw"
}
ends_when_killed protect "ipa=0 size=$large prot=r" protect_all
grep -q '^engine *soft' features || ends_when_killed verify '' true
agree demo

# Does "$2" to the file "$1", or reads it, while another request has the guest alone, and is killed as it waits. The other
# looks at every leaf before it finds that none is behind the last, which it says before others have the guest: so who was
# killed has said so first, or has waited to the end.
waits_no_longer() {
	tries=0
	until [ $tries -ge 20 ]; do
		echo "ipa=0 size=$beyond" 2>/dev/null >$demo/unmap &
		doomed $((tries % 5 * 2000 + 2000)) $demo/"$1" ${2:+"$2"} >/tmp/out 2>&1
		wait
		case $(tail -n 5 error_log) in
		*"/$1: who asked for it was killed"*'/unmap: '*' is not mapped'*) return ;;
		esac
		tries=$((tries + 1))
	done
	problem "$1 waits to the end"
}

it 'ends what waits for its turn when who asked is killed'
beyond=$((${large%M} * 256 + 1))
beyond=$((beyond * 4))k
all=$(all_tables)
for file in stats tables mem dirty; do
	waits_no_longer $file
done
waits_no_longer map 'ipa=512G size=4k'
waits_no_longer run 'vcpu=0'
grep -q '^engine *soft' features || waits_no_longer verify
same "$all" "$(all_tables)"
agree demo

group=/tmp/cgroup/limited

# Commands of a shell in the group, and the last line that it said. When they have used up the limit, the shell itself must
# need no further page, or the kernel kills it: what it does then, it has done once before.
in_group() {
	sh -c "echo 0 >$group/cgroup.procs && $1" 2>/tmp/said
	said=$(tail -n 1 /tmp/said)
}

charged() {
	read -r bytes <$group/memory.current
	echo $((bytes / 1048576))
}

# Makes the group, with that limit.
limit_to() {
	remove_guests
	mkdir -p /tmp/cgroup
	mount -t cgroup2 none /tmp/cgroup 2>/dev/null
	grep -qsw memory /tmp/cgroup/cgroup.controllers || {
		skip 'the kernel has no memory cgroups'
		return 1
	}
	echo +memory >/tmp/cgroup/cgroup.subtree_control
	mkdir $group
	echo "$1" >$group/memory.max
}

# Nothing is left there.
end_limit() {
	same 'oom_kill 0' "$(grep '^oom_kill ' $group/memory.events)"
	remove_guests
	[ "$(charged)" -lt 3 ] || problem "$(charged)M are still charged"
	rmdir $group
}

it 'charges memory to the cgroup of who asks, and obeys its limit'
if limit_to 32M; then
	in_group 'echo name=other ram=64M >create'
	like '*Cannot allocate memory' "$said"
	logged create '64M asked for, and the kernel gives less: a memory cgroup' 'name=other ram=64M' 15
	[ ! -e guests/other ] || problem 'there is a guest beyond the limit'
	[ "$(charged)" -lt 8 ] || problem "$(charged)M are still charged"
	in_group 'echo name=other ram=28M >create'
	same '' "$said"
	[ "$(charged)" -ge 28 ] || problem "of 28M only $(charged)M are charged"
	# A table for each page: they are charged, too.
	in_group 'page=0
		echo size=4k >guests/other/map
		while [ $page -lt 2000 ] && echo ipa=$((page * 2))M size=4k >guests/other/map; do
			page=$((page + 1))
		done'
	like '*Cannot allocate memory' "$said"
	like '*guests/other/map: no memory for another table*' "$(tail -n 3 error_log)"
	agree other
	accepted create 'name=outside ram=64M'
	end_limit
fi

it 'ends a run whose faults need more tables than the cgroup of its thread allows'
if grep -q '^engine *soft' features; then
	skip 'no guest can run on this machine'
elif limit_to 8M; then
	guest ram=64M
	accepted map 'ipa=2G size=4M prot=rwx'
	accepted demand 'ipa=4G size=32G prot=rw max=4k'
	# A table for each page: 2560.
	load touch x1=0x100000000 x2=0x400000000 x3=1 x4=2560 x5=1 x6=512
	in_group "echo 0 >$demo/walk; echo vcpu=0 >$demo/run"
	same '' "$said"
	read_exit 0
	like 'no-memory write of 0x* at level 2, 8 bytes, *: no memory for another table' "$reason $detail"
	[ "$(charged)" -ge 4 ] || problem "of 8M only $(charged)M are charged"
	agree demo
	# Outside it goes on from there.
	runs end 'status 0'
	agree demo
	end_limit
fi
umount /tmp/cgroup 2>/dev/null
