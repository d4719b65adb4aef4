# SPDX-License-Identifier: GPL-2.0-only
#
# The words that tests of memory are written in, besides those of lib.sh:
#
#   free_memory                  how many KiB there are
#   loses_less KIB COMMAND       after it there are not so many KiB less than before, nor more objects from
#                                kmalloc, of any size, than 64 KiB hold

shrink_slabs() {
	for cache in /sys/kernel/slab/*/shrink; do
		echo 1 >"$cache"
	done
}

# KiB that are free, what the kernel has not got round to freeing included.
free_memory() {
	# The smallest lists of free pages per CPU, which do not count as free. Before 5.14 without "high".
	for knob in /proc/sys/vm/percpu_pagelist_*fraction; do
		echo 100000 >"$knob"
	done
	echo 3 >/proc/sys/vm/drop_caches
	sleep 0.2
	# KASAN holds back what was freed.
	[ ! -e /sys/kernel/debug/kmemleak ] || shrink_slabs
	sed -n 's/^MemFree: *\([0-9]*\).*/\1/p' /proc/meminfo
}

loses_less() {
	before=$(free_memory)
	cat /proc/slabinfo >/tmp/slabs
	eval "$2"
	# What a busy machine has still to free takes its time; what is lost stays lost.
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		after=$(free_memory)
		[ $((before - after)) -ge "$1" ] || break
	done
	echo "    # $((before - after)) KiB less"
	[ $((before - after)) -lt "$1" ] || problem "$((before - after)) KiB are missing"
	# What is free in the slab that a CPU takes from counts as in use, and the kernel does something, too.
	shrink_slabs
	awk '!/^kmalloc(-cg)?-[0-9]+[k ]/ { next } FNR == NR { had[$1] = $2; next }
		{ more = $2 - had[$1] }
		more >= 4 * $5 && more * $4 >= 65536 { print $1 ": " more " more" }' \
		/tmp/slabs /proc/slabinfo >/tmp/grown
	[ ! -s /tmp/grown ] || problem "$(cat /tmp/grown)"
}
