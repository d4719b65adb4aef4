// SPDX-License-Identifier: GPL-2.0-only
//
// Lab: a mapping with every judge watching. After each operation, whatever it was about:
//
//   no TLB disagrees with the tables, and every make had its break (tlb_model, bbm_automaton)
//   no table was freed while a TLB could walk it, and none is lost (scratch_memory)
//   an operation that failed changed nothing and kept nothing (shadow)
//
//	Lab<Stage2_4K> lab{test, 40};		// IPA bits
//	EXPECT(lab.map({Ipa{0}, 2 * MiB}, Pa{0}, normal | rw));
//	ASSERT(lab.good());
//
// The frames of these calls add up on a kernel's stack, so none of them is inlined.
#pragma once

#include "support/bbm_automaton.hpp"
#include "vmsa/mapping.hpp"

namespace support
{

using vmsa::Ipa;
using vmsa::Pa;

template <class F> class Lab {
    public:
	using Format = F;
	using Granule = typename F::Granule;
	using Region = vmsa::Region<Ipa>;
	using Done = vmsa::Result<void>;

	static constexpr size_t usual_tables = 64;

	Lab(struct kunit *test, unsigned ipa_bits, size_t tables = usual_tables)
	    : verdict_{test}, memory_{test, verdict_, Granule::table_bytes, tables},
	      shadow_{test, verdict_, memory_}, tlb_{test, verdict_, 1024}
	{
		const auto geometry = vmsa::stage2_geometry<Granule>(ipa_bits, 48);

		if (!verdict_.expect(geometry.ok(), "a geometry", ipa_bits, 48) ||
		    !verdict_.expect(mapping_.create(geometry.value()).ok(), "a root", ipa_bits,
				     tables))
			return;
		shadow_.start(tree().root(), geometry.value());
		memory_.context = this;
		memory_.on_free = [](void *lab, vmsa::Descriptor *table) {
			static_cast<Lab *>(lab)->judge_free(table);
		};
	}

	[[gnu::noinline]] ~Lab()
	{
		memory_.on_free = nullptr;
		mapping_.destroy();
		verdict_.expect(memory_.live() == 0, "every table was freed", memory_.live(), 0);
	}

	Lab(const Lab &) = delete;
	Lab &operator=(const Lab &) = delete;

	bool good() const
	{
		return verdict_.good();
	}

	[[gnu::noinline]] Done map(Region region, Pa pa, const vmsa::Stage2Attributes &attributes,
				   vmsa::MapLimits limits = {})
	{
		return map_by(region, vmsa::Linear{region.first, pa}, attributes, limits);
	}

	template <class Rule>
	[[gnu::noinline]] Done map_by(Region region, const Rule &rule,
				      const vmsa::Stage2Attributes &attributes,
				      vmsa::MapLimits limits = {})
	{
		begin();
		return end(mapping_.map(region, rule, attributes, limits));
	}

	[[gnu::noinline]] Done unmap(Region region)
	{
		begin();
		return end(mapping_.unmap(region));
	}

	[[gnu::noinline]] Done protect(Region region, vmsa::Access access)
	{
		begin();
		return end(mapping_.protect(region, access));
	}

	// Is `ipa` the first byte of a leaf of `level` that leads to `pa`?
	[[gnu::noinline]] bool has_leaf(Ipa ipa, vmsa::Level level, Pa pa) const
	{
		const auto e = tree().at(ipa);

		return e.is_leaf() && e.level == level && e.region.first == ipa &&
		       F::output(e.descriptor, level) == pa;
	}

	[[gnu::noinline]] vmsa::Stage2Attributes attributes(Ipa ipa) const
	{
		return F::attributes(tree().at(ipa).descriptor);
	}

	// The descriptor that decides `ipa`, for a test that plays the hardware.
	[[gnu::noinline]] vmsa::Descriptor *descriptor(Ipa ipa)
	{
		vmsa::Descriptor *found = nullptr;

		tree().steps(ipa, [&](vmsa::Level, size_t i, Pa table, vmsa::Descriptor) {
			found = memory_.pointer(table) + i;
		});
		return found;
	}

	// What the hardware wrote is no change of ours.
	void hardware_was_here()
	{
		shadow_.look([](const Change &) {});
	}

	uint64_t breaks() const
	{
		return mapping_.breaks();
	}

	// Is there nothing but the root?
	bool only_root() const
	{
		return memory_.live() == tree().geometry().root_tables;
	}

	const auto &tree() const
	{
		return mapping_.tree();
	}
	ScratchMemory &memory()
	{
		return memory_;
	}
	const TlbModel<F> &tlb() const
	{
		return tlb_;
	}
	Shadow<F> &shadow()
	{
		return shadow_;
	}

    private:
	struct Sink {
		Lab &lab;

		void invalidate(Region region, vmsa::Level level, bool tables)
		{
			lab.look();
			lab.tlb_.invalidate(region, level, tables);
		}
		void sync()
		{
			lab.look();
			lab.tlb_.sync();
		}
	};

	[[gnu::noinline]] void look()
	{
		shadow_.look([this](const Change &c) {
			changes_++;
			judge_break_before_make(verdict_, tlb_, c);
			tlb_.changed(c);
		});
	}

	void begin()
	{
		changes_ = 0;
		live_before_ = memory_.live();
	}

	Done end(Done done)
	{
		look();
		tlb_.expect_settled();
		if (!done)
			verdict_.expect(changes_ == 0 && memory_.live() == live_before_,
					"a failed operation changes nothing", done.error().first,
					done.error().last);
		return done;
	}

	// Trap 5.
	void judge_free(vmsa::Descriptor *table)
	{
		const Pa pa = memory_.physical(table);

		verdict_.expect(!shadow_.is_linked(table), "a table is unlinked before it is freed",
				pa.raw(), 0);
		verdict_.expect(!tlb_.may_walk(pa), "no TLB can walk a table that is freed",
				pa.raw(), 0);
	}

	Verdict verdict_;
	ScratchMemory memory_;
	Shadow<F> shadow_;
	TlbModel<F> tlb_;
	Sink sink_{*this};
	vmsa::Mapping<F, ScratchMemory, Sink> mapping_{memory_, sink_};
	size_t changes_ = 0;
	size_t live_before_ = 0;
};

} // namespace support
