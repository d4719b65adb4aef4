// SPDX-License-Identifier: GPL-2.0-only
//
// MAIR: eight memory types, a byte each.
#include "fields.hpp"

namespace decode
{

namespace
{

Decoded mair(const char *name, uint64_t value)
{
	Decoded d{name, value, {}, {}};

	for (unsigned i = 8; i-- > 0;) {
		const auto byte = static_cast<unsigned>(get(value, 8 * i + 7, 8 * i));

		d.fields.push_back({8 * i + 7, 8 * i, "Attr" + std::to_string(i), byte,
				    memory_attribute(byte), Field::Kind::named});
	}
	return d;
}

} // namespace

std::string memory_attribute(unsigned byte)
{
	constexpr const char *device[] = {"nGnRnE", "nGnRE", "nGRE", "GRE"};
	const auto cacheability = [](unsigned bits) -> std::string {
		constexpr const char *hints[] = {"", " Write-Allocate", " Read-Allocate",
						 " Read-Allocate Write-Allocate"};

		if (bits == 4)
			return "Non-cacheable";
		return std::string{bits & 4 ? "Write-Back" : "Write-Through"} +
		       (bits & 8 ? "" : " Transient") + hints[bits & 3];
	};
	const unsigned outer = byte >> 4, inner = byte & 15;

	if (outer == 0)
		return (inner & 2) ? "unpredictable"
				   : std::string{"Device-"} + device[inner >> 2] +
					     (inner & 1 ? " without XS" : "");
	if (byte == 0x40)
		return "Normal, Non-cacheable, without XS";
	if (byte == 0xa0)
		return "Normal, Write-Through Read-Allocate, without XS";
	if (byte == 0xe0)
		return "Normal, Tagged, no tag access, Write-Back Read-Allocate Write-Allocate";
	if (byte == 0xf0)
		return "Normal, Tagged, Write-Back Read-Allocate Write-Allocate";
	if (inner == 0)
		return "unpredictable";
	if (outer == inner)
		return "Normal, " + cacheability(outer);
	return "Normal, outer " + cacheability(outer) + ", inner " + cacheability(inner);
}

Decoded mair_el1(uint64_t value, const Context &)
{
	return mair("MAIR_EL1", value);
}

Decoded mair_el2(uint64_t value, const Context &)
{
	return mair("MAIR_EL2", value);
}

Decoded mair_el3(uint64_t value, const Context &)
{
	return mair("MAIR_EL3", value);
}

} // namespace decode
