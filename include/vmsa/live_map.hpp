// SPDX-License-Identifier: MIT OR Apache-2.0
//
// LiveMap: a Mapping of one regime that knows whether a CPU is using it.
//
//   not active   a change is a store, and no TLB is told
//   active       a change is complete on every CPU when it returns (hardware_tlb.hpp)
//
// How a stage 1 map goes live:
//
//   map.map(region, normal | rw);
//   map.configure();                      MAIR and TCR: once, while the MMU is off
//   const auto old = map.activate();      TTBR: on each CPU that shall use it
//   ...                                   SCTLR.M is the caller's to set
//   map.deactivate(old.value());          the TTBR as it was, and no TLB entry of ours is left
//
// The map's rule says where the output of an address lies: id_map.hpp, linear_map.hpp, or one's own
// (map.hpp).
//
// Locking: as Mapping, and whoever activates or deactivates is a writer.
#pragma once

#include "vmsa/hardware_tlb.hpp"
#include "vmsa/map_config.hpp"
#include "vmsa/mapping.hpp"
#include "vmsa/table_pool.hpp"
#include "vmsa/vtcr.hpp"

namespace vmsa
{

template <class S, class G, class Rule, unsigned OutputBits = 48, TableMemory Memory = TablePool<G>,
	  Cpu C = ThisCpu>
class LiveMap {
    public:
	using Stage = S;
	using Granule = G;
	using Format = vmsa::Format<Stage, Granule, OutputBits>;
	using Input = typename Format::Input;
	using Attributes = typename Format::Attributes;

	// Allocates the root. Check created(): when that failed, so does everything else.
	LiveMap(Memory &memory, const MapConfig &config, Rule rule = {}, C cpu = {})
	    : config_{config}, rule_{rule},
	      tlb_{{config.asid, config.range == Range::upper}, config.tlbi, cpu}, mapping_{memory,
											    tlb_}
	{
		const Result<Geometry> shape = geometry();

		error_ = shape ? mapping_.create(shape.value()).error() : shape.error();
		mapping_.rules().on_break = config.on_break;
		mapping_.rules().bbm_level = config.bbm_level;
	}

	// A map that is still active stays where it is: a leak is better than a walk of freed tables.
	~LiveMap()
	{
		static_cast<void>(destroy());
	}
	LiveMap(const LiveMap &) = delete;
	LiveMap &operator=(const LiveMap &) = delete;

	// Frees every table; the map then fails with no_memory. False, and nothing is done, while a
	// CPU is using it.
	[[nodiscard]] bool destroy()
	{
		if (users())
			return false;
		mapping_.destroy();
		if (created())
			error_ = {Errc::no_memory, space()};
		return true;
	}

	// Errors: input_bits, output_bits, asid (each with the limit), no_memory; beyond_input, for
	// the upper range of a regime that has none.
	Result<void> created() const
	{
		return error_;
	}

	// ---- Changes. Each is all or nothing; errors as in map.hpp and edit.hpp, or created(). ----

	Result<void> map(Region<Input> region, const Attributes &attributes, MapLimits limits = {})
	{
		if (!created())
			return error_;
		note(attributes);
		return change().map(region, rule_, attributes, limits);
	}

	Result<void> unmap(Region<Input> region)
	{
		return created() ? change().unmap(region) : error_;
	}

	Result<void> protect(Region<Input> region, typename Format::Access access)
	{
		return created() ? change().protect(region, access) : error_;
	}

	template <class Update> Result<void> modify(Region<Input> region, const Update &update)
	{
		if (!created())
			return error_;
		return change().modify(region, [&](Region<Input> leaf, const Attributes &before) {
			const Attributes after = update(leaf, before);

			note(after);
			return after;
		});
	}

	Result<void> cut(Region<Input> region, Level level = last_level)
	{
		return created() ? change().cut(region, level) : error_;
	}

	Result<void> fold(Region<Input> region, FoldLimits limits = {})
	{
		return created() ? change().fold(region, limits) : error_;
	}

	template <class Visit>
	Result<void> harvest_accessed(Region<Input> region, const Visit &visit)
	{
		return created() ? change().harvest_accessed(region, visit) : error_;
	}

	template <class Visit> Result<void> harvest_dirty(Region<Input> region, const Visit &visit)
	{
		return created() ? change().harvest_dirty(region, visit) : error_;
	}

	// ---- Reading ----

	Result<Translation<Format>> translate(Input input) const
	{
		if (!created())
			return error_;
		return mapping_.translate(input);
	}

	// visit(entry) for each leaf and each hole of `region`, in order. Errors: those of
	// check_region.
	template <class Visit> Result<void> walk(Region<Input> region, Visit &&visit) const
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

	const Tree<Format, Memory> &tree() const
	{
		return mapping_.tree();
	}
	Pa root_address() const
	{
		return tree().root_address();
	}
	Region<Input> space() const
	{
		return tree().space();
	}
	// Of the input space, in bytes.
	uint64_t size() const
	{
		return space().size();
	}
	uint16_t asid() const
	{
		return config_.asid;
	}
	const Rule &translation() const
	{
		return rule_;
	}
	uint64_t breaks() const
	{
		return mapping_.breaks();
	}

	// ---- Registers: what configure() and activate() write ----

	// TCR or VTCR for this map, the other range disabled.
	uint64_t control() const
	{
		if constexpr (!has_two_ranges)
			return control_fields();
		else
			return control_fields() |
			       (config_.range == Range::lower ? tcr_no_upper : tcr_no_lower);
	}

