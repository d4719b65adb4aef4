// SPDX-License-Identifier: GPL-2.0-only
//
// A translation table descriptor, bit by bit (Arm ARM D8.3). What the bits come to is the library's
// business; where they stand is its formats'.
#include "fields.hpp"

#include "decode/summary.hpp"
#include "formats/shape.hpp"
#include "text/text.hpp"

#include <algorithm>

namespace decode
{

namespace
{

using formats::Stage;
using text::hex;

using Stage1 = vmsa::Format<vmsa::El1And0, vmsa::Granule4K>;
using Stage2 = vmsa::Stage2_4K;

// Takes fields in any order; what no field has is reserved.
class Bits {
    public:
	explicit Bits(uint64_t value) : value_{value}
	{
	}

	void add(unsigned high, unsigned low, const char *name, std::string meaning = {})
	{
		fields_.push_back({high, low, name, get(value_, high, low), std::move(meaning),
				   std::string_view{name} == "IGNORED" ? Field::Kind::ignored
								       : Field::Kind::named});
	}
	void add(vmsa::Field field, const char *name, std::string meaning = {})
	{
		add(field.high, field.low, name, std::move(meaning));
	}
	// A flag: what it says when clear, and when set.
	void add_flag(unsigned n, const char *name, const char *clear, const char *set)
	{
		add(n, n, name, get(value_, n, n) ? set : clear);
	}
	// One of "for 0", "for 1", ...
	void add_choice(vmsa::Field field, const char *name,
			std::initializer_list<const char *> choices)
	{
		add(field, name, choices.begin()[field.get(value_)]);
	}

	std::vector<Field> take()
	{
		unsigned below = 64; // the lowest bit that has a place

		std::ranges::sort(fields_, std::ranges::greater{}, &Field::high);
		for (size_t i = 0; i <= fields_.size(); i++) {
			const unsigned top = i < fields_.size() ? fields_[i].high + 1 : 0;

			if (top < below) {
				const uint64_t rest = get(value_, below - 1, top);

				fields_.insert(
					fields_.begin() + static_cast<long>(i++),
					Field{below - 1,
					      top,
					      "RES0",
					      rest,
					      {},
					      rest ? Field::Kind::wrong : Field::Kind::reserved});
			}
			if (i < fields_.size())
				below = fields_[i].low;
		}
		return std::move(fields_);
	}

