// SPDX-License-Identifier: GPL-2.0-only
// Names: PageGranule
#include "vmsa/vmsa.hpp"

using namespace vmsa;

auto shape = stage1_geometry<int>(39, 40);
