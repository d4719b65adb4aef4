// SPDX-License-Identifier: GPL-2.0-only
//
// What a TLBI instruction removes, read from its encoding and its operand by the tables of the Arm ARM
// (C5.1.3, C5.5): the other direction of vmsa/tlbi.hpp, of which it uses nothing but the names.
#pragma once

#include "vmsa/tlbi.hpp"

namespace support
{

enum class TlbiForm : uint8_t { everything, one_asid, address, range };

struct TlbiMeaning {
	vmsa::Tlbi op;
	uint8_t op1;
	uint8_t crm;
	uint8_t op2;
	TlbiForm form;
	bool asid; // the operand names an ASID
	bool last_level; // walk caches stay
};

inline constexpr TlbiMeaning tlbi_meanings[] = {
	{vmsa::Tlbi::vmalle1is, 0, 3, 0, TlbiForm::everything, false, false},
	{vmsa::Tlbi::vae1is, 0, 3, 1, TlbiForm::address, true, false},
	{vmsa::Tlbi::aside1is, 0, 3, 2, TlbiForm::one_asid, true, false},
	{vmsa::Tlbi::vaae1is, 0, 3, 3, TlbiForm::address, false, false},
	{vmsa::Tlbi::vale1is, 0, 3, 5, TlbiForm::address, true, true},
	{vmsa::Tlbi::vaale1is, 0, 3, 7, TlbiForm::address, false, true},
	{vmsa::Tlbi::rvae1is, 0, 2, 1, TlbiForm::range, true, false},
	{vmsa::Tlbi::rvaae1is, 0, 2, 3, TlbiForm::range, false, false},
	{vmsa::Tlbi::rvale1is, 0, 2, 5, TlbiForm::range, true, true},
	{vmsa::Tlbi::rvaale1is, 0, 2, 7, TlbiForm::range, false, true},
	{vmsa::Tlbi::ipas2e1is, 4, 0, 1, TlbiForm::address, false, false},
	{vmsa::Tlbi::ripas2e1is, 4, 0, 2, TlbiForm::range, false, false},
	{vmsa::Tlbi::ipas2le1is, 4, 0, 5, TlbiForm::address, false, true},
	{vmsa::Tlbi::ripas2le1is, 4, 0, 6, TlbiForm::range, false, true},
	{vmsa::Tlbi::rvae2is, 4, 2, 1, TlbiForm::range, true, false},
	{vmsa::Tlbi::rvale2is, 4, 2, 5, TlbiForm::range, true, true},
	{vmsa::Tlbi::alle2is, 4, 3, 0, TlbiForm::everything, false, false},
	{vmsa::Tlbi::vae2is, 4, 3, 1, TlbiForm::address, true, false},
	{vmsa::Tlbi::alle1is, 4, 3, 4, TlbiForm::everything, false, false},
	{vmsa::Tlbi::vale2is, 4, 3, 5, TlbiForm::address, true, true},
	{vmsa::Tlbi::vmalls12e1is, 4, 3, 6, TlbiForm::everything, false, false},
	{vmsa::Tlbi::rvae3is, 6, 2, 1, TlbiForm::range, false, false},
	{vmsa::Tlbi::rvale3is, 6, 2, 5, TlbiForm::range, false, true},
	{vmsa::Tlbi::alle3is, 6, 3, 0, TlbiForm::everything, false, false},
	{vmsa::Tlbi::vae3is, 6, 3, 1, TlbiForm::address, false, false},
	{vmsa::Tlbi::vale3is, 6, 3, 5, TlbiForm::address, false, true},
};

// Null when there is no such instruction.
constexpr const TlbiMeaning *tlbi_meaning(vmsa::Tlbi op)
{
	for (const TlbiMeaning &m : tlbi_meanings) {
		if (m.op == op)
			return &m;
	}
	return nullptr;
}

template <class Format> struct TlbiTarget {
	using Input = typename Format::Input;

	vmsa::Region<Input> region; // of the named address: one byte
	vmsa::Level level; // the hint, or unknown_level
	unsigned asid; // the field, whatever it means
	bool reserved; // a bit that has to be 0 is not, or a code means nothing
};

// Addresses are those of a regime's range: the field's top bit stands for all above it.
template <class Format> class TlbiReader {
	using Input = typename Format::Input;
	using Granule = typename Format::Granule;
	using Target = TlbiTarget<Format>;

	static constexpr bool is_ipa = vmsa::Stage2Tag<typename Format::Stage>;
	static constexpr unsigned granule = Granule::page_shift == 12	? 1
					    : Granule::page_shift == 14 ? 2
									: 3;

	static constexpr uint64_t sign_extend(uint64_t value, unsigned bits)
	{
		return !is_ipa && (value >> (bits - 1) & 1) ? value | ~vmsa::low_bits(bits) : value;
	}

	static constexpr uint64_t field(uint64_t from, unsigned high, unsigned low)
	{
		return (from >> low) & vmsa::low_bits(high - low + 1);
	}

    public:
	static constexpr Target address(uint64_t operand)
	{
		const unsigned top = is_ipa ? 39 : 43;
		const unsigned ttl = static_cast<unsigned>(field(operand, 47, 44));
		const Input at{sign_extend(field(operand, top, 0) << 12, top + 13)};

		return {{at, 1},
			(ttl >> 2) ? static_cast<vmsa::Level>(ttl & 3) : vmsa::unknown_level,
			static_cast<unsigned>(field(operand, 63, 48)),
			((ttl >> 2) && (ttl >> 2) != granule) || (!(ttl >> 2) && ttl) ||
				(is_ipa && field(operand, 43, 40))};
	}

	static constexpr Target range(uint64_t operand)
	{
		const unsigned shift = Format::lpa2 ? 16 : Granule::page_shift;
		const unsigned ttl = static_cast<unsigned>(field(operand, 38, 37));
		const Input first{sign_extend(field(operand, 36, 0) << shift, shift + 37)};
		const uint64_t pages = (field(operand, 43, 39) + 1)
				       << (5 * field(operand, 45, 44) + 1);

		return {{first, pages * Granule::page_size},
			ttl ? static_cast<vmsa::Level>(ttl) : vmsa::unknown_level,
			static_cast<unsigned>(field(operand, 63, 48)),
			field(operand, 47, 46) != granule};
	}
};

} // namespace support
