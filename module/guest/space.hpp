// SPDX-License-Identifier: GPL-2.0-only
//
// A guest's address space: stage 2 tables of some format, and the TLBs that may have their entries. The rest of the
// module does not know which format that is: it makes a call for a whole change, or a whole look, and behind that
// stands the library as it is compiled for the format (space.cpp).
//
//   map, faults, dirty, verify, ...  ──>  Space  ──┬──>  Mapping<4K>   ──>  TlbOf<4K>
//                                                  ├──>  Mapping<16K>  ──>  TlbOf<16K>
//                                                  └──>  ...                            formats.hpp
//
// Errors are the library's. Locking: as Mapping; what is marked "shared" is for SharedMapping's readers, too.
#pragma once

#include "engine/tlb.hpp"
#include "ram.hpp"
#include "tables.hpp"

#include "vmsa/vmsa.hpp"

#include <memory>

namespace stage2
{

// A function that a loop of the format's calls. It outlives the call.
template <class Signature> class FunctionRef;
template <class Result, class... Args> class FunctionRef<Result(Args...)> {
    public:
	template <class F>
	FunctionRef(const F &f)
	    : of_{std::addressof(f)}, call_{[](const void *of, Args... args) -> Result {
		      return (*static_cast<const F *>(of))(args...);
	      }}
	{
	}
	Result operator()(Args... args) const
	{
		return call_(of_, args...);
	}

    private:
	const void *of_;
	Result (*call_)(const void *, Args...);
};

// What can be said of a format without its code.
struct FormatFacts {
	unsigned page_shift;
	unsigned output_bits; // and the most of input
	unsigned leaf_levels; // a bit for each level that can have leaves
	bool fwb; // HCR_EL2.FWB is set with it: memory types have other numbers

	// What a descriptor of `level` maps.
	constexpr uint64_t size(vmsa::Level level) const
	{
		return uint64_t{1}
		       << (page_shift +
			   static_cast<unsigned>(vmsa::last_level - level) * (page_shift - 3));
	}
	constexpr uint64_t page() const
	{
		return size(vmsa::last_level);
	}
	constexpr bool allows_leaf(vmsa::Level level) const
	{
		return level >= 0 && leaf_levels >> level & 1;
	}
};

class Space {
    public:
	using Ipa = vmsa::Ipa;
	using Level = vmsa::Level;
	using Descriptor = vmsa::Descriptor;
	using Attributes = vmsa::Stage2Attributes;
	using Region = vmsa::Region<Ipa>;
	using Update = FunctionRef<Attributes(Region, const Attributes &)>;
	using Visit = FunctionRef<void(Region, Level)>;

	// Where a walk ends.
	struct Entry {
		Region region;
		Level level;
		bool leaf;
		vmsa::Pa output; // of a leaf

		bool is_leaf() const
		{
			return leaf;
		}
	};

	// What an IPA is mapped to.
	struct Found {
		vmsa::Pa pa;
		Level level;
		Attributes attributes;
	};

	// Leaves side by side that have the same size and attributes.
	struct Row {
		Region region;
		Attributes attributes;
		Level level;
		uint64_t leaves;
	};

	// One descriptor of a dump, and where the dump goes on.
	struct Step {
		Ipa first;
		Level level;
		size_t index;
		Descriptor descriptor;
	};
	struct Cursor {
		Ipa at;
		Level level;
		bool done;
	};
	// A descriptor, taken apart.
	struct Decoded {
		enum class Kind : uint8_t { invalid, annotation, reserved, table, leaf };

		Kind kind;
		vmsa::Pa output; // of a leaf; or the table
		Attributes attributes; // of a leaf
	};

	// How many bits an IPA can have at most with that granule; 0 where the CPU has not got it.
	static unsigned most_ipa_bits(const kernel_features &features, unsigned page_shift);
	// The format with that granule that reaches `bits`; null where there is none.
	static const FormatFacts *find_format(unsigned page_shift, unsigned bits);
	// What a tree of it is where IPAs have so many bits: 32 to what it reaches, and to pa_bits.
	static vmsa::Geometry shape(const FormatFacts &format, unsigned ipa_bits, unsigned pa_bits);
	// Without tables; null without memory. `guest` and `tables` outlive it. Ends with dispose().
	static Space *make(const FormatFacts &format, const char *guest, Tables &tables);
	void dispose();

