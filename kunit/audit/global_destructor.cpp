// SPDX-License-Identifier: GPL-2.0-only
// test: audit refuses a global destructor
// flags: -mgeneral-regs-only
// expect gcc: guests::registry: a global destructor (in .fini_array), .* trivially destructible
// expect clang: _GLOBAL__sub_I_global_destructor.cpp: a global constructor (in .init_array), .* trivially destructible
// expect clang: _GLOBAL__sub_I_global_destructor.cpp: needs atexit: there is no process to end
void count_down(unsigned long *value);

namespace guests
{

struct Registry {
	unsigned long count = 1;
	constexpr Registry() = default;
	~Registry()
	{
		count_down(&count);
	}
};

constinit Registry registry;

} // namespace guests