    private:
	uint64_t value_;
	std::vector<Field> fields_;
};

constexpr unsigned number_of(vmsa::Descriptor one_bit)
{
	return static_cast<unsigned>(__builtin_ctzll(one_bit));
}

// The output stands in up to two places (vmsa/format.hpp has the picture).
void add_output(Bits &bits, const formats::Format &format, unsigned lowest, uint64_t output,
		const char *name)
{
	const bool lpa = format.output_bits > 48 && format.page_shift == 16;
	const bool lpa2 = format.output_bits > 48 && format.page_shift != 16;

	bits.add(lpa2 ? 49 : 47, lowest, name, hex(output));
	if (lpa)
		bits.add(15, 12, "OA[51:48]", hex(output >> 48));
	if (lpa2)
		bits.add(9, 8, "OA[51:50]", hex(output >> 50));
}

std::string stage2_memory(unsigned bits, bool fwb)
{
	constexpr const char *device[] = {"Device-nGnRnE", "Device-nGnRE", "Device-nGRE",
					  "Device-GRE"};
	constexpr const char *cached[] = {"reserved", "Non-cacheable", "Write-Through",
					  "Write-Back"};

	if (bits < 4)
		return device[bits];
	if (fwb)
		return bits == 5   ? "Normal Non-cacheable, or the Device type of stage 1"
		       : bits == 6 ? "Normal Write-Back, whatever stage 1 says"
		       : bits == 7 ? "what stage 1 says"
				   : "reserved";
	if (!(bits & 3))
		return "reserved";
	return bits >> 2 == (bits & 3) ? std::string{"Normal "} + cached[bits & 3]
				       : std::string{"Normal, outer "} + cached[bits >> 2] +
						 ", inner " + cached[bits & 3];
}

void add_stage2(Bits &bits, uint64_t value, bool fwb)
{
	bits.add(63, 59, "IGNORED");
	bits.add(Stage2::software, "software");
	bits.add(55, 55, "IGNORED");
	bits.add_choice(Stage2::xn, "XN",
			{"EL1 and EL0 may execute", "only EL0 may execute", "not executable",
			 "only EL1 may execute"});
	bits.add_flag(11, "FnXS", "as stage 1 says", "without XS");
	bits.add_choice({number_of(Stage2::s2ap_write), number_of(Stage2::s2ap_read)}, "S2AP",
			{"no access", "read-only", "write-only", "read and write"});
	bits.add(Stage2::mem_attr, "MemAttr",
		 stage2_memory(static_cast<unsigned>(Stage2::mem_attr.get(value)), fwb));
}

// The byte of MAIR that a leaf picks, where MAIR is known.
std::string attribute_of(uint64_t value, std::optional<uint64_t> mair)
{
	const auto index = static_cast<unsigned>(Stage1::attr_index.get(value));

	return mair ? memory_attribute(static_cast<unsigned>(get(*mair, 8 * index + 7, 8 * index)))
		    : "";
}

void add_stage1(Bits &bits, uint64_t value, bool has_el0, std::optional<uint64_t> mair)
{
	const std::string index = "Attr" + std::to_string(Stage1::attr_index.get(value));

	bits.add(63, 59, "IGNORED");
	bits.add(Stage1::software, "software");
	if (has_el0) {
		bits.add_flag(number_of(Stage1::uxn), "UXN", "EL0 may execute",
			      "EL0 may not execute");
		bits.add_flag(number_of(Stage1::pxn), "PXN",
			      Stage1::is_written_by_el0(Stage1::attributes(value))
				      ? "not for privileged code: EL0 may write it"
				      : "privileged code may execute",
			      "privileged code may not execute");
		bits.add_flag(number_of(Stage1::ng), "nG", "for every ASID",
			      "for the current ASID");
		bits.add_flag(number_of(Stage1::ap_el0), "AP[1]", "not for EL0", "for EL0, too");
	} else {
		bits.add_flag(number_of(Stage1::uxn), "XN", "executable", "not executable");
		bits.add(number_of(Stage1::ap_el0), number_of(Stage1::ap_el0), "AP[1]",
			 value & Stage1::ap_el0 ? "" : "RES1 in this regime");
	}
	bits.add_flag(number_of(Stage1::gp), "GP", "any branch target",
		      "branches must land on BTI");
	bits.add_flag(number_of(Stage1::ap_read_only), "AP[2]", "writable", "read-only");
	bits.add_flag(number_of(Stage1::ns), "NS", "", "the output is Non-secure");
	bits.add(Stage1::attr_index, "AttrIndx",
		 mair ? index + ": " + attribute_of(value, mair)
		      : index + " of MAIR (--mair says what it is)");
}

// Where a group would be larger than what a table maps, the bit is RES0.
bool has_contiguous(const formats::Format &format, int level)
{
	return level >= (format.page_shift == 12 ? 1 : 2);
}

void add_leaf(Bits &bits, const formats::Format &format, int level, uint64_t value,
	      std::optional<uint64_t> mair)
{
	const Questions &ask = questions_of(format);
	const bool stage2 = formats::is_stage2(format.stage);
	const bool lpa2 = format.output_bits > 48 && format.page_shift != 16;
	const std::string group = "one of a group of " + std::to_string(ask.contiguous_run(level));

	if (stage2)
		add_stage2(bits, value, format.stage == Stage::stage2_fwb);
	else
		add_stage1(bits, value,
			   format.stage == Stage::el1and0 || format.stage == Stage::el2and0, mair);
	if (has_contiguous(format, level))
		bits.add_flag(number_of(Stage2::contiguous), "Contiguous", "", group.c_str());
	bits.add_flag(number_of(Stage2::dbm), "DBM", "permissions are as written",
		      "hardware may make it writable, when it is written to");
	add_output(bits, format, formats::shift_of(format, level), ask.output(value, level), "OA");
	if (level < vmsa::last_level)
		bits.add_flag(number_of(Stage2::nt), "nT", "", "not to be cached in a TLB");
	bits.add_flag(number_of(Stage2::af), "AF", "not accessed yet", "accessed");
	if (!lpa2)
		bits.add_choice(
			Stage2::sh, "SH",
			{"Non-shareable", "reserved", "Outer Shareable", "Inner Shareable"});
}

void add_table(Bits &bits, const formats::Format &format, uint64_t value)
{
	const bool lpa = format.output_bits > 48 && format.page_shift == 16;
	const bool lpa2 = format.output_bits > 48 && format.page_shift != 16;

	if (!formats::is_stage2(format.stage)) {
		const bool has_el0 =
			format.stage == Stage::el1and0 || format.stage == Stage::el2and0;

		bits.add_flag(63, "NSTable", "", "what is below is Non-secure");
		bits.add_choice({62, 61}, "APTable",
				{"no restriction", "nothing below is for EL0",
				 "nothing below is writable",
				 "nothing below is for EL0, or writable"});
		bits.add_flag(60, has_el0 ? "UXNTable" : "XNTable", "no restriction",
			      has_el0 ? "EL0 may execute nothing below"
				      : "nothing below is executable");
		if (has_el0)
			bits.add_flag(59, "PXNTable", "no restriction",
				      "privileged code may execute nothing below");
	}
	bits.add(58, 51, "IGNORED");
	add_output(bits, format, format.page_shift,
		   questions_of(format).output(value, vmsa::last_level - 1), "next table");
	if (lpa2) {
		bits.add(format.page_shift - 1, 10, "IGNORED");
		bits.add(7, 2, "IGNORED");
	} else {
		bits.add(lpa ? 11 : format.page_shift - 1, 2, "IGNORED");
	}
}

// In words. What a leaf of stage 1 is made of, only MAIR knows.
std::string summary_of(const formats::Format &format, int level, uint64_t value,
		       std::optional<uint64_t> mair)
{
	const Questions &ask = questions_of(format);
	const Type type = ask.type(value, level);
	uint64_t shown = value;

	if (type != Type::block && type != Type::page)
		return summary(format, level, value);
	if (!has_contiguous(format, level))
		shown &= ~Stage2::contiguous;

	std::string text = summary(format, level, shown);

	if (formats::is_stage2(format.stage))
		return text;

	const std::string word = ' ' + ask.meaning(shown).memory + ' ';

	return text.replace(text.find(word), word.size(),
			    mair ? " (" + attribute_of(value, mair) + ") "
				 : " AttrIndx=" + std::to_string(Stage1::attr_index.get(value)) +
					    ' ');
}

const char *stage_text(Stage stage)
{
	constexpr const char *texts[] = {"stage 1 of EL1&0", "stage 1 of EL2&0",
					 "stage 1 of EL2",   "stage 1 of EL3",
					 "stage 2",	     "stage 2 with FWB"};

	return texts[static_cast<unsigned>(stage)];
}

} // namespace

Decoded descriptor(const formats::Format &format, int level, uint64_t value,
		   std::optional<uint64_t> mair)
{
	const Type type = questions_of(format).type(value, level);
	Bits bits{value};

	switch (type) {
	case Type::invalid:
		bits.add(63, 1, "IGNORED");
		break;
	case Type::annotation:
		bits.add(63, 1, "annotation",
			 "what software says of the place; ignored by hardware");
		break;
	case Type::reserved:
		bits.add(63, 2, "IGNORED");
		break;
	case Type::table:
		add_table(bits, format, value);
		break;
	default:
		add_leaf(bits, format, level, value, mair);
	}
	if (type != Type::invalid && type != Type::annotation)
		bits.add(1, 1, "type",
			 type == Type::table	     ? "table"
			 : type == Type::page	     ? "page"
			 : type == Type::block	     ? "block"
			 : level == vmsa::last_level ? "reserved at level 3"
						     : "no blocks at this level");
	bits.add_flag(0, "valid", "invalid", "valid");
	return {"descriptor at level " + std::to_string(level) + ", " + stage_text(format.stage) +
			", " + text::size(vmsa::bit(format.page_shift)) + " granule" +
			(format.output_bits > 48 ? ", 52-bit output" : ""),
		value, summary_of(format, level, value, mair), bits.take()};
}

} // namespace decode
