// SPDX-License-Identifier: GPL-2.0-only
//
// The shape of a stage 2 tree, from VTCR_EL2 alone: the inverse of vmsa/vtcr.hpp.
#pragma once

#include "formats/formats.hpp"

#include "vmsa/geometry.hpp"

#include <string>

namespace formats
{

struct Shape {
	Format format;
	vmsa::Geometry geometry;
	std::string wrong; // why there is no such tree; empty when there is
};

// Any start level that the architecture knows, not only the one that this library picks.
Shape shape_of_vtcr(uint64_t vtcr);

// log2 of the bytes that one descriptor of `level` maps.
constexpr unsigned shift_of(const Format &format, vmsa::Level level)
{
	return format.page_shift +
	       static_cast<unsigned>(vmsa::last_level - level) * (format.page_shift - 3);
}

} // namespace formats
