// SPDX-License-Identifier: GPL-2.0-only
//
// The geometry of a format on a machine that has everything.
#pragma once

#include "vmsa/format_stage1.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/geometry.hpp"

namespace support
{

// The shape of a tree of this format, for a machine with all the output bits there are.
template <class F>
constexpr vmsa::Result<vmsa::Geometry> geometry_of(unsigned input_bits,
						   vmsa::Range range = vmsa::Range::lower)
{
	if constexpr (vmsa::Stage1Regime<typename F::Stage>)
		return vmsa::stage1_geometry<typename F::Granule, F::output_bits>(
			input_bits, F::output_bits, range);
	else
		return vmsa::stage2_geometry<typename F::Granule, F::output_bits>(input_bits,
										  F::output_bits);
}

} // namespace support
