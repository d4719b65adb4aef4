// SPDX-License-Identifier: GPL-2.0-only
//
// Words for what stands in a descriptor.
#pragma once

#include "guest/space.hpp"
#include "kernel/kernel.h"

#include "vmsa/vmsa.hpp"

namespace stage2
{

struct Text {
	char chars[40];
};

// "r-x"
Text access_text(const vmsa::Access &access);
// What a guest may do: a leaf that keeps dirty state can be written, whether it was yet or not.
vmsa::Access permitted(const vmsa::Stage2Attributes &attributes);
// " clean", " dirty", or "" where nobody keeps account of it.
const char *dirty_text(const vmsa::Stage2Attributes &attributes);
// "normal", "device-nGnRE"
const char *memory_text(vmsa::MemoryType type);

// One descriptor of the guest's, decoded, without its place:
// "block 2M -> 0x46600000 rw- normal inner-shareable accessed"
void print_descriptor(seq_file *out, const Space &space, vmsa::Descriptor d, vmsa::Level level);

} // namespace stage2
