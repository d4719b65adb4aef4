# SPDX-License-Identifier: GPL-2.0-only
#
# The words the tests are written in. A test file runs in the machine, by busybox's shell, sources
# this first, and is a list of tests in KTAP:
#
#   it 'SENTENCE'                  begins a test, and ends the one before
#   same WANTED GOT                two texts are equal
#   like PATTERN TEXT              a text matches a pattern of the shell
#   problem TEXT                   what else went wrong
#   skip WHY                       the test cannot be made here
#
#   guest WORDS...                 makes the guest "demo" afresh
#   accepted FILE REQUEST          a write succeeds
#   refused FILE REQUEST ERRNO MESSAGE
#   agree GUEST                    its files tell the same story
#   effort N                       N, or what part of it this machine is to be troubled with: STAGE2_EFFORT percent
#   repeats N                      1 2 ... effort N, and 2 at the least: a second time finds what the first has left
#
#   program WORDS INSTRUCTION...   makes "demo" afresh, with these instructions in 64K at 2G
#   start NAME [WORD...]           makes "demo" afresh, with two vCPUs and 4M of memory at 2G, and loads the
#                                  toy guest NAME there; WORDs (x1=...) are for its registers
#   load NAME [WORD...]            only loads it
#   runs REASON DETAIL [WORD...]   a vCPU of demo runs, WORDs (vcpu=1 ms=100) being for the file run,
#                                  and leaves for that reason, with a detail that matches
#   printed TEXT                   what it printed in that run
#   register NAME, of_exit KEY     what regs, and run, say of vCPU 0
#   in_background [COMMAND...]     vCPU 0 of demo runs beside the test, in a process of its own, $runner, which
#                                  COMMAND (taskset 2) starts, and goes on when it runs
#   begin_work [COMMAND...]        so does the toy guest that checks its memory, afresh, with two blocks at 2G
#   ends_well                      that guest is told to end, and has seen nothing that it did not write
#   is_running                     vCPU 0 of demo runs, or does within some seconds
#   clock                          hundredths of a second since boot, as $now
#   log_from_here                  the kernel's log is looked at from here on
#   kernel_said TEXT               a line of it, and not always the last, has this text
#   needs WHAT                     engine, soft, vhe, turns, count, kvm, hotplug, suspend, kmemleak, kcsan: where there
#                                  is none, the file's tests are skipped
#
# FILE is create, remove, or a file of demo. refused checks all that a bad request gets: the errno,
# the line in error_log, and (once for all of a row, see settle) that nothing of any guest has
# changed. A ^ in its REQUEST is not written: it says where the caret has to stand.
#
# Starting a program takes longer than all else here (a million instructions), so nothing is started without need. The
# shell's read asks for each byte alone: from some hundred on, a program is faster.

stage2=/sys/kernel/debug/stage2
demo=guests/demo
margin='           '
newline='
'

begun=0 title='' wrong='' why='' settling='' failures=0 marks=0

problem() {
	wrong=1
	echo "$*" | sed 's/^/    # /'
}

end_test() {
	[ "$title" ] || return 0
	settle
	if [ "$wrong" ]; then
		echo "    not ok $begun $title"
		failures=$((failures + 1))
	else
		echo "    ok $begun $title${why:+ # SKIP $why}"
	fi
	title='' why=''
}

it() {
	end_test
	begun=$((begun + 1))
	title=$1 wrong=''
}

skip() {
	why=$1
}

end_file() {
	end_test
	cd $stage2 && remove_guests
	# An event that is on keeps the module.
	[ ! -e /sys/kernel/tracing/events/stage2 ] || echo 0 >/sys/kernel/tracing/events/stage2/enable
	[ "$failures" = 0 ] && [ "$begun" = "$planned" ]
	exit $?
}

# Of the whole file: every test is one that was skipped.
skip_all() {
	awk -v why="$1" "/^it '/"' { print "    ok " ++n " " substr($0, 5, length($0) - 5) " # SKIP " why }' "$0"
	begun=$planned
	exit
}

