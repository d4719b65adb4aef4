# SPDX-License-Identifier: GPL-2.0-only
#
# The manual: what its pages have a reader type is typed here, and what comes of it is what the page shows. Addresses,
# times and counts of interrupts differ from machine to machine, and are not compared.
. /lib.sh
needs engine

# A line of scripts/manual.known is about command $2 of page $1, with reason $3 (or one that begins so).
known() {
	grep -qF "$1 | $2 | $3" /manual/manual.known
}

# Without what differs, in one line: no address, time, duration, bar of a histogram, and how often interrupts came.
plain() {
	sed -e 's/0x[0-9a-f]\{5,\}/0x~/g' -e 's/^ *\[ *[0-9.]*\]/[]/' -e 's/interrupts *[0-9]*/interrupts/' \
		-e 's/^.*: write error:/sh: write error:/' -e 's/^ *[0-9]*\.[0-9]\{6\} [0-9]* /time cpu /' \
		-e 's/[0-9][0-9.]*[num]\{0,1\}s\>/~/g' -e 's/^ *\(enter\|exit\)  *[0-9]*/\1/' \
		-e 's/-> [0-9a-f]\{10\}/-> ~/' -e '/ [.][.] /d' -e 's/^ *[a-z]*-[0-9]* *\[[0-9]*\] [^ ]* *[0-9.]*:/task/' \
		-e 's/ns=[0-9]*/ns=/g' | tr -s ' \n' ' '
}

compare() {
	[ "$wanted" ] || {
		[ "$failed" = 0 ] || problem "$command: $(head -n 3 /tmp/got)"
		return 0
	}
	case $command in
	# What was refused before is there, too.
	*error_log*) tail -n 3 /tmp/got >/tmp/got.end && mv /tmp/got.end /tmp/got ;;
	esac
	wanted=$(printf %s "$wanted" | plain | sed -e 's/ [.][.][.] /*/g' -e 's/^ *//; s/ *$//' -e 's/[][?\\]/?/g')
	known "$page" "$command" output || like "$wanted" "$(plain </tmp/got | sed 's/^ *//; s/ *$//')"
	wanted=''
}

# Only a kernel with BPF shows events to s2ctl.
lacks_bpf() {
	[ ! -e /proc/sys/kernel/unprivileged_bpf_disabled ] || return 1
	case $command in
	's2ctl trace'* | 's2ctl hist'* | 's2ctl top'* | *wait) ;;
	*) return 1 ;;
	esac
}

# It listens to the module's events, which keeps the module, and so do those of its events that come next.
listens() {
	round=0
	until [ "$(cat /sys/module/stage2/refcnt)" -gt "$1" ] || [ $round -gt 200 ]; do
		sleep 0.1
		round=$((round + 1))
	done
	sleep 0.5
}

# What a background command prints comes when it is waited for.
run_command() {
	case $command in
	*'&')
		held=$(cat /sys/module/stage2/refcnt)
		eval "$command" >/tmp/background 2>&1 </dev/null
		listens "$held"
		: >/tmp/got
		;;
	*wait)
		eval "$command"
		failed=$?
		mv /tmp/background /tmp/got
		;;
	*)
		eval "$command" >/tmp/got 2>&1 </dev/null
		failed=$?
		;;
	esac
}

typed() {
	page=$1
	awk -f /manual/sessions.awk "/manual/$page" >/tmp/session
	[ -s /tmp/session ] || problem "there is nothing to type in $page"
	cd /root
	wanted='' command='' failed=0 left_out=''
	while IFS= read -r line <&3; do
		case $line in
		C*)
			compare
			command=${line#C} failed=0 left_out=''
			if known "$page" "$command" '' && ! known "$page" "$command" output || lacks_bpf; then
				left_out=1
			else
				run_command
			fi
			;;
		O*) [ "$left_out" ] || wanted=$wanted${line#O}$newline ;;
		esac
	done 3</tmp/session
	compare
	cd $stage2
	remove_guests
}

# In the machine of make shell that is a folder of the host, and somebody has put a guest there.
mkdir -p /share
cp /guests/example.elf /share/

it 'the README is what happens'
typed README.md

it 'what the machine of make shell greets with can be typed'
typed README.txt

it 'the quickstart is what happens'
typed quickstart.rst

it 'a program of four instructions runs as the manual says'
typed running.rst

it 'a toy guest, and one of your own, is loaded and run as the manual says'
typed guests.rst

it 's2ctl shows guests, their tables, and what happens to them, as the manual says'
typed s2ctl.rst

it 'the files of debugfs say what the manual says'
typed debugfs.rst

it 'events come as the manual says'
if [ -d /sys/kernel/tracing/events/stage2 ]; then
	typed tracing.rst
else
	skip 'the kernel has no trace events'
fi

it 'a picture of what changed is what the manual shows'
typed pictures.rst

it 'the tour starts with a request that is carried out'
typed tour.rst
