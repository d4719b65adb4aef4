// SPDX-License-Identifier: GPL-2.0-only
//
// Reading a dump. First what each record says of itself, then whether they are one tree: in the order
// of a pre-order walk, the next record has to be the table that the next table descriptor names. That
// is one pass, and nothing can be named twice, or by itself.
#include "dump.hpp"

#include "text/text.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace dump
{

static_assert(std::endian::native == std::endian::little, "a dump is read as it is");

using text::hex;
using vmsa::Descriptor;

class Reader {
    public:
	Reader(const Source &source, Dump &dump) : source_{source}, dump_{dump}
	{
	}

	void read_header();
	void read_tables();
	void check_order() const;
	void repair();

    private:
	size_t read(void *to, size_t bytes);
	void read_whole(void *to, size_t bytes, const char *what);
	void read_descriptors(size_t count);
	void check_record(const stage2_tables_table &record, uint64_t offset) const;
	void check_below(const Table &table, size_t &next) const;
	void keep_below(Table &table, std::vector<bool> &keep);

	unsigned entries() const
	{
		return 1u << (dump_.format().page_shift - 3);
	}
	uint64_t input_of(const Table &table, size_t index) const
	{
		return table.first +
		       (uint64_t{index} << formats::shift_of(dump_.format(), table.level));
	}
	// What the descriptor names, if it names a table.
	bool names_table(Descriptor d, int level, uint64_t &pa) const
	{
		return formats::with_stage2_format(dump_.format(), [&]<class F>() {
			pa = F::next_table(d).raw();
			return F::is_table(d, level);
		});
	}

	const Source &source_;
	Dump &dump_;
	uint64_t offset_ = 0;
};

// Fewer only at the end.
size_t Reader::read(void *to, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		const size_t got = source_(static_cast<char *>(to) + done, bytes - done);

		if (!got)
			break;
		done += got;
	}
	offset_ += done;
	return done;
}

void Reader::read_whole(void *to, size_t bytes, const char *what)
{
	if (read(to, bytes) != bytes)
		throw Bad{offset_, std::string{"the file ends within "} + what};
}

void Reader::read_header()
{
	stage2_tables_header &header = dump_.header_;
	const size_t got = read(&header, sizeof(header));

	if (got < sizeof(header.magic) ||
	    std::memcmp(header.magic, STAGE2_TABLES_MAGIC, sizeof(header.magic)))
		throw Bad{0, "this is no tables.bin: it does not begin with " STAGE2_TABLES_MAGIC};
	if (got != sizeof(header))
		throw Bad{got, "the file ends within the header"};
	if (header.version != STAGE2_TABLES_VERSION)
		throw Bad{offsetof(stage2_tables_header, version),
			  "format version " + std::to_string(header.version) +
				  ", and this program knows " +
				  std::to_string(STAGE2_TABLES_VERSION)};
	dump_.shape_ = formats::shape_of_vtcr(header.vtcr);
	if (!dump_.shape_.wrong.empty())
		throw Bad{offsetof(stage2_tables_header, vtcr), dump_.shape_.wrong};

	const auto agree = [&](size_t at, const char *what, int64_t here, int64_t there) {
		if (here != there)
			throw Bad{at, std::string{what} + " is " + std::to_string(here) +
					      ", but VTCR_EL2 says " + std::to_string(there)};
	};

	if (header.flags & ~STAGE2_TABLES_FWB)
		throw Bad{offsetof(stage2_tables_header, flags),
			  "flags " + hex(header.flags) + ", and this program knows " +
				  hex(STAGE2_TABLES_FWB)};
	if (header.flags & STAGE2_TABLES_FWB)
		dump_.shape_.format.stage = formats::Stage::stage2_fwb;
	agree(offsetof(stage2_tables_header, granule_shift), "granule_shift", header.granule_shift,
	      dump_.format().page_shift);
	agree(offsetof(stage2_tables_header, input_bits), "input_bits", header.input_bits,
	      dump_.geometry().input_bits);
	agree(offsetof(stage2_tables_header, start_level), "start_level", header.start_level,
	      dump_.geometry().start);
}

void Reader::check_record(const stage2_tables_table &record, uint64_t offset) const
{
	const vmsa::Geometry &g = dump_.geometry();
	const bool is_root = dump_.tables_.empty();
	const unsigned root_shift = formats::shift_of(dump_.format(), g.start);
	const uint64_t count = is_root ? uint64_t{1} << (g.input_bits - root_shift) : entries();

	if (is_root && (record.pa != dump_.header_.root || record.level != g.start || record.first))
		throw Bad{offset, "the first table is not the root, " + hex(dump_.header_.root) +
					  " at level " + std::to_string(g.start)};
	if (!is_root && (record.level <= g.start || record.level > vmsa::last_level))
		throw Bad{offset, "a table of level " + std::to_string(record.level)};
	if (record.descriptors != count)
		throw Bad{offset, "a table of " + std::to_string(record.descriptors) +
					  " descriptors, and those of its level have " +
					  std::to_string(count)};

	const unsigned span =
		is_root ? g.input_bits : formats::shift_of(dump_.format(), record.level - 1);

	if (record.first > g.last_input() || record.first & vmsa::low_bits(span))
		throw Bad{offset, "no table of level " + std::to_string(record.level) +
					  " begins at " + hex(record.first)};
	if (record.pa > vmsa::low_bits(52) ||
	    record.pa & vmsa::low_bits(is_root ? 6 : dump_.format().page_shift))
		throw Bad{offset, "no table is at " + hex(record.pa)};
}

