// SPDX-License-Identifier: GPL-2.0-only
// Names: PageGranule
#include "vmsa/vmsa.hpp"

using namespace vmsa;

TablePool<Stage2> pages{nullptr, 0};
