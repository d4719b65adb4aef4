// SPDX-License-Identifier: GPL-2.0-only
//
// Draw: what the random tests map: outputs in pieces, and any attributes that a format can say, some of
// which no mapping may have.
#pragma once

#include "support/random.hpp"
#include "vmsa/format_stage1.hpp"
#include "vmsa/map.hpp"

namespace support
{

// Output in pieces of `bytes`, in no order; one piece only when `bytes` is as large as the window.
template <class F> struct Pieces {
	typename F::Input origin;
	uint64_t bytes;
	uint64_t seed;
	uint64_t offset; // of the output, to be out of step with the input

	vmsa::Extent operator()(typename F::Input input) const
	{
		const uint64_t piece = (input - origin) / bytes;
		const uint64_t within = (input - origin) % bytes;
		const uint64_t base =
			mix(seed + piece) & vmsa::low_bits(F::output_bits - 2) & ~(bytes - 1);

		return {vmsa::Pa{base + offset + within}, bytes - within};
	}
};

template <class F> typename F::Attributes draw_attributes(Random &random)
{
	using vmsa::Execute;
	using vmsa::MemoryType;
	constexpr MemoryType types[] = {MemoryType::normal,	   MemoryType::normal,
					MemoryType::normal,	   MemoryType::normal_nc,
					MemoryType::device_nGnRnE, MemoryType::device_GRE};
	typename F::Attributes a{.memory = types[random.below(6)]};

	if (!F::lpa2 && !random.one_in(3))
		a.shareability = vmsa::Shareability::outer;
	a.accessed = random.one_in(2);
	a.dbm = random.one_in(2);
	a.software = static_cast<uint8_t>(random.below(8));
	a.access.read = true;
	a.access.write = random.one_in(2);
	if constexpr (requires { a.access.el0; }) {
		a.access.execute = random.one_in(4);
		a.guarded = random.one_in(4);
		if (F::Stage::has_el0) {
			a.access.el0 = random.one_in(2);
			a.access.el0_execute = random.one_in(4);
			a.global = random.one_in(2);
		}
	} else {
		a.access.read = !random.one_in(4);
		a.access.execute =
			random.one_in(2) ? Execute::none : static_cast<Execute>(random.below(4));
	}
	return a;
}

// What is executable is not Device memory, and at stage 2 not Non-cacheable either. The privileged
// level executes nothing that EL0 may write, or may once hardware found it clean.
inline bool is_forbidden(const vmsa::Stage1Attributes &a)
{
	const bool el0_writes = a.access.el0 && (a.access.write || a.dbm);

	return (vmsa::is_device(a.memory) && (a.access.execute || a.access.el0_execute)) ||
	       (a.access.execute && el0_writes);
}

inline bool is_forbidden(const vmsa::Stage2Attributes &a)
{
	return a.memory <= vmsa::MemoryType::normal_nc && a.access.execute != vmsa::Execute::none;
}

} // namespace support
