// SPDX-License-Identifier: GPL-2.0-only
// Names: TableOwner
#include "vmsa/vmsa.hpp"

using namespace vmsa;

TablePool<Granule4K> pages{nullptr, 0};
NoTlb nobody;
Mapping<Stage2_4K, TablePool<Granule4K>, NoTlb> guest{pages, nobody};

auto done = guest.adopt(Pa{0}, Geometry{}, [](int) { return true; });
