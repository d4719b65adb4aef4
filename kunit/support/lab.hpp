// SPDX-License-Identifier: GPL-2.0-only
//
// Lab: a mapping with every judge watching. After each operation, whatever it was about:
//
//   no TLB disagrees with the tables, and every make had its break (tlb_model, bbm_automaton)
//   no table was freed while a TLB could walk it (scratch_memory), and each that is not can be reached
//   a table that a TLB could walk says what it said, as long as that is mapped (shadow)
//   an operation that failed changed nothing and kept nothing (shadow)
//
//	Lab<Stage2_4K> lab{test, 40};		// input address bits
//	EXPECT(lab.map({Ipa{0}, 2 * MiB}, Pa{0}, normal | rw) && lab.good());
// The frames of these calls add up on a kernel's stack, so none of them is inlined.
#pragma once

#include "support/bbm_automaton.hpp"
#include "support/beside.hpp"
#include "support/full_geometry.hpp"
#include "support/open_batch.hpp"
#include "vmsa/rows.hpp"

namespace support
{

using vmsa::Ipa;
using vmsa::Pa;
template <class F> class Lab {
    public:
	using Format = F;
	using Granule = typename F::Granule;
	using Input = typename F::Input;
	using Attributes = typename F::Attributes;
	using Region = vmsa::Region<Input>;
	using Done = vmsa::Result<void>;

	static constexpr size_t usual_tables = 64;
	// The leaves of three tables.
	static constexpr size_t tlb_entries = Granule::entries > 1024 ? 3 * Granule::entries : 4096;

	Lab(struct kunit *test, unsigned input_bits, size_t tables = usual_tables,
	    vmsa::Range range = vmsa::Range::lower)
	    : Lab{test, geometry_of<F>(input_bits, range), tables}
	{
	}

	Lab(struct kunit *test, const vmsa::Result<vmsa::Geometry> &shape, size_t tables)
	    : verdict_{test}, memory_{test,
				      verdict_,
				      {Granule::table_bytes, Granule::page_size},
				      tables},
	      shadow_{test, verdict_, memory_}, tlb_{test, verdict_, tlb_entries}
	{
		if (!verdict_.expect(shape && mapping_.create(shape.value()), "a root", tables, 0))
			return;
		shadow_.start(tree().root(), shape.value());
		memory_.context = this;
		memory_.on_free = [](void *lab, vmsa::Descriptor *table) {
			static_cast<Lab *>(lab)->judge_free(table);
		};
	}

	[[gnu::noinline]] ~Lab()
	{
		const uint64_t leaves = vmsa::census(tree()).all_leaves();
		uint64_t shown = 0;

		memory_.on_free = nullptr;
		mapping_.destroy([&](const vmsa::Entry<F> &e) { shown += e.is_leaf(); });
		verdict_.expect(shown == leaves, "every leaf is shown before its table goes", shown,
				leaves);
		verdict_.expect(memory_.live() == 0, "every table was freed", memory_.live(), 0);
	}

	Lab(const Lab &) = delete;
	Lab &operator=(const Lab &) = delete;

	bool good() const
	{
		return verdict_.good();
	}

	[[gnu::noinline]] Done map(Region region, Pa pa, const Attributes &attributes,
				   vmsa::MapLimits limits = {})
	{
		return map_by(region, vmsa::Linear{region.first, pa}, attributes, limits);
	}

	template <class Rule>
	[[gnu::noinline]] Done map_by(Region region, const Rule &rule, const Attributes &attributes,
				      vmsa::MapLimits limits = {})
	{
		return change([&](auto &m) { return m.map(region, rule, attributes, limits); });
	}

	// limits, visit(Entry)
	template <class Rule, class... Args>
	[[gnu::noinline]] Done remap(Region region, const Rule &rule, const Attributes &attributes,
				     const Args &...args)
	{
		return change([&](auto &m) { return m.remap(region, rule, attributes, args...); });
	}

	// Nothing more, an annotation, or visit(Entry)
	template <class... A> [[gnu::noinline]] Done unmap(Region region, const A &...a)
	{
		return change([&](auto &m) { return m.unmap(region, a...); });
	}

	[[gnu::noinline]] Done protect(Region region, typename F::Access access)
	{
		return change([&](auto &m) { return m.protect(region, access); });
	}

	// update(region, attributes) -> attributes
	template <class Update> [[gnu::noinline]] Done modify(Region region, const Update &update)
	{
		return change([&](auto &m) { return m.modify(region, update); });
	}

	[[gnu::noinline]] Done cut(Region region, vmsa::Level level = vmsa::last_level)
	{
		return change([&](auto &m) { return m.cut(region, level); });
	}

	[[gnu::noinline]] Done fold(Region region, vmsa::FoldLimits limits = {})
	{
		return change([&](auto &m) { return m.fold(region, limits); });
	}

	// An annotation where nothing is, or another in the place of one.
	template <class... A> [[gnu::noinline]] Done annotate(Region region, const A &...a)
	{
		return change([&](auto &m) { return m.annotate(region, a...); });
	}

	template <class A> [[gnu::noinline]] Done unannotate(Region region, const A &a)
	{
		return change([&](auto &m) { return m.unannotate(region, a); });
	}

	// visit(region, level)
	template <class Visit>
	[[gnu::noinline]] Done harvest_accessed(Region region, const Visit &visit)
	{
		return change([&](auto &m) { return m.harvest_accessed(region, visit); });
	}

	template <class Visit>
	[[gnu::noinline]] Done harvest_dirty(Region region, const Visit &visit, uint8_t noted = 0)
	{
		return change([&](auto &m) { return m.harvest_dirty(region, visit, noted); });
	}

	[[gnu::noinline]] Done note_accessed(Input input)
	{
		return change([&](auto &m) { return m.note_accessed(input); });
	}

	[[gnu::noinline]] Done note_dirty(Input input)
	{
		return change([&](auto &m) { return m.note_dirty(input); });
	}

	// The mapping gives its tables away, and takes them over.
	[[gnu::noinline]] Done adopt()
	{
		return change([&](auto &) { return adopt_own(mapping_, memory_); });
	}

	vmsa::ChangeRules &rules()
	{
		return mapping_.rules();
	}

	// Begins a leaf of `level` at `input`, and leads to `pa`?
	[[gnu::noinline]] bool has_leaf(Input input, vmsa::Level level, Pa pa) const
	{
		const auto e = tree().at(input);

		return e.is_leaf() && e.level == level && e.region.first == input &&
		       F::output(e.descriptor, level) == pa;
	}

	[[gnu::noinline]] Attributes attributes(Input input) const
	{
		return F::attributes(tree().at(input).descriptor);
	}

	// The descriptor that decides `input`, for a test that plays the hardware.
	[[gnu::noinline]] vmsa::Descriptor *descriptor(Input input)
	{
		return tree().slot(input).entry();
	}

	// What the hardware wrote is no change of ours.
	void hardware_was_here()
	{
		shadow_.look([](const Change<F> &) {});
		shadow_.look_at_unlinked([](const vmsa::Descriptor *, const Change<F> &) {});
	}

	// What the hardware notes when `region` is accessed, or written: in every leaf of it.
	[[gnu::noinline]] void access(Region region, bool write)
	{
		access_leaves(tree(), region, write);
		hardware_was_here();
	}

	// From the first to the last leaf that the last operation changed, even if back again. False where
	// there was none.
	bool changed_leaves(Region &region) const
	{
		region = changed_;
		return leaves_changed_ > 0;
	}

	uint64_t breaks() const
	{
		return mapping_.breaks() + (open_ ? open_->batch.breaks() : 0);
	}

	// Operations under one invalidation: those that `operations` calls are of one batch.
	template <class Operations> [[gnu::noinline]] void together(const Operations &operations)
	{
		static_cast<void>(mapping_.edit([&](auto &tree, auto &batch) {
			Open open{tree, batch};

			open_ = &open;
			operations();
			open_ = nullptr;
			return Done{};
		}));
		settle();
	}

	bool only_root() const
	{
		return memory_.live() == tree().geometry().root_tables;
	}

	const auto &mapping() const
	{
		return mapping_;
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

	// Hardware sees the tables as they are now.
	[[gnu::noinline]] void look()
	{
		shadow_.judge_stores();
		look_at_linked();
		shadow_.look_at_unlinked([this](vmsa::Descriptor *table, const Change<F> &c) {
			judge_late_write(memory_.physical(table), c);
		});
	}

	// Called when an invalidation is asked for, before anything is gone from the TLB: the moment at
	// which hardware may still note something in a leaf.
	void (*on_invalidate)(void *context) = nullptr;
	void *context = nullptr;

    private:
	struct Sink {
		Lab &lab;

		void invalidate(Region region, vmsa::Level level, bool tables)
		{
			lab.look();
			if (lab.on_invalidate) {
				lab.on_invalidate(lab.context);
				lab.hardware_was_here();
			}
			lab.tlb_.invalidate(region, level, tables);
		}
		void sync()
		{
			lab.look();
			lab.tlb_.sync();
		}
	};

	[[gnu::noinline]] void look_at_linked()
	{
		shadow_.look([this](const Change<F> &c) {
			changes_++;
			note_leaf(c);
			if (mapping_.rules().live)
				judge_break_before_make(verdict_, tlb_, c,
							mapping_.rules().bbm_level);
			if (mapping_.rules().live)
				tlb_.changed(c);
		});
	}

	void note_leaf(const Change<F> &c)
	{
		if (!F::is_leaf(c.before, c.level) && !F::is_leaf(c.after, c.level))
			return;
		changed_ = leaves_changed_++ ? changed_.hull(c.region) : c.region;
	}

	// operation(mapping, or the open batch) -> Done
	template <class Operation> Done change(const Operation &operation)
	{
		changes_ = leaves_changed_ = 0;
		live_before_ = static_cast<uint32_t>(memory_.live());
		return end(open_ ? operation(*open_) : operation(mapping_));
	}

	Done end(Done done)
	{
		look();
		if (!open_)
			settle();
		if (!done)
			verdict_.expect(changes_ == 0 && memory_.live() == live_before_,
					"a failed operation changes nothing", done.error().first,
					done.error().last);
		return done;
	}

	[[gnu::noinline]] void settle()
	{
		look();
		tlb_.expect_settled();
		verdict_.expect(!shadow_.is_overstated(),
				"no table is said to hold more than it does", 0, 0);
		verdict_.expect(shadow_.linked() == memory_.live(),
				"every table that is out can be reached", shadow_.linked(),
				memory_.live());
	}

	// A table was replaced by leaves that say the same, and walk caches may not know yet: it must not
	// make an address fault, or lead elsewhere, that is mapped all the time.
	[[gnu::noinline]] void judge_late_write(Pa table, const Change<F> &c)
	{
		const bool says_other = ((c.before ^ c.after) &
					 ~may_change_in_place<F>)&&((c.before | c.after) & 1);

		verdict_.expect(!says_other || !tlb_.may_walk(table) || !is_mapped(c.region),
				"a table that a TLB can walk says what it said",
				c.region.first.raw(), c.region.last.raw());
	}

	bool is_mapped(Region region) const
	{
		return tree().at(region.first).is_leaf() || tree().at(region.last).is_leaf();
	}

	// Trap 5.
	void judge_free(vmsa::Descriptor *table)
	{
		const Pa pa = memory_.physical(table);

		look();
		verdict_.expect(!shadow_.is_linked(table), "a table is unlinked before it is freed",
				pa.raw(), 0);
		verdict_.expect(!tlb_.may_walk(pa), "no TLB can walk a table that is freed",
				pa.raw(), 0);
		shadow_.forget(table);
	}

	Verdict verdict_;
	ScratchMemory memory_;
	Shadow<F> shadow_;
	TlbModel<F> tlb_;
	Sink sink_{*this};
	vmsa::Mapping<F, ScratchMemory, Sink> mapping_{memory_, sink_};
	using Open = OpenBatch<vmsa::Tree<F, ScratchMemory>, vmsa::Batch<F, ScratchMemory, Sink>>;
	Open *open_ = nullptr;
	// Small: labs lie on a kernel's stack.
	uint32_t changes_ = 0;
	uint32_t leaves_changed_ = 0;
	uint32_t live_before_ = 0;
	Region changed_;
};

// The usual formats, which are compiled once: lab.cpp.
extern template class Lab<vmsa::Format<vmsa::El1And0, vmsa::Granule4K>>;
extern template class Lab<vmsa::Format<vmsa::Stage2, vmsa::Granule4K>>;
extern template class Lab<vmsa::Format<vmsa::Stage2, vmsa::Granule16K>>;
extern template class Lab<vmsa::Format<vmsa::Stage2, vmsa::Granule64K>>;

} // namespace support