// Memory grows as descriptors come, not as a record promises.
void Reader::read_descriptors(size_t count)
{
	constexpr size_t at_once = 512;

	while (count) {
		const size_t now = std::min(count, at_once);
		const size_t at = dump_.descriptors_.size();

		dump_.descriptors_.resize(at + now);
		read_whole(dump_.descriptors_.data() + at, now * sizeof(Descriptor), "a table");
		count -= now;
	}
}

void Reader::read_tables()
{
	for (;;) {
		const uint64_t offset = offset_;
		stage2_tables_table record;
		const size_t got = read(&record, sizeof(record));

		if (!got && !dump_.tables_.empty())
			break;
		if (got != sizeof(record))
			throw Bad{offset_, "the file ends within the record of a table"};
		check_record(record, offset);
		dump_.tables_.push_back(
			{record.pa, record.first, offset, dump_.descriptors_.size(), record.level});
		read_descriptors(record.descriptors);
	}
	dump_.index();
}

// `next` is the table whose turn is next. At most as deep as there are levels.
void Reader::check_below(const Table &table, size_t &next) const
{
	if (table.level == vmsa::last_level)
		return;
	for (size_t i = 0; i < dump_.descriptors_of(table); i++) {
		uint64_t pa;

		if (!names_table(dump_.begin_of(table)[i], table.level, pa))
			continue;

		const uint64_t at =
			table.offset + sizeof(stage2_tables_table) + i * sizeof(Descriptor);

		if (next == dump_.tables_.size())
			throw Bad{at, "the table at " + hex(pa) +
					      " is missing, and a descriptor points to it"};

		const Table &child = dump_.tables_[next++];

		if (child.pa != pa || child.level != table.level + 1 ||
		    child.first != input_of(table, i))
			throw Bad{child.offset, "the table at " + hex(pa) + " for " +
							hex(input_of(table, i)) + " belongs here"};
		check_below(child, next);
	}
}

void Reader::check_order() const
{
	size_t next = 1;

	check_below(dump_.tables_[0], next);
	if (next != dump_.tables_.size())
		throw Bad{dump_.tables_[next].offset,
			  "no descriptor points to the table at " + hex(dump_.tables_[next].pa)};

	const auto twice = std::ranges::adjacent_find(
		dump_.by_pa_, {}, [&](uint32_t i) { return dump_.tables_[i].pa; });

	if (twice != dump_.by_pa_.end())
		throw Bad{dump_.tables_[std::max(twice[0], twice[1])].offset,
			  "the table at " + hex(dump_.tables_[*twice].pa) + " is there twice"};
}

void Reader::keep_below(Table &table, std::vector<bool> &keep)
{
	if (table.level == vmsa::last_level)
		return;
	for (size_t i = 0; i < dump_.descriptors_of(table); i++) {
		Descriptor &d = dump_.descriptors_[table.at + i];
		uint64_t pa;

		if (!names_table(d, table.level, pa))
			continue;

		const Table *child = dump_.find(pa);

		if (!child || child->level != table.level + 1 ||
		    child->first != input_of(table, i)) {
			d = 0;
			dump_.lost_++;
			continue;
		}

		const auto n = static_cast<size_t>(child - dump_.tables_.data());

		keep[n] = true;
		keep_below(dump_.tables_[n], keep);
	}
}

// A table belongs to one place in the input space, so keeping those that their place names leaves a
// tree. Of two records of one table, the later one is the newer.
void Reader::repair()
{
	Dump &d = dump_;
	std::vector<bool> keep(d.tables_.size());
	Dump whole;

	const auto newest = std::unique(d.by_pa_.rbegin(), d.by_pa_.rend(), [&](auto a, auto b) {
		return d.tables_[a].pa == d.tables_[b].pa;
	});

	d.by_pa_.erase(d.by_pa_.begin(), newest.base());
	keep[0] = true;
	keep_below(d.tables_[0], keep);
	whole.lost_ = d.lost_;
	for (size_t i = 0; i < keep.size(); i++) {
		const Descriptor *from = d.begin_of(d.tables_[i]);

		if (!keep[i]) {
			whole.lost_++;
			continue;
		}
		whole.tables_.push_back(d.tables_[i]);
		whole.tables_.back().at = whole.descriptors_.size();
		whole.descriptors_.insert(whole.descriptors_.end(), from,
					  from + d.descriptors_of(d.tables_[i]));
	}
	whole.header_ = d.header_;
	whole.shape_ = d.shape_;
	d = std::move(whole);
	d.index();
}

Dump Dump::read(const Source &source, Torn torn)
{
	Dump dump;
	Reader reader{source, dump};

	reader.read_header();
	reader.read_tables();
	if (torn == Torn::repair) {
		reader.repair();
		return dump;
	}
	reader.check_order();
	return dump;
}

} // namespace dump