needs() {
	engine=$(sed -n 's/^engine *\([a-z]*\).*/\1/p' features)
	case $1:$engine in
	engine:soft) skip_all 'no guest can run on this machine' ;;
	soft:vhe | soft:nvhe) skip_all 'guests can run on this machine' ;;
	vhe:soft | vhe:nvhe) skip_all 'the kernel does not run at EL2' ;;
	count:*) [ "$STAGE2_COUNT" ] || skip_all 'this machine does not count instructions' ;;
	turns:*) [ $engine = nvhe ] && [ -c /dev/kvm ] || skip_all 'KVM does not take EL2 when it wants it' ;;
	kvm:*) [ -c /dev/kvm ] || skip_all 'no KVM on this machine' ;;
	hotplug:*)
		[ -w /sys/devices/system/cpu/cpu1/online ] ||
			skip_all 'there is no CPU that can go offline'
		;;
	suspend:*)
		grep -qs freeze /sys/power/state && [ -w /sys/power/pm_test ] ||
			skip_all 'the kernel cannot test its suspend'
		echo 0 >/sys/module/suspend/parameters/pm_test_delay
		;;
	lockdown:*)
		mount -t securityfs securityfs /sys/kernel/security 2>/dev/null
		[ -e /sys/kernel/security/lockdown ] || skip_all 'the kernel cannot be locked down'
		;;
	traces:*) [ -d /sys/kernel/tracing/events/stage2 ] || skip_all 'the kernel has no trace events' ;;
	bpf:*)
		[ -e /proc/sys/kernel/unprivileged_bpf_disabled ] || skip_all 'the kernel has no bpf()'
		;;
	kcsan:*) [ -d /sys/module/kcsan ] || skip_all 'the kernel has no KCSAN' ;;
	kmemleak:*) [ -w /sys/kernel/debug/kmemleak ] || skip_all 'the kernel has no kmemleak' ;;
	esac
}

same() {
	[ "$1" = "$2" ] || problem "wanted: $1${newline}got:    $2"
}

like() {
	# shellcheck disable=SC2254 # it is a pattern
	case $2 in
	$1) ;;
	*) problem "wanted: $1${newline}got:    $2" ;;
	esac
}

remove_guests() {
	for dir in guests/*; do
		[ ! -d "$dir" ] || echo "name=${dir#guests/}" >remove
	done
}

guest() {
	settle
	[ ! -d $demo ] || echo name=demo >remove
	accepted create "name=demo $*"
}

path_of() {
	case $1 in
	create | remove) path=$1 ;;
	*) path=$demo/$1 ;;
	esac
}

# Writes request $2 to file $1; $said is then empty, or what the shell said.
write() {
	path_of "$1"
	{ echo "$2" >"$path"; } 2>/tmp/said
	read -r said </tmp/said
}

accepted() {
	settle
	write "$1" "$2"
	[ -z "$said" ] || problem "$1 refuses '$2': $said${newline}$(tail -n 3 error_log)"
}

# All that can be seen of all guests.
state() {
	echo guests/*
	cat guests/*/maps guests/*/stats guests/*/walk guests/*/regs guests/*/run guests/*/demand guests/*/config \
		guests/*/tables.bin 2>/dev/null
}

# Once for all requests that were refused since something was accepted.
settle() {
	[ "$settling" ] || return 0
	settling=''
	state >/tmp/after
	cmp -s /tmp/before /tmp/after || problem 'what was refused has changed something'
}

# At a level that the console does not show.
log_from_here() {
	marks=$((marks + 1))
	echo "<7>a test looks from here on: $$.$marks" >/dev/kmsg
}

kernel_said() {
	dmesg | sed "1,/looks from here on: $$\.$marks\$/d" | grep -qF "$1" ||
		problem "the kernel's log does not tell, but: $(dmesg | tail -n 3)"
}

# How the shell says an errno.
name_error() {
	case $1 in
	E2BIG) error='Argument list too long' ;;
	EBUSY) error='Device or resource busy' ;;
	EEXIST) error='File exists' ;;
	EINTR) error='Interrupted system call' ;;
	EINVAL) error='Invalid argument' ;;
	EIO) error='Input/output error' ;;
	ENAMETOOLONG) error='File name too long' ;;
	ENODEV) error='No such device' ;;
	ENOENT) error='No such file or directory' ;;
	ENOMEM) error='Cannot allocate memory' ;;
	ENOSPC) error='No space left on device' ;;
	EOPNOTSUPP) error='Operation not supported' ;;
	ERANGE) error='Numerical result out of range' ;;
	*) problem "lib.sh does not know $1" ;;
	esac
}

# The last entry of error_log is about file $1, says $2, shows request $3 (an empty one is not
# shown), and has a caret in column $4 (or none).
logged() {
	rest=$(tail -n $((1 + (${#3} > 0) + (${#4} > 0))) error_log)
	like "[[]*.*[]] $1: *$2*" "${rest%%"$newline"*}"
	rest=${rest#*"$newline"} caret=${rest##*"$newline"}
	[ ! "$3" ] || same "$margin$3" "${rest%%"$newline"*}"
	[ ! "$4" ] || same "$4 blanks, then ^" "$((${#caret} - ${#margin} - 1)) blanks, then ${caret##* }"
}

refused() {
	case $2 in
	*^*)
		before=${2%%^*}
		written=$before${2#*^} column=${#before}
		;;
	*) written=$2 column='' ;;
	esac
	name_error "$3"
	[ "$settling" ] || state >/tmp/before
	settling=1
	write "$1" "$written"
	like "*: $error" "$said"
	logged "$path" "$4" "$written" "$column"
}

# What programs share: HVC #0 with a function in x0 (stage2/hvc.h), the bare HVC, and B to itself.
# shellcheck disable=SC2034 # for programs
version='0xd2800000 0xf2b8c000 0xd4000002' end='0xd2800020 0xf2b8c000 0xd4000002' \
	print='0xd2800040 0xf2b8c000 0xd4000002' yield='0xd2800060 0xf2b8c000 0xd4000002' \
	hvc=0xd4000002 forever=0x14000000

# Writes instructions, given as words, to IPA $1 of demo.
code() {
	ipa=$1 bytes=''
	shift
	for word; do
		for from in 0 8 16 24; do
			byte=$((word >> from & 255))
			bytes="$bytes\\0$((byte >> 6))$((byte >> 3 & 7))$((byte & 7))"
		done
	done
	printf %b "$bytes" >/tmp/code
	dd if=/tmp/code of=$demo/mem bs=4 seek=$((ipa / 4)) conv=notrunc 2>/dev/null
}

# Makes "demo" afresh with WORDs in $1, 64K of memory at 2G, and the instructions that follow there.
program() {
	guest "$1"
	shift
	accepted map 'ipa=2G size=64k prot=rwx'
	code 0x80000000 "$@"
	accepted regs pc=0x80000000
}

load() {
	image=$1
	shift
	s2load $demo "/guests/$image.elf" "$@" >/tmp/said 2>&1 || problem "$(cat /tmp/said)"
}

start() {
	guest ram=16M vcpus=2
	accepted map 'ipa=2G size=4M prot=rwx'
	load "$@"
}

# What the file run says of vCPU $1: reason, detail, exits, and all that it printed, as $output.
read_exit() {
	reason='' detail='' exits='' output='' of=''
	while read -r key value; do
		case $key in
		vcpu) of=$value ;;
		esac
		[ "$of" = "$1" ] || continue
		case $key in
		reason) reason=$value ;;
		detail) detail=$value ;;
		exits) exits=$value ;;
		output) output=$output${output:+$newline}$value ;;
		esac
	done <$demo/run
}

# The vCPU of a request for the file run.
vcpu_of() {
	vcpu=0
	case $1 in
	*vcpu=*) vcpu=${1##*vcpu=} vcpu=${vcpu%% *} ;;
	esac
}

# The register $1 of vCPU 0, in $(), whose process becomes sed.
register() {
	exec sed -n "/^$1 /{s/^$1 //p;q;}" $demo/regs
}

# The line $1 of the last exit of vCPU 0, in $().
of_exit() {
	exec sed -n "/^$1 /{s/^$1 *//p;q;}" $demo/run
}

