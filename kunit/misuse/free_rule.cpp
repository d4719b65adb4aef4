// SPDX-License-Identifier: GPL-2.0-only
// Names: OutputRule
#include "vmsa/vmsa.hpp"

using namespace vmsa;

Image<Stage2_4K> image{{}};
const Region<Ipa> region{Ipa{0}, 4096};

auto done = image.edit([](auto &tree, auto &batch) -> Result<void> {
	return map(tree, batch, region, Pa{0}, normal | rw);
});
