// SPDX-License-Identifier: GPL-2.0-only
//
// The stage 2 formats that guests can have. Whatever is compiled for each is told so by this list alone.
#pragma once

#include "vmsa/format_stage2.hpp"

namespace stage2
{

// Granule and bits of output. With 52 bits the 4K and 16K granules have another descriptor (LPA2), so 48 are used
// where they will do.
template <class Granule, unsigned Bits>
using Stage2Format = vmsa::Format<vmsa::Stage2, Granule, Bits>;

// X(granule, bits)
#define STAGE2_FORMATS(X)                                                                          \
	X(vmsa::Granule4K, 48)                                                                     \
	X(vmsa::Granule4K, 52)                                                                     \
	X(vmsa::Granule16K, 48)                                                                    \
	X(vmsa::Granule16K, 52)                                                                    \
	X(vmsa::Granule64K, 48)                                                                    \
	X(vmsa::Granule64K, 52)

} // namespace stage2
