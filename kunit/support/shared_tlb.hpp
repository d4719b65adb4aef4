// SPDX-License-Identifier: GPL-2.0-only
//
// SharedTlb: one TLB, and the maps of one regime that take turns on its CPU, each with an ASID or VMID of its own.
// Of every instruction it reads whose entries are meant, and what is left of a map that is not told of a change
// is seen by settle().
//
//	SharedTlb<Stage2> tlb{test};
//	SharedTlb<Stage2>::Member five{test, tlb, {.va_bits = 39, .asid = 5}}, six{...};
//	five.map.unmap(region);
//	tlb.settle();
#pragma once

#include "support/tlb_model.hpp"
#include "support/tlbi_reader.hpp"
#include "vmsa/id_map.hpp"

namespace support
{

template <class Stage> class SharedTlb {
    public:
	using Format = vmsa::Format<Stage, vmsa::Granule4K>;
	using Input = typename Format::Input;
	using Region = vmsa::Region<Input>;

	static constexpr bool is_stage2 = vmsa::Stage2Tag<Stage>;

	explicit SharedTlb(struct kunit *test) : verdict{test}, model{test, verdict, 1024}
	{
	}
	SharedTlb(const SharedTlb &) = delete;

	struct Cpu {
		SharedTlb *tlb;

		void tlbi(vmsa::Tlbi op, uint64_t operand) const
		{
			tlb->invalidate(op, operand);
		}
		void dsb_ishst() const
		{
			tlb->look();
			tlb->model.publish();
		}
		void dsb_ish() const
		{
			tlb->look();
			tlb->model.sync();
		}
		void isb() const
		{
		}
		template <vmsa::Register R> uint64_t read() const
		{
			return is_root(R) ? tlb->root_ : 0;
		}
		template <vmsa::Register R> void write(uint64_t value) const
		{
			if (is_root(R))
				tlb->root_ = value;
		}
		static constexpr bool is_root(vmsa::Register r)
		{
			return r == vmsa::RegimeRegisters<Stage>::lower;
		}
	};

	using Map = vmsa::IdMap<Stage, vmsa::Granule4K, 48, ScratchMemory, Cpu>;

	class Member {
	    public:
		Member(struct kunit *test, SharedTlb &tlb, const vmsa::MapConfig &config)
		    : memory{test, tlb.verdict, vmsa::Granule4K::table_bytes, 32,
			     ScratchMemory::usual_base + (uint64_t{config.asid} << 24)},
		      map{memory, config, {}, {&tlb}}, tlb_{tlb}, shadow_{test, tlb.verdict, memory}
		{
			if (tlb.verdict.expect(map.created().ok(), "a map", config.asid, 0))
				shadow_.start(map.tree().root(), map.tree().geometry());
			next_ = tlb.members_;
			tlb.members_ = this;
			memory.context = this;
			memory.on_free = [](void *m, vmsa::Descriptor *table) {
				static_cast<Member *>(m)->judge_free(table);
			};
		}
		~Member()
		{
			memory.on_free = nullptr;
			tlb_.members_ = next_;
		}
		Member(const Member &) = delete;

		ScratchMemory memory;
		Map map;

	    private:
		friend SharedTlb;

		void judge_free(vmsa::Descriptor *table)
		{
			tlb_.look();
			tlb_.verdict.expect(!tlb_.model.may_walk(memory.physical(table)),
					    "no TLB can walk a table that is freed",
					    memory.physical(table).raw(), 0);
			shadow_.forget(table);
		}

		SharedTlb &tlb_;
		Shadow<Format> shadow_;
		Member *next_;
	};

	void settle()
	{
		look();
		model.expect_settled();
	}

	// Of the map that is on the CPU.
	unsigned current() const
	{
		return static_cast<unsigned>(root_ >> 48);
	}

	Verdict verdict;
	TlbModel<Format> model;

    private:
	void look()
	{
		for (Member *m = members_; m; m = m->next_) {
			if (m->map.created())
				m->shadow_.look([&](const Change<Format> &c) {
					if (m->map.users())
						model.changed(c, m->map.asid());
				});
		}
	}

	void invalidate(vmsa::Tlbi op, uint64_t operand)
	{
		const TlbiMeaning *m = tlbi_meaning(op);
		const TlbReach current_id{op == vmsa::Tlbi::alle1is || !is_stage2, current(), true};
		const Region everything = Region::inclusive(Input{0}, Input{~uint64_t{0}});

		look();
		if (!verdict.expect(m, "a TLBI that is known", static_cast<unsigned>(op), operand))
			return;
		// What the erratum takes behind a stage 2 invalidation names a leaf of EL2.
		if (is_stage2 && op == vmsa::Tlbi::vale2is)
			return;
		if (m->form == TlbiForm::everything) {
			// Of stage 1, and of the two combined, which are not in the model.
			if (is_stage2 && op == vmsa::Tlbi::vmalle1is)
				return;
			model.invalidate(everything, vmsa::unknown_level, true, current_id);
			return;
		}
		if (m->form == TlbiForm::one_asid) {
			model.invalidate(everything, vmsa::unknown_level, true,
					 {false, static_cast<unsigned>(operand >> 48), false});
			return;
		}

		const bool ranged = m->form == TlbiForm::range;
		const auto target = ranged ? TlbiReader<Format>::range(operand)
					   : TlbiReader<Format>::address(operand);
		const TlbReach reach = m->asid ? TlbReach{false, target.asid, true} : current_id;

		if (ranged) {
			model.invalidate(target.region, target.level, !m->last_level, reach);
			return;
		}
		// A block goes as a whole, whichever of its addresses is named.
		for (vmsa::Level level = 1; level <= vmsa::last_level; level++) {
			const uint64_t size = vmsa::Granule4K::size(level);

			if (target.level == vmsa::unknown_level || target.level == level)
				model.invalidate({target.region.first.align_down(size), size},
						 level, false, reach);
		}
		if (target.level == vmsa::unknown_level && !m->last_level)
			model.invalidate(target.region, vmsa::unknown_level, true, reach);
	}

	Member *members_ = nullptr;
	uint64_t root_ = 0; // TTBR0 or VTTBR
};

} // namespace support
