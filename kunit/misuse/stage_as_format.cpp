// SPDX-License-Identifier: GPL-2.0-only
// Names: DescriptorFormat
#include "vmsa/vmsa.hpp"

using namespace vmsa;

TablePool<Granule4K> pages{nullptr, 0};
Tree<Stage2, TablePool<Granule4K>> tree{pages};
