#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/graft.sh LINUX_SOURCE FOLDER
#
# Makes FOLDER/linux, a kernel tree with this project in it as stage2/. It is a farm of
# symlinks: LINUX_SOURCE stays as it is. Only what has to differ is a copy: Kbuild and Kconfig,
# each a line longer, and tools/testing/kunit, because kunit.py takes the tree its own real path
# is in for the kernel's.
#
# Running it again changes nothing that make would notice. What was built from it is FOLDER's, too: it goes
# when another source comes.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

(($# == 2)) || die "usage: graft.sh LINUX_SOURCE FOLDER"
[[ -f $1/Kbuild && -f $1/tools/testing/kunit/kunit.py ]] ||
	die "'$1' is not a kernel source tree with tools/testing/kunit in it"
lock "$top/build/.graft.lock"
linux=$(realpath "$1")
folder=$(realpath -m "$2")
farm=$folder/linux

# make compares times, and a newer kernel's files may be older than objects made from another
# kernel: another source starts everything afresh.
identity=$linux$'\n'$(head -n 6 "$linux/Makefile")
if [[ -e $farm/.grafted-from && $(<"$farm/.grafted-from") != "$identity" ]]; then
	rm -rf "$folder"
fi
mkdir -p "$farm"
printf '%s\n' "$identity" >"$farm/.grafted-from"

# Writes stdin to a file, unless that is what the file says already.
write() {
	local text
	text=$(cat)
	[[ -f $1 && $(cat "$1") == "$text" ]] || printf '%s\n' "$text" >"$1"
}

# Links all of folder $1, but for the names that follow, into folder $2. A link that is right is let be:
# another kernel may be building from this tree.
link_all() {
	local from=$1 to=$2 entry
	shift 2
	mkdir -p "$to"
	for entry in "$from"/* "$from"/.[!.]*; do
		[[ -e $entry ]] || continue
		case " $* " in
		*" ${entry##*/} "*) ;;
		*) [[ $to/${entry##*/} -ef $entry ]] || ln -sfn "$entry" "$to/${entry##*/}" ;;
		esac
	done
}

link_all "$linux" "$farm" Kbuild Kconfig tools
link_all "$linux/tools" "$farm/tools" testing
link_all "$linux/tools/testing" "$farm/tools/testing" kunit
cp -r --update "$linux/tools/testing/kunit" "$farm/tools/testing/"

# Not a link to the project itself: its build/ holds the farm, and nothing shall walk in circles.
link_all "$top" "$farm/stage2" build .git

{ cat "$linux/Kbuild"; echo 'obj-y += stage2/'; } | write "$farm/Kbuild"
{ cat "$linux/Kconfig"; echo 'source "stage2/kunit/Kconfig"'; } | write "$farm/Kconfig"
