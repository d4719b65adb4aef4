# SPDX-License-Identifier: GPL-2.0-only
#
# The manual: what its pages have a reader type is typed here, and what comes of it is what the page shows. Addresses,
# times and counts of interrupts differ from machine to machine, and are not compared.
. /lib.sh
needs engine

# The sessions of a page, up to a line that begins so: C and a command, then O and each line that it is said to print.
sessions() {
	awk -v last="$2" '
		FILENAME ~ /[.]md$/ && /^```/ { fenced = !fenced; typed = 0; next }
		FILENAME ~ /[.]md$/ { $0 = fenced ? "    " $0 : $0 }
		last && index($0, last) == 1 { exit }
		more { sub(/^ +/, ""); print command " " $0; more = 0; next }
		/^    # / { command = "C" substr($0, 7); typed = 1; if (command ~ /[|]$/) more = 1; else print command; next }
		!/^    / && NF { typed = 0 }
		typed && NF { print "O" $0 }' "$1"
}

# Without what differs, in one line.
plain() {
	sed -e 's/0x[0-9a-f]\{5,\}/0x~/g' -e 's/^ *\[ *[0-9.]*\]/[]/' -e 's/interrupts *[0-9]*/interrupts/' \
		-e 's/^.*: write error:/sh: write error:/' | tr -s ' \n' ' '
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
	wanted=$(printf %s "$wanted" | plain | sed -e 's/ [.][.][.] / * /g' -e 's/^ *//; s/ *$//' -e 's/[][?\\]/?/g')
	like "$wanted" "$(plain </tmp/got | sed 's/^ *//; s/ *$//')"
	wanted=''
}

typed() {
	sessions "$@" >/tmp/session
	[ -s /tmp/session ] || problem "there is nothing to type in $1"
	wanted='' command='' failed=0
	while IFS= read -r line <&3; do
		case $line in
		C*)
			compare
			command=${line#C}
			eval "$command" >/tmp/got 2>&1 </dev/null
			failed=$?
			;;
		O*) wanted=$wanted${line#O}$newline ;;
		esac
	done 3</tmp/session
	compare
	cd $stage2
	remove_guests
}

it 'the README is what happens'
typed /manual/README.md

it 'the quickstart is what happens'
typed /manual/quickstart.rst

it 'a program of four instructions runs as the manual says'
typed /manual/running.rst 'While a guest runs'

it 'a toy guest is loaded and run as the manual says'
typed /manual/guests.rst 'Write one'

it 's2ctl shows guests and their tables as the manual says'
typed /manual/s2ctl.rst 'If a guest has turned its own MMU on'
