# SPDX-License-Identifier: GPL-2.0-only
#
# doxygen.awk: how Doxygen reads the headers of the library (Documentation/Doxyfile). There a comment before a
# declaration, or behind it in its line, describes it; Doxygen wants another mark for that.

# Functions that operations are made of are no part of the reference: they are between \cond and \endcond. And the names
# that every class of the library has for its parts, here once.
BEGIN {
	alias["Format"] = "The format of its descriptors (Format)."
	alias["Stage"] = "The tag of its regime: El1And0, El2And0, El2, El3, Stage2 or Stage2Fwb."
	alias["Granule"] = "Its granule: Granule4K, Granule16K or Granule64K."
	alias["Input"] = "Its input addresses: Va at stage 1, Ipa at stage 2."
	alias["Memory"] = "Where its tables come from (TableMemory)."
	alias["Attributes"] = "What a leaf says: Stage1Attributes or Stage2Attributes."
	alias["Access"] = "The permissions of a leaf: Stage1Access or Access."
	internals = "check_annotations exchange_annotation tables_to_exchange_annotation map_page map_region unmap_page " \
		"unmap_region fits leaf_bits checked_leaf_bits harvest note whole_of for_each_entry for_each_leaf count_below " \
		"refuse_piece refuse_base map_pieces features_asked features_of features_of_scope missing_feature path_to " \
		"part_in_entry moved control_of_both occupant same_stretch any_in_line tcr_two_ranges tlbi_form"
	split(internals, words, " ")
	for (w in words)
		internal[words[w]] = 1
	alias["Layout"] = "What it shares with other formats (DescriptorLayout)."
}

function emit(line) {
	if (line ~ /\/\/\/ ?/ && line !~ /^\/\/\/     /)
		gsub(/[a-z0-9_]+\.hpp/, "%&", line) # no link
	chunk = chunk line "\n"
	if (line ~ /^[a-z\[].*[({,]/ && match(line, /[a-z_0-9]+\(/) && (substr(line, RSTART, RLENGTH - 1) in internal))
		hidden = 1
	if (line ~ /^};?$/ || line ~ /^$/)
		flush()
}

# A function, from its comment to its end.
function flush() {
	if (hidden && chunk !~ /\n};?\n$/)
		return
	printf "%s%s%s", hidden ? "/// \\cond\n" : "", chunk, hidden ? "/// \\endcond\n" : ""
	chunk = ""
	hidden = 0
}

# What a header declares is a group of its name, so that a page can show it (Documentation/api).
function group() {
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.hpp/, "", name)
	emit("/// \\addtogroup " name)
	emit("/// @{")
	emit("")
	open = 1
}

# The first line is the licence's. What follows it describes the file; drawings are indented.
function text(line) {
	sub(/^\/\/ ?/, "", line)
	if (line ~ /^ /)
		line = "   " line
	emit("/// " line)
}

NR == 1 { emit("/// \\file"); head = 1; next }
head && /^\/\// { text($0); next }
{ head = 0 }

/^#pragma once/ && FILENAME ~ /version/ { emit($0); group(); next } # it has no namespace

# What a constant is computed by is no part of its declaration.
skipped { skipped = !/^}\(\);/; next }
/^inline constexpr .* = \[\] \{$/ { sub(/ = \[\] \{$/, ";"); emit($0); skipped = 1; next }
/^inline constexpr .*\{\..*\};/ { sub(/\{\..*\};/, ";") }
/^namespace vmsa$/ { emit($0); getline; emit($0); group(); next }
/^} \/\/ namespace vmsa$/ { emit(""); emit("/// @}"); emit($0); open = 0; next }

# A heading between members, and friends, describe nothing.
/^[ \t]*\/\/ ----/ || /^[ \t]*friend / { emit(""); next }

/^[ \t]*\/\// { sub(/\/\//, "///"); documented = 1; emit($0); next }

# A function with its comment behind its first line.
/(\)|>|const) \/\/ / && !/[;,{] *\/\/ / {
	line = comment = $0
	sub(/ \/\/ .*/, "", line)
	sub(/.* \/\/ /, "", comment)
	comment = toupper(substr(comment, 1, 1)) substr(comment, 2) "."
	emit("/// " comment)
	emit(line)
	next
}

/[;,{}] *\/\/ / { sub(/\/\/ /, "///< "); emit($0); documented = 0; next }

!documented && match($0, /^\tusing [A-Z][A-Za-z]* = /) {
	name = $2
	if (name in alias)
		$0 = $0 " ///< " alias[name]
}

!documented && /operator(==|<=>)\(const [A-Za-z0-9]* &\) const = default;/ {
	$0 = $0 " ///< Compares all members."
}

{ documented = 0; emit($0) }

END {
	if (open)
		emit("/// @}")
	flush()
	printf "%s", chunk
}
