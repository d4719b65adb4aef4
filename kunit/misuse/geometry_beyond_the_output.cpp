// SPDX-License-Identifier: GPL-2.0-only
// Names: output_bits
#include "vmsa/vmsa.hpp"

using namespace vmsa;

constexpr Geometry shape = stage2_geometry<Granule4K>(40, 36).value();
