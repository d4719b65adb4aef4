#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: scripts/bench.sh [--kernel 6.12|6.1|6.12-16k] [--cpu CPU] [--ko FILE] [--traced] [--once]
#        scripts/bench.sh --parts [--renew]
#
# What an exit of a guest costs, and a demand fault, in instructions: stage2's guests against KVM's. The
# same image runs under both, in the same kernel on one CPU, and counts by CNTVCT_EL0, which QEMU lets
# advance by one an instruction.
#
#   exit          HVC with a function that nobody knows: out, answered, in again
#   demand fault  the first touch of a page: stage 2 fault, page found, mapped, and on
#
# Under KVM the page comes from the process's own memory, which gets it from the kernel meanwhile
# ("fresh"), or has it already ("populated"); under stage2 from the RAM that the guest owns.
#
# With --parts it says which functions they are spent in (scripts/bench-parts.py), which takes a minute more; with --renew
# that is the manual's table, Documentation/costs_parts.inc.
#
# With --once it boots once, and not twice to see whether that makes a difference. With --traced all trace events are on.
# Prints a table, and leaves build/bench/exits.json. Fails when an exit or a demand fault takes more than its limit; with
# another machine, or when traced, nothing is compared.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"

kernel=6.12 cpu='' ko='' append='' parts=() boots=(1 2)
while (($#)); do
	case $1 in
	--traced)
		append=STAGE2_TRACED=1
		shift
		;;
	--once)
		boots=(1)
		shift
		;;
	--parts | --renew)
		parts+=("$1")
		shift
		;;
	--kernel | --cpu | --ko)
		(($# > 1)) || die "$1 needs a value"
		printf -v "${1#--}" '%s' "$2"
		shift 2
		;;
	*) die "unknown option '$1' (known: --kernel --cpu --ko --traced --once --parts --renew)" ;;
	esac
done
[[ "${parts[*]}" =~ ^(|--parts|--parts --renew)$ ]] || die "--renew goes behind --parts"
out=$top/build/bench
root=$out/root
rm -rf "$root" "$out"/{exits.json,initramfs.cpio,console.*,ticks.*}
mkdir -p "$root"
cp "${ko:-$("$top/scripts/build-module.sh" "$kernel")}" "$root/stage2.ko"
cp "$top/userspace/machine/bench" "$root/main"
"$top/scripts/build-userspace.sh" "$root"
"$top/scripts/initramfs.sh" "$out/initramfs.cpio" "$root"
image=$("$top/scripts/fetch-kernel.sh" "$kernel")/vmlinuz

if ((${#parts[@]})); then
	exec python3 "$top/scripts/bench-parts.py" "$image" "$out/initramfs.cpio" "${parts[@]:1}"
fi

# Two boots of the same: what differs between them is not a cost.
for boot in "${boots[@]}"; do
	say "counting, boot $boot of ${#boots[@]}"
	"$top/scripts/boot.sh" --kernel "$image" --initrd "$out/initramfs.cpio" --cpu "$cpu" --count --append "$append" \
		--log "$out/console.$boot.log" >/dev/null ||
		die "the machine failed: see $out/console.$boot.log"
	grep -a '^bench: ' "$out/console.$boot.log" | tr -d '\r' >"$out/ticks.$boot"
done

awk -v json="$out/exits.json" '
	$2 == "n" { n = $3; next }
	{
		key = $2 " " $3
		cost = $4 / n
		if (!(key in least) || cost < least[key])
			least[key] = cost
		if (!(key in most) || cost > most[key])
			most[key] = cost
	}
	function number(key) {
		if (!(key in least)) {
			print "no count of: " key > "/dev/stderr"
			missing = 1
		}
		# Twice in each boot.
		if (most[key] - least[key] > 0.02 * least[key]) {
			printf "%s varies: %.1f to %.1f\n", key, least[key], most[key] > "/dev/stderr"
			missing = 1
		}
		return least[key]
	}
	function row(name, ours, kvm) {
		printf "%-28s %10.1f %10.1f %8.2f\n", name, ours, kvm, kvm ? ours / kvm : 0
	}
	END {
		exit_ours = number("exit ours"); exit_kvm = number("exit kvm")
		fault_ours = number("demand_fault ours"); fault_kvm = number("demand_fault kvm")
		populated = number("populated_fault kvm")
		printf "%-28s %10s %10s %8s\n", "instructions", "stage2", "KVM", "ratio"
		row("exit and re-entry", exit_ours, exit_kvm)
		row("demand fault, fresh", fault_ours, fault_kvm)
		row("demand fault, populated", fault_ours, populated)
		printf "{\"exit\": {\"ours\": %.1f, \"kvm\": %.1f}, " \
			"\"demand_fault\": {\"ours\": %.1f, \"kvm\": %.1f}}\n",
			exit_ours, exit_kvm, fault_ours, fault_kvm > json
		exit missing
	}' "${boots[@]/#/$out/ticks.}"
say "see $out/exits.json"
[[ $kernel$cpu$append == 6.12 ]] || exit 0

# What they may take at most, where nothing is traced, on the machine of most tests.
failed=0 n=0
while read -r name limit; do
	n=$((n + 1))
	ours=$(sed -E "s/.*\"$name\": \{\"ours\": ([0-9.]+).*/\1/" "$out/exits.json")
	verdict=ok
	if awk "BEGIN { exit $ours <= $limit }"; then
		verdict='not ok'
		failed=$((failed + 1))
	fi
	echo "$verdict $n $name: $ours instructions, at most $limit"
done <<<'exit 192
demand_fault 712'
echo "$((n - failed)) passed, $failed failed, 0 skipped"
((failed == 0))
