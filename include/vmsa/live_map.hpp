// SPDX-License-Identifier: MIT OR Apache-2.0
//
// LiveMap: a Mapping of one regime that knows whether a CPU is using it.
//
//   not active   a change is a store, and no TLB is told
//   active       a change is complete on every CPU when it returns (hardware_tlb.hpp)
//
// How a stage 1 map goes live (go_live does the first three steps, and on further CPUs join_live: go_live.hpp):
//
//   map.configure();                      MAIR and TCR
//   const auto old = map.activate();      TTBR
//   ...                                   SCTLR.M
//   map.deactivate(old.value());          restores the TTBR; no TLB has an entry of the map any more
//
// The map's rule says where the output of an address is: id_map.hpp, linear_map.hpp, or your own (map.hpp).
// Locking: as Mapping; activate and deactivate are writers, too.
#pragma once

#include "vmsa/active_root.hpp"
#include "vmsa/map_annotations.hpp"
#include "vmsa/map_counts.hpp"
#include "vmsa/map_registers.hpp"
#include "vmsa/table_pool.hpp"

namespace vmsa
{

// A Mapping of one regime, its rule, and the registers that make a CPU use it. Where no CPU does, no TLB is told.
template <TranslationStage S, PageGranule G, class Rule, unsigned OutputBits = 48,
	  TableMemory Memory = TablePool<G>, Cpu C = ThisCpu>
requires OutputRule<Rule, typename Format<S, G, OutputBits>::Input>
class LiveMap
    : public MapCounts<LiveMap<S, G, Rule, OutputBits, Memory, C>, Format<S, G, OutputBits>>,
      public MapAnnotations<LiveMap<S, G, Rule, OutputBits, Memory, C>, Format<S, G, OutputBits>> {
    public:
	using Stage = S;
	using Granule = G;
	using Format = vmsa::Format<Stage, Granule, OutputBits>;
	using Input = typename Format::Input;
	using Attributes = typename Format::Attributes;

	// Allocates the root. Check created(): when that failed, so does everything else.
	LiveMap(Memory &memory, const MapConfig &config, Rule rule = {}, C cpu = {})
	    : config_{config}, rule_{rule}, root_{config, cpu}, mapping_{memory, root_.tlb()}
	{
		start([&](const Geometry &shape) { return mapping_.create(shape); });
	}

	// Takes over tables that exist, of which `config` says the shape (adopt.hpp); errors as there. Where a CPU
	// is using them, mark_active() says so, before anything is changed.
	template <TableOwner Owns>
	LiveMap(Memory &memory, const MapConfig &config, Pa root, const Owns &owns, Rule rule = {},
		C cpu = {})
	    : config_{config}, rule_{rule}, root_{config, cpu}, mapping_{memory, root_.tlb()}
	{
		start([&](const Geometry &shape) { return mapping_.adopt(root, shape, owns); });
		// They may be global, whatever the config says of those to come.
		if constexpr (Stage1Regime<Stage>)
			root_.tlb().every_asid();
	}

	// If the map is still active, its tables are not freed: a leak is better than a walk of freed tables.
	~LiveMap()
	{
		static_cast<void>(destroy());
	}
	LiveMap(const LiveMap &) = delete;
	LiveMap &operator=(const LiveMap &) = delete;

	// Frees every table; the map then fails with no_memory. False, and nothing is done, while a
	// CPU is using it. visit(Entry), where given, shows every leaf (tree.hpp).
	template <EntryVisitor<Format> Visit = ShowNothing>
	[[nodiscard]] bool destroy(const Visit &visit = {})
	{
		if (users())
			return false;
		if (created())
			error_ = {Errc::no_memory, space()};
		mapping_.destroy(visit);
		return true;
	}

	// Tables are reached `by` bytes further on from now on (tree.hpp), perhaps this map, too. The rule stays.
	void relocate(int64_t by, Memory &memory)
	{
		mapping_.relocate(by, memory, root_.tlb());
	}

	// Errors: input_bits, output_bits, asid (each with the limit), no_memory; beyond_input, for
	// the upper range of a regime that has none; no_feature (features.hpp).
	Result<void> created() const
	{
		return error_;
	}

	// ---- Changes. Each is all or nothing; errors as Mapping's, or created(). ----

	// Maps `region` by the map's rule, where nothing is mapped.
	Result<void> map(Region<Input> region, const Attributes &attributes, MapLimits limits = {})
	{
		if (!created())
			return error_;
		const Attributes its = of_map(attributes);

		note(its);
		return change().map(region, rule_, its, limits);
	}

	// Maps `region`, whatever is mapped there (remap.hpp). Calls visit(Entry) for each leaf that was removed.
	template <EntryVisitor<Format> Visit = ShowNothing>
	Result<void> remap(Region<Input> region, const Attributes &attributes,
			   MapLimits limits = {}, const Visit &visit = {})
	{
		if (!created())
			return error_;
		const Attributes its = of_map(attributes);

		note(its);
		return change().remap(region, rule_, its, limits, visit);
	}

	Result<void> unmap(Region<Input> region) // removes all mappings of `region`
	{
		return created() ? change().unmap(region) : error_;
	}

	using MapAnnotations<LiveMap, Format>::unmap;
	// Calls visit(Entry) for every leaf that was removed (unmap.hpp).
	template <EntryVisitor<Format> Visit>
	Result<void> unmap(Region<Input> region, const Visit &visit)
	{
		return created() ? change().unmap(region, visit) : error_;
	}

	Result<void> protect(Region<Input> region, typename Format::Access access) // permissions
	{
		return created() ? change().protect(region, access) : error_;
	}

	template <AttributeUpdate<Format> Update> // attributes, leaf by leaf (modify.hpp)
	Result<void> modify(Region<Input> region, const Update &update)
	{
		if (!created())
			return error_;
		return change().modify(region, [&](Region<Input> leaf, const Attributes &before) {
			const Attributes after = update(leaf, before);

			note(after);
			return after;
		});
	}

	Result<void> cut(Region<Input> region, Level level = last_level) // to smaller leaves
	{
		return created() ? change().cut(region, level) : error_;
	}

	Result<void> fold(Region<Input> region, FoldLimits limits = {}) // to blocks and groups
	{
		return created() ? change().fold(region, limits) : error_;
	}

	template <LeafVisitor<Input> Visit> // what was accessed: shown, and cleared
	Result<void> harvest_accessed(Region<Input> region, const Visit &visit)
	{
		return created() ? change().harvest_accessed(region, visit) : error_;
	}

	template <LeafVisitor<Input> Visit> // what was written: shown, and cleared
	Result<void> harvest_dirty(Region<Input> region, const Visit &visit)
	{
		return created() ? change().harvest_dirty(region, visit) : error_;
	}

	// ---- Reading ----

	Result<Translation<Format>> translate(Input input) const // as Tree::translate
	{
		if (!created())
			return error_;
		return mapping_.translate(input);
	}

	// Calls visit(entry) for each leaf and each hole of `region`, in order. Errors: those of check_region.
	template <EntryVisitor<Format> Visit>
	Result<void> walk(Region<Input> region, const Visit &visit) const
	{
		if (!created())
			return error_;
		if (const Error e = check_region(tree(), region); e.code != Errc::none)
			return e;
		for (Input at = region.first;;) {
			const Entry<Format> entry = tree().at(at);

			visit(entry);
			if (entry.region.last >= region.last)
				return {};
			at = entry.region.last + 1;
		}
	}

	const Tree<Format, Memory> &tree() const // for reading
	{
		return mapping_.tree();
	}
	Pa root_address() const // what root_register() has of it
	{
		return tree().root_address();
	}
	Region<Input> space() const // all that can be mapped
	{
		return tree().space();
	}
	uint64_t size() const // of the input space, in bytes
	{
		return space().size();
	}
	uint16_t asid() const // or VMID
	{
		return config_.asid;
	}
	const Rule &translation() const // the rule
	{
		return rule_;
	}
	uint64_t breaks() const // live descriptors broken and made anew, so far
	{
		return mapping_.breaks();
	}

	// ---- Registers: what configure() and activate() write ----

	// TCR or VTCR for this map, the other range disabled.
	uint64_t control() const
	{
		return control_register<Format>(tree().geometry(), config_);
	}

	// The part of it that speaks of this map, and of both.
	uint64_t control_fields() const
	{
		return vmsa::control_fields<Format>(tree().geometry(), config_);
	}

	// TTBR or VTTBR.
	uint64_t root_register() const
	{
		return vmsa::root_register<Format>(root_address(), config_);
	}

	// ---- Activation (active_root.hpp) ----

	// Writes TCR and MAIR, or VTCR, for this map alone, and empties the TLBs: what they hold from before is not
	// ours. The MMU is off, or was configured just so. Errors: created().
	Result<void> configure()
	{
		if (created())
			root_.configure(control(), config_.mair.value());
		return error_;
	}

	// The same for this map and that of the other range. What the two share, output size and hardware updates,
	// is the larger of both. Errors: created(); overlap, when both are of one range.
	template <class Other> Result<void> configure_with(const Other &other)
	{
		static_assert(has_two_ranges<Stage> && std::same_as<Stage, typename Other::Stage>);
		static_assert(Format::lpa2 == Other::Format::lpa2 || Granule::page_shift == 16 ||
				      Other::Granule::page_shift == 16,
			      "TCR.DS speaks for both ranges: LPA2 for both, or for none");

		if (!created())
			return error_;
		if (!other.created())
			return other.created();
		if (space().first == other.space().first || space().last == other.space().last)
			return Error{Errc::overlap, other.space()};
		root_.configure(control_of_both(control_fields(), other.control_fields()),
				config_.mair.value());
		return {};
	}

	// This CPU uses the map from here on. The answer is for deactivate(), on the same CPU. At stage 2, HCR_EL2.VM
	// is the caller's to set. If the MMU is off while others use the map, call join_live (go_live.hpp). Errors:
	// created().
	Result<PreviousRoot> activate(CountCpu count = CountCpu::now)
	{
		if (!created())
			return error_;
		return root_.activate(root_register(), count);
	}

	// This CPU uses the map no more.
	void deactivate(PreviousRoot previous)
	{
		root_.deactivate(previous);
	}

	// If you write the TTBR yourself: one more CPU will use the map. A writer.
	void mark_active()
	{
		root_.mark_active();
	}

	// One CPU less; once for each mark_active(). Afterwards no TLB has anything of the map. A writer.
	void mark_inactive()
	{
		root_.mark_inactive();
	}

	// Another ASID or, at stage 2, VMID. No other CPU walks the map meanwhile; where this one does, its TTBR, or
	// VTTBR, is rewritten. Cost: two invalidations by ASID, or at stage 2 one of every VMID; none with
	// TagFlush::none. Locking: a writer. Errors: created(); asid, with the limit: too wide, or 0 where
	// there are others, or the upper range's, which goes by the ASID of the lower.
	Result<void> retag(uint16_t asid, TagFlush flush = TagFlush::both)
	{
		if (!created())
			return error_;
		const uint64_t before = root_register();
		MapConfig config = config_;

		config.asid = asid;
		if (const auto fits = map_geometry<Format>(config); !fits)
			return fits.error();
		if constexpr (has_two_ranges<Stage>) {
			// A map without an ASID has global leaves, which no ASID confines.
			if (!asid || !config_.asid || config_.range == Range::upper)
				return Error{Errc::asid, asid, 0};
		}
		config_ = config;
		root_.retag(asid, before, root_register(), flush);
		return {};
	}

	// What a rollover needs: no TLB, on any CPU, holds anything of any ASID, or VMID, of the regime.
	void flush_every_tag()
	{
		root_.flush_every_tag();
	}

	unsigned users() const // CPUs that use the map
	{
		return root_.users();
	}

    private:
	friend MapCounts<LiveMap, Format>;
	friend MapAnnotations<LiveMap, Format>;

	// With make(geometry) -> Result<void>.
	template <class Make> void start(const Make &make)
	{
		if (!config_.features.is_known())
			config_.features = features_of(root_.tlb().cpu());

		const Result<Geometry> shape = map_geometry<Format>(config_, asked_by<C>);

		error_ = shape ? make(shape.value()).error() : shape.error();
		if constexpr (Stage2Tag<Stage>) {
			if (created())
				root_.tlb().vttbr(root_register());
		}
		mapping_.rules().on_break = config_.on_break;
		mapping_.rules().bbm_level = config_.bbm_level;
		mapping_.rules().mair = config_.mair;
		mapping_.rules().features = config_.features;
	}

	// What has an ASID is of that ASID, unless the config says otherwise: a leaf that is global is every
	// process's. The upper range goes by no ASID of its own.
	Attributes of_map(Attributes attributes) const
	{
		if constexpr (has_two_ranges<Stage>)
			attributes.global &=
				config_.global || !config_.asid || config_.range == Range::upper;
		return attributes;
	}

	// ASIDs do not confine a global entry, so neither may its invalidation.
	void note([[maybe_unused]] const Attributes &attributes)
	{
		if constexpr (Stage1Regime<Stage>) {
			if (attributes.global)
				root_.tlb().every_asid();
		}
	}

	auto &change()
	{
		mapping_.rules().live = users() != 0;
		return mapping_;
	}

	MapConfig config_;
	[[no_unique_address]] Rule rule_;
	ActiveRoot<Format, C> root_;
	Mapping<Format, Memory, HardwareTlb<Format, C>> mapping_;
	Error error_;
};

} // namespace vmsa
