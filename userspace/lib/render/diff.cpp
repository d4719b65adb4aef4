// SPDX-License-Identifier: GPL-2.0-only
#include "diff.hpp"

#include "model.hpp"

#include "formats/shape.hpp"
#include "text/text.hpp"

#include <algorithm>

namespace render
{

namespace
{

struct Leaf {
	uint64_t first;
	uint64_t last;
	uint64_t output;
	int level;
	vmsa::Descriptor bits; // what attributes are made of
};

// The leaves of a dump, one at a time.
class Leaves {
    public:
	explicit Leaves(const dump::Dump &dump)
	    : dump_{dump}, ask_{decode::questions_of(dump.format())}
	{
		open_.push_back({&dump.tables()[0], 0});
	}

	const dump::Dump &dump() const
	{
		return dump_;
	}

	bool next(Leaf &leaf)
	{
		while (!open_.empty()) {
			auto &[table, index] = open_.back();

			if (index == dump_.descriptors_of(*table)) {
				open_.pop_back();
				continue;
			}

			const size_t i = index++;
			const vmsa::Descriptor d = dump_.begin_of(*table)[i];

			if (!(d & 1))
				continue;

			const int level = table->level;
			const unsigned shift = formats::shift_of(dump_.format(), level);
			const uint64_t first = table->first + (uint64_t{i} << shift);
			const decode::Type type = ask_.type(d, level);

			if (type == decode::Type::table) {
				open_.push_back({dump_.find(ask_.output(d, level)), 0});
				continue;
			}
			if (type == decode::Type::reserved)
				continue;
			leaf = {first, first + vmsa::low_bits(shift), ask_.output(d, level), level,
				d & ask_.attribute_mask};
			return true;
		}
		return false;
	}

	Side side(const Leaf &leaf, uint64_t first) const
	{
		return {leaf.output + (first - leaf.first), leaf.level, leaf.last - leaf.first + 1,
			leaf.bits, ask_.meaning(leaf.bits)};
	}

    private:
	const dump::Dump &dump_;
	const decode::Questions &ask_;
	std::vector<std::pair<const dump::Table *, size_t>> open_; // a table a level
};

// Where there is nothing any more.
constexpr uint64_t nowhere = ~uint64_t{0};

// A leaf, of which the part before `from` is done.
struct Front {
	Leaves leaves;
	Leaf leaf{};
	uint64_t from = 0;
	bool there = true;

	explicit Front(const dump::Dump &dump) : leaves{dump}
	{
		advance();
	}

