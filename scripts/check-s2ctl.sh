#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/check-s2ctl.sh [--accept]
#
# s2ctl, and what it shares with others: the tests of userspace/tests/unit and a thousand damaged dumps,
# under AddressSanitizer and UndefinedBehaviorSanitizer; then s2ctl itself as a shell has it, with each
# transcript in userspace/s2ctl/golden. One KTAP line a check. (What it does with a module behind it is
# in userspace/tests/e2e/s2ctl.sh.)
#
# --accept writes the transcripts anew; what has changed is then for git diff to show, and for you to read.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

accept=''
case ${1-} in
--accept) accept=1 ;;
'') ;;
*) die "unknown option '$1' (known: --accept)" ;;
esac

golden=userspace/s2ctl/golden
scratch=$(mktemp -d)
trap 'chmod -R u+rwX "$scratch"; rm -rf "$scratch"' EXIT
export PATH=$top/build/s2ctl/host:$PATH
unset NO_COLOR

build() {
	make --no-print-directory --jobs="$(nproc)" -f "$1" >"$scratch/build.log" 2>&1 ||
		tail -n 40 "$scratch/build.log"
}

# Another part may be building the same.
build_s2ctl() {
	scripts/build-s2ctl.sh host 2>&1 >/dev/null
}

# What GoogleTest has to say about test $1 when it does not pass: alone, should another have ended the program.
unit_test() {
	grep -qF "[       OK ] $1 (" "$scratch/units.log" ||
		build/unit/tests --gtest_filter="$1" >"$scratch/unit.log" 2>&1 || grep -v '^\[' "$scratch/unit.log"
}

# "suite.test", one a line.
unit_tests() {
	build/unit/tests --gtest_list_tests | awk '/^[^ ]+\.$/ { suite = $1 } /^  / { print suite $1 }'
}

# A folder to be in: a dump, a text, and the files of a module as they were once.
furnish() {
	local stage2=$scratch/debugfs/stage2

	ln -s "$top/userspace" "$top/kunit" "$scratch/"
	cp LICENSES/MIT.txt "$scratch"
	mkdir -p "$stage2/guests"
	cp -R "$golden/stage2/." "$stage2/"
	cp userspace/tests/unit/demo.tables.bin "$stage2/guests/demo/tables.bin"
	touch "$stage2"/{create,remove} "$stage2"/guests/demo/{map,unmap,protect,fold,mem}
}

# Every command of file $1 (lines that begin with "$ ") with what it says and how it ends.
transcript() {
	local line status

	while IFS= read -r line <&3; do
		case $line in
		'#'*) echo "$line" ;;
		'$ '*)
			echo "$line"
			status=0
			(cd "$scratch" && eval "${line#$ }") 2>&1 || status=$?
			((!status)) || echo "exit $status"
			;;
		esac
	done 3<"$1"
}

as_golden() {
	transcript "$1" >"$scratch/transcript" </dev/null
	diff "$1" "$scratch/transcript" || [[ ! $accept ]] || cp "$scratch/transcript" "$1"
}

# The library makes the changes, and the model of a TLB that judges every test says what it may hold meanwhile.
lesson_is_what_happens() {
	mkdir -p build/lesson
	clang++-19 -std=c++20 -O0 -Wall -Wextra -Werror -fsanitize=address,undefined -I. -Iinclude -Imodule -Ikunit \
		kunit/lesson/lesson.cpp -o build/lesson/lesson || return
	build/lesson/lesson >"$scratch/lesson" || return
	diff kunit/lesson/lesson.txt "$scratch/lesson" || [[ ! $accept ]] || cp "$scratch/lesson" kunit/lesson/lesson.txt
}

has_the_version() {
	diff <(echo "s2ctl $(<VERSION)") <(s2ctl --version)
}

# What the terminal $@ runs in gets.
in_terminal() {
	TERM=xterm script --quiet --return --command "$*" /dev/null </dev/null
}

