// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Every change of a tree goes through a Batch, so no invalidation can be forgotten. The batch collects what must be
// invalidated, and keeps the tables that were unlinked until the invalidation is complete.
//
//   change descriptors ──> batch.changed(region, level)   one growing range
//   unlink a table     ──> batch.retire(table)            kept, not freed
//   make a descriptor  ──> batch.make(region)             if it meets that range: as at the end of scope
//   end of scope       ──> sink.invalidate, sink.sync, then memory.free for each table
//
// So break-before-make (rule R_WHZWS) holds across all changes of a batch: what one change broke is removed from every
// TLB before another change makes something in its place.
//
// The library never accesses a TLB itself. It calls a TlbSink, which may be hardware, a recorder or a model:
//
//   invalidate(region, level, tables)  level: that of every changed leaf, or unknown_level; tables: invalidate
//                                      walk caches, too, not only last-level entries
//   sync()                             returns when all of that is complete on every CPU, and when
//                                      stores of new descriptors are visible to every walker
//
// Whoever invalidates syncs behind it: a CompletingSink has one call for both. Its sync() only publishes.
//
//   complete(region, level, tables)    invalidate, then sync
//
// A sink that is also a ShapeObserver is told about single entries. For other sinks this costs nothing.
//
//   broke(region, level)               break-before-make: live entries of `level` are invalid now; the
//                                      invalidation and the new entries come next
//   cut(region, level)                 a leaf of `level` is a table now
//   folded(region, level)              a table is a leaf of `level` now
#pragma once

#include "vmsa/error.hpp"
#include "vmsa/format.hpp"
#include "vmsa/memory.hpp"
#include "vmsa/rules.hpp"

namespace vmsa
{

// Several levels in one range: give no TTL hint (a wrong one may invalidate nothing).
inline constexpr Level unknown_level = 4;

// One with a call for both, as above.
template <class S, class Input>
concept CompletingSink = requires(S &s, Region<Input> region, Level level, bool tables)
{
	{s.complete(region, level, tables)};
	{s.sync()};
};

// What a tree tells of changes: invalidate(region, level, tables) and sync(), or as CompletingSink.
template <class S, class Input>
concept TlbSink = CompletingSink<S, Input> ||
	requires(S &s, Region<Input> region, Level level, bool tables)
{
	{s.invalidate(region, level, tables)};
	{s.sync()};
};

// A sink that is told of single entries, too, as above.
template <class S, class Input>
concept ShapeObserver = requires(S &s, Region<Input> region, Level level)
{
	{s.broke(region, level)};
	{s.cut(region, level)};
	{s.folded(region, level)};
};

// Changes of one tree under one invalidation. Locking: a writer, from its first change to sync().
template <DescriptorFormat Format, TableMemory Memory, TlbSink<typename Format::Input> Sink>
class [[nodiscard]] Batch {
    public:
	using Input = typename Format::Input;

	// All three outlive it.
	constexpr Batch(Memory &memory, Sink &sink, const ChangeRules &rules = usual_rules)
	    : memory_{memory}, sink_{sink}, rules_{rules}
	{
	}
	Batch(Memory &memory, Sink &sink, ChangeRules &&rules) = delete; // they outlive it
	VMSA_INLINE constexpr ~Batch()
	{
		sync();
	}
	Batch(const Batch &) = delete;
	Batch &operator=(const Batch &) = delete;

	// How changes are made.
	constexpr const ChangeRules &rules() const
	{
		return rules_;
	}

	// Invalid descriptors of `region`, or of a part of it, will become valid next. What was valid there before is
	// removed from every TLB first.
	VMSA_INLINE constexpr void make(Region<Input> region)
	{
		if (pending_ && unsettled_.meets(region)) [[unlikely]]
			settle();
	}

	// Invalid descriptors became valid: no TLB may hold an invalid one, but the stores must be
	// visible to every walker before the caller goes on.
	constexpr void created()
	{
		published_ = false;
	}

	// Valid leaves of `level` inside `region` changed or went away. Inlined, as a call would take the batch of one
	// page out of its registers.
	VMSA_INLINE constexpr void changed(Region<Input> region, Level level)
	{
		changed(region, level, region);
	}

