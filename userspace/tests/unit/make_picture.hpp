// SPDX-License-Identifier: GPL-2.0-only
//
// What the tests of userspace/lib/render share.
#pragma once

#include "make_dump.hpp"

#include "render/render.hpp"

namespace unit
{

inline std::string collected(const auto &write)
{
	std::string all;

	write([&](std::string_view text) { all += text; });
	return all;
}

// A dump with a number of descriptors of the last table changed.
inline dump::Dump changed_demo(const std::function<void(size_t, vmsa::Descriptor &)> &change)
{
	std::string bytes = demo();
	const size_t at = bytes.size() - 4096;

	for (size_t i = 0; i < 512; i++) {
		vmsa::Descriptor d;

		std::memcpy(&d, bytes.data() + at + 8 * i, 8);
		change(i, d);
		std::memcpy(bytes.data() + at + 8 * i, &d, 8);
	}
	return dump::Dump::read(source_of(bytes));
}

} // namespace unit
