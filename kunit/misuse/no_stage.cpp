// SPDX-License-Identifier: GPL-2.0-only
// Names: TranslationStage
#include "vmsa/vmsa.hpp"

using namespace vmsa;

TablePool<Granule4K> pages{nullptr, 0};
IdMap<Granule4K, Granule4K> ours{pages, {}};
