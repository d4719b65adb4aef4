# SPDX-License-Identifier: GPL-2.0-only
#
# Words for tests of what s2ctl traces. Sourced after lib.sh:
#
#   tracing WORDS...   starts s2ctl with these words, and waits until its events are attached
#   traced [itself]    ends it, unless it ends by itself; its output is in /tmp/traced
#   lines PATTERN      how many lines of that match
#   counter NAME       a line of demo's stats

# Starts s2ctl with these words, and waits until its events are attached.
tracing() {
	rm -f /tmp/words
	s2ctl "$@" -v >/tmp/traced 2>/tmp/words &
	tracer=$!
	round=0
	until grep -qs ' trace events, by ' /tmp/words; do
		sleep 0.1
		round=$((round + 1))
		[ $round -lt 200 ] || {
			problem "it does not begin: $(cat /tmp/words)"
			return
		}
	done
}

# Ends it, unless it ends by itself; $status is how, $words what it said at last.
traced() {
	[ "$1" ] || kill -INT $tracer
	wait $tracer
	status=$?
	words=$(sed '/ trace events, by /d' /tmp/words)
}

# How many lines of what was traced match.
lines() {
	grep -c "$1" /tmp/traced
}

# Bytes of a page of the kernel's.
page() {
	sed -n 's/^KernelPageSize: *\([0-9]*\) kB/\1K/p' /proc/self/smaps | head -n 1
}

# A counter of demo's.
counter() {
	sed -n "s/^$1  *//p" $demo/stats
}