colour_is_for_terminals() {
	local dump=./userspace/tests/unit/demo.tables.bin escape=$'\033'

	grep -q "$escape" <<<"$(in_terminal s2ctl walk $dump 0)" || echo "none in a terminal"
	grep -q "$escape" <<<"$(NO_COLOR=1 in_terminal s2ctl walk $dump 0)" && echo "some with NO_COLOR"
	grep -q "$escape" <<<"$(NO_COLOR=1 in_terminal s2ctl walk --color always $dump 0)" ||
		echo "none when it was asked for"
	grep -q "$escape" <<<"$(NO_COLOR='' in_terminal s2ctl walk $dump 0)" || echo "none with an empty NO_COLOR"
	grep -q "$escape" <<<"$(in_terminal env TERM=dumb s2ctl walk $dump 0)" && echo "some in a dumb terminal"
	grep -q "$escape" <<<"$(s2ctl walk $dump 0)" && echo "some in a pipe"
	grep -q "$escape" <<<"$(s2ctl walk --color always $dump 0)" || echo "none in a pipe when it was asked for"
	# Nothing but colour is added: without it, the words are the same.
	for view in maps tables 'maps --full'; do
		# shellcheck disable=SC2086 # words
		s2ctl $view $dump --color always | grep -c "$escape.97;48;5;25mrw-$escape.0m" >/dev/null ||
			echo "$view has not the picture's colours"
		# shellcheck disable=SC2086 # words
		diff <(s2ctl $view $dump --color always | sed "s/$escape[^m]*m//g") <(s2ctl $view $dump) || echo "$view"
		# shellcheck disable=SC2086 # words
		grep -q "$escape" <<<"$(NO_COLOR=1 in_terminal s2ctl $view $dump)" && echo "$view: some with NO_COLOR"
	done
	printf 'vcpu 0\nx0 0x0000000000000000\nx1 0x0000000000000001\nx10 0x0000000000000000\n' >"$scratch/debugfs/stage2/guests/demo/regs"
	s2ctl regs demo --debugfs "$scratch/debugfs" --color always >"$scratch/said"
	rm "$scratch/debugfs/stage2/guests/demo/regs"
	grep -q "^$escape.1mvcpu 0$escape" "$scratch/said" || echo "regs: no bold vcpu"
	grep -q "^$escape.2mx0 .*0$escape" "$scratch/said" || echo "regs: what is 0 is not dim"
	grep -q "^x1  0x0000000000000001" "$scratch/said" || echo "regs: what is set is not plain"
}

# Every view of a dump, and every help, in a terminal of 80 columns; the same words as elsewhere, where lines may be longer.
fits_a_terminal() {
	local dump=./userspace/tests/unit/demo.tables.bin escape=$'\033' words

	while read -r words; do
		in_terminal "stty cols 80; s2ctl $words" | tr -d '\r' | sed "s/$escape\[[0-9;]*m//g" >"$scratch/said"
		awk -v words="$words" 'length > 80 { print words ": " $0 }' "$scratch/said"
		# shellcheck disable=SC2086 # words
		diff <(s2ctl $words 2>&1 | tr -s ' \n' '\n\n') <(tr -s ' \n' '\n\n' <"$scratch/said") || echo "$words"
	done < <(
		printf '%s\n' "tables $dump" "maps $dump --full" "walk $dump 0x80100123 --write" "load-dump $dump" "stats $dump" \
			"decode tcr 0x8000000000" "decode esr 0xbe000011 --all" "decode --list" "geometry 48" "trace --list" "--help" \
			"remove" "map --attr x" "decode nothing 0"
		s2ctl --help | sed '1,/^Commands:/d' | awk '/^  [a-z]/ { print $1, "--help" }'
	)
	# Where a person looks, nothing would be a riddle.
	mkdir -p "$scratch/nobody/stage2/guests"
	grep -q "there is no guest" <<<"$(in_terminal s2ctl list --debugfs "$scratch/nobody")" || echo "list says nothing"
	[[ ! $(s2ctl list --debugfs "$scratch/nobody") ]] || echo "list says something to a program"
	grep -q "the output is a terminal" <<<"$(in_terminal s2ctl dump $dump - || true)" || echo "a dump goes to a terminal"
}

ends_quietly_without_a_reader() {
	local said

	said=$({ s2ctl tables ./userspace/tests/unit/demo.tables.bin || echo "exit $?" >&2; } 2>&1 >/dev/full)
	[[ $said == "s2ctl: standard output: No space left on device"$'\n'"exit 4" ]] || echo "$said"
	# More than a pipe holds.
	said=$({ s2ctl decode hcr --all $(seq 100) || echo "exit $?" >&2; } 2>&1 >&1 | sleep 0.2)
	[[ ! $said ]] || echo "$said"
	{ s2ctl decode hcr --all $(seq 100); echo "exit $?" >"$scratch/status"; } 2>"$scratch/said" | sleep 0.2
	[[ $(<"$scratch/status") == "exit 141" && ! -s $scratch/said ]] || cat "$scratch/status" "$scratch/said"
}

# Signal $1 ends it with status $2 and a word about it, while it waits for its input.
ends_by() {
	local status=0 pid

	mkfifo "$scratch/fifo.$1"
	sleep 10 >"$scratch/fifo.$1" &
	pid=$!
	# A shell lets what it starts in the background ignore SIGINT; env makes that good.
	env --default-signal="$1" s2ctl maps - <"$scratch/fifo.$1" 2>"$scratch/said" &
	sleep 0.3
	kill -s "$1" $!
	wait $! || status=$?
	kill "$pid"
	wait "$pid" 2>/dev/null
	((status == $2)) || echo "exit $status"
	[[ $(<"$scratch/said") == "s2ctl: interrupted" ]] || cat "$scratch/said"
}

