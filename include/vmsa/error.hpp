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
	empty, // a region of no bytes
	backwards, // a region whose last address comes before its first, or of more than 2^63 bytes
	wrapping, // a region that runs past 2^64
	unaligned_input, // the region does not start and end on a page
	beyond_input, // the region leaves the input address space
	unaligned_output, // the output address is not on a page
	beyond_output, // the output leaves the physical address space
	reserved_attributes, // a number that no encoding stands for: MemoryType 9, Shareability 1
	forbidden_attributes, // attributes that contradict each other: executable Device memory, ...
	overlap, // something is mapped there already
	not_mapped, // nothing is mapped there
	no_memory, // no page for a table
	needs_break, // a live change that takes break-before-make, which the caller refused
	input_bits, // no geometry has that many input address bits
	asid, // the ASID or VMID is wider than the machine's
	output_bits, // the machine has fewer physical address bits than the geometry needs
	unaligned_base, // an image is not aligned to its root
	stray_table, // a table descriptor leads to no table of its own
	annotated, // nothing is mapped there, but an annotation stands there, and not that asked for
	not_annotated, // no annotation stands there
	forbidden_annotation, // 0, or more than 63 bits: no annotation
	bad_limit, // MapLimits::largest is below the last level: no leaf could be
	bad_rule, // the rule answered with less than a page
	reserved_entry, // of adopted tables: an entry that is valid, and neither a table nor a leaf
	regime, // HCR_EL2.E2H says that EL2 has another regime
	torn_group, // of adopted tables: a leaf with the contiguous hint that its group does not fit to
	no_feature, // the machine has not what the map asks for: a Feature (features.hpp)
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

// Who reads the value of an error in a constant expression gets here, which the compiler cannot: it shows the
// name.
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
