// SPDX-License-Identifier: GPL-2.0-only
//
// Trials of a map that is in use: its pages come, change and go, and after each change they are
// loaded from, stored to and run for real. What a TLB wrongly remembers shows here.
#pragma once

#include "attempt.hpp"
#include "hardware.hpp"
#include "verdicts.hpp"
#include "vmsa/live_map.hpp"

namespace mmu
{

// Trials of `map` at `at`, where nothing is mapped before and nothing after.
template <class Map> class Trial {
	using Format = typename Map::Format;
	using Stage = typename Map::Stage;
	using Granule = typename Map::Granule;
	using Input = typename Map::Input;
	using Region = vmsa::Region<Input>;
	using Attributes = typename Map::Attributes;

    public:
	Trial(Verdicts &verdicts, Map &map, uint64_t at)
	    : verdicts_{verdicts}, map_{map}, at_{at}, page_{Input{at}, Granule::page_size}
	{
	}

	void run()
	{
		come_and_go();
		cut();
		remap();
		execute();
		restrict();
		let_hardware_update();
	}

    private:
	void come_and_go()
	{
		loads(Outcome::translation_fault, at_);
		map(page_, vmsa::normal | vmsa::rw);
		loads(Outcome::done, at_);
		stores(Outcome::done, at_);
		protect(page_, {.write = false});
		loads(Outcome::done, at_);
		stores(Outcome::permission_fault, at_);
		unmap(page_);
		loads(Outcome::translation_fault, at_);
		map(page_, vmsa::normal | vmsa::rw);
		stores(Outcome::done, at_);
		unmap(page_);
		stores(Outcome::translation_fault, at_);
	}

	// A block or, where blocks are too large for this machine, a contiguous run: the page in its
	// middle goes, and the next becomes read-only.
	void cut()
	{
		const bool block = Granule::size(2) <= 32 * vmsa::MiB;
		const uint64_t page = Granule::page_size;
		const uint64_t bytes = block ? Granule::size(2) : Format::contiguous_run(3) * page;
		const uint64_t first = at_ & ~(bytes - 1);
		const uint64_t middle = first + bytes / 2;
		Attributes attributes = vmsa::normal | vmsa::rw;

		attributes.contiguous = !block;
		map({Input{first}, bytes}, attributes);
		loads(Outcome::done, first);
		loads(Outcome::done, middle);
		loads(Outcome::done, middle + page);
		loads(Outcome::done, first + bytes - page);
		unmap({Input{middle}, page});
		protect({Input{middle + page}, page}, {.write = false});
		stores(Outcome::done, middle - page);
		stores(Outcome::translation_fault, middle);
		stores(Outcome::permission_fault, middle + page);
		loads(Outcome::done, middle + page);
		stores(Outcome::done, middle + 2 * page);

		// Several pages at a time, each of them in the TLB.
		loads(Outcome::done, first);
		loads(Outcome::done, first + 3 * page);
		unmap({Input{first}, 4 * page});
		loads(Outcome::translation_fault, first);
		loads(Outcome::translation_fault, first + 3 * page);
		loads(Outcome::done, first + 4 * page);
		loads(Outcome::done, first + bytes - page);
		unmap({Input{first + 4 * page}, bytes / 2 - 4 * page});
		unmap({Input{middle + page}, bytes / 2 - page});
		loads(Outcome::translation_fault, first + 4 * page);
		loads(Outcome::translation_fault, first + bytes - page);
	}

	// A page is carved out of a block, then all of it is made pages, and a block again.
	void remap()
	{
		const bool block = Granule::size(2) <= 32 * vmsa::MiB;
		const uint64_t page = Granule::page_size;
		const uint64_t bytes = block ? Granule::size(2) : Format::contiguous_run(3) * page;
		const uint64_t first = at_ & ~(bytes - 1);
		const uint64_t middle = first + bytes / 2;
		const Region whole{Input{first}, bytes};

		remap(whole, vmsa::normal | vmsa::rw, {.contiguous = true});
		loads(Outcome::done, first);
		stores(Outcome::done, middle);
		stores(Outcome::done, middle + page);
		remap({Input{middle}, page}, vmsa::nc | vmsa::r);
		stores(Outcome::permission_fault, middle);
		loads(Outcome::done, middle);
		stores(Outcome::done, middle - page);
		stores(Outcome::done, middle + page);
		remap(whole, vmsa::normal | vmsa::rw, {.largest = 3});
		stores(Outcome::done, middle);
		stores(Outcome::done, first);
		remap(whole, vmsa::normal | vmsa::r);
		loads(Outcome::done, middle);
		stores(Outcome::permission_fault, first);
		stores(Outcome::permission_fault, middle);
		// What the MMU walks can be taken over.
		holds(vmsa::check_tables(map_.tree(), [](vmsa::Pa) { return true; }).why ==
			      vmsa::Errc::none,
		      "tables to adopt");
		unmap(whole);
		loads(Outcome::translation_fault, middle);
	}

	// All permissions, changed in place from one to the next.
	void execute()
	{
		map_probe();
		for (unsigned i = 0; i < 16; i++) {
			const vmsa::Stage1Access access{.write = (i & 1) != 0,
							.execute = (i & 2) != 0,
							.el0 = (i & 4) != 0,
							.el0_execute = (i & 8) != 0};

			if (map_.protect(page_, access))
				try_all();
		}
		unmap(page_);
	}

	// The same by the attributes of the table above: what the page allows, that forbids. What EL0
	// may write, nobody else may run, whatever PXN says: no mapping is given such a leaf, but if
	// there is one, it must be understood.
	void restrict()
	{
		constexpr bool el0 = Stage::has_el0;

		map_probe();
		for (unsigned i = 0; i < 32; i++) {
			const bool write = (i & 16) != 0;

			protect(page_, {.write = write || !el0,
					.execute = !write || !el0,
					.el0 = el0,
					.el0_execute = el0});
			if constexpr (el0)
				vmsa::replace_bits(leaf(), Format::pxn, 0);
			restrict_table(vmsa::Field{62, 59}.put(i) & restrictions<Stage>);
			try_all();
		}
		restrict_table(0);
		unmap(page_);
	}

	// FEAT_HAFDBS: the first access sets AF, the first store to a page that is DBM makes it
	// writable.
	void let_hardware_update()
	{
		Attributes attributes = vmsa::normal | vmsa::r;

		attributes.accessed = false;
		attributes.dbm = true;
		map(page_, attributes);
		holds(!translated().accessed, "not accessed before it is");
		loads(Outcome::done, at_);
		holds(translated().accessed, "accessed");
		holds(!translated().access.write, "clean before a store");
		stores(Outcome::done, at_);
		holds(translated().access.write, "dirty");
		unmap(page_);
	}

	// ---- What they are made of ----

	void try_all()
	{
		const vmsa::Stage1Access a = translated().access;

		loads(Outcome::done, at_);
		stores(permitted(a.write), at_);
		runs(permitted(a.execute), current_el(), at_);
		if constexpr (Stage::has_el0) {
			runs(permitted(a.el0_execute), 0, at_);
			if (!a.el0_execute)
				return;
			runs(permitted(a.el0), 0, at_ + probe_load);
			runs(permitted(a.el0 && a.write), 0, at_ + probe_store);
		}
	}

	void map_probe()
	{
		map(page_, vmsa::normal | vmsa::rw);
		write_probe(at_);
	}

	// The table that holds the page's leaf: the bits go into the descriptor that names it.
	void restrict_table(vmsa::Descriptor bits)
	{
		vmsa::replace_bits(above_leaf(), restrictions<Stage>, bits);
		Hardware<Stage>::sync();
	}

	vmsa::Descriptor *above_leaf() const
	{
		return entry([](vmsa::Descriptor d, vmsa::Level level) {
			return Format::is_table(d, level);
		});
	}

	vmsa::Descriptor *leaf() const
	{
		return entry([](vmsa::Descriptor, vmsa::Level) { return true; });
	}

	// The last descriptor on the walk of the page that is one of those.
	template <class IsOne> vmsa::Descriptor *entry(const IsOne &is_one) const
	{
		vmsa::Descriptor *last = nullptr;

		map_.tree().steps(Input{at_}, [&](vmsa::Level level, size_t i, vmsa::Pa table,
						  vmsa::Descriptor d) {
			if (is_one(d, level))
				last = map_.tree().memory().pointer(table) + i;
		});
		return last;
	}

	Attributes translated() const
	{
		return map_.translate(Input{at_}).value().attributes();
	}

	// Called from many places: one copy of the library's code a map is enough.
	[[gnu::noinline]] void map(Region region, const Attributes &attributes,
				   unsigned line = __builtin_LINE())
	{
		holds(map_.map(region, attributes).ok(), "map", line);
	}
	[[gnu::noinline]] void remap(Region region, const Attributes &attributes,
				     vmsa::MapLimits limits = {}, unsigned line = __builtin_LINE())
	{
		holds(map_.remap(region, attributes, limits).ok(), "remap", line);
	}
	[[gnu::noinline]] void unmap(Region region, unsigned line = __builtin_LINE())
	{
		holds(map_.unmap(region).ok(), "unmap", line);
	}
	[[gnu::noinline]] void protect(Region region, vmsa::Stage1Access access,
				       unsigned line = __builtin_LINE())
	{
		holds(map_.protect(region, access).ok(), "protect", line);
	}
	void loads(Outcome should, uint64_t at, unsigned line = __builtin_LINE())
	{
		verdicts_.expect(load_from(at), should, "load", at, line);
	}
	void stores(Outcome should, uint64_t at, unsigned line = __builtin_LINE())
	{
		verdicts_.expect(store_to(at + 64), should, "store", at, line);
	}
	void runs(Outcome should, unsigned el, uint64_t at, unsigned line = __builtin_LINE())
	{
		verdicts_.expect(run_at(el, at), should, el ? "run" : "run at EL0", at, line);
	}
	void holds(bool is, const char *what, unsigned line = __builtin_LINE())
	{
		verdicts_.expect(is, what, at_, line);
	}

	Verdicts &verdicts_;
	Map &map_;
	const uint64_t at_;
	const Region page_;
};

} // namespace mmu
