#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-ports.sh: the ports that an adopter writes first (Documentation/examples/ports) are built by the installed
# headers, and each boots on two CPUs, where every claim it makes about its tables holds. Each is broken once,
# too, and says so. One KTAP line a check; leaves build/ports/PORT.CPU.log.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
cd "$top"

ports=Documentation/examples/ports
logs=build/ports
most=120 # seconds of CPU time; the slowest takes a hundredth of that

boots() {
	local log=$logs/$1.$2.log

	patiently "$most" scripts/ports.sh "$1" "$2" >"$log" 2>&1 </dev/null || {
		echo "exit status $?"
		cat "$log"
		return
	}
	# It has come to its end, and has claimed something on the way.
	grep -q '^ok ' "$log" || cat "$log"
}

# fails PORT EDIT CLAIM: with that edit (sed's) of the port, this claim is the first that does not hold.
fails() {
	local copy=$logs/broken log=$logs/broken.$1.log

	rm -rf "$copy"
	cp -R "$ports" "$copy"
	sed -i "$2" "$copy/$1.cpp"
	! cmp -s "$ports/$1.cpp" "$copy/$1.cpp" || echo "the edit has nothing to edit: $2"
	PKG_CONFIG_PATH=$top/$logs/prefix/share/pkgconfig patiently "$most" make --no-print-directory --silent \
		-C "$copy" CXX=aarch64-linux-gnu-g++-12 "$1" >"$log" 2>&1 </dev/null && echo "it passed"
	[[ $(grep -m 1 '^FAIL' "$log" | tr -d '\r') == "FAIL  $3" ]] || cat "$log"
}

short() {
	wc -l "$ports"/*.cpp | awk '$2 != "total" && $1 >= 200 { print $2 ": " $1 " lines, 200 or more" }'
}

# Time is none of its limits.
patience() {
	! patiently 1 sh -c 'while :; do :; done' 2>/dev/null || echo "a loop was not ended"
	patiently 1 sleep 3 || echo "what takes long, and no CPU time, was ended"
}

mkdir -p "$logs"
# shellcheck source=scripts/ktap.sh
source scripts/ktap.sh
for cpu in cortex-a53 max; do
	check "firmware: EL3 from a memory map, on $cpu" boots firmware $cpu
	check "boot_tables: EL1 on the compiler's tables, on $cpu" boots boot_tables $cpu
	check "kernel: the upper half, and processes, on $cpu" boots kernel $cpu
done
for cpu in cortex-a72 max; do
	check "hypervisor: a guest's memory on demand, on $cpu" boots hypervisor $cpu
done
check "firmware finds text that can be written" fails firmware \
	's/\("text", .*\) | rx/\1 | rwx/' 'text cannot be written'
check "boot_tables finds data that can be executed" fails boot_tables \
	's/data, normal | rw}/data, normal | rwx}/' 'data cannot be executed'
check "hypervisor finds that no TLB is told" fails hypervisor \
	's/HardwareTlb<Stage2_4K>> map/NoTlb> map/; s/map{pages, tlb}/map{pages, none}/; s/^struct Vm {/NoTlb none;\n&/' \
	'it reads what it kept, and zeroes for the rest'
check "kernel finds two processes with one ASID" fails kernel \
	's/b{pages, 3/b{pages, 2/' 'each has its own memory there'
check "a port that loops would be ended, and one on a busy machine is not" patience
check "each port is shorter than 200 lines" short
ktap_end
