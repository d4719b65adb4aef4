// SPDX-License-Identifier: GPL-2.0-only
#include "summary.hpp"

#include "formats/shape.hpp"
#include "text/text.hpp"

namespace decode
{

namespace
{

template <class F> Type type_of(vmsa::Descriptor d, int level)
{
	if (!F::is_valid(d))
		return d ? Type::annotation : Type::invalid;
	if (F::is_table(d, level))
		return Type::table;
	if (!F::is_leaf(d, level))
		return Type::reserved;
	return level == vmsa::last_level ? Type::page : Type::block;
}

template <class F> uint64_t output_of(vmsa::Descriptor d, int level)
{
	return (F::is_table(d, level) ? F::next_table(d) : F::output(d, level)).raw();
}

// What a leaf allows: what EL0 may write, the privileged level never executes, whatever PXN says. Stage 2
// may say less than a memory type, or what is none.
template <class F> rows::Meaning meaning_of(vmsa::Descriptor d)
{
	auto attributes = F::attributes(d);

	if constexpr (requires { F::is_written_by_el0(attributes); }) {
		attributes.access.execute &= !F::is_written_by_el0(attributes);
		return rows::describe(attributes);
	} else {
		rows::Meaning meaning = rows::describe(attributes);
		const uint64_t bits = F::mem_attr.get(d);

		if (F::Stage::fwb && bits == 7)
			meaning.memory = "as-stage-1";
		else if (bits >= 4 && (F::Stage::fwb ? bits == 4 || bits > 7 : !(bits & 3)))
			meaning.memory = "reserved-memory";
		return meaning;
	}
}

template <class F> unsigned run_of(int level)
{
	return static_cast<unsigned>(F::contiguous_run(level));
}

template <class F>
constexpr Questions questions{type_of<F>, output_of<F>, meaning_of<F>, F::attribute_mask,
			      run_of<F>};

} // namespace

const Questions &questions_of(const formats::Format &format)
{
	return *formats::with_format(format, []<class F>() { return &questions<F>; });
}

const Summaries::Leaf &Summaries::leaf(int level, vmsa::Descriptor d, Type type)
{
	const vmsa::Descriptor bits = d & ask_.attribute_mask;

	for (const Leaf &known : known_)
		if (known.valid && known.level == level && known.bits == bits)
			return known;

	Leaf &oldest = known_[next_++ % known_.size()];
	rows::Meaning meaning = ask_.meaning(d);

	oldest = {true,
		  level,
		  bits,
		  type == Type::page ? "page " : "block ",
		  ' ' + rows::painted(paint_, meaning.access) + ' ' + meaning.memory,
		  {}};
	oldest.before += text::size(vmsa::bit(formats::shift_of(format_, level))) + " -> 0x";
	for (const std::string &flag : meaning.flags)
		oldest.after += ' ' + flag;
	oldest.meaning = std::move(meaning);
	return oldest;
}

void Summaries::append(std::string &out, int level, vmsa::Descriptor d)
{
	const Type type = ask_.type(d, level);

	switch (type) {
	case Type::invalid:
		out += "invalid";
		return;
	case Type::annotation: // what software writes where nothing is mapped
		out += "annotation 0x";
		text::append_hex(out, d >> 1);
		return;
	case Type::reserved:
		out += "reserved";
		return;
	case Type::table:
		out += "table -> 0x";
		text::append_hex(out, ask_.output(d, level));
		return;
	default:
		const Leaf &words = leaf(level, d, type);

		out += words.before;
		text::append_hex(out, ask_.output(d, level));
		out += words.after;
	}
}

void Summaries::write(json::Writer &json, int level, vmsa::Descriptor d)
{
	constexpr const char *types[] = {"invalid", "annotation", "reserved",
					 "table",   "block",	  "page"};
	const Type type = ask_.type(d, level);

	json.member("type", types[static_cast<size_t>(type)]);
	if (type == Type::annotation)
		json.member("annotation", text::hex(d >> 1));
	if (type < Type::table)
		return;
	json.member("output", text::hex(ask_.output(d, level)));
	if (type == Type::table)
		return;

	const rows::Meaning &meaning = leaf(level, d, type).meaning;

	json.member("bytes", vmsa::bit(formats::shift_of(format_, level)));
	json.member("access", meaning.access);
	json.member("memory", meaning.memory);
	json.begin_array("flags");
	for (const std::string &flag : meaning.flags)
		json.value(flag);
	json.end();
}

std::string summary(const formats::Format &format, int level, vmsa::Descriptor d)
{
	std::string out;

	Summaries{format}.append(out, level, d);
	return out;
}

} // namespace decode
