// SPDX-License-Identifier: GPL-2.0-only
#include "nested.hpp"

#include "decode/summary.hpp"

namespace translate
{

namespace
{

using Type = Fault::Type;

constexpr vmsa::Field t0sz{5, 0}, t1sz{21, 16}, tbi0{37, 37}, tbi1{38, 38};
constexpr vmsa::Field tg0{15, 14}, tg1{31, 30}, epd0{7, 7}, epd1{23, 23}, ips{34, 32}, ds{59, 59};

bool is_leaf(decode::Type type)
{
	return type == decode::Type::block || type == decode::Type::page;
}

// Stage 2 of one IPA: its loads, then the PA or the fault.
class Stage2 {
    public:
	Stage2(const dump::Dump &dump, Nested &nested) : dump_{dump}, nested_{nested}
	{
	}

	std::optional<uint64_t> translate(uint64_t ipa, bool on_walk)
	{
		const formats::Format &format = dump_.format();
		const decode::Questions &ask = decode::questions_of(format);

		if (ipa > dump_.geometry().last_input()) {
			fail(dump_.geometry().start, on_walk, "the IPA is beyond its space");
			return std::nullopt;
		}
		for (const dump::Step &step : dump_.walk(ipa))
			nested_.loads.push_back({2, step, ipa, 0, 0});

		const dump::Step &last = nested_.loads.back().step;

		if (!is_leaf(ask.type(last.descriptor, last.level))) {
			fail(last.level, on_walk, "nothing is mapped there");
			return std::nullopt;
		}
		nested_.level2 = last.level;
		nested_.leaf2 = last.descriptor;
		if (on_walk) {
			nested_.fault = check_stage2(dump_.header().vtcr, last.level,
						     last.descriptor, {Access::Kind::read, false});
			if (nested_.fault) {
				nested_.fault->on_walk = true;
				return std::nullopt;
			}
		}
		return ask.output(last.descriptor, last.level) |
		       (ipa & vmsa::low_bits(formats::shift_of(format, last.level)));
	}

    private:
	void fail(int level, bool on_walk, const char *why)
	{
		nested_.fault = Fault{Type::translation, 2, level, "", 0, 0, why, on_walk};
	}

