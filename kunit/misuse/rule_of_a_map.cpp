// SPDX-License-Identifier: GPL-2.0-only
// Names: OutputRule
#include "vmsa/vmsa.hpp"

using namespace vmsa;

TablePool<Granule4K> pages{nullptr, 0};
LiveMap<El1And0, Granule4K, Pa> ours{pages, {}};
