// SPDX-License-Identifier: GPL-2.0-only
// Names: TlbSink
#include "vmsa/vmsa.hpp"

using namespace vmsa;

struct Tlb {
	void invalidate(Region<Ipa>, Level, bool);
};

TablePool<Granule4K> pages{nullptr, 0};
Tlb tlb;
Mapping<Stage2_4K, TablePool<Granule4K>, Tlb> guest{pages, tlb};
