// SPDX-License-Identifier: GPL-2.0-only
// Names: OutputRule
#include "vmsa/vmsa.hpp"

using namespace vmsa;

TablePool<Granule4K> pages{nullptr, 0};
LiveMap<Stage2, Granule4K, Linear<Va>> ours{pages, {}};
