// SPDX-License-Identifier: GPL-2.0-only
//
// The first line of a description, which says whose tables they are:
//
//   stage=1 regime=el1and0 granule=4K bits=39 output_bits=40 base=0x40000000
//
// with_format() goes from there to the library's types, once.
#pragma once

#include "words.hpp"

#include "vmsa/format_stage1.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/geometry.hpp"

namespace vmsa_image
{

enum class Stage { el1and0, el2and0, el2, el3, stage2, stage2_fwb };

struct Setup {
	explicit Setup(Line line);

	bool is_stage2() const
	{
		return stage == Stage::stage2 || stage == Stage::stage2_fwb;
	}

	Words words; // for complaints
	Stage stage;
	unsigned page_shift;
	unsigned bits;
	unsigned output_bits;
	vmsa::Range range;
	vmsa::Pa base;
};

// Throws a Complaint about the word that is to blame.
[[noreturn]] void complain(const Setup &setup, const vmsa::Error &error);

template <class S, class G, unsigned OutputBits, class Use>
auto with_geometry(const Setup &setup, const Use &use)
{
	vmsa::Result<vmsa::Geometry> geometry = vmsa::Geometry{};

	if constexpr (vmsa::Stage2Tag<S>)
		geometry = vmsa::stage2_geometry<G, OutputBits>(setup.bits, setup.output_bits);
	else
		geometry = vmsa::stage1_geometry<G, OutputBits>(setup.bits, setup.output_bits,
								setup.range);
	if (!geometry)
		complain(setup, geometry.error());
	return use.template operator()<vmsa::Format<S, G, OutputBits>>(geometry.value());
}

template <class G, unsigned OutputBits, class Use>
auto with_stage(const Setup &setup, const Use &use)
{
	switch (setup.stage) {
	case Stage::el1and0:
		return with_geometry<vmsa::El1And0, G, OutputBits>(setup, use);
	case Stage::el2and0:
		return with_geometry<vmsa::El2And0, G, OutputBits>(setup, use);
	case Stage::el2:
		return with_geometry<vmsa::El2, G, OutputBits>(setup, use);
	case Stage::el3:
		return with_geometry<vmsa::El3, G, OutputBits>(setup, use);
	case Stage::stage2_fwb:
		return with_geometry<vmsa::Stage2Fwb, G, OutputBits>(setup, use);
	default:
		return with_geometry<vmsa::Stage2, G, OutputBits>(setup, use);
	}
}

// More than 48 bits of output are another format: LPA, LPA2.
template <class G, class Use> auto with_output(const Setup &setup, const Use &use)
{
	return setup.output_bits > 48 ? with_stage<G, 52>(setup, use)
				      : with_stage<G, 48>(setup, use);
}

// use.template operator()<Format>(geometry). Throws a Complaint when there is no such geometry.
template <class Use> auto with_format(const Setup &setup, const Use &use)
{
	switch (setup.page_shift) {
	case 12:
		return with_output<vmsa::Granule4K>(setup, use);
	case 14:
		return with_output<vmsa::Granule16K>(setup, use);
	default:
		return with_output<vmsa::Granule64K>(setup, use);
	}
}

} // namespace vmsa_image
