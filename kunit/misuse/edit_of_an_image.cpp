// SPDX-License-Identifier: GPL-2.0-only
// Names: TreeChange
#include "vmsa/vmsa.hpp"

using namespace vmsa;

Image<Stage2_4K> image{{}};
const Region<Ipa> region{Ipa{0}, 4096};

auto done = image.edit([](auto &) { return Result<void>{}; });
