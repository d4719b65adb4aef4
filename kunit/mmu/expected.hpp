// SPDX-License-Identifier: GPL-2.0-only
//
// What PAR_EL1 should say, if the MMU and the library agree (Arm ARM D19.2.112). Here, unlike in
// the library, encodings stand as literal numbers: a judge does not borrow from the accused.
//
//   success   63      56 55  52 51                  12   9  8 7      0
//            +----------+------+----------------------+--+----+-----+-+
//            |   ATTR   |      |          PA          |NS| SH |     |0|
//            +----------+------+----------------------+--+----+-----+-+
//   fault                                               9   8   6   1
//            +----------------------------------------+--+---+-----+-+
//            |                                        | S|PTW| FST |1|
//            +----------------------------------------+--+---+-----+-+
#pragma once

#include "hardware.hpp"
#include "vmsa/tree.hpp"

namespace mmu
{

struct Expected {
	uint64_t value;
	uint64_t mask; // the bits that are judged

	constexpr bool agrees(uint64_t par) const
	{
		return ((par ^ value) & mask) == 0;
	}
};

enum class Fault : uint8_t {
	translation = 0b000100,
	access_flag = 0b001000,
	permission = 0b001100
};

constexpr Expected expect_fault(Fault fault, vmsa::Level level, bool stage2)
{
	const uint64_t status = level < 0 ? 0b101011 : // translation, at level -1
					static_cast<uint64_t>(fault) | uint64_t(level);

	return {uint64_t{stage2} << 9 | status << 1 | 1, 0x37f};
}

constexpr Expected expect_success(uint64_t pa, vmsa::MemoryType memory, vmsa::Shareability sh)
{
	constexpr uint8_t attr[] = {0x00, 0x04, 0x08, 0x0c, 0x44, 0xbb, 0xff};
	const auto type = static_cast<unsigned>(memory);
	const uint64_t mask = 0xff0f'ffff'ffff'f001;

	// Device and Non-cacheable memory is Outer Shareable, whatever the leaf says; some QEMUs say
	// so in PAR_EL1, some repeat the leaf.
	return {uint64_t{attr[type]} << 56 | (pa & 0x000f'ffff'ffff'f000) |
			static_cast<uint64_t>(sh) << 7,
		type <= 4 ? mask : mask | 0x180};
}

// May the question's access be made? At stage 1, what can be read is what the level can reach.
constexpr bool permits(const vmsa::Stage1Access &a, Question q)
{
	return (!q.el0 || a.el0) && (!q.write || a.write);
}

constexpr bool permits(const vmsa::Access &a, Question q)
{
	return q.write ? a.write : a.read;
}

template <class Format>
constexpr Expected expect(const vmsa::Translation<Format> &t, Question q, World world)
{
	constexpr bool stage2 = vmsa::Stage2Tag<typename Format::Stage>;
	const auto a = t.attributes();

	if (!a.accessed)
		return expect_fault(Fault::access_flag, t.level, stage2);
	if (!permits(a.access, q))
		return expect_fault(Fault::permission, t.level, stage2);

	Expected e = expect_success(t.pa.raw(), a.memory, a.shareability);

	// FWB: stage 2 overrules stage 1, but Non-cacheable does not make Normal what stage 1 wants
	// to be Device. Whose shareability it then has is not judged.
	if (world == World::non_secure_device) {
		if (a.memory == vmsa::nc)
			e = expect_success(t.pa.raw(), vmsa::MemoryType::device_nGnRnE,
					   a.shareability);
		e.mask &= ~uint64_t{0x180};
	}
	if constexpr (!stage2) {
		// PAR.NS means something in Secure state only.
		if (world == World::secure) {
			e.value |= uint64_t{a.non_secure} << 9;
			e.mask |= vmsa::bit(9);
		}
	}
	return e;
}

} // namespace mmu
