#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/bench-tables.sh [--check | --renew]
#
# What operations on tables cost, in instructions per page, block or call: the module's against those of
# KVM's own stage 2 code, in the same kernel on one CPU (kunit/suites/kvm_cost.cpp). CNTVCT_EL0 counts:
# QEMU lets it advance by one an instruction. And how many TLBI instructions a change takes, by its shape
# (kunit/suites/kvm_tlbis.cpp), also on a CPU that does not invalidate by range, and has the erratum that asks for
# a TLBI more.
#
# Prints the tables, and leaves build/bench/{tables,tlbis}.json. With --renew they become the manual's,
# Documentation/costs_{tables,tlbis}.inc; with --check they are compared with those, and a count that has grown by more
# than 2 % fails.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

[[ "$*" =~ ^(|--check|--renew)$ ]] || die "usage: bench-tables.sh [--check | --renew]"
out=$top/build/bench
mkdir -p "$out"

# collect WORD: what suites said, "NAME UNITS OURS KVM", of lines that begin with the word.
collect() {
	local name units ours kvm

	while read -r name units ours kvm; do
		echo "$name $((units)) $((ours)) $((kvm))"
	done < <(sed -nE "s/.*: $1 ([a-z0-9_]+):(( 0x[0-9a-f]+){3}).*/\1\2/p" "$out/console.log")
}

# count BOOT CPU SUITES
count() {
	say "counting, boot $1 on $2"
	STAGE2_CPU=${2#max} "$top/scripts/kunit.sh" --log "$out/console.log" "$3" >"$out/tables.log" 2>&1 || {
		tail -n 20 "$out/tables.log" >&2
		die "a suite failed: see $out/tables.log"
	}
}

# Two boots of the same: what differs between them is not a cost. A check has the manual's table to compare with: it
# boots once, the kernel of the part kunit, which has all suites.
boots=(1 2)
export STAGE2_COUNT=1 STAGE2_SUITES='kvm_cost kvm_tlbis'
if [[ ${1-} == --check ]]; then
	boots=(1)
	STAGE2_SUITES=''
fi
for boot in "${boots[@]}"; do
	count "$boot" max 'kvm_*'
	collect cost >"$out/tables.$boot"
	collect tlbis >"$out/tlbis.$boot"
	[[ -s $out/tables.$boot && -s $out/tlbis.$boot ]] || die 'the suites count nothing: is there a KVM at EL2?'
done

others=(neoverse-n1)
for cpu in "${others[@]}"; do
	count 1 "$cpu" 'kvm_tlbis'
	collect tlbis | tee "$out/tlbis-$cpu.1" >"$out/tlbis-$cpu.2"
	[[ -s $out/tlbis-$cpu.1 ]] || die "the suite counts nothing on $cpu"
done

# show TABLE UNIT DIGITS: also as TABLE.txt and TABLE.json. Fails if the boots differ.
show() {
	paste "$out/$1.1" "$out/$1.${#boots[@]}" | awk -v unit="$2" -v digits="$3" -v json="$out/$1.json" '
		BEGIN {
			printf "%-18s %10s %10s %8s\n", unit, "stage2", "KVM", "ratio"
			number = "%10." digits "f"
		}
		{
			if ($3 - $7 > $3 / 50 || $7 - $3 > $3 / 50 || $4 - $8 > $4 / 50 || $8 - $4 > $4 / 50) {
				printf "%s varies: %d and %d, KVM %d and %d\n", $1, $3, $7, $4, $8 >"/dev/stderr"
				varies = 1
			}
			if ($4)
				printf "%-18s " number " " number " %8.3f\n", $1, $3 / $2, $4 / $2, $3 / $4
			else
				printf "%-18s " number " %10s %8s\n", $1, $3 / $2, "-", "-"
			text = text sprintf("%s\"%s\": {\"ours\": %.2f, \"kvm\": %.2f}", text ? ", " : "{", $1, $3 / $2, $4 / $2)
		}
		END { print text "}" >json; exit varies }' | tee "$out/$1.txt"
}

show tables instructions 2
echo
show tlbis TLBIs 0
for cpu in "${others[@]}"; do
	show "tlbis-$cpu" "$cpu" 0
	{
		echo
		cat "$out/tlbis-$cpu.txt"
	} >>"$out/tlbis.txt"
done
say "see $out/tables.json and tlbis.json"

pages=("$top"/Documentation/costs_{tables,tlbis}.inc)
case ${1-} in
--renew)
	for page in "${pages[@]}"; do
		table=${page##*costs_}
		{
			printf '.. SPDX-License-Identifier: GPL-2.0-only\n.. Written by scripts/bench-tables.sh --renew.\n\n::\n\n'
			sed 's/^./    &/' "$out/${table%.inc}.txt"
		} >"$page"
	done
	;;
--check)
	awk '
		$2 == "stage2" { machine = $1 == "TLBIs" || $1 == "instructions" ? "" : $1 ":" }
		NF != 4 || $2 == "stage2" { next }
		{ $1 = machine $1 }
		NR == FNR { limit[$1] = $2; kvm[$1] = $3 + 0; next }
		{
			n++
			$3 += 0
			before = limit[$1]; delete limit[$1]
			verdict = "ok"
			if (before == "" || $2 > 1.02 * before) { verdict = "not ok"; failed++ }
			printf "%s %d %s: %s", verdict, n, $1, $2
			if (before == "") print ", and it is not in the table"
			else if ($2 == before) print ""
			else printf ", %+.1f %%; the table has %s\n", 100 * ($2 / before - 1), before
			fell += before != "" && $2 < 0.98 * before
			other += before != "" && ($3 < 0.98 * kvm[$1] || $3 > 1.02 * kvm[$1])
		}
		END {
			for (name in limit) {
				printf "not ok %d %s: is in the table, and was not counted\n", ++n, name
				failed++
			}
			renew = "scripts/bench-tables.sh --renew makes Documentation/costs_tables.inc and costs_tlbis.inc anew"
			if (other) print "# KVM took other numbers, too: another kernel, or another compiler"
			if (failed) print "# if that is what it costs now: " renew
			else if (fell) print "# " fell " fell by more than 2 %, to keep that: " renew
			printf "%d passed, %d failed, 0 skipped\n", n - failed, failed
			exit failed > 0
		}' <(cat "${pages[@]}") <(cat "$out"/{tables,tlbis}.txt)
	;;
esac
