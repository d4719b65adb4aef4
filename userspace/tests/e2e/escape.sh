# SPDX-License-Identifier: GPL-2.0-only
#
# The hostile guest: each of its tries ends as escape.def says, and the machine is as it was.
. /lib.sh
needs engine

# The guest that escape.def describes.
hostile() {
	guest ram=8M ipa_bits=36
	accepted map 'ipa=2G size=4M prot=rwx'
	accepted map 'ipa=0x90000000 size=4k prot=rw'
	accepted map 'ipa=0x91000000 size=4k prot=rw attr=device'
	accepted map 'ipa=0x92000000 size=4k prot=r'
}

# Does the exit of the last run match one of the ends $1?
ended() {
	rest="$1|"
	while [ "$rest" ]; do
		# shellcheck disable=SC2254 # it is a pattern
		case "$reason $detail" in
		${rest%%|*}) return ;;
		esac
		rest=${rest#*|}
	done
	problem "$2: wanted $1${newline}got $reason $detail${newline}$output"
}

sed -n 's/^TRY(\([0-9]*\), \([a-z0-9_]*\), "\(.*\)")$/\1 \2 \3/p' /escape.def >/tmp/tries

# Runs tries $1 to $2.
tries() {
	hostile
	while read -r number name ends; do
		[ "$number" -ge "$1" ] && [ "$number" -le "$2" ] || continue
		load escape x1="$number"
		# What ends by time alone need not take long.
		case $ends in
		*time-budget*) ms=100 ;;
		*) ms=10000 ;;
		esac
		accepted run "ms=$ms exits=1000"
		read_exit 0
		ended "$ends" "$name"
	done </tmp/tries
}

it 'lets a guest reach no address that is not mapped for it'
tries 1 20

it 'survives what a guest makes of its own state'
tries 21 32

it 'lets a guest have no instruction or register that is not for it'
tries 33 59

it 'ends a guest that does not end'
tries 60 64

it 'has run all there are'
same 64 "$(wc -l </tmp/tries)"
same 64 "$(tail -n 1 /tmp/tries | sed 's/ .*//')"

it 'answers a storm of WFI'
start escape x1=62
again 1000 $demo/run vcpu=0 || problem 'not a thousand times'
read_exit 0
same wfi "$reason"

it 'runs a well-behaved guest after all that'
start hello
runs end 'status 0'
printed 'hello from EL1, vCPU 0'
