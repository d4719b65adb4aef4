// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Errors as text, for who has a serial port and no heap.
//
//   name(Errc::overlap)                     "overlap"
//   print(error, put)                       "overlap: something is mapped there already, 0x1000 to 0x1fff"
//
// put(char) takes the characters one at a time; nothing is kept.
#pragma once

#include "vmsa/error.hpp"
#include "vmsa/features.hpp"

namespace vmsa
{

// What the two numbers of an error are.
enum class ErrorNumbers : uint8_t {
	none,
	region, // the first and the last address, both included
	limit, // what was asked for, and the limit
	feature, // a Feature, twice
	entry, // where the entry stands that is at fault, and what it says, or names
};

// How an error code is written.
struct ErrorWords {
	const char *name; // as the code is called
	const char *what; // in a few words
	ErrorNumbers numbers; // how to print first and last
};

// A compiler that warns of a switch (-Wswitch) sees to it that no code is left out.
constexpr ErrorWords words(Errc code)
{
	using N = ErrorNumbers;

	switch (code) {
	case Errc::none:
		return {"none", "no error", N::none};
	case Errc::empty:
		return {"empty", "the region has no bytes", N::region};
	case Errc::backwards:
		return {"backwards", "the region ends before it begins", N::region};
	case Errc::wrapping:
		return {"wrapping", "the region goes past the last address", N::region};
	case Errc::unaligned_input:
		return {"unaligned_input", "the region does not begin and end at a page",
			N::region};
	case Errc::beyond_input:
		return {"beyond_input", "beyond the input addresses", N::region};
	case Errc::unaligned_output:
		return {"unaligned_output", "the output address is not a multiple of the page",
			N::region};
	case Errc::beyond_output:
		return {"beyond_output", "beyond the output addresses", N::region};
	case Errc::reserved_attributes:
		return {"reserved_attributes", "the attributes have no encoding", N::region};
	case Errc::forbidden_attributes:
		return {"forbidden_attributes", "the attributes contradict each other", N::region};
	case Errc::overlap:
		return {"overlap", "something is mapped there already", N::region};
	case Errc::not_mapped:
		return {"not_mapped", "nothing is mapped there", N::region};
	case Errc::no_memory:
		return {"no_memory", "no memory for a table", N::region};
	case Errc::needs_break:
		return {"needs_break", "the change needs break-before-make, which is refused",
			N::region};
	case Errc::input_bits:
		return {"input_bits", "no geometry has that many input address bits", N::limit};
	case Errc::asid:
		return {"asid", "the ASID or VMID is too large", N::limit};
	case Errc::output_bits:
		return {"output_bits", "the machine has fewer physical address bits", N::limit};
	case Errc::unaligned_base:
		return {"unaligned_base", "the base is not aligned to the root", N::region};
	case Errc::stray_table:
		return {"stray_table", "a table entry points to no table of this tree", N::entry};
	case Errc::annotated:
		return {"annotated", "another annotation is there", N::region};
	case Errc::not_annotated:
		return {"not_annotated", "no annotation is there", N::region};
	case Errc::forbidden_annotation:
		return {"forbidden_annotation",
			"an annotation must not be 0 or have more than 63 bits", N::region};
	case Errc::bad_limit:
		return {"bad_limit", "the largest level is below the last one", N::region};
	case Errc::bad_rule:
		return {"bad_rule", "the rule answered with less than a page", N::region};
	case Errc::reserved_entry:
		return {"reserved_entry", "an entry is neither a table nor a leaf", N::entry};
	case Errc::regime:
		return {"regime", "EL2 has the other regime: HCR_EL2", N::limit};
	case Errc::torn_group:
		return {"torn_group", "a contiguous hint does not fit its group", N::entry};
	case Errc::no_feature:
		return {"no_feature", "the machine lacks a feature", N::feature};
	case Errc::cancelled:
		return {"cancelled", "the change was cancelled", N::region};
	}
	return {"unknown", "an unknown error", N::limit};
}

// The code as it is called in C++: "overlap".
constexpr const char *name(Errc code)
{
	return words(code).name;
}

namespace detail
{

constexpr void print(const char *text, const auto &put)
{
	for (; *text; text++)
		put(*text);
}

constexpr void print_hex(uint64_t number, const auto &put)
{
	unsigned digits = 1;

	while (digits < 16 && number >> (4 * digits))
		digits++;
	print("0x", put);
	while (digits--)
		put("0123456789abcdef"[number >> (4 * digits) & 15]);
}

} // namespace detail

// One line, without its end. Numbers are hexadecimal.
template <class Put>
requires requires(const Put &put)
{
	put('x');
}
constexpr void print(const Error &error, const Put &put)
{
	const ErrorWords its = words(error.code);

	detail::print(its.name, put);
	detail::print(": ", put);
	detail::print(its.what, put);
	if (its.numbers == ErrorNumbers::none)
		return;
	detail::print(", ", put);
	if (its.numbers == ErrorNumbers::feature && error.first < feature_count) {
		detail::print(name(static_cast<Feature>(error.first)), put);
		return;
	}
	detail::print_hex(error.first, put);
	detail::print(its.numbers == ErrorNumbers::region  ? " to "
		      : its.numbers == ErrorNumbers::limit ? ", the limit is "
							   : " says ",
		      put);
	detail::print_hex(error.last, put);
}

} // namespace vmsa
