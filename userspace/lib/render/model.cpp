// SPDX-License-Identifier: GPL-2.0-only
#include "model.hpp"

#include "stream.hpp"

#include "text/text.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace render
{

using decode::Type;
using vmsa::Descriptor;

namespace
{

bool is_leaf(Type type)
{
	return type == Type::block || type == Type::page;
}

// Where a descriptor has its address; what LPA and LPA2 put elsewhere is not in it.
unsigned address_shift(const formats::Format &format, int level, Type type)
{
	return type == Type::table ? format.page_shift : formats::shift_of(format, level);
}

Descriptor address_mask(const formats::Format &format, int level, Type type)
{
	const bool lpa2 = format.output_bits > 48 && format.page_shift != 16;

	if (type != Type::table && !is_leaf(type))
		return 0;
	return vmsa::low_bits(lpa2 ? 50 : 48) & ~vmsa::low_bits(address_shift(format, level, type));
}

constexpr const char *type_names[] = {"invalid", "annotation", "reserved",
				      "table",	 "block",      "page"};

} // namespace

void for_each_run(const dump::Dump &dump, const dump::Table &table,
		  const std::function<void(const Run &)> &visit)
{
	const decode::Questions &ask = decode::questions_of(dump.format());
	const Descriptor *d = dump.begin_of(table);
	const size_t count = dump.descriptors_of(table);
	const uint64_t size = vmsa::bit(formats::shift_of(dump.format(), table.level));

	for (size_t i = 0; i < count;) {
		if (!d[i]) {
			i++;
			continue;
		}

		const Type type = ask.type(d[i], table.level);
		const Descriptor mask = address_mask(dump.format(), table.level, type);
		size_t end = i + 1;

		// An address that overflows its field would change another one.
		while (end < count && type != Type::table &&
		       d[end] == d[end - 1] + (mask ? size : 0) && !((d[i] ^ d[end]) & ~mask))
			end++;
		visit({i, end - i, d[i], type});
		i = end;
	}
}

Model::Model(const dump::Dump &dump) : dump_{dump}, ask_{decode::questions_of(dump.format())}
{
}

unsigned Model::rank_of(const Look &look) const
{
	unsigned rank = 0;

	while (rank < recent_.size() &&
	       !(recent_[rank] < looks_.size() && looks_[recent_[rank]] == look))
		rank++;
	return rank;
}

void Model::append_look(const Look &look, unsigned rank)
{
	if (rank < recent_.size()) {
		std::rotate(recent_.begin(), recent_.begin() + rank, recent_.begin() + rank + 1);
		return;
	}

	const auto n = static_cast<size_t>(std::ranges::find(looks_, look) - looks_.begin());

	if (n < looks_.size()) {
		append_number(out_, n + 1);
	} else {
		append_number(out_, 0);
		append_number(out_, look.bits);
		append_digit(out_, static_cast<unsigned>(look.type));
		if (n == most_looks)
			return;
		looks_.push_back(look);
	}
	std::ranges::rotate(recent_, recent_.end() - 1);
	recent_[0] = n;
}

void Model::append_run(const dump::Table &table, const Run &run, size_t &next, bool scattered)
{
	const Descriptor mask = address_mask(dump_.format(), table.level, run.type);
	const unsigned shift = address_shift(dump_.format(), table.level, run.type);
	const Look look{table.level, run.descriptor & ~mask, run.type};
	const unsigned rank = rank_of(look);
	const uint64_t address = (run.descriptor & mask) >> shift;
	const uint64_t expected = scattered		    ? address
				  : run.type == Type::table ? next_table_
				  : mask		    ? next_output_ >> shift
							    : 0;
	const unsigned head = (run.index > next ? 1 : 0) | (run.count > 1 ? 2 : 0) |
			      (address != expected ? 4 : 0) | rank << 3;

	append_digit(out_, head);
	if (head & 1)
		append_number(out_, run.index - next);
	if (head & 2)
		append_number(out_, (run.count - 2) << 1 | (scattered ? 1 : 0));
	if (head & 4)
		append_signed(out_, static_cast<int64_t>(address - expected));
	append_look(look, rank);
	if (run.type == Type::table)
		next_table_ = address + 1;
	else if (mask)
		next_output_ = (address + run.count) << shift;
	next = run.index + run.count;
}

// How many of these, from the first on, are scattered leaves; fewer than four are not worth it: 1.
size_t Model::scattered_at(std::span<const Run> runs, int level) const
{
	const Descriptor mask = address_mask(dump_.format(), level, runs[0].type);
	size_t n = 0;

	while (n < runs.size() && is_leaf(runs[n].type) && runs[n].count == 1 &&
	       runs[n].index == runs[0].index + n &&
	       !((runs[n].descriptor ^ runs[0].descriptor) & ~mask))
		n++;
	return n < 4 ? 1 : n;
}

void Model::append_addresses(std::span<const Run> runs, int level)
{
	const Descriptor mask = address_mask(dump_.format(), level, runs[0].type);
	const unsigned shift = address_shift(dump_.format(), level, runs[0].type);
	const auto address = [&](const Run &run) {
		return (run.descriptor & mask) >> shift;
	};
	const auto [low, high] = std::ranges::minmax(runs, {}, address);
	const uint64_t lowest = address(low);
	const unsigned digits =
		(static_cast<unsigned>(std::bit_width(address(high) - lowest)) + 5) / 6;

	append_number(out_, lowest);
	append_digit(out_, digits);
	for (const Run &run : runs)
		append_digits(out_, address(run) - lowest, digits);
	next_output_ = (address(runs.back()) + 1) << shift;
}

void Model::append_table(const dump::Table &table, const Sink &sink)
{
	std::vector<Run> runs;
	std::vector<std::span<const Run>> pieces; // a run each, or scattered leaves
	size_t next = 0;

	for_each_run(dump_, table, [&](const Run &run) { runs.push_back(run); });
	for (std::span<const Run> rest{runs}; !rest.empty();
	     rest = rest.subspan(pieces.back().size()))
		pieces.push_back(rest.first(scattered_at(rest, table.level)));
	append_number(out_, pieces.size());
	for (const std::span<const Run> piece : pieces) {
		const bool scattered = piece.size() > 1;
		Run run = piece[0];

		if (scattered)
			run.count = piece.size();
		append_run(table, run, next, scattered);
		if (scattered)
			append_addresses(piece, table.level);
		if (out_.size() >= 4096) {
			sink(out_);
			out_.clear();
		}
	}
	for (const Run &run : runs) {
		if (run.type == Type::table)
			append_table(*dump_.find(ask_.output(run.descriptor, table.level)), sink);
	}
}

void Model::write_runs(const Sink &sink)
{
	recent_.fill(most_looks);
	append_table(dump_.tables()[0], sink);
	sink(out_);
	out_.clear();
}

void Model::write_looks(json::Writer &json) const
{
	json.begin_array("looks");
	for (const Look &look : looks_) {
		json.begin_object();
		if (is_leaf(look.type)) {
			const rows::Meaning meaning = ask_.meaning(look.bits);

			json.member("access", meaning.access);
			json.member("memory", meaning.memory);
			json.begin_array("flags");
			for (const std::string &flag : meaning.flags)
				json.value(flag);
			json.end();
		}
		json.end();
	}
	json.end();
}

namespace
{

// Where the bits of a field stand in an address; -1 when it is none.
int place_of(const decode::Field &field)
{
	if (field.name == "OA" || field.name == "next table")
		return static_cast<int>(field.low);
	return field.name == "OA[51:48]" ? 48 : field.name == "OA[51:50]" ? 50 : -1;
}

const char *kind_of(const decode::Field &field)
{
	using Kind = decode::Field::Kind;

	return field.kind == Kind::named     ? ""
	       : field.kind == Kind::ignored ? "ignored"
					     : "reserved";
}

} // namespace

// One of each type there can be: its fields, and what each of their values means.
void Model::write_fields(json::Writer &json) const
{
	json.begin_array("fields");
	for (int level = dump_.geometry().start; level <= vmsa::last_level; level++) {
		bool seen[std::size(type_names)] = {};

		for (const Descriptor probe : {0u, 2u, 1u, 3u}) {
			const Type type = ask_.type(probe, level);

			if (std::exchange(seen[static_cast<unsigned>(type)], true))
				continue;
			json.begin_object();
			json.member("level", level);
			json.member("type", type_names[static_cast<unsigned>(type)]);
			json.begin_array("fields");
			const auto whole = decode::descriptor(dump_.format(), level, probe);

			for (size_t i = 0; i < whole.fields.size(); i++) {
				const decode::Field &field = whole.fields[i];
				const unsigned width = field.high - field.low + 1;

				json.begin_object();
				json.member("high", field.high);
				json.member("low", field.low);
				json.member("name", field.name);
				if (*kind_of(field))
					json.member("kind", kind_of(field));
				if (place_of(field) >= 0)
					json.member("place", place_of(field));
				json.begin_array("means");
				for (uint64_t v = 0; v < (width <= 4 ? vmsa::bit(width) : 1); v++) {
					const Descriptor one =
						(probe & ~(vmsa::low_bits(width) << field.low)) |
						v << field.low;

					// The type is spelt by bits of its own, which say what they say.
					json.value(width > 4 || ask_.type(one, level) != type
							   ? field.meaning
							   : decode::descriptor(dump_.format(),
										level, one)
								     .fields[i]
								     .meaning);
				}
				json.end();
				json.end();
			}
			json.end();
			json.end();
		}
	}
	json.end();
}

void Model::write_rest(json::Writer &json, const std::string &name) const
{
	const auto &header = dump_.header();
	const decode::Decoded vtcr = decode::find_register("vtcr_el2")->decode(header.vtcr, {});

	json.begin_object();
	json.member("name", name);
	json.member("vtcr", text::hex(header.vtcr, 16));
	json.member("vtcr_means", vtcr.summary);
	json.member("fwb", (header.flags & STAGE2_TABLES_FWB) != 0);
	json.member("root", text::hex(header.root));
	json.member("root_tables", dump_.geometry().root_tables);
	json.member("root_entries", dump_.descriptors_of(dump_.tables()[0]));
	json.member("input_bits", dump_.geometry().input_bits);
	json.member("page_shift", dump_.format().page_shift);
	json.member("start", dump_.geometry().start);
	json.begin_array("types");
	for (const char *name : type_names)
		json.value(name);
	json.end();
	write_looks(json);
	write_fields(json);
	json.end();
}

} // namespace render
