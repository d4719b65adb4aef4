// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Mair: the meaning of the indices in stage 1 leaves, if MAIR is not the library's: on a machine whose MAIR must not
// change, and in tables that others made. A leaf has an index, and the byte of MAIR at that index is its memory type.
//
//   const Mair mair{read_mair_el1()};
//
//   map.rules().mair = mair;                                 // or MapConfig::mair
//   map.map(region, rule, normal | rw);                      // the index of Normal Write-Back memory there
//   mair.decode(map.translate(va).value().attributes())      // .memory is the type, .index where it stands
//
// In the library's MAIR (registers.hpp) the index is the number of the MemoryType, so you need no Mair.
#pragma once

#include "vmsa/attributes.hpp"
#include "vmsa/registers.hpp"

#include <concepts>

namespace vmsa
{

// A value of MAIR_ELx, and what its indices mean.
class Mair {
    public:
	static constexpr unsigned indices = 8; // 0 to 7

	constexpr Mair() = default;
	// The value of the register.
	constexpr explicit Mair(uint64_t value) : value_{value}
	{
	}

	// The value of the register.
	constexpr uint64_t value() const
	{
		return value_;
	}
	// Is it mair_value, whose index is the number of the MemoryType?
	constexpr bool is_ours() const
	{
		return value_ == mair_value;
	}

	// `index` is 0 to 7.
	constexpr uint8_t byte(unsigned index) const
	{
		return static_cast<uint8_t>(value_ >> (8 * index));
	}

	// The memory type at that index. If inner and outer differ it is the weaker one, because that is how it is
	// used. A reserved value counts as the strictest type.
	constexpr MemoryType type(unsigned index) const
	{
		const unsigned b = byte(index);
		const unsigned outer = strength(b >> 4);
		const bool is_one = b == 0x40 || b == 0xa0 || b == 0xf0; // without XS, and tagged
		const unsigned inner = is_one ? outer : strength(b & 15);
		const unsigned least = outer < inner ? outer : inner;

		if (b < 0x10) // bit 0: without the XS attribute
			return (b & 2) ? MemoryType::device_nGnRnE
				       : static_cast<MemoryType>(b >> 2);
		if (!least)
			return MemoryType::device_nGnRnE;
		return static_cast<MemoryType>(least + 3 + (b == 0xf0));
	}

	// The index of that type: of the byte that the library's MAIR has for it, or else of the first byte of that
	// type. 8 if this MAIR has no such type; Format::check then refuses it with reserved_attributes.
	constexpr unsigned index(MemoryType type) const
	{
		const uint8_t ours = Mair{}.byte(static_cast<unsigned>(type) & 7);
		unsigned found = indices;
		bool is_ours = false;

		for (unsigned i = indices; i--;) {
			if (byte(i) == ours || (!is_ours && this->type(i) == type)) {
				found = i;
				is_ours |= byte(i) == ours;
			}
		}
		return found;
	}

	// By the type of memory, the index.
	constexpr Stage1Attributes encode(Stage1Attributes a) const
	{
		if (!is_ours())
			a.index = static_cast<uint8_t>(index(a.memory));
		return a;
	}

	// By the index, as a format has it of a leaf, the type of memory.
	constexpr Stage1Attributes decode(Stage1Attributes a) const
	{
		if (is_ours())
			return a;
		if (a.index == index_of_type)
			a.index = static_cast<uint8_t>(a.memory) & 7;
		a.memory = type(a.index);
		return a;
	}

	// Stage 2 has its types in its descriptors.
	template <std::same_as<Stage2Attributes> A> constexpr A encode(A a) const
	{
		return a;
	}
	// As encode: nothing to do.
	template <std::same_as<Stage2Attributes> A> constexpr A decode(A a) const
	{
		return a;
	}

    private:
	// Of four bits, inner or outer: 3 Write-Back, 2 Write-Through, 1 Non-cacheable, 0 none of these.
	static constexpr unsigned strength(unsigned nibble)
	{
		constexpr uint32_t strengths = [] {
			uint32_t all = 0;

			for (unsigned n = 1; n < 16; n++)
				all |= (n == 4 ? 1u : (n & 4) ? 3u : 2u) << (2 * n);
			return all;
		}();

		return strengths >> (2 * nibble) & 3;
	}

	uint64_t value_ = mair_value;
};

static_assert(static_cast<unsigned>(MemoryType::normal_nc) == 4 &&
	      static_cast<unsigned>(MemoryType::normal_tagged) == 7);
static_assert(Mair{}.type(6) == MemoryType::normal && Mair{}.index(MemoryType::normal_nc) == 4);

} // namespace vmsa
