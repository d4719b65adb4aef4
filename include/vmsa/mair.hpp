// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Mair: what the indices of stage 1 leaves mean where MAIR is not ours: on a machine whose MAIR stays as it is, and in
// tables that others made. A leaf holds an index; the type of its memory is the byte of MAIR that stands there.
//
//   const Mair mair{read_mair_el1()};
//
//   map.map(region, mair.encode(normal | rw));               // the index of Normal Write-Back memory there
//   mair.decode(map.translate(va).value().attributes())      // .memory is the type, .index where it stands
//   map.rules().mair = mair;                                 // for protect and modify, which look at the type
//
// Ours (registers.hpp) has an index for each MemoryType, which is its number: nothing has to be said.
#pragma once

#include "vmsa/attributes.hpp"
#include "vmsa/registers.hpp"

#include <concepts>

namespace vmsa
{

class Mair {
    public:
	static constexpr unsigned indices = 8;

	constexpr Mair() = default;
	constexpr explicit Mair(uint64_t value) : value_{value}
	{
	}

	constexpr uint64_t value() const
	{
		return value_;
	}
	constexpr bool is_ours() const
	{
		return value_ == mair_value;
	}

	// `index` is 0 to 7.
	constexpr uint8_t byte(unsigned index) const
	{
		return static_cast<uint8_t>(value_ >> (8 * index));
	}

	// The type of memory at that index; where inner and outer differ the weaker, as it is used. What is reserved
	// is taken for the strictest there is.
	constexpr MemoryType type(unsigned index) const
	{
		const unsigned b = byte(index);
		const unsigned outer = strength(b >> 4);
		const unsigned inner = strength(b & 15);
		const unsigned least = outer < inner ? outer : inner;

		if (b == 0xf0)
			return MemoryType::normal_tagged;
		if (b < 0x10) // bit 0: without the XS attribute
			return (b & 2) ? MemoryType::device_nGnRnE
				       : static_cast<MemoryType>(b >> 2);
		if (b == 0x40) // Non-cacheable, without XS
			return MemoryType::normal_nc;
		if (b == 0xa0) // Write-Through, without XS
			return MemoryType::normal_wt;
		return least == 3   ? MemoryType::normal
		       : least == 2 ? MemoryType::normal_wt
		       : least == 1 ? MemoryType::normal_nc
				    : MemoryType::device_nGnRnE;
	}

	// Where that type stands: the byte that ours has for it or, where there is none, the first of that type. 8
	// where this MAIR has no such memory: Format::check refuses it with reserved_attributes.
	constexpr unsigned index(MemoryType type) const
	{
		const uint8_t wanted = Mair{}.byte(static_cast<unsigned>(type) & 7);
		unsigned i = 0;

		while (i < indices && byte(i) != wanted)
			i++;
		if (i < indices)
			return i;
		i = 0;
		while (i < indices && this->type(i) != type)
			i++;
		return i;
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
	template <std::same_as<Stage2Attributes> A> constexpr A decode(A a) const
	{
		return a;
	}

    private:
	// Of four bits, inner or outer: 3 Write-Back, 2 Write-Through, 1 Non-cacheable, 0 none of these.
	static constexpr unsigned strength(unsigned nibble)
	{
		return nibble == 4   ? 1
		       : nibble < 4  ? (nibble ? 2 : 0)
		       : nibble < 8  ? 3
		       : nibble < 12 ? 2
				     : 3;
	}

	uint64_t value_ = mair_value;
};

static_assert(Mair{}.type(6) == MemoryType::normal && Mair{}.index(MemoryType::normal_nc) == 4);

} // namespace vmsa
