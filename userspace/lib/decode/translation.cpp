// SPDX-License-Identifier: GPL-2.0-only
//
// The registers that say how a walk goes and where it begins.
#include "fields.hpp"

#include "formats/shape.hpp"
#include "text/text.hpp"

namespace decode
{

namespace
{

using text::hex;

constexpr const char *tg0 = "4K granule|64K granule|16K granule|reserved";
constexpr const char *tg1 = "reserved|16K granule|4K granule|64K granule";
constexpr const char *not_used_used = "walks of this range are allowed|walks of this range fault";
constexpr const char *top_byte = "the top byte is a part of the address|the top byte is ignored";
constexpr const char *hw_access = "the access flag is software's|hardware sets the access flag";
constexpr const char *hw_dirty = "dirty state is software's|hardware marks leaves with DBM dirty";
constexpr const char *hpd = "tables restrict what is below|permissions of tables are disabled";
constexpr const char *hwu = "left to software|left to hardware, with HPD";

// TG0, and TG1 in terms of it.
constexpr unsigned page_shifts[] = {12, 16, 14, 0};
constexpr unsigned tg0_of_tg1[] = {3, 2, 0, 1};

unsigned page_shift_of_tg0(uint64_t value)
{
	return page_shifts[get(value, 15, 14)];
}

unsigned page_shift_of_tg1(uint64_t value)
{
	return page_shifts[tg0_of_tg1[get(value, 31, 30)]];
}

std::string ds_text(uint64_t ds, bool is_64k)
{
	return is_64k ? "no meaning with the 64K granule"
	       : ds   ? "52 bits of output (LPA2), SH moves here from the leaves"
		      : "48 bits of output";
}

std::string one_range_ds(uint64_t ds, uint64_t value)
{
	return ds_text(ds, page_shift_of_tg0(value) == 16);
}

std::string two_ranges_ds(uint64_t ds, uint64_t value)
{
	return ds_text(ds, page_shift_of_tg0(value) == 16 && page_shift_of_tg1(value) == 16);
}

// TnSZ. With 52-bit addresses (DS, or the 64K granule) there are larger ranges.
std::string input_size(unsigned tsz, unsigned page_shift, bool ds)
{
	const unsigned least = page_shift == 16 || ds ? 12 : 16;
	const unsigned most = page_shift == 16 ? 47 : 48;

	if (tsz < least || tsz > most)
		return std::to_string(tsz) + " is out of range: " + std::to_string(least) + " to " +
		       std::to_string(most);
	return std::to_string(64 - tsz) + " bits";
}

constexpr unsigned ds_of_one_range = 32, ds_of_two_ranges = 59;

template <unsigned Ds, unsigned (*PageShift)(uint64_t)>
std::string tsz_text(uint64_t tsz, uint64_t value)
{
	const std::string text =
		input_size(static_cast<unsigned>(tsz), PageShift(value), get(value, Ds, Ds) != 0);

	return text.ends_with(" bits") ? text + " of input address" : text;
}

constexpr Explain t0sz_of_one = tsz_text<ds_of_one_range, page_shift_of_tg0>;
constexpr Explain t0sz_of_two = tsz_text<ds_of_two_ranges, page_shift_of_tg0>;
constexpr Explain t1sz_of_two = tsz_text<ds_of_two_ranges, page_shift_of_tg1>;

std::string start_level(uint64_t, uint64_t vtcr)
{
	const formats::Shape shape = formats::shape_of_vtcr(vtcr);

	return shape.wrong.empty() ? "start at level " + std::to_string(shape.geometry.start)
				   : shape.wrong;
}

constexpr Spec vtcr_specs[] = {
	{63, 46, "RES0"},
	{45, 45, "HDBSS", "dirty state is not logged|hardware logs dirty state"},
	{44, 44, "HAFT", "no access flag in tables|hardware sets the access flag in tables"},
	{43, 42, "RES0"},
	{41, 41, "TL0", off_on},
	{40, 40, "GCSH", off_on},
	{39, 39, "RES0"},
	{38, 38, "D128", "64-bit descriptors|128-bit descriptors"},
	{37, 37, "S2POE", "no permission overlays|permission overlays"},
	{36, 36, "S2PIE", "direct permissions|indirect permissions"},
	{35, 35, "TL1", off_on},
	{34, 34, "AssuredOnly", off_on},
	{33, 33, "SL2", "as SL0 says|start at level -1, with DS"},
	{32, 32, "DS", nullptr, one_range_ds},
	{31, 31, "RES1"},
	{30, 30, "NSA", "when Secure, output is Secure|when Secure, output is Non-secure"},
	{29, 29, "NSW", "when Secure, walks are Secure|when Secure, walks are Non-secure"},
	{28, 28, "HWU62", "left to software|left to hardware"},
	{27, 27, "HWU61", "left to software|left to hardware"},
	{26, 26, "HWU60", "left to software|left to hardware"},
	{25, 25, "HWU59", "left to software|left to hardware"},
	{24, 23, "RES0"},
	{22, 22, "HD", hw_dirty},
	{21, 21, "HA", hw_access},
	{20, 20, "RES0"},
	{19, 19, "VS", "8-bit VMIDs|16-bit VMIDs"},
	{18, 16, "PS", nullptr, physical_size},
	{15, 14, "TG0", tg0},
	{13, 12, "SH0", shareability},
	{11, 10, "ORGN0", walk_cacheability},
	{9, 8, "IRGN0", walk_cacheability},
	{7, 6, "SL0", nullptr, start_level},
	{5, 0, "T0SZ", nullptr, t0sz_of_one},
};

constexpr Spec tcr_el1_specs[] = {
	{63, 62, "RES0"},
	{61, 61, "MTX1", off_on},
	{60, 60, "MTX0", off_on},
	{59, 59, "DS", nullptr, two_ranges_ds},
	{58, 58, "TCMA1", "accesses are tag-checked|tag 0b1111 is not checked"},
	{57, 57, "TCMA0", "accesses are tag-checked|tag 0b0000 is not checked"},
	{56, 56, "E0PD1", "EL0 may walk the upper range|EL0 faults in the upper range"},
	{55, 55, "E0PD0", "EL0 may walk the lower range|EL0 faults in the lower range"},
	{54, 54, "NFD1", off_on},
	{53, 53, "NFD0", off_on},
	{52, 52, "TBID1", "TBI1 is for data and instructions|TBI1 is for data only"},
	{51, 51, "TBID0", "TBI0 is for data and instructions|TBI0 is for data only"},
	{50, 50, "HWU162", hwu},
	{49, 49, "HWU161", hwu},
	{48, 48, "HWU160", hwu},
	{47, 47, "HWU159", hwu},
	{46, 46, "HWU062", hwu},
	{45, 45, "HWU061", hwu},
	{44, 44, "HWU060", hwu},
	{43, 43, "HWU059", hwu},
	{42, 42, "HPD1", hpd},
	{41, 41, "HPD0", hpd},
	{40, 40, "HD", hw_dirty},
	{39, 39, "HA", hw_access},
	{38, 38, "TBI1", top_byte},
	{37, 37, "TBI0", top_byte},
	{36, 36, "AS", "8-bit ASIDs|16-bit ASIDs"},
	{35, 35, "RES0"},
	{34, 32, "IPS", nullptr, physical_size},
	{31, 30, "TG1", tg1},
	{29, 28, "SH1", shareability},
	{27, 26, "ORGN1", walk_cacheability},
	{25, 24, "IRGN1", walk_cacheability},
	{23, 23, "EPD1", not_used_used},
	{22, 22, "A1", "TTBR0 has the ASID|TTBR1 has the ASID"},
	{21, 16, "T1SZ", nullptr, t1sz_of_two},
	{15, 14, "TG0", tg0},
	{13, 12, "SH0", shareability},
	{11, 10, "ORGN0", walk_cacheability},
	{9, 8, "IRGN0", walk_cacheability},
	{7, 7, "EPD0", not_used_used},
	{6, 6, "RES0"},
	{5, 0, "T0SZ", nullptr, t0sz_of_two},
};

// TCR_EL2 with E2H 0. TCR_EL3 has more in the upper half.
constexpr Spec tcr_el2_high[] = {
	{63, 34, "RES0"},
};
constexpr Spec tcr_el3_high[] = {
	{63, 44, "RES0"},
	{43, 43, "DisCH0", off_on},
	{42, 42, "HAFT", "no access flag in tables|hardware sets the access flag in tables"},
	{41, 41, "PTTWI", off_on},
	{40, 39, "RES0"},
	{38, 38, "D128", "64-bit descriptors|128-bit descriptors"},
	{37, 37, "AIE", off_on},
	{36, 36, "POE", "no permission overlays|permission overlays"},
	{35, 35, "PIE", "direct permissions|indirect permissions"},
	{34, 34, "PnCH", off_on},
};
constexpr Spec tcr_one_range_specs[] = {
	{33, 33, "MTX", off_on},
	{32, 32, "DS", nullptr, one_range_ds},
	{31, 31, "RES1"},
	{30, 30, "TCMA", "accesses are tag-checked|tag 0b0000 is not checked"},
	{29, 29, "TBID", "TBI is for data and instructions|TBI is for data only"},
	{28, 28, "HWU62", hwu},
	{27, 27, "HWU61", hwu},
	{26, 26, "HWU60", hwu},
	{25, 25, "HWU59", hwu},
	{24, 24, "HPD", hpd},
	{23, 23, "RES1"},
	{22, 22, "HD", hw_dirty},
	{21, 21, "HA", hw_access},
	{20, 20, "TBI", top_byte},
	{19, 19, "RES0"},
	{18, 16, "PS", nullptr, physical_size},
	{15, 14, "TG0", tg0},
	{13, 12, "SH0", shareability},
	{11, 10, "ORGN0", walk_cacheability},
	{9, 8, "IRGN0", walk_cacheability},
	{7, 6, "RES0"},
	{5, 0, "T0SZ", nullptr, t0sz_of_one},
};

const char *granule(unsigned page_shift)
{
	return page_shift == 12 ? "4K" : page_shift == 14 ? "16K" : "64K";
}

// `granule`: the field that says what page_shift is, "TG0", and where it ends.
std::string range_text(unsigned tsz, unsigned page_shift, bool ds, const char *field, uint64_t tg)
{
	if (!page_shift)
		return std::string{field} + "=0b" + (tg & 2 ? '1' : '0') + (tg & 1 ? '1' : '0') +
		       " is reserved";

	const std::string size = input_size(tsz, page_shift, ds);

	return (size.ends_with(" bits") ? size : "size " + size) + " with " + granule(page_shift) +
	       " pages";
}

std::string one_range_summary(uint64_t v)
{
	return range_text(static_cast<unsigned>(get(v, 5, 0)), page_shift_of_tg0(v),
			  get(v, ds_of_one_range, ds_of_one_range) != 0, "TG0", get(v, 15, 14)) +
	       ", " + physical_size(get(v, 18, 16), v);
}

// `from` and on, to the end of what there is.
Decoded one_range(const char *name, std::span<const Spec> high, uint64_t value)
{
	std::vector<Spec> specs{high.begin(), high.end()};

	specs.insert(specs.end(), std::begin(tcr_one_range_specs), std::end(tcr_one_range_specs));
	return {name, value, one_range_summary(value), fields_of(specs, value)};
}

Decoded two_ranges(const char *name, uint64_t value)
{
	const bool ds = get(value, ds_of_two_ranges, ds_of_two_ranges) != 0;
	const auto range = [&](bool disabled, const char *which, uint64_t tsz, unsigned page_shift,
			       const char *field, uint64_t tg) {
		return std::string{which} + (disabled
						     ? " disabled"
						     : ' ' + range_text(static_cast<unsigned>(tsz),
									page_shift, ds, field, tg));
	};

	return {name, value,
		range(get(value, 7, 7), "lower range", get(value, 5, 0), page_shift_of_tg0(value),
		      "TG0", get(value, 15, 14)) +
			", " +
			range(get(value, 23, 23), "upper range", get(value, 21, 16),
			      page_shift_of_tg1(value), "TG1", get(value, 31, 30)) +
			", " + physical_size(get(value, 34, 32), value),
		fields_of(tcr_el1_specs, value)};
}

// VTTBR and the TTBRs: an identifier, a base, CnP. `identifier` is nullptr where there is none.
Decoded base_register(const char *name, const char *identifier, uint64_t value,
		      const Context &context)
{
	const bool wide = context.output_bits > 48;
	const uint64_t base =
		wide ? (get(value, 47, 6) << 6) | get(value, 5, 2) << 48 : get(value, 47, 1) << 1;
	std::vector<Spec> specs{{63, 48, identifier ? identifier : "RES0"}};

	if (wide)
		specs.insert(specs.end(),
			     {{47, 6, "BADDR"}, {5, 2, "BADDR[51:48]"}, {1, 1, "RES0"}});
	else
		specs.push_back({47, 1, "BADDR"});
	specs.push_back({0, 0, "CnP", "TLB entries are this CPU's|TLB entries may be shared"});

	// No table is aligned to less than 64 bytes.
	const std::string root =
		base & 63 ? "no root: " + hex(base) +
				    " is no multiple of 64 bytes (with 52-bit outputs, bits [5:2] "
				    "are [51:48] of the root: --output-bits 52)"
			  : "the root is at " + hex(base);
	Decoded d{name, value, root, fields_of(specs, value)};

	for (Field &field : d.fields) {
		if (field.name == "BADDR")
			field.meaning = wide ? "bits [47:6] of " + hex(base) : hex(base);
		if (identifier && field.name == identifier)
			field.meaning = std::to_string(field.value);
	}
	if (identifier)
		d.summary +=
			std::string{", "} + identifier + ' ' + std::to_string(get(value, 63, 48));
	return d;
}

} // namespace

Decoded vtcr_el2(uint64_t value, const Context &)
{
	const formats::Shape shape = formats::shape_of_vtcr(value);
	const vmsa::Geometry &g = shape.geometry;
	Decoded d{"VTCR_EL2", value, shape.wrong, fields_of(vtcr_specs, value)};

	if (shape.wrong.empty())
		d.summary = std::to_string(g.input_bits) + "-bit IPA, " +
			    granule(shape.format.page_shift) + " granule, " +
			    std::to_string(g.output_bits) + "-bit output, walks start at level " +
			    std::to_string(g.start) + " with " + std::to_string(g.root_tables) +
			    (g.root_tables == 1 ? " table" : " concatenated tables");
	return d;
}

Decoded vttbr_el2(uint64_t value, const Context &context)
{
	return base_register("VTTBR_EL2", "VMID", value, context);
}

Decoded tcr_el1(uint64_t value, const Context &)
{
	return two_ranges("TCR_EL1", value);
}

Decoded tcr_el2(uint64_t value, const Context &context)
{
	return context.e2h ? two_ranges("TCR_EL2", value)
			   : one_range("TCR_EL2", tcr_el2_high, value);
}

Decoded tcr_el3(uint64_t value, const Context &)
{
	return one_range("TCR_EL3", tcr_el3_high, value);
}

Decoded ttbr0_el1(uint64_t value, const Context &context)
{
	return base_register("TTBR0_EL1", "ASID", value, context);
}

Decoded ttbr1_el1(uint64_t value, const Context &context)
{
	return base_register("TTBR1_EL1", "ASID", value, context);
}

Decoded ttbr0_el2(uint64_t value, const Context &context)
{
	return base_register("TTBR0_EL2", context.e2h ? "ASID" : nullptr, value, context);
}

Decoded ttbr1_el2(uint64_t value, const Context &context)
{
	return base_register("TTBR1_EL2", "ASID", value, context);
}

Decoded ttbr0_el3(uint64_t value, const Context &context)
{
	return base_register("TTBR0_EL3", nullptr, value, context);
}

} // namespace decode
