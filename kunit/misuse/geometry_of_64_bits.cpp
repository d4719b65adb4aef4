// SPDX-License-Identifier: GPL-2.0-only
// Names: input_bits
#include "vmsa/vmsa.hpp"

using namespace vmsa;

constexpr Geometry shape = stage1_geometry<Granule4K>(64, 40).value();