	// The same with a table entry, which decides all of `entry`: any address of it invalidates that.
	VMSA_INLINE constexpr void changed(Region<Input> region, Level level, Region<Input> entry)
	{
		if (!rules_.live)
			return;
		if (!pending_) {
			region_ = region;
			unsettled_ = entry;
			level_ = level;
			pending_ = true;
			return;
		}
		region_ = region_.hull(region);
		unsettled_ = unsettled_.hull(entry);
		if (level_ != level)
			level_ = unknown_level;
	}

	// An unlinked table: its entry 0 is overwritten at once. The caller has stored to the entry that
	// named it and reported its span through changed(); where leaves that say the same took its
	// place, the span must be gone from every TLB by now (broken() or replaced()).
	constexpr void retire(Descriptor *table)
	{
		tables_ = true;
		retired_.push(memory_, table);
	}

	// The middle of break-before-make: entries of `level` that map `region` have been broken, and
	// must be gone from every TLB before the caller goes on to make. `tables`: they were table
	// descriptors.
	constexpr void broken(Region<Input> region, Level level, bool tables = false)
	{
		if (!rules_.live)
			return;
		breaks_++;
		if constexpr (observed)
			sink_.broke(region, level);
		// A block that became a table without a break may still be cached: no hint would fit both.
		complete(region, tables || (pending_ && level_ != level) ? unknown_level : level,
			 tables);
	}

	// The leaf of `level` that mapped `region` has become a table, or the table a leaf.
	constexpr void cut([[maybe_unused]] Region<Input> region, [[maybe_unused]] Level level)
	{
		if constexpr (observed)
			sink_.cut(region, level);
	}
	// The table that mapped `region` has become a leaf of `level`.
	constexpr void folded([[maybe_unused]] Region<Input> region, [[maybe_unused]] Level level)
	{
		if constexpr (observed)
			sink_.folded(region, level);
	}

	// Leaves were stored over what says the same, without a break: a block over a table, through which
	// no walk goes from here on (`tables`), or leaves of a group that is none any more.
	constexpr void replaced(Region<Input> region, bool tables)
	{
		if (!rules_.live)
			return;
		complete(region, unknown_level, tables);
	}

	// Completes the invalidation, then frees.
	VMSA_INLINE constexpr void sync()
	{
		if (pending_)
			complete(region_, level_, tables_);
		else if (!published_)
			sink_.sync();
		free_all(memory_, retired_, Format::Granule::table_bytes);
		pending_ = tables_ = false;
		published_ = true;
	}

	// How many times a live descriptor was broken and made anew.
	constexpr unsigned breaks() const
	{
		return breaks_;
	}

    private:
	[[gnu::noinline]] constexpr void settle()
	{
		sync();
	}

	VMSA_INLINE constexpr void complete(Region<Input> region, Level level, bool tables)
	{
		if constexpr (CompletingSink<Sink, Input>) {
			sink_.complete(region, level, tables);
		} else {
			sink_.invalidate(region, level, tables);
			sink_.sync();
		}
	}

	static constexpr bool observed = ShapeObserver<Sink, Input>;

	Memory &memory_;
	Sink &sink_;
	const ChangeRules &rules_;
	TableChain retired_;
	Region<Input> region_; // to invalidate
	Region<Input> unsettled_; // where nothing may be made before that
	Level level_ = unknown_level;
	unsigned breaks_ = 0;
	bool pending_ = false;
	bool tables_ = false;
	bool published_ = true;
};

template <class B>
concept AnyBatch = requires(B &batch, Region<typename B::Input> region, Level level)
{
	{batch.rules()};
	{batch.make(region)};
	{batch.changed(region, level)};
	{batch.sync()};
};

// Changes of one tree under one invalidation.
template <class C, class Tree, class Batch>
concept TreeChange = requires(const C &change, Tree &tree, Batch &batch)
{
	{
		change(tree, batch)
		} -> std::convertible_to<Result<void>>;
};

// The sink for tables that no hardware walks yet.
struct NoTlb {
	// Does nothing.
	constexpr void invalidate(auto, Level, bool)
	{
	}
	// Does nothing.
	constexpr void sync()
	{
	}
};

} // namespace vmsa
