// SPDX-License-Identifier: GPL-2.0-only
#include "shape.hpp"

namespace formats
{

namespace
{

constexpr vmsa::Field t0sz{5, 0}, sl0{7, 6}, tg0{15, 14}, ps{18, 16}, ds{32, 32}, sl2{33, 33};

// SL0 counts start levels upward, from a level that differs by granule; SL2 is for level -1.
vmsa::Level start_level(uint64_t vtcr, unsigned page_shift)
{
	const int base = page_shift == 12 ? 2 : 3;

	if (page_shift == 12 && ds.get(vtcr) && sl2.get(vtcr))
		return -1;
	// 0b11 is level 3 with the 4K granule, which needs FEAT_TTST.
	if (page_shift == 12 && sl0.get(vtcr) == 3)
		return 3;
	return base - static_cast<int>(sl0.get(vtcr));
}

} // namespace

Shape shape_of_vtcr(uint64_t vtcr)
{
	constexpr unsigned page_shifts[] = {12, 16, 14, 0};
	const unsigned page_shift = page_shifts[tg0.get(vtcr)];

	if (!page_shift)
		return {{}, {}, "VTCR_EL2.TG0 is 0b11, which is reserved"};

	const bool wide = page_shift == 16 ? ps.get(vtcr) >= 6 : ds.get(vtcr) != 0;
	const Format format{Stage::stage2, page_shift, wide ? 52u : 48u};
	const auto bits = static_cast<unsigned>(64 - t0sz.get(vtcr));
	const auto output_bits = vmsa::usable_output_bits(
		vmsa::pa_bits_of(static_cast<unsigned>(ps.get(vtcr))), format.output_bits);
	const vmsa::Level start = start_level(vtcr, page_shift);
	const unsigned table = page_shift - 3; // bits that one table resolves
	const auto text = [](auto n) {
		return std::to_string(n);
	};

	if (bits > format.output_bits)
		return {{},
			{},
			text(bits) + " input address bits, and this format has " +
				text(format.output_bits)};
	if (start < (page_shift == 16 ? 1 : page_shift == 12 && wide ? -1 : 0))
		return {{}, {}, "no walk can start at level " + text(start) + " with this granule"};

	const unsigned shift = shift_of(format, start);

	if (bits <= shift || bits > shift + table + vmsa::max_concatenated_bits)
		return {{},
			{},
			text(bits) +
				" input address bits do not fit a walk that starts at "
				"level " +
				text(start)};
	return {format,
		{bits, output_bits, start, bits > shift + table ? 1u << (bits - shift - table) : 1},
		{}};
}

} // namespace formats
