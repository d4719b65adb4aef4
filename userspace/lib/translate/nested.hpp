// SPDX-License-Identifier: GPL-2.0-only
//
// A walk in two dimensions: stage 1 of a guest, whose tables lie at IPAs, so that each load of one of its
// descriptors is translated by stage 2 first; then the output, too. With four levels on both sides that is
// (4 + 1) * (4 + 1) - 1 = 24 loads.
#pragma once

#include "dump/dump.hpp"
#include "translate/access.hpp"

#include <functional>

namespace translate
{

// Of EL1, as the guest has set them.
struct Registers {
	uint64_t sctlr = 0, tcr = 0, ttbr0 = 0, ttbr1 = 0, mair = 0;
};

struct Stage1 {
	formats::Shape shape; // `wrong`: why there is no walk
	bool upper = false; // by TTBR1
	uint64_t root = 0; // an IPA
	uint64_t input = 0; // the VA without what is no part of the index
};

// Which tree a VA is walked by, and from where.
Stage1 stage1_of(const Registers &registers, uint64_t va);

// One descriptor that is loaded. Of stage 1, `at_ipa` is where it stands, and step.table is that as an IPA.
struct Load {
	int stage;
	dump::Step step;
	uint64_t input; // of stage 2: the IPA that is translated
	uint64_t at_ipa, at_pa;
};

struct Nested {
	Stage1 stage1;
	std::vector<Load> loads;
	std::optional<uint64_t> ipa, pa;
	int level1 = 0, level2 = 0; // of the leaves
	vmsa::Descriptor leaf1 = 0, leaf2 = 0, above1 = 0;
	std::optional<Fault> fault; // why it ended early
};

// Reads a descriptor of the guest's memory at an IPA that is mapped.
using ReadDescriptor = std::function<vmsa::Descriptor(uint64_t ipa)>;

Nested walk(const dump::Dump &stage2, const Registers &registers, uint64_t va,
	    const ReadDescriptor &read);

// Of a walk without a fault: the first stage that refuses.
std::optional<Fault> check(const Nested &nested, uint64_t vtcr, const Registers &registers,
			   const Access &access);

} // namespace translate
