#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the scripts share: where things are kept, and how they speak. Source it.
# stdout is for results (a directory, a console); everything said to people goes to stderr.

set -euo pipefail

# shellcheck disable=SC2034 # used by the scripts that source this
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${STAGE2_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/stage2}

# What was compiled once is not compiled again, in another clone either: debuggers take "kunit/host.cpp" from where they are
# (CCACHE_NOHASHDIR). CCACHE_DISABLE=1: as on a new machine.
if [[ -d /usr/lib/ccache ]]; then
	[[ :$PATH: == *:/usr/lib/ccache:* ]] || PATH=/usr/lib/ccache:$PATH
	# Of this clone, also where a script of another one asks (check-package.sh).
	export CCACHE_DIR=${CCACHE_DIR:-$cache/ccache} CCACHE_BASEDIR=$top CCACHE_DEPEND=1 CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=2G
fi

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	say "$@"
	exit 1
}

# lock FILE [WAITING]: only one script at a time gets past here, and holds FILE until it ends. WAITING
# is said when that takes time.
lock() {
	local fd

	mkdir -p "$(dirname "$1")"
	exec {fd}>"$1"
	flock --nonblock "$fd" && return
	[[ ! ${2-} ]] || say "$2"
	flock "$fd"
}

# patiently CPU_SECONDS COMMAND...: runs it, and ends it (status 124) when it has used so much CPU, or next to none in five
# minutes: then it waits for what does not come. How long it takes does not matter: this machine may be busy.
patiently() {
	local most=$1 status=0 used=0 before=0 now pid since=$SECONDS mark=0
	shift

	set -m # its processes are a group
	"$@" </dev/null &
	pid=$!
	set +m
	trap 'kill -- "-$pid"' INT TERM
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.3
		# Of those that live: what has ended took its own with it.
		now=$({ ps -eo pgid=,cputimes= || true; } | awk -v group="$pid" '$1 == group { n += $2 } END { print n + 0 }')
		((now <= before)) || used=$((used + now - before))
		before=$now
		((used < mark + 2)) || mark=$used since=$SECONDS
		((used > most || SECONDS - since > 300)) || continue
		say "gets no further, after $used s of CPU time: $*"
		kill -KILL -- "-$pid"
		status=124
		break
	done
	wait "$pid" 2>/dev/null || status=$((status ? status : $?))
	trap - INT TERM
	return "$status"
}

# Only one script at a time may change the cache.
lock_cache() {
	lock "$cache/lock" "waiting for another script to finish its download"
}

# relative_links FOLDER: unpacked there, a link to /lib/... means the folder's, not this machine's, wherever the folder is seen.
relative_links() {
	local link

	while IFS= read -r -d '' link; do
		ln -sfn "$(realpath -ms --relative-to="$(dirname "$link")" "$1$(readlink "$link")")" "$link"
	done < <(find "$1" -type l -lname '/*' -print0)
}
