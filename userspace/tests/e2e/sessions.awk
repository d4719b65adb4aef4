# SPDX-License-Identifier: GPL-2.0-only
#
# What a page has a reader type in the machine, and what is said to come of it: C and a command, then O and each line
# that it prints. For manual.sh, which types it, and scripts/manual.py, which sees that all of it is typed.

# What the machine greets with has a command in a line, and behind it what that is for.
FILENAME ~ /[.]txt$/ && /^  +[a-z]/ { sub(/^ +/, ""); sub(/  .*/, ""); print "C" $0 }
FILENAME ~ /[.]txt$/ { next }
FILENAME ~ /[.]md$/ && /^```/ { fenced = !fenced; typed = 0; next }
FILENAME ~ /[.]md$/ { $0 = fenced ? "    " $0 : $0 }
/^[.][.] from:/ { quoted = 1 }
/^[.][.] end/ { quoted = 0 }
quoted { next }
more { sub(/^ +/, ""); print command " " $0; more = 0; next }
/^    # / && !/^    # Subtest:/ {
	command = "C" substr($0, 7)
	typed = 1
	if (command ~ /[|]$/)
		more = 1
	else
		print command
	next
}
!/^    / && NF { typed = 0 }
typed && NF { print "O" $0 }
