// SPDX-License-Identifier: GPL-2.0-only
// Names: TableMemory
#include "vmsa/vmsa.hpp"

using namespace vmsa;

struct Memory {
	Descriptor *allocate(size_t);
	Pa physical(Descriptor *);
	Descriptor *pointer(Pa);
};

Memory memory;
Tree<Stage2_4K, Memory> tree{memory};
