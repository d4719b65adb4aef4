// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What follows from a MapConfig: the shape of the map, and the values of TCR or VTCR and of TTBR or VTTBR. These are
// pure functions; live_map.hpp writes the registers.
#pragma once

#include "vmsa/format_stage1.hpp"
#include "vmsa/map_config.hpp"
#include "vmsa/vtcr.hpp"

namespace vmsa
{

// Does a regime have an upper range?
template <TranslationStage Stage>
inline constexpr bool has_two_ranges = [] {
	if constexpr (Stage2Tag<Stage>)
		return false;
	else
		return Stage::has_upper;
}();

// What a map of that config asks of the machine, as feature_bit()s. (Attributes may ask for more: FEAT_XNX.)
template <DescriptorFormat Format> constexpr uint32_t features_needed(const MapConfig &config)
{
	using Stage = typename Format::Stage;
	constexpr bool is_stage2 = Stage2Tag<Stage>;
	constexpr unsigned granule = (Format::Granule::page_shift - 12) / 2;
	constexpr Feature first = is_stage2 ? Feature::stage2_4k : Feature::granule4k;
	constexpr auto after = [](Feature feature, unsigned n) {
		return feature_bit(feature) << n;
	};
	uint32_t needed = after(first, granule);

	if constexpr (Format::lpa2)
		needed |= after(is_stage2 ? Feature::stage2_lpa2_4k : Feature::lpa2_4k, granule);
	if constexpr (Format::lpa)
		needed |= feature_bit(Feature::lpa) |
			  (!is_stage2 && config.va_bits > 48 ? feature_bit(Feature::lva) : 0);
	if constexpr (std::same_as<Stage, Stage2Fwb>)
		needed |= feature_bit(Feature::fwb);
	if constexpr (std::same_as<Stage, El2And0>)
		needed |= feature_bit(Feature::vhe);
	if (config.asid16)
		needed |= feature_bit(is_stage2 ? Feature::vmid16 : Feature::asid16);
	if (config.e0pd)
		needed |= feature_bit(Feature::e0pd);
	if (config.cnp)
		needed |= feature_bit(Feature::ttcnp);
	if (config.hardware.access_flag)
		needed |= feature_bit(Feature::access_flag);
	if (config.hardware.dirty_state)
		needed |= feature_bit(Feature::dirty_state);
	if (config.bbm_level)
		needed |= feature_bit(config.bbm_level > 1 ? Feature::bbm2 : Feature::bbm1);
	if (config.tlbi.ttl)
		needed |= feature_bit(Feature::ttl);
	if (config.tlbi.range)
		needed |= feature_bit(Feature::tlbi_range);
	return needed;
}

// `also`: what its Cpu asks for. Errors: no_feature, naming the first that is missing.
template <DescriptorFormat Format>
constexpr Result<void> check_features(const MapConfig &config, uint32_t also = 0)
{
	if (config.e0pd && !has_two_ranges<typename Format::Stage>)
		return missing_feature(feature_bit(Feature::e0pd));
	// Hardware notes that a leaf is dirty only where it may note that it was accessed.
	if (config.hardware.dirty_state && !config.hardware.access_flag)
		return missing_feature(feature_bit(Feature::access_flag));
	if (const uint32_t missing =
		    config.features.missing(features_needed<Format>(config) | also))
		return missing_feature(missing);
	return {};
}

// Errors: input_bits, output_bits, asid (each with the limit); beyond_input, for the upper range of a
// regime that has none; no_feature.
template <DescriptorFormat Format>
constexpr Result<Geometry> map_geometry(const MapConfig &config, uint32_t also = 0)
{
	using Granule = typename Format::Granule;
	constexpr bool is_stage2 = Stage2Tag<typename Format::Stage>;
	constexpr bool two_ranges = has_two_ranges<typename Format::Stage>;
	const uint16_t widest = !is_stage2 && !two_ranges ? 0 : config.asid16 ? 0xffff : 0xff;

	if (config.asid > widest)
		return Error{Errc::asid, config.asid, widest};
	if (config.range == Range::upper && !two_ranges)
		return Error{Errc::beyond_input, ~low_bits(config.va_bits), ~uint64_t{0}};
	if (const auto can = check_features<Format>(config, also); !can)
		return can.error();

	const unsigned its =
		config.features.is_known() ? config.features.pa_bits() : config.pa_bits;
	const unsigned pa_bits = its < config.pa_bits ? its : config.pa_bits;

	if constexpr (is_stage2)
		return stage2_geometry<Granule, Format::output_bits>(config.va_bits, pa_bits);
	else
		return stage1_geometry<Granule, Format::output_bits>(config.va_bits, pa_bits,
								     config.range);
}

// What of TCR or VTCR speaks of this map, and of both.
template <DescriptorFormat Format>
constexpr uint64_t control_fields(const Geometry &g, const MapConfig &config)
{
	if constexpr (Stage2Tag<typename Format::Stage>)
		return vtcr<Format>(g, config.asid16, config.hardware);
	else if constexpr (has_two_ranges<typename Format::Stage>)
		return tcr_two_ranges<Format>(g, config.hardware) |
		       (config.asid16 ? tcr_asid16 : 0) |
		       uint64_t{config.e0pd} << (config.range == Range::lower ? 55 : 56);
	else
		return tcr_one_range<Format>(g, config.hardware);
}

// TCR or VTCR of a map alone: the other range is disabled, and has the same granule and size. 0 would be no
// legal size, no granule in TG1 (Cortex-A57 erratum 822227), and in TG0 one that this machine may not have.
template <DescriptorFormat Format>
constexpr uint64_t control_register(const Geometry &g, const MapConfig &config)
{
	uint64_t value = control_fields<Format>(g, config);

	if constexpr (has_two_ranges<typename Format::Stage>) {
		using Granule = typename Format::Granule;
		const uint64_t tsz = 64 - g.input_bits;

		value |= config.range == Range::lower
				 ? tcr_no_upper | Field{31, 30}.put(tg1<Granule>()) |
					   Field{21, 16}.put(tsz)
				 : tcr_no_lower | Field{15, 14}.put(tg0<Granule>()) |
					   Field{5, 0}.put(tsz);
	}
	return value;
}

// TCR of two ranges, from the fields of both. What they share, output size and hardware updates, is
// the larger.
constexpr uint64_t control_of_both(uint64_t a, uint64_t b)
{
	constexpr Field ips{34, 32};
	const uint64_t larger = ips.get(a) > ips.get(b) ? ips.get(a) : ips.get(b);

	return ((a | b) & ~ips.mask()) | ips.put(larger);
}

// TTBR or VTTBR. The upper range has no ASID of its own: it goes by that of the lower (TCR.A1 = 0).
template <DescriptorFormat Format>
constexpr uint64_t root_register(Pa root, const MapConfig &config)
{
	const uint16_t asid = config.range == Range::lower ? config.asid : 0;

	if constexpr (Stage2Tag<typename Format::Stage>)
		return vttbr<Format>(root, asid) | config.cnp;
	else
		return ttbr<Format>(root, asid) | config.cnp;
}

} // namespace vmsa