	void advance()
	{
		there = leaves.next(leaf);
		from = there ? leaf.first : nowhere;
	}
	// Done up to and with `last`.
	void pass(uint64_t last)
	{
		if (!there || last < leaf.first)
			return;
		if (last >= leaf.last)
			advance();
		else
			from = last + 1;
	}
	uint64_t output() const
	{
		return leaf.output + (from - leaf.first);
	}
};

unsigned difference(const Side &a, const Side &b)
{
	unsigned what = 0;

	what |= a.meaning.access != b.meaning.access ? unsigned{Change::permission} : 0;
	what |= a.meaning.memory != b.meaning.memory ? unsigned{Change::memory} : 0;
	what |= a.output != b.output ? unsigned{Change::output} : 0;
	what |= a.leaf_bytes != b.leaf_bytes ? unsigned{Change::size} : 0;
	what |= a.meaning.flags != b.meaning.flags ? unsigned{Change::flags} : 0;
	return what;
}

// The same, further on?
bool goes_on(const std::optional<Side> &side, const Front &front, bool there, uint64_t bytes)
{
	if (!side || !there)
		return !side && !there;
	return side->level == front.leaf.level && side->bits == front.leaf.bits &&
	       side->output + bytes == front.output();
}

} // namespace

uint64_t for_each_change(const dump::Dump &before, const dump::Dump &after,
			 const std::function<void(const Change &)> &visit)
{
	Front a{before}, b{after};
	Change change{};
	bool open = false;
	uint64_t same = 0;
	const bool one_format = before.format() == after.format();

	while (a.there || b.there) {
		const uint64_t first = std::min(a.from, b.from);
		const bool in_a = a.there && a.from == first, in_b = b.there && b.from == first;
		uint64_t last = nowhere;

		if (a.there)
			last = std::min(last, in_a ? a.leaf.last : a.from - 1);
		if (b.there)
			last = std::min(last, in_b ? b.leaf.last : b.from - 1);

		// Most are as they were.
		const bool equal = in_a && in_b && one_format && a.leaf.level == b.leaf.level &&
				   a.leaf.bits == b.leaf.bits && a.output() == b.output();

		if (!equal && open && change.last + 1 == first &&
		    goes_on(change.before, a, in_a, first - change.first) &&
		    goes_on(change.after, b, in_b, first - change.first)) {
			change.last = last;
		} else {
			if (open)
				visit(change);
			open = false;
			if (equal) {
				same += last - first + 1;
			} else {
				change = {.kind = Change::Kind::changed,
					  .first = first,
					  .last = last,
					  .before = {},
					  .after = {}};
				if (in_a)
					change.before = a.leaves.side(a.leaf, first);
				if (in_b)
					change.after = b.leaves.side(b.leaf, first);
				if (!in_a || !in_b)
					change.kind =
						in_a ? Change::Kind::removed : Change::Kind::added;
				else
					change.what = difference(*change.before, *change.after);
				open = !in_a || !in_b || change.what;
				if (!open)
					same += last - first + 1;
			}
		}
		a.pass(last);
		b.pass(last);
	}
	if (open)
		visit(change);
	return same;
}

namespace
{

constexpr const char *kind_names[] = {"added", "removed", "changed"};
constexpr const char *what_names[] = {"permission", "memory", "output", "size", "flags"};

std::string flags_of(const Side &side)
{
	std::string flags;

	for (const std::string &flag : side.meaning.flags)
		flags += (flags.empty() ? "" : " ") + flag;
	return flags;
}

// What a side says of one thing that changed.
std::string value_of(const Side &side, unsigned what)
{
	return what == Change::permission ? side.meaning.access
	       : what == Change::memory	  ? side.meaning.memory
	       : what == Change::output	  ? text::hex(side.output)
	       : what == Change::size	  ? text::size(side.leaf_bytes)
					  : flags_of(side);
}

void write_side(json::Writer &json, const char *name, const Side &side)
{
	json.begin_object(name);
	json.member("output", text::hex(side.output));
	json.member("access", side.meaning.access);
	json.member("memory", side.meaning.memory);
	json.member("level", side.level);
	json.member("leaf_bytes", side.leaf_bytes);
	json.begin_array("flags");
	for (const std::string &flag : side.meaning.flags)
		json.value(flag);
	json.end();
	json.end();
}

} // namespace

std::string line_of(const Change &change, unsigned input_bits)
{
	std::string line{"+-~"[static_cast<unsigned>(change.kind)]};
	const char *between = " ";

	line += ' ';
	text::append_hex(line, change.first, (input_bits + 3) / 4);
	line += '-';
	text::append_hex(line, change.last, (input_bits + 3) / 4);
	if (change.kind != Change::Kind::changed) {
		const Side &side = change.before ? *change.before : *change.after;

		line += " -> ";
		text::append_hex(line, side.output, 10);
		line += ' ' + side.meaning.access + ' ' + side.meaning.memory + ' ';
		line += text::size(side.leaf_bytes) + ' ' + flags_of(side) + '\n';
		return line;
	}
	for (unsigned i = 0; i < std::size(what_names); i++) {
		const unsigned bit = 1u << i;

		if (!(change.what & bit))
			continue;
		line += std::string{between} + what_names[i] + ' ' + value_of(*change.before, bit) +
			" to " + value_of(*change.after, bit);
		between = ", ";
	}
	return line + '\n';
}

void write_json(json::Writer &json, const Change &change)
{
	json.begin_object();
	json.member("kind", kind_names[static_cast<unsigned>(change.kind)]);
	json.member("first", text::hex(change.first));
	json.member("last", text::hex(change.last));
	if (change.kind == Change::Kind::changed) {
		json.begin_array("what");
		for (unsigned i = 0; i < std::size(what_names); i++)
			if (change.what & 1u << i)
				json.value(what_names[i]);
		json.end();
	}
	if (change.before)
		write_side(json, "before", *change.before);
	if (change.after)
		write_side(json, "after", *change.after);
	json.end();
}

} // namespace render