runs() {
	wanted="$1 $2"
	shift 2
	accepted run "$*"
	vcpu_of "$*"
	read_exit "$vcpu"
	like "$wanted" "$reason $detail"
}

printed() {
	same "$1" "$output"
}

# Not at once: a thread that was stopped, or frozen, has first to get a CPU again.
is_running() {
	looks=0
	until grep -q '^running' $demo/regs; do
		[ $looks -lt 500 ] || return
		looks=$((looks + 1))
	done
}

# A shell would write again after EINTR.
in_background() {
	"$@" again 1 $demo/run ms=3600000 2>/tmp/background &
	runner=$!
	is_running
}

stop() {
	settle
	kill $runner
	wait $runner 2>/dev/null
}

# It works on a MiB, up to the word that tells it to stop.
work='work x1=0x80200000 x2=1M x3=0x80300000'

begin_work() {
	guest ram=16M
	accepted map 'ipa=2G size=4M prot=rwx'
	load $work
	in_background "$@"
}

ends_well() {
	is_running || problem "it does not run any more: $(cat /tmp/background)"
	printf stop | dd of=$demo/mem bs=4096 seek=$((0x80300)) conv=notrunc 2>/dev/null
	wait
	read_exit 0
	same 'end status 0' "$reason $detail"
	printed 'all as it was written'
}

effort() {
	echo $((($1 * ${STAGE2_EFFORT:-100} + 99) / 100))
}

repeats() {
	seq $(($(effort "$1") < 2 ? 2 : $(effort "$1")))
}

# What the files of guest $1 say fits together.
agree() {
	awk -v bin="$(wc -c <"guests/$1/tables.bin")" -f /agree.awk \
		"guests/$1/stats" "guests/$1/config" "guests/$1/maps" "guests/$1/tables" >/tmp/quarrel ||
		problem "$(head -n 5 /tmp/quarrel)"
}

. /clock_lib.sh
cd $stage2 || exit
planned=$(grep -c "^it '" "$0")
echo '    KTAP version 1'
echo "    1..$planned"
! grep -qsx "${0##*/}" /left_out || skip_all 'with sanitizers it takes too long'
trap end_file EXIT