only_root_is_told() {
	local as_nobody=(setpriv --reuid=65534 --clear-groups) said

	((EUID == 0)) || as_nobody=()
	# nobody may not get at this folder: a copy where everybody does.
	cp build/s2ctl/host/s2ctl "$scratch/copy"
	chmod 755 "$scratch"
	chmod 0 "$scratch/debugfs"
	said=$("${as_nobody[@]}" "$scratch/copy" maps demo --debugfs "$scratch/debugfs" 2>&1; echo "exit $?")
	chmod 755 "$scratch/debugfs"
	[[ $said == "s2ctl: only root can use debugfs: try sudo"$'\n'"exit 3" ]] || echo "$said"
}

a_file_is_whole_or_not_there() {
	head -c 10 userspace/tests/unit/demo.tables.bin >"$scratch/short"
	s2ctl dump "$scratch/short" "$scratch/out" 2>/dev/null && echo "a bad dump was taken"
	[[ ! -e $scratch/out && ! -e $scratch/out.part ]] || echo "a file was left"
	s2ctl dump ./userspace/tests/unit/demo.tables.bin "$scratch/out" || return
	cmp "$scratch/out" userspace/tests/unit/demo.tables.bin
	[[ ! -e $scratch/out.part ]] || echo "a part was left"
}

# What bash offers for the words $@, of which the last is begun.
completes() {
	(
		# shellcheck source=/dev/null
		source <(s2ctl completion bash)
		s2ctl() {
			command s2ctl "$@" --debugfs "$scratch/debugfs"
		}
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_s2ctl
		echo "${COMPREPLY[*]}"
	)
}

completion_works() {
	local words wanted got

	while IFS='|' read -r words wanted; do
		read -ra words <<<"$words"
		got=$(completes "${words[@]}")
		[[ $got == "$wanted" ]] || echo "${words[*]}: '$got' instead of '$wanted'"
	done <<-'EOF'
		s2ctl ma|map maps man
		s2ctl map d|demo
		s2ctl map demo --pr|--prot
		s2ctl map demo --prot r|r rw rx rwx
		s2ctl map --prot rw d|demo
		s2ctl protect demo 0 4K r|r rw rx rwx
		s2ctl protect demo 0 4K --j|--json
		s2ctl remove demo d|demo
		s2ctl decode --stage 2|2 2-fwb
		s2ctl decode --stage 2 --le|--level
		s2ctl decode vtcr|vtcr_el2 vtcr
		s2ctl completion z|zsh
		s2ctl load-dump x w|walk
		s2ctl trace d|demo
		s2ctl trace demo d|demo
		s2ctl trace --event ta|table_alloc table_free
		s2ctl accessed demo --faults r|report
		s2ctl help dec|decode
		s2ctl walk demo 0x8|
	EOF
	bash -n <(s2ctl completion bash)
}

