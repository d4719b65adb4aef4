// SPDX-License-Identifier: GPL-2.0-only
//
// Faults that are planted in a copy of the library, all of them in one program (scripts/planting.py): PLANTED=n
// in the environment chooses the one that acts. REACHED names a file that is told, at the end, which of them
// could have acted. Included ahead of everything, so that the library need not know.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace planted_faults
{

inline unsigned number_from_environment()
{
	const char *text = std::getenv("PLANTED");

	return text ? static_cast<unsigned>(std::atoi(text)) : 0;
}

inline const unsigned active = number_from_environment();

struct Reached {
	static constexpr unsigned most = 4096;

	bool fault[most] = {};

	~Reached()
	{
		const char *name = std::getenv("REACHED");
		std::FILE *file = name ? std::fopen(name, "w") : nullptr;

		if (!file)
			return;
		for (unsigned i = 0; i < most; i++) {
			if (fault[i])
				std::fprintf(file, "%u\n", i);
		}
		std::fclose(file);
	}
};

inline Reached reached;

} // namespace planted_faults

// Does fault `n` act? Never where the compiler evaluates.
constexpr bool planted(unsigned n)
{
	if (__builtin_is_constant_evaluated())
		return false;
	planted_faults::reached.fault[n] = true;
	return planted_faults::active == n;
}
