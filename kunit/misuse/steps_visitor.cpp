// SPDX-License-Identifier: GPL-2.0-only
// Names: StepVisitor
#include "vmsa/vmsa.hpp"

using namespace vmsa;

TablePool<Granule4K> pages{nullptr, 0};
NoTlb nobody;
Mapping<Stage2_4K, TablePool<Granule4K>, NoTlb> guest{pages, nobody};
const Region<Ipa> region{Ipa{0}, 4096};

void print()
{
	guest.tree().steps(Ipa{0}, [](Level) {});
}
