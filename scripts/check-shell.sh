#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-shell.sh [KERNEL]: the machine of `make shell`, without a person before it: a folder is shared both ways, and the
# manual's examples for trace-cmd and bpftrace run. One KTAP line a check.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

kernel=${1:-6.12}
share=build/check-shell/share
ko=build/modules/$kernel/stage2.ko
own=$(mktemp -d)
trap 'rm -rf "$own"' EXIT
[[ -r $ko ]] || die "there is no $ko: scripts/build-module.sh $kernel builds it"

boot() {
	rm -rf "$share"
	mkdir -p "$share"
	cp Documentation/examples/guest/* "$own/"
	make --no-print-directory --silent -f userspace/guests/guests.mk DIR="$own" || return
	cp "$own/example.elf" "$share/"
	echo from the host >"$share/question"
	scripts/shell.sh "$ko" "$kernel" '' '' '' userspace/machine/share >"$own/said" 2>&1 || tail -n 20 "$own/said"
}

# What the machine said about check $1.
machine_says() {
	grep -qx "ok $1" "$own/said" || sed -n "/^not ok $1/,/^ok /p" "$own/said" | head -n 20
	grep -qx "ok $1" "$own/said" || echo "it did not say so"
}

is_there() {
	[[ $(<"$share/answer") == "from the machine" ]] || echo "no answer"
	[[ $("$(scripts/build-s2ctl.sh host)" maps "$share/demo.tables") == 0080000000-* ]] || echo "no dump"
	[[ $(tail -n 1 "$share/demo.html") == "</html>" ]] || echo "no page"
}

# shellcheck source=scripts/ktap.sh
source scripts/ktap.sh
check "the machine boots and ends" boot
check "the host has what the machine has written: a file, a dump, a page" is_there
while read -r what; do
	check "$what" machine_says "$what"
done < <(sed -n "s/^is '\([^']*\)' .*/\1/p" userspace/machine/share)
ktap_end
