# SPDX-License-Identifier: GPL-2.0-only
#
# Do the files of a guest tell the same story? Reads stats, config, maps and tables, in this order, of
# one guest; says what does not fit. How many bytes tables.bin has is given as `bin`.

function hex(s,    i, n) {
	n = 0
	s = tolower(s)
	for (i = 1; i <= length(s); i++)
		n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
	return n
}

function bytes_of(size,    n) {
	n = size + 0
	if (size ~ /K$/) return n * 1024
	if (size ~ /M$/) return n * 1048576
	return n * 1073741824
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
	if ($1 == "ipa_bits") bits = $2
	if ($1 == "start") { roots = $4; shift = 12 + 9 * (3 - $3) }
	next
}

FILENAME ~ /maps$/ {
	if ($0 !~ /^[0-9a-f]+-[0-9a-f]+ [r-][w-][x-] (normal|device|nc)  [0-9]+ x (4K|2M|1G)( clean| dirty)?$/) {
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
/^ *level [1-3] \[0x[0-9a-f]+\] [0-9a-f]+ 0x[0-9a-f]+ (block|page) (4K|2M|1G) -> 0x[0-9a-f]+000 [r-][w-][x-] (normal|device|nc) (inner|outer)-shareable( accessed)?( clean| dirty)?$/ {
	shown[$7]++
	next
}
{
	print "not a line of tables: " $0
	wrong = 1
}

END {
	want("tables", tables + roots, stat["tables"])
	want("bytes of tables", stat["tables"] * 4096, stat["table_bytes"])
	# The root has just the descriptors that its bits select.
	want("bytes of tables.bin", bin, 40 + 24 * (tables + 1) + 4096 * tables + power_of_2(3 + bits - shift))
	want("mapped bytes", mapped, stat["mapped_bytes"])
	want("leaves of 4K", leaves["4K"], stat["leaves_4K"])
	want("leaves of 2M", leaves["2M"], stat["leaves_2M"])
	want("leaves of 1G", leaves["1G"], stat["leaves_1G"])
	want("leaves of 4K in tables", shown["4K"], stat["leaves_4K"])
	want("leaves of 2M in tables", shown["2M"], stat["leaves_2M"])
	want("leaves of 1G in tables", shown["1G"], stat["leaves_1G"])
	exit wrong
}
