#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: sh kunit/together.sh FOLDER, in the project's root
#
# Writes FOLDER/group_1.cpp, group_2.cpp ...: the suites of a group of kunit/suites.def as one piece of C++, and
# prints the groups' names. Compiled one by one, the suites take twice as long: most of it goes into templates, and
# suites that use the same formats make the same of them.
#
# Each suite has a namespace of its own. Headers come first, so that none is read inside of one.

set -e
out=$1
list=kunit/suites.def
mkdir -p "$out"

# "GROUP SUITE", one a line; the suites behind #ifdef need a kernel, and are no groups.
groups=$(awk '
	/^#ifdef/ { exit }
	/^\/\* together/ { group++ }
	/^X\(/ { sub(/^X\(/, ""); sub(/\).*/, ""); print group, $0 }' $list)

for file in kunit/suites/*.cpp; do
	suite=${file#kunit/suites/}
	suite=${suite%.cpp}
	grep -q "^X($suite)\$" $list || {
		echo "$file has no line X($suite) in $list" >&2
		exit 1
	}
done

for group in $(echo "$groups" | cut -d' ' -f1 | uniq); do
	suites=$(echo "$groups" | sed -n "s/^$group //p")
	{
		echo "// Made by kunit/together.sh of $list."
		# shellcheck disable=SC2046 # words
		grep -h '^#include' $(echo "$suites" | sed 's,.*,kunit/suites/&.cpp,') | LC_ALL=C sort -u
		for suite in $suites; do
			printf '\nnamespace together_%s\n{\n#include "suites/%s.cpp"\n}\n' "$suite" "$suite"
		done
	} >"$out/.group"
	# What is the same stays as old as it is.
	cmp -s "$out/.group" "$out/group_$group.cpp" || mv "$out/.group" "$out/group_$group.cpp"
	echo "group_$group"
done
rm -f "$out/.group"
