// SPDX-License-Identifier: GPL-2.0-only
//
// A guest of one page: code that runs at EL1 and EL0 behind stage 2 tables, while they change. What
// AT cannot ask is tried: who may execute (FEAT_XNX), and what hardware notes in a leaf.
#pragma once

#include "attempt.hpp"
#include "hardware.hpp"
#include "verdicts.hpp"
#include "vmsa/id_map.hpp"

namespace mmu
{

inline constexpr uint64_t mdcr_tde = vmsa::bit(8); // BRK goes to EL2

template <class Format> class Guest {
	using Stage = typename Format::Stage;
	using Granule = typename Format::Granule;
	using Map = vmsa::IdMap<Stage, Granule, Format::output_bits, Ram>;

    public:
	Guest(Verdicts &verdicts, unsigned bits)
	    : verdicts_{verdicts}, map_{ram_,
					{.va_bits = bits,
					 .asid = some_asid,
					 .asid16 = true,
					 .hardware = {.access_flag = true, .dirty_state = true}}}
	{
	}

	void run()
	{
		Hardware<Stage>::enter(World::non_secure);
		write_register(mdcr_el2, mdcr_tde);
		write_probe(at_); // EL2's own MMU is off
		holds(map_.configure().ok(), "configure");
		const auto before = map_.activate();

		Hardware<Stage>::turn(true);
		come_and_go();
		execute();
		let_hardware_update();
		Hardware<Stage>::turn(false);
		map_.deactivate(before.value());
	}

    private:
	void come_and_go()
	{
		runs(Outcome::translation_fault, 1, 0);
		map(vmsa::normal | vmsa::rwx);
		runs(Outcome::done, 1, 0);
		runs(Outcome::done, 0, probe_store);
		holds(map_.protect(page_, vmsa::rx).ok(), "protect");
		runs(Outcome::permission_fault, 1, probe_store);
		runs(Outcome::done, 0, probe_load);
		unmap();
		runs(Outcome::translation_fault, 1, 0);
		runs(Outcome::translation_fault, 0, 0);
	}

	void execute()
	{
		using vmsa::Execute;

		map(vmsa::normal | vmsa::rwx);
		for (unsigned i = 0; i < 8; i++) {
			const auto who = static_cast<Execute>(i & 3);
			const bool write = (i & 4) != 0;

			holds(map_.protect(page_, {true, write, who}).ok(), "protect");
			try_all(1, who == Execute::all || who == Execute::el1_only, write);
			try_all(0, who == Execute::all || who == Execute::el0_only, write);
		}
		unmap();
	}

	void try_all(unsigned el, bool execute, bool write)
	{
		runs(permitted(execute), el, 0);
		runs(permitted(execute), el, probe_load);
		runs(permitted(execute && write), el, probe_store);
	}

	// FEAT_HAFDBS, as at stage 1.
	void let_hardware_update()
	{
		vmsa::Stage2Attributes attributes = vmsa::normal | vmsa::rx;

		attributes.accessed = false;
		attributes.dbm = true;
		map(attributes);
		holds(!translated().accessed, "not accessed before it is");
		runs(Outcome::done, 1, 0);
		holds(translated().accessed, "accessed");
		holds(!translated().access.write, "clean before a store");
		runs(Outcome::done, 1, probe_store);
		holds(translated().access.write, "dirty after a store");
		unmap();
	}

	vmsa::Stage2Attributes translated() const
	{
		return map_.translate(page_.first).value().attributes();
	}

	// As in Trial: one copy of the library's code is enough.
	[[gnu::noinline]] void map(const vmsa::Stage2Attributes &attributes,
				   unsigned line = __builtin_LINE())
	{
		holds(map_.map(page_, attributes).ok(), "map", line);
	}
	[[gnu::noinline]] void unmap(unsigned line = __builtin_LINE())
	{
		holds(map_.unmap(page_).ok(), "unmap", line);
	}
	void runs(Outcome should, unsigned el, uint64_t offset, unsigned line = __builtin_LINE())
	{
		verdicts_.expect(run_at(el, at_ + offset), should, el ? "run at EL1" : "run at EL0",
				 at_ + offset, line);
	}
	void holds(bool is, const char *what, unsigned line = __builtin_LINE())
	{
		verdicts_.expect(is, what, at_, line);
	}

	static constexpr uint64_t at_ = ram_last + 1 - Granule::page_size;

	const vmsa::Region<vmsa::Ipa> page_{vmsa::Ipa{at_}, Granule::page_size};
	Verdicts &verdicts_;
	Ram ram_;
	Map map_;
};

template <class Format> void live_guest(Report &report)
{
	constexpr unsigned sizes[] = {32, 40, 48};
	Verdicts verdicts;

	for (const unsigned bits : sizes)
		Guest<Format>{verdicts, bits}.run();
	report.line(verdicts.good(), Hardware<typename Format::Stage>::name, " live, ",
		    uint64_t{Format::Granule::page_size / 1024}, "K, ",
		    uint64_t{Format::output_bits}, "-bit, spaces of 3 sizes: ", verdicts.count(),
		    " trials");
}

template <class Stage> void live_guests(Report &report)
{
	using namespace vmsa;

	live_guest<Format<Stage, Granule4K, 48>>(report);
	live_guest<Format<Stage, Granule16K, 48>>(report);
	live_guest<Format<Stage, Granule64K, 48>>(report);
	live_guest<Format<Stage, Granule4K, 52>>(report);
	live_guest<Format<Stage, Granule16K, 52>>(report);
	live_guest<Format<Stage, Granule64K, 52>>(report);
}

} // namespace mmu
