// SPDX-License-Identifier: GPL-2.0-only
// Names: EntryVisitor
#include "vmsa/vmsa.hpp"

using namespace vmsa;

TablePool<Granule4K> pages{nullptr, 0};
IdMap<El1And0, Granule4K> ours{pages, {}};
const Region<Va> region{Va{0}, 4096};

auto done = ours.walk(region, [](Va) {});
