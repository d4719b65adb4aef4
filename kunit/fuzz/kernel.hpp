// SPDX-License-Identifier: GPL-2.0-only
//
// What the seam of the module (module/kernel/kernel.h) leads to in a fuzzer: a small machine that is told what fails,
// and what guests do. It objects to a lock taken twice or left, and to memory that is lost.
#pragma once

#include "walker.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

// The seam knows the type by name only.
struct seq_file {
	std::string text;
};

namespace fuzz
{

struct Kernel {
	// The folders below guests/.
	std::map<std::string, stage2_guest *, std::less<>> folders;
	// How guests leave, and what their threads find outside: until it is over.
	Input hardware{nullptr, 0};
	// The allocation that fails, counted from 0 and from now on; never, where there is less.
	size_t fail_in = never;
	// Who asks is killed when that has been asked so often, until the request is over; and was it told?
	size_t killed_in = never;
	bool was_killed = false;
	size_t allocated = 0;
	size_t locked = 0;
	// What other threads do next, a line each, and who does it: while a vCPU is loaded, and its thread has no lock.
	std::vector<std::string_view> beside;
	std::function<void(std::string_view)> obey;
	Walker walker;
	bool at_el2 = true;
	bool far = false; // RAM lies above 2^48, where nobody looks into it

	static constexpr size_t never = ~size_t{0};

	bool fails()
	{
		return fail_in != never && fail_in-- == 0;
	}
	// One of them, if there is any. What was to fail, and whose kill it was, is not its matter.
	void let_others_in();
};

extern Kernel kernel;

} // namespace fuzz
