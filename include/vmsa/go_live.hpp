// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Going live, stage 1: from tables that were written with the MMU off to code that runs on them, in the right order.
//
//   discard_cached(block, sizeof(block));            before the pool: no old cache line overwrites tables
//   TablePool<Granule4K> pages{block, sizeof(block)};
//   IdMap<El2, Granule4K> map{pages, {.va_bits = 39}};
//   map.map(...);
//   if (auto before = go_live(map, block, sizeof(block)); !before)
//           return before.error();                   the MMU is off, as it was
//
// The map must translate the running code, and all that it uses, to where it is: use an IdMap. A kernel in the upper
// half uses such a map for its first steps, and goes live with both: go_live_with(lower, upper, ...).
#pragma once

#include "vmsa/live_map.hpp"

namespace vmsa
{

// SCTLR: what enable_mmu sets. All else in it stays.
inline constexpr uint64_t sctlr_m = bit(0); // the MMU
inline constexpr uint64_t sctlr_c = bit(2); // data and walks through the caches
inline constexpr uint64_t sctlr_i = bit(12); // instructions, too

inline constexpr uint64_t hcr_e2h = bit(34); // HCR_EL2.E2H: EL2 has the regime EL2&0

// The SCTLR of a regime.
template <class Stage>
inline constexpr Register sctlr_of = std::same_as<Stage, El1And0> ? Register::sctlr_el1
				     : std::same_as<Stage, El3>	  ? Register::sctlr_el3
								  : Register::sctlr_el2;

// Cache lines by address, and all of the instruction cache.
template <class C>
concept CacheCpu = Cpu<C> && requires(C &cpu, uintptr_t address)
{
	cpu.dc_ivac(address);
	cpu.ic_iallu();
	cpu.dsb_sy();
	cpu.template read<Register::ctr_el0>();
};

// Removes this memory from the data caches, to the point of coherency, without writing it back. With the MMU off,
// stores bypass the caches. An old line would hide them from the MMU's walks, and a dirty line could be written over
// them. So call it before you make tables, and again before you turn the MMU on. It removes whole lines, so nothing
// else may be in the first and the last line. Cost: an instruction for each line.
template <CacheCpu C = ThisCpu> void discard_cached(const void *memory, size_t bytes, C cpu = {})
{
	constexpr Field data_line{19, 16}; // CTR_EL0.DminLine, of words
	const uintptr_t line = uintptr_t{4}
			       << data_line.get(cpu.template read<Register::ctr_el0>());
	const auto first = reinterpret_cast<uintptr_t>(memory);

	for (uintptr_t at = first & ~(line - 1); at < first + bytes; at += line)
		cpu.dc_ivac(at);
	cpu.dsb_sy();
}

// EL2 has two regimes, and HCR_EL2.E2H chooses. On machines without FEAT_E2H0 the bit is RES1, so they have only
// El2And0. Errors: regime, with HCR_EL2 and what the bit would have to be.
template <class Stage, class C = ThisCpu> Result<void> check_regime(C cpu = {})
{
	constexpr bool el2 = std::same_as<Stage, El2>;

	if constexpr (el2 || std::same_as<Stage, El2And0>) {
		const uint64_t hcr = cpu.template read<Register::hcr_el2>();

		if (el2 == ((hcr & hcr_e2h) != 0))
			return Error{Errc::regime, hcr, el2 ? 0 : hcr_e2h};
	}
	return {};
}

// Sets HCR_EL2.E2H for Stage. EL2's MMU must be off, and nothing may run at EL1 or EL0. Errors: regime, if the bit is
// RES1, or RES0 (Armv8.0).
template <class Stage, class C = ThisCpu> Result<void> choose_regime(C cpu = {})
{
	constexpr bool el2 = std::same_as<Stage, El2>;

	if constexpr (el2 || std::same_as<Stage, El2And0>) {
		const uint64_t hcr = cpu.template read<Register::hcr_el2>();

		cpu.template write<Register::hcr_el2>(el2 ? hcr & ~hcr_e2h : hcr | hcr_e2h);
		cpu.isb();
	}
	return check_regime<Stage>(cpu);
}

// Turns the MMU and the caches of this CPU on. MAIR, TCR and TTBR must be written (LiveMap::configure, activate), and
// the running code must be mapped to where it is.
template <class Stage, CacheCpu C = ThisCpu> void enable_mmu(C cpu = {})
{
	const uint64_t sctlr = cpu.template read<sctlr_of<Stage>>();

	// What was fetched past the caches may be old in them.
	cpu.ic_iallu();
	cpu.dsb_sy();
	cpu.isb();
	cpu.template write<sctlr_of<Stage>>(sctlr | sctlr_m | sctlr_c | sctlr_i);
	cpu.isb();
}

namespace detail
{

// All of it, behind before(). A CPU is counted as a user when its MMU is on (active_root.hpp).
template <class Map, class C, class Before>
Result<PreviousRoot> go_live_steps(Map &map, C cpu, const Before &before)
{
	if (const auto created = map.created(); !created)
		return created.error();
	if (const auto regime = check_regime<typename Map::Stage>(cpu); !regime)
		return regime.error();
	before();
	// It is created: neither can fail.
	static_cast<void>(map.configure());

	const auto previous = map.activate(CountCpu::later);

	enable_mmu<typename Map::Stage>(cpu);
	map.mark_active();
	return previous;
}

template <class Map, class Other, class C, class Before>
Result<void> go_live_steps_with(Map &map, Other &other, C cpu, const Before &before)
{
	if (const auto regime = check_regime<typename Map::Stage>(cpu); !regime)
		return regime;
	if (map.created() && other.created())
		before();
	if (const auto configured = map.configure_with(other); !configured)
		return configured;
	// Both are created: neither can fail.
	static_cast<void>(map.activate(CountCpu::later));
	static_cast<void>(other.activate(CountCpu::later));
	enable_mmu<typename Map::Stage>(cpu);
	map.mark_active();
	other.mark_active();
	return {};
}

} // namespace detail

// Does all of it on the first CPU. `tables` is the memory that has the map's tables; what else was written with the MMU
// off, as the map itself, is yours to discard (discard_cached). The result is for LiveMap::deactivate, with the MMU on.
// Errors: created(); regime; then nothing is done.
template <class Map, CacheCpu C = ThisCpu>
Result<PreviousRoot> go_live(Map &map, const void *tables, size_t bytes, C cpu = {})
{
	return detail::go_live_steps(map, cpu, [&] { discard_cached(tables, bytes, cpu); });
}

// The same with a map of either range, one of which translates what runs to where it is. Errors: as go_live; overlap,
// when both are of one range.
template <class Map, class Other, CacheCpu C = ThisCpu>
Result<void> go_live_with(Map &map, Other &other, const void *tables, size_t bytes, C cpu = {})
{
	return detail::go_live_steps_with(map, other, cpu,
					  [&] { discard_cached(tables, bytes, cpu); });
}

// On a further CPU, whose MMU is off, while the first one uses the map. Until its MMU is on it writes nothing, and
// reads past the caches: the map, its memory object and its rule must be in memory. The first CPU made them with its
// MMU off, or has cleaned them to the point of coherency. One CPU joins at a time, and nobody changes or deactivates
// the map meanwhile: there is no lock with the MMU off. Result and errors: as go_live.
template <class Map, CacheCpu C = ThisCpu> Result<PreviousRoot> join_live(Map &map, C cpu = {})
{
	return detail::go_live_steps(map, cpu, [] {});
}

// The same with a map of either range. Errors: as go_live_with.
template <class Map, class Other, CacheCpu C = ThisCpu>
Result<void> join_live_with(Map &map, Other &other, C cpu = {})
{
	return detail::go_live_steps_with(map, other, cpu, [] {});
}

} // namespace vmsa