# What fish offers for what is begun.
fish_completes() {
	local line wanted got

	s2ctl completion fish >"$scratch/s2ctl.fish"
	while IFS='|' read -r line wanted; do
		got=$(fish --no-config -c "source $scratch/s2ctl.fish
			function s2ctl; command s2ctl \$argv --debugfs $scratch/debugfs; end
			complete -C '$line'" | cut -f 1 | sort | tr '\n' ' ')
		[[ $got == "$wanted${wanted:+ }" ]] || echo "$line: '$got' instead of '$wanted'"
	done <<-'EOF'
		s2ctl ma|man map maps
		s2ctl map d|demo
		s2ctl map demo --pr|--prot
		s2ctl map demo --prot r|r rw rwx rx
		s2ctl map --prot rw d|demo
		s2ctl protect demo 0 4K r|r rw rwx rx
		s2ctl trace demo d|demo
		s2ctl decode vtcr|vtcr vtcr_el2
		s2ctl decode --stage 2|2 2-fwb
		s2ctl completion z|zsh
		s2ctl map demo 0x8|
	EOF
}

# What zsh's own functions are told to offer for the words; these take the places of those functions.
zsh_completes() {
	local words wanted

	s2ctl completion zsh >"$scratch/_s2ctl"
	zsh -n "$scratch/_s2ctl"
	while IFS='|' read -r words wanted; do
		# shellcheck disable=SC2016 # for zsh
		zsh -f -c '
			compdef() { }
			_arguments() { print -r -- "$@" }
			_describe() { print -r -- ${(P)2} }
			source $1
			words=(${(s: :)2}) CURRENT=$#words
			_s2ctl' zsh "$scratch/_s2ctl" "$words" >"$scratch/said" 2>&1
		grep -qF -- "$wanted" "$scratch/said" || echo "$words: no '$wanted', but: $(<"$scratch/said")"
	done <<-'EOF'
		s2ctl ma|maps:show what is mapped, as merged ranges
		s2ctl map d|1:GUEST:_s2ctl_guests
		s2ctl map demo --pr|--prot[none, r, w, rw, rx or rwx (rw)]:PROT:(none r w rw rx rwx)
		s2ctl remove demo d|*:GUEST:_s2ctl_guests
		s2ctl walk x|1:GUEST:_s2ctl_tables
		s2ctl decode x|1:NAME:(descriptor vtcr_el2
		s2ctl trace --event x|*--event[only these events\: map,unmap (see --list)]:NAME:(map
	EOF
}

# What zsh's own editor makes of a begun option and Tab: it inserts the rest, and does not only list it.
zsh_inserts() {
	local said word

	s2ctl completion zsh >"$scratch/_s2ctl"
	# shellcheck disable=SC2016 # for zsh
	said=$(zsh -f -c '
		zmodload zsh/zpty
		until_quiet() {
			local quiet=0 x

			while ((quiet < 8)); do
				if zpty -r -t z x; then
					print -rn -- "${(V)x}"
					quiet=0
				else
					sleep 0.1
					((++quiet))
				fi
			done
		}
		zpty z zsh -f -i
		zpty -w z "autoload -Uz compinit; compinit -D -u; source $1; bindkey -e; stty cols 200"
		until_quiet
		while read -r line; do
			zpty -w -n z "$line$3"
			until_quiet
			zpty -w -n z "$4"
		done <<<"$2"' zsh "$scratch/_s2ctl" $'s2ctl map demo --pr\ns2ctl walk demo 0x8 --wr\ns2ctl decode vtcr --le' $'\t' $'\x15')
	for word in --prot --write --level; do
		grep -qF -- "$word^[" <<<"$said" || echo "no $word on the line: $said"
	done
}

# Every command and option of the help is in the manual page, which has no complaint of groff's.
manual_page_is_whole() {
	local name option

	s2ctl man >"$scratch/s2ctl.8"
	groff -man -ww -Tutf8 "$scratch/s2ctl.8" 2>&1 >"$scratch/page"
	for name in $(s2ctl --help | sed '1,/^Commands:/d' | awk '/^  [a-z]/ { print $1 }'); do
		grep -q "^\.SS ${name/-/\\\\-}\$" "$scratch/s2ctl.8" || echo "$name is not in it"
		for option in $(s2ctl "$name" --help | grep -oE '^  --[a-z0-9-]+'); do
			grep -qF -- "\\fB${option//-/\\-}" "$scratch/s2ctl.8" || echo "$name $option is not in it"
		done
	done
}

# The manual's page about s2ctl names every command.
manual_is_whole() {
	local name

	for name in $(s2ctl --help | sed '1,/^Commands:/d' | awk '/^  [a-z]/ { print $1 }'); do
		grep -q "s2ctl $name" Documentation/s2ctl.rst || echo "$name is not in Documentation/s2ctl.rst"
	done
}

# shellcheck source=scripts/ktap.sh
source scripts/ktap.sh
check "the tests of userspace are built without a warning" build userspace/tests/unit/host.mk
build/unit/tests >"$scratch/units.log" 2>&1 || true
while read -r test; do
	check "$test" unit_test "$test"
done < <(unit_tests)
check "1000 damaged dumps are refused, or agree with themselves" \
	build/unit/mutate 1000 userspace/tests/unit/*.tables.bin
check "s2ctl is built without a warning" build_s2ctl
furnish
for file in "$golden"/*.txt; do
	check "s2ctl says what $(basename "$file") has" as_golden "$file"
done
check "the lesson about TLBs is what the library does" lesson_is_what_happens
check "colour is for terminals, and NO_COLOR is obeyed" colour_is_for_terminals
check "in a terminal of 80 columns no line is wider, and no word is lost" fits_a_terminal
check "a full disk is told, and a reader that went away is not" ends_quietly_without_a_reader
check "SIGINT ends it, with a word and status 130" ends_by INT 130
check "SIGTERM ends it, with a word and status 143" ends_by TERM 143
check "who is not root is told" only_root_is_told
check "a file that is written is there as a whole, or not at all" a_file_is_whole_or_not_there
check "it has the version of the whole project" has_the_version
check "bash completes commands, options, values and guests" completion_works
check_with fish "fish completes them, too" fish_completes
check_with zsh "zsh completes them, too" zsh_completes
check_with zsh "zsh inserts an option that fits, behind other words, too" zsh_inserts
check_with groff "the manual page has every command and option" manual_page_is_whole
check "the manual has every command" manual_is_whole
ktap_end