	const dump::Dump &dump_;
	Nested &nested_;
};

formats::Shape no_shape(const std::string &why)
{
	return {{}, {}, why};
}

formats::Shape shape_of_tcr(uint64_t tcr, bool upper)
{
	constexpr unsigned of_tg0[] = {12, 16, 14, 0}, of_tg1[] = {0, 14, 12, 16};
	const unsigned page_shift = upper ? of_tg1[tg1.get(tcr)] : of_tg0[tg0.get(tcr)];
	const auto bits = static_cast<unsigned>(64 - (upper ? t1sz : t0sz).get(tcr));
	const std::string range = upper ? "1" : "0";

	if ((upper ? epd1 : epd0).get(tcr))
		return no_shape("TCR_EL1.EPD" + range + " is 1: walks of this range fault");
	if (!page_shift)
		return no_shape("TCR_EL1.TG" + range + " is reserved");

	const auto pa_bits = vmsa::pa_bits_of(static_cast<unsigned>(ips.get(tcr)));
	const bool wide = page_shift == 16 ? pa_bits >= 52 : ds.get(tcr) != 0;
	const formats::Format format{formats::Stage::el1and0, page_shift, wide ? 52u : 48u};
	const auto found =
		formats::with_format(format, [&]<class F>() -> vmsa::Result<vmsa::Geometry> {
			if constexpr (std::is_same_v<typename F::Stage, vmsa::El1And0>)
				return vmsa::stage1_geometry<typename F::Granule, F::output_bits>(
					bits, pa_bits,
					upper ? vmsa::Range::upper : vmsa::Range::lower);
			else
				return vmsa::Error{};
		});

	if (!found)
		return no_shape("TCR_EL1.T" + range +
				"SZ is out of range: " + std::to_string(64 - bits));
	return {format, found.value(), {}};
}

} // namespace

Stage1 stage1_of(const Registers &registers, uint64_t va)
{
	Stage1 stage1;

	stage1.upper = va >> 55 & 1;
	stage1.shape = shape_of_tcr(registers.tcr, stage1.upper);
	if (!stage1.shape.wrong.empty())
		return stage1;

	const vmsa::Geometry &g = stage1.shape.geometry;
	const uint64_t ttbr = stage1.upper ? registers.ttbr1 : registers.ttbr0;
	const bool ignores_top = (stage1.upper ? tbi1 : tbi0).get(registers.tcr);
	const unsigned compared = ignores_top ? 56 : 64;
	const uint64_t above = vmsa::low_bits(compared) & ~vmsa::low_bits(g.input_bits);
	const unsigned root_bits =
		std::max(g.input_bits - formats::shift_of(stage1.shape.format, g.start) + 3, 6u);

	if ((va & above) != (stage1.upper ? above : 0))
		stage1.shape.wrong = "the bits above bit " + std::to_string(g.input_bits - 1) +
				     " are not all " + (stage1.upper ? "1" : "0") +
				     ": no range has this address";
	stage1.input = va & vmsa::low_bits(g.input_bits);
	stage1.root = ttbr & vmsa::low_bits(48) & ~vmsa::low_bits(root_bits);
	if (stage1.shape.format.output_bits > 48)
		stage1.root |= vmsa::Field{5, 2}.get(ttbr) << 48;
	return stage1;
}

Nested walk(const dump::Dump &dump, const Registers &registers, uint64_t va,
	    const ReadDescriptor &read)
{
	Nested nested{stage1_of(registers, va), {}, {}, {}, 0, 0, 0, 0, 0, {}};
	const Stage1 &stage1 = nested.stage1;
	Stage2 stage2{dump, nested};

	if (!stage1.shape.wrong.empty()) {
		nested.fault = Fault{Type::translation, 1, 0};
		return nested;
	}

	const formats::Format &format = stage1.shape.format;
	const decode::Questions &ask = decode::questions_of(format);
	uint64_t table = stage1.root;

	for (int level = stage1.shape.geometry.start; !nested.ipa; level++) {
		const unsigned shift = formats::shift_of(format, level);
		const bool is_root = level == stage1.shape.geometry.start;
		const size_t index = (stage1.input >> shift) &
				     vmsa::low_bits(is_root ? 64 : format.page_shift - 3);
		const uint64_t at = table + 8 * index;
		const auto pa = stage2.translate(at, true);

		if (!pa)
			return nested;

		const vmsa::Descriptor d = read(at);
		const decode::Type type = ask.type(d, level);

		nested.loads.push_back(
			{1, {level, index, va & ~vmsa::low_bits(shift), table, d}, 0, at, *pa});
		if (type == decode::Type::table) {
			table = ask.output(d, level);
			nested.above1 |= d;
			continue;
		}
		if (!is_leaf(type)) {
			nested.fault = Fault{Type::translation,	       1, level, "", 0, 0,
					     "nothing is mapped there"};
			return nested;
		}
		nested.ipa = ask.output(d, level) | (stage1.input & vmsa::low_bits(shift));
		nested.level1 = level;
		nested.leaf1 = d;
	}
	nested.pa = stage2.translate(*nested.ipa, false);
	return nested;
}

std::optional<Fault> check(const Nested &nested, uint64_t vtcr, const Registers &registers,
			   const Access &access)
{
	if (const auto refused = check_stage1({registers.tcr, registers.sctlr, nested.stage1.upper},
					      nested.level1, nested.leaf1, nested.above1, access))
		return refused;
	if (nested.fault)
		return nested.fault;
	return check_stage2(vtcr, nested.level2, nested.leaf2, access);
}

} // namespace translate