	// The part of it that speaks of this map, and of both.
	uint64_t control_fields() const
	{
		const Geometry &g = tree().geometry();

		if constexpr (is_stage2)
			return vtcr<Format>(g, config_.asid16, config_.hardware);
		else if constexpr (has_two_ranges)
			return tcr_two_ranges<Format>(g, config_.hardware) |
			       (config_.asid16 ? tcr_asid16 : 0);
		else
			return tcr_one_range<Format>(g, config_.hardware);
	}

	// The upper range has no ASID of its own: it goes by that of the lower (TCR.A1 = 0).
	uint64_t root_register() const
	{
		const uint16_t asid = config_.range == Range::lower ? config_.asid : 0;

		if constexpr (is_stage2)
			return vttbr<Format>(root_address(), asid);
		else
			return ttbr<Format>(root_address(), asid);
	}

	// ---- Activation ----

	// Writes TCR and MAIR, or VTCR, for this map alone, and empties the TLBs: what they hold
	// from before is not ours. The MMU is off, or was configured just so. Errors: created().
	Result<void> configure()
	{
		if (!created())
			return error_;
		return write_control(control());
	}

	// The same for this map and that of the other range. What the two share, output size and
	// hardware updates, is the larger of both. Errors: created(); overlap, when both are of one
	// range.
	template <class Other> Result<void> configure_with(const Other &other)
	{
		static_assert(has_two_ranges && std::same_as<Stage, typename Other::Stage>);
		static_assert(Format::lpa2 == Other::Format::lpa2 || Granule::page_shift == 16 ||
				      Other::Granule::page_shift == 16,
			      "TCR.DS speaks for both ranges: LPA2 for both, or for none");
		constexpr Field ips{34, 32};

		if (!created())
			return error_;
		if (!other.created())
			return other.created();
		if (space().first == other.space().first || space().last == other.space().last)
			return Error{Errc::overlap, other.space()};

		const uint64_t a = control_fields();
		const uint64_t b = other.control_fields();
		const uint64_t larger = ips.get(a) > ips.get(b) ? ips.get(a) : ips.get(b);

		return write_control(((a | b) & ~ips.mask()) | ips.put(larger));
	}

	// This CPU uses the map from here on. The answer is for deactivate(), on the same CPU. At
	// stage 2, HCR_EL2.VM is the caller's to set. Errors: created().
	Result<PreviousRoot> activate()
	{
		if (!created())
			return error_;
		mark_active();
		if (config_.range == Range::upper)
			return exchange_root<Registers::upper>(root_register());
		return exchange_root<Registers::lower>(root_register());
	}

	// This CPU uses the map no more. Stage 2 invalidates by the current VMID, so before that
	// goes; stage 1 after the TTBR has gone, so that nothing comes back.
	void deactivate(PreviousRoot previous)
	{
		if constexpr (is_stage2)
			mark_inactive();
		if (config_.range == Range::upper)
			exchange_root<Registers::upper>(previous.ttbr);
		else
			exchange_root<Registers::lower>(previous.ttbr);
		if constexpr (!is_stage2)
			mark_inactive();
	}

	// For who writes the TTBR otherwise: one more CPU is about to use the map.
	void mark_active()
	{
		__atomic_fetch_add(&users_, 1, __ATOMIC_ACQ_REL);
		cpu().dsb_ishst();
	}

	// One CPU less, as often as mark_active(). No TLB, on any CPU, holds anything of it after.
	void mark_inactive()
	{
		tlb_.invalidate_all();
		tlb_.sync();
		__atomic_fetch_sub(&users_, 1, __ATOMIC_ACQ_REL);
	}

	// CPUs that use the map.
	unsigned users() const
	{
		return __atomic_load_n(&users_, __ATOMIC_ACQUIRE);
	}

    private:
	using Registers = RegimeRegisters<Stage>;
	using Sink = HardwareTlb<Format, C>;

	static constexpr bool is_stage2 = Stage2Tag<Stage>;
	static constexpr bool has_two_ranges = Stage::has_upper;

	Result<Geometry> geometry() const
	{
		const MapConfig &c = config_;
		const uint16_t widest = !is_stage2 && !has_two_ranges ? 0
					: c.asid16		      ? 0xffff
								      : 0xff;

		if (c.asid > widest)
			return Error{Errc::asid, c.asid, widest};
		if (c.range == Range::upper && !has_two_ranges)
			return Error{Errc::beyond_input, ~low_bits(c.va_bits), ~uint64_t{0}};
		if constexpr (is_stage2)
			return stage2_geometry<Granule, OutputBits>(c.va_bits, c.pa_bits);
		else
			return stage1_geometry<Granule, OutputBits>(c.va_bits, c.pa_bits, c.range);
	}

	// ASIDs do not confine a global entry, so neither may its invalidation.
	void note([[maybe_unused]] const Attributes &attributes)
	{
		if constexpr (!is_stage2) {
			if (attributes.global)
				tlb_.every_asid();
		}
	}

	auto &change()
	{
		mapping_.rules().live = users() != 0;
		return mapping_;
	}

	C &cpu()
	{
		return tlb_.cpu();
	}

	Result<void> write_control(uint64_t value)
	{
		if constexpr (!is_stage2)
			cpu().template write<Registers::memory_types>(mair_value);
		cpu().template write<Registers::control>(value);
		cpu().isb();
		tlb_.invalidate_regime();
		tlb_.sync();
		return {};
	}

	template <Register R> PreviousRoot exchange_root(uint64_t value)
	{
		const PreviousRoot previous{cpu().template read<R>()};

		cpu().template write<R>(value);
		cpu().isb();
		return previous;
	}

	MapConfig config_;
	[[no_unique_address]] Rule rule_;
	Sink tlb_;
	Mapping<Format, Memory, Sink> mapping_;
	Error error_;
	unsigned users_ = 0;
};

} // namespace vmsa