	const FormatFacts &format() const
	{
		return format_;
	}
	engine::Tlb &tlb() const
	{
		return tlb_;
	}
	// As long as there are tables.
	const vmsa::Geometry &geometry() const
	{
		return geometry_;
	}
	Region all() const
	{
		return Region::inclusive(Ipa{}, last_);
	}

	virtual vmsa::Result<void> create(const vmsa::Geometry &geometry) = 0;
	virtual void destroy() = 0;

	// Can a CPU walk the tables, or its TLB hold something of them? Not from the beginning. Told by who has the
	// guest's lock alone, before the first vCPU is loaded, and when none is any more (engine::put). `verify` walks
	// all the same: it shares the lock, and leaves nothing in a TLB.
	virtual void set_live(bool live) = 0;

	// ---- Changes. ----

	virtual vmsa::Result<void> map(Region region, const RamRule &rule,
				       const Attributes &attributes, vmsa::MapLimits limits) = 0;
	virtual vmsa::Result<void> unmap(Region region) = 0;
	virtual vmsa::Result<void> protect(Region region, vmsa::Access access) = 0;
	virtual vmsa::Result<void> modify(Region region, const Update &update) = 0;
	virtual vmsa::Result<void> fold(Region region, vmsa::FoldLimits limits) = 0;
	virtual vmsa::Result<void> harvest_accessed(Region region, const Visit &visit) = 0;
	virtual vmsa::Result<void> harvest_dirty(Region region, const Visit &visit,
						 uint8_t noted) = 0;
	virtual uint64_t breaks() const = 0;

	// Shared. `leaf`: leaf_bits() of the attributes, or 0.
	virtual vmsa::Errc map_page(Ipa page, vmsa::Pa pa, const Attributes &attributes,
				    Descriptor leaf) = 0;
	virtual vmsa::Result<void> note_accessed(Ipa ipa) = 0;
	virtual vmsa::Result<void> note_dirty(Ipa ipa) = 0;

	// ---- Looks: shared. ----

	virtual vmsa::Error check(Region region) const = 0;
	virtual bool is_legal(const Attributes &attributes) const = 0;
	// What legal attributes are in a leaf: looked at once, for all pages of a region.
	virtual Descriptor leaf_bits(const Attributes &attributes) const = 0;
	virtual Entry at(Ipa ipa) const = 0;
	// The first IPA behind an entry. Whoever looks at one after another pauses once for each table.
	Ipa after(const Entry &entry) const
	{
		const Ipa next = entry.region.last + 1;

		if (next.is_aligned(format_.size(vmsa::last_level - 1)))
			Tables::pause();
		return next;
	}
	// As Tree::stretch.
	virtual Region stretch(Region region, bool mapped) const = 0;
	// False: it is not mapped.
	virtual bool translate(Ipa ipa, Found &found) const = 0;
	virtual void steps(Ipa ipa,
			   const FunctionRef<void(Level, size_t, Descriptor)> &visit) const = 0;
	virtual bool next_row(Ipa from, Row &row) const = 0;
	virtual bool next_step(Cursor &cursor, Step &step) const = 0;
	virtual bool next_table(Cursor &cursor, Step &step) const = 0;
	virtual vmsa::Census census() const = 0;
	virtual Decoded decode(Descriptor d, Level level) const = 0;

	// Tables as they are, to be copied.
	virtual const Descriptor *root() const = 0;
	virtual const Descriptor *child(Descriptor d) const = 0;
	virtual size_t entries(Level level) const = 0;

	// VTCR_EL2, and VTTBR_EL2 without a VMID.
	virtual engine::Stage2Registers registers() const = 0;

    protected:
	Space(const FormatFacts &format, engine::Tlb &tlb) : format_{format}, tlb_{tlb}
	{
	}
	~Space() = default;

	vmsa::Geometry geometry_;
	Ipa last_{};

    private:
	const FormatFacts format_;
	engine::Tlb &tlb_;
};

} // namespace stage2
