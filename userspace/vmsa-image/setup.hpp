// SPDX-License-Identifier: GPL-2.0-only
//
// The first line of a description, which says whose tables they are:
//
//   stage=1 regime=el1and0 granule=4K bits=39 output_bits=40 base=0x40000000
//
// with_format() goes from there to the library's types, once.
#pragma once

#include "words.hpp"

#include "formats/formats.hpp"

#include "vmsa/geometry.hpp"

namespace vmsa_image
{

using formats::Stage;

struct Setup {
	explicit Setup(Line line);

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

// use.template operator()<Format>(geometry). Throws a Complaint when there is no such geometry.
template <class Use> auto with_format(const Setup &setup, const Use &use)
{
	return formats::with_format(
		{setup.stage, setup.page_shift, setup.output_bits}, [&]<class F>() {
			vmsa::Result<vmsa::Geometry> geometry = vmsa::Geometry{};

			if constexpr (vmsa::Stage2Tag<typename F::Stage>)
				geometry =
					vmsa::stage2_geometry<typename F::Granule, F::output_bits>(
						setup.bits, setup.output_bits);
			else
				geometry =
					vmsa::stage1_geometry<typename F::Granule, F::output_bits>(
						setup.bits, setup.output_bits, setup.range);
			if (!geometry)
				complain(setup, geometry.error());
			return use.template operator()<F>(geometry.value());
		});
}

} // namespace vmsa_image
