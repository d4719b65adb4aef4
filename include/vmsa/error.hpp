// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Errors are values that name the place. There are no exceptions to throw and nothing to unwind.
#pragma once

#include "vmsa/address.hpp"

#include <cstdint>
#include <type_traits>

namespace vmsa
{

// What was wrong. Documentation/library.rst has the meaning of the two numbers for each.
enum class Errc : uint8_t {
	none,
	empty, // the region has no bytes
	backwards, // the region's last address is below its first, or it has more than 2^63 bytes
	wrapping, // the region goes past 2^64
	unaligned_input, // the region does not begin and end at a page boundary
	beyond_input, // the region leaves the input address space
	unaligned_output, // the output address is not a multiple of the page
	beyond_output, // the output leaves the physical address space
	reserved_attributes, // an attribute has no encoding: MemoryType 9, Shareability 1
	forbidden_attributes, // the attributes contradict each other: executable Device memory, ...
	overlap, // something is mapped there already
	not_mapped, // nothing is mapped there
	no_memory, // there is no memory for a table
	needs_break, // the live change needs break-before-make, which the rules refuse
	input_bits, // no geometry has that many input address bits
	asid, // the ASID or VMID is wider than the machine's
	output_bits, // the machine has fewer physical address bits than the geometry needs
	unaligned_base, // an image is not aligned to its root
	stray_table, // a table descriptor points to no table of this tree, or to another entry's
	annotated, // there is an annotation that the call did not name
	not_annotated, // there is no annotation
	forbidden_annotation, // the annotation is 0 or has more than 63 bits
	bad_limit, // MapLimits::largest is below the last level
	bad_rule, // the rule answered with less than a page
	reserved_entry, // adopted tables have an entry that is valid, and neither a table nor a leaf
	regime, // EL2 has the other regime (HCR_EL2.E2H)
	torn_group, // adopted tables have a leaf with the contiguous hint that does not fit its group
	no_feature, // the machine lacks a Feature that the map needs (features.hpp)
	cancelled, // the memory said so (memory.hpp)
};

// `first` and `last` are the addresses at fault, both included: the hole or the overlap for a range
// error, the number asked for and the limit for a geometry error, the Feature for one that is missing.
struct Error {
	Errc code = Errc::none; // what was wrong
	uint64_t first = 0; // see Errc
	uint64_t last = 0; // see Errc

	// The numbers are the region's first and last address.
	template <class A>
	constexpr Error(Errc c, Region<A> region)
	    : code{c}, first{region.first.raw()}, last{region.last.raw()}
	{
	}
	// The numbers are `f` and `l`.
	constexpr Error(Errc c, uint64_t f, uint64_t l) : code{c}, first{f}, last{l}
	{
	}
	constexpr Error() = default;

	constexpr bool operator==(const Error &) const = default;
};

// A constant expression that reads the value of an error calls one of these. They are not constexpr, so the compiler
// stops there and shows the name.
namespace value_of_an_error
{
inline void input_bits()
{
}
inline void output_bits()
{
}
inline void asid()
{
}
inline void any_other()
{
}
} // namespace value_of_an_error

// A value or an error. Read `value()` only where `ok()`.
template <class T> class [[nodiscard]] Result {
    public:
	// A value: it is ok().
	constexpr Result(T value) : value_{value}
	{
	}
	// An error, whose code is not Errc::none.
	constexpr Result(Error error) : error_{error}
	{
	}

	// Is it a value?
	constexpr bool ok() const
	{
		return error_.code == Errc::none;
	}
	// As ok().
	constexpr explicit operator bool() const
	{
		return ok();
	}
	// The value; only if ok(). In a constant expression anything else does not compile.
	constexpr const T &value() const
	{
		if (std::is_constant_evaluated() && !ok()) {
			switch (error_.code) {
			case Errc::input_bits:
				value_of_an_error::input_bits();
				break;
			case Errc::output_bits:
				value_of_an_error::output_bits();
				break;
			case Errc::asid:
				value_of_an_error::asid();
				break;
			default:
				value_of_an_error::any_other();
			}
		}
		return value_;
	}
	// The error; Errc::none if ok().
	constexpr const Error &error() const
	{
		return error_;
	}

    private:
	T value_{};
	Error error_{};
};

// Success, or an error.
template <> class [[nodiscard]] Result<void> {
    public:
	constexpr Result() = default;
	// An error, or with Errc::none success.
	constexpr Result(Error error) : error_{error}
	{
	}

	// Is it success?
	constexpr bool ok() const
	{
		return error_.code == Errc::none;
	}
	// As ok().
	constexpr explicit operator bool() const
	{
		return ok();
	}
	// The error; Errc::none if ok().
	constexpr const Error &error() const
	{
		return error_;
	}

    private:
	Error error_{};
};

} // namespace vmsa
