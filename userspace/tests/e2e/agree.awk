# SPDX-License-Identifier: GPL-2.0-only
#
# Do the files of a guest tell the same story? Reads stats, config, maps and tables, in this order, of
# one guest; says what does not fit. How many bytes tables.bin has is given as `bin`.

# busybox's awk reads 0x itself, and a loop over digits takes it ten times as long.
function hex(s) {
	return ("0x" s) + 0
}

function bytes_of(size,    n) {
	n = size + 0
	if (size ~ /K$/) return n * 1024
	if (size ~ /M$/) return n * 1048576
	if (size ~ /G$/) return n * 1073741824
	return n * 1099511627776
}

# busybox's awk has no exponents.
function power_of_2(n,    p) {
	for (p = 1; n > 0; n--)
		p *= 2
	return p
}

function want(what, a, b) {
	if (a + 0 != b + 0) {
		printf "%s: %.0f by one file, %.0f by another\n", what, a, b
		wrong = 1
	}
}

FILENAME ~ /stats$/	{ stat[$1] = $2; next }
FILENAME ~ /config$/ {
	if ($1 == "granule") {
		page = bytes_of($2)
		page_shift = $2 == "4K" ? 12 : $2 == "16K" ? 14 : 16
	}
	if ($1 == "ipa_bits") bits = $2
	if ($1 == "start") { roots = $4; shift = page_shift + (page_shift - 3) * (3 - $3) }
	next
}

FILENAME ~ /maps$/ {
	if ($0 !~ /^[0-9a-f]+-[0-9a-f]+ [r-][w-][x-] (normal|device|nc)  [0-9]+ x [0-9]+[KMGT]( clean| dirty)?$/) {
		print "not a line of maps: " $0
		wrong = 1
		next
	}
	split($1, ends, "-")
	first = hex(ends[1])
	size = hex(ends[2]) - first + 1
	want("bytes of " $0, size, $4 * bytes_of($6))
	if (first < end || (first == end && $2 $3 $6 $7 == kind)) {
		print "not in order, or not merged: " $0
		wrong = 1
	}
	end = first + size
	kind = $2 $3 $6 $7
	mapped += size
	leaves[$6] += $4
	next
}

# level N [0xINDEX] IPA 0xDESCRIPTOR WHAT ...
/^ *level [0-3] \[0x[0-9a-f]+\] [0-9a-f]+ 0x[0-9a-f]+ table -> 0x[0-9a-f]+000$/	{ tables++; next }
/^ *level [0-3] \[0x[0-9a-f]+\] [0-9a-f]+ 0x[0-9a-f]+ (block|page) [0-9]+[KMGT] -> 0x[0-9a-f]+000 [r-][w-][x-] (normal|device|nc) (inner|outer)-shareable( accessed)?( clean| dirty)?( contiguous)?$/ {
	shown[$7]++
	next
}
{
	print "not a line of tables: " $0
	wrong = 1
}

END {
	want("tables", tables + roots, stat["tables"])
	want("bytes of tables", stat["tables"] * page, stat["table_bytes"])
	# The root has just the descriptors that its bits select.
	want("bytes of tables.bin", bin, 40 + 24 * (tables + 1) + page * tables + power_of_2(3 + bits - shift))
	want("mapped bytes", mapped, stat["mapped_bytes"])
	for (key in stat) {
		if (key !~ /^leaves_/)
			continue
		size = substr(key, 8)
		want("leaves of " size, leaves[size], stat[key])
		want("leaves of " size " in tables", shown[size], stat[key])
		delete leaves[size]
		delete shown[size]
	}
	for (size in leaves)
		want("leaves of " size, leaves[size], 0)
	for (size in shown)
		want("leaves of " size " in tables", shown[size], 0)
	exit wrong
}
