// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses a global constructor
// flags: -mgeneral-regs-only
// expect: guests::registry: a global constructor (in .init_array), .* make the object constinit
unsigned long read_counter();

namespace guests
{

struct Registry {
	unsigned long born;
	Registry() : born(read_counter())
	{
	}
};

Registry registry;

} // namespace guests
