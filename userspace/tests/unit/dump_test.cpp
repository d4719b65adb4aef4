// SPDX-License-Identifier: GPL-2.0-only
//
// tables.bin read back: what it says is what the tables say, and what is no dump is refused.
#include "make_dump.hpp"

#include "text/text.hpp"

#include <gtest/gtest.h>

using namespace dump;
using namespace unit;
using vmsa::Ipa;
using vmsa::Pa;

namespace
{

std::vector<std::string> rows_text(const auto &tree_or_dump, rows::Detail detail)
{
	rows::Lines writer{40, detail};
	std::vector<std::string> lines;
	const auto add = [&](const rows::Row &row) {
		writer.append(lines.emplace_back(), row);
	};

	if constexpr (requires { tree_or_dump.for_each_row(detail, add); })
		tree_or_dump.for_each_row(detail, add);
	else
		rows::for_each_row(tree_or_dump, detail, add);
	return lines;
}

// Tables of one page, one block of each size, and some of each with another attribute.
template <class F> void furnish(vmsa::Image<F> &image)
{
	uint64_t at = uint64_t{1} << 36;

	for (int level = vmsa::last_level; F::allows_leaf(level); level--) {
		const uint64_t size = F::Granule::size(level);

		if (at + 4 * size > image.tree().space().last.raw())
			break;
		at = (at + size - 1) & ~(size - 1);
		for (const vmsa::Access access : {vmsa::rw, vmsa::r, vmsa::rx}) {
			const auto done = image.map({Ipa{at}, size}, Pa{at}, vmsa::normal | access,
						    {.largest = level});

			ASSERT_TRUE(done);
			at += size;
		}
	}
}

template <class F> void reads_back(unsigned input_bits)
{
	using Granule = typename F::Granule;
	std::vector<vmsa::Descriptor> buffer(64 * Granule::entries);
	vmsa::Image<F> image{buffer};
	const auto geometry =
		vmsa::stage2_geometry<Granule, F::output_bits>(input_bits, F::output_bits);

	ASSERT_TRUE(image.create(geometry.value(), Pa{0x4000'0000}));
	furnish(image);

	const std::string bytes = dump_of(image);
	const Dump dump = Dump::read(source_of(bytes));

	EXPECT_EQ(written(dump), bytes);
	EXPECT_EQ(dump.format().page_shift, unsigned{Granule::page_shift});
	EXPECT_EQ(dump.format().output_bits, unsigned{F::output_bits});
	EXPECT_EQ(dump.format().stage == formats::Stage::stage2_fwb, F::Stage::fwb);
	EXPECT_EQ(dump.geometry().start, geometry.value().start);
	EXPECT_EQ(dump.geometry().root_tables, geometry.value().root_tables);
	for (const auto detail : {rows::Detail::brief, rows::Detail::full})
		EXPECT_EQ(rows_text(dump, detail), rows_text(image.tree(), detail));

	const auto counted = vmsa::census(image.tree());

	EXPECT_EQ(dump.census().tables, counted.tables);
	EXPECT_EQ(dump.table_bytes(), counted.tables * Granule::table_bytes);
	for (int level = 0; level <= vmsa::last_level; level++)
		EXPECT_EQ(dump.census().leaves[level], counted.leaves[level]);

	size_t steps = 0;

	dump.for_each_step([&](const Step &step) {
		const auto walked = dump.walk(step.first);
		const Step &same = walked[static_cast<size_t>(step.level - geometry.value().start)];

		EXPECT_EQ(same.descriptor, step.descriptor);
		EXPECT_EQ(same.first, step.first);
		EXPECT_EQ(same.index, step.index);
		EXPECT_EQ(same.table, step.table);
		steps++;
	});
	EXPECT_EQ(steps, image.descriptors().size() -
				 static_cast<size_t>(std::ranges::count(image.descriptors(), 0u)));
}

TEST(dump, reads_back_every_format)
{
	reads_back<vmsa::Format<vmsa::Stage2, vmsa::Granule4K, 48>>(40);
	reads_back<vmsa::Format<vmsa::Stage2, vmsa::Granule4K, 48>>(48);
	reads_back<vmsa::Format<vmsa::Stage2, vmsa::Granule16K, 48>>(47);
	reads_back<vmsa::Format<vmsa::Stage2, vmsa::Granule64K, 48>>(42);
	reads_back<vmsa::Format<vmsa::Stage2, vmsa::Granule4K, 52>>(52);
	reads_back<vmsa::Format<vmsa::Stage2, vmsa::Granule16K, 52>>(50);
	reads_back<vmsa::Format<vmsa::Stage2, vmsa::Granule64K, 52>>(52);
	reads_back<vmsa::Format<vmsa::Stage2Fwb, vmsa::Granule4K, 48>>(40);
}

TEST(dump, reads_what_a_module_wrote)
{
	const Dump dump = Dump::read(source_of(demo()));

	EXPECT_EQ(dump.census().tables, 9u);
	EXPECT_EQ(dump.census().leaves[2], 1u);
	EXPECT_EQ(dump.census().leaves[3], 785u);
	EXPECT_EQ(rows_text(dump, rows::Detail::brief),
		  (std::vector<std::string>{"0009000000-0009000fff rw- device  1 x 4K\n",
					    "0040000000-004000ffff r-x normal  16 x 4K\n",
					    "0080000000-00800fffff rw- normal  256 x 4K\n",
					    "0080100000-0080100fff r-- normal  1 x 4K\n",
					    "0080101000-00801fffff rw- normal  255 x 4K\n",
					    "0080200000-00803fffff rw- normal  1 x 2M\n",
					    "0080400000-00804fffff rw- normal  256 x 4K\n"}));
	EXPECT_EQ(written(dump), demo());
}

// A source that gives a few bytes at a time is as good as any.
TEST(dump, reads_from_a_source_in_small_pieces)
{
	const Dump dump = Dump::read([whole = source_of(demo())](void *to, size_t n) mutable {
		return whole(to, std::min<size_t>(n, 7));
	});

	EXPECT_EQ(written(dump), demo());
}

// An image of a root of 256 bytes and one more table.
std::string small_dump()
{
	std::vector<vmsa::Descriptor> buffer(8 * 512);
	vmsa::Image<vmsa::Stage2_4K> image{buffer};

	(void)image.create(vmsa::stage2_geometry<vmsa::Granule4K>(35, 40).value(), Pa{0});
	(void)image.map({Ipa{0x8000'0000}, vmsa::GiB / 2}, Pa{0}, vmsa::normal | vmsa::rw);
	return dump_of(image);
}

// What is said about `bytes`; empty when they are taken.
std::string complaint(const std::string &bytes)
{
	try {
		(void)Dump::read(source_of(bytes));
		return "";
	} catch (const Bad &bad) {
		return bad.what();
	}
}

TEST(dump, refuses_every_file_that_was_cut_short)
{
	const std::string whole = small_dump();

	ASSERT_EQ(complaint(whole), "");
	for (size_t length = 0; length < whole.size(); length++) {
		const std::string said = complaint(whole.substr(0, length));

		EXPECT_FALSE(said.empty()) << length << " of " << whole.size() << " bytes";
	}
}

constexpr size_t root_at = sizeof(stage2_tables_header);
constexpr size_t root_descriptors = root_at + sizeof(stage2_tables_table);

// The dump with a field of its header or of a record changed.
template <class T> std::string with(std::string bytes, size_t at, T value)
{
	std::memcpy(bytes.data() + at, &value, sizeof(value));
	return bytes;
}

TEST(dump, says_what_is_wrong_and_where)
{
	using Header = stage2_tables_header;
	using Record = stage2_tables_table;
	const std::string good = small_dump();
	const size_t child_at = root_descriptors + 32 * 8;

	EXPECT_EQ(complaint("hello"),
		  "at byte 0: this is no tables.bin: it does not begin with STAGE2TB");
	EXPECT_EQ(complaint(good.substr(0, 20)), "at byte 20: the file ends within the header");
	EXPECT_EQ(complaint(with(good, offsetof(Header, version), 2)),
		  "at byte 8: format version 2, and this program knows 1");
	EXPECT_EQ(complaint(with(good, offsetof(Header, granule_shift), 16)),
		  "at byte 12: granule_shift is 16, but VTCR_EL2 says 12");
	EXPECT_EQ(complaint(with(good, offsetof(Header, flags), uint16_t{6})),
		  "at byte 14: flags 0x6, and this program knows 0x1");
	EXPECT_EQ(complaint(with(good, offsetof(Header, input_bits), 64)),
		  "at byte 16: input_bits is 64, but VTCR_EL2 says 35");
	EXPECT_EQ(complaint(with(good, offsetof(Header, start_level), -1)),
		  "at byte 20: start_level is -1, but VTCR_EL2 says 1");
	EXPECT_EQ(complaint(with(good, offsetof(Header, vtcr), ~uint64_t{0})),
		  "at byte 24: VTCR_EL2.TG0 is 0b11, which is reserved");
	EXPECT_EQ(complaint(with(good, offsetof(Header, vtcr), uint64_t{0})),
		  "at byte 24: 64 input address bits, and this format has 48");
	EXPECT_EQ(complaint(with(good, offsetof(Header, root), uint64_t{0x1000})),
		  "at byte 40: the first table is not the root, 0x1000 at level 1");
	EXPECT_EQ(complaint(with(good, root_at + offsetof(Record, descriptors), ~0u)),
		  "at byte 40: a table of 4294967295 descriptors, and those of its level have 32");
	EXPECT_EQ(complaint(with(good, child_at + offsetof(Record, level), 4)),
		  "at byte 320: a table of level 4");
	EXPECT_EQ(complaint(with(good, child_at + offsetof(Record, level), 1)),
		  "at byte 320: a table of level 1");
	EXPECT_EQ(complaint(with(good, child_at + offsetof(Record, level), 3)),
		  "at byte 320: the table at 0x1000 for 0x80000000 belongs here");
	EXPECT_EQ(complaint(with(good, child_at + offsetof(Record, first), uint64_t{0x80001000})),
		  "at byte 320: no table of level 2 begins at 0x80001000");
	EXPECT_EQ(complaint(with(good, child_at + offsetof(Record, first), uint64_t{1} << 40)),
		  "at byte 320: no table of level 2 begins at 0x10000000000");
	EXPECT_EQ(complaint(with(good, child_at + offsetof(Record, first), uint64_t{0x40000000})),
		  "at byte 320: the table at 0x1000 for 0x80000000 belongs here");
	EXPECT_EQ(complaint(with(good, child_at + offsetof(Record, pa), uint64_t{0x1008})),
		  "at byte 320: no table is at 0x1008");
	// The root names the table twice: by entry 2, and by entry 3.
	EXPECT_EQ(complaint(with(good, root_descriptors + 3 * 8, uint64_t{0x1003})),
		  "at byte 88: the table at 0x1000 is missing, and a descriptor points to it");
	// Nobody names it.
	EXPECT_EQ(complaint(with(good, root_descriptors + 2 * 8, uint64_t{0})),
		  "at byte 320: no descriptor points to the table at 0x1000");
	// It names itself.
	EXPECT_EQ(complaint(with(good, child_at + sizeof(Record), uint64_t{0x1003})),
		  "at byte 344: the table at 0x1000 is missing, and a descriptor points to it");
	EXPECT_EQ(complaint(good + "x"),
		  "at byte 4441: the file ends within the record of a table");
}

TEST(dump, refuses_a_table_in_two_places)
{
	const std::string good = small_dump();
	const size_t child_at = root_descriptors + 32 * 8;
	const std::string child = good.substr(child_at);
	const std::string again =
		with(good, root_descriptors + 3 * 8, uint64_t{0x1003}) +
		with(child, offsetof(stage2_tables_table, first), uint64_t{0xc000'0000});

	EXPECT_EQ(complaint(again), "at byte 4440: the table at 0x1000 is there twice");
}

TEST(dump, a_torn_one_can_be_repaired)
{
	const std::string good = small_dump();
	const size_t child_at = root_descriptors + 32 * 8;
	const auto repaired = [](const std::string &bytes) {
		return Dump::read(source_of(bytes), Torn::repair);
	};

	EXPECT_EQ(repaired(good).lost(), 0u);
	EXPECT_EQ(written(repaired(good)), good);

	// A table that went away.
	Dump dump = repaired(good.substr(0, child_at));

	EXPECT_EQ(dump.lost(), 1u);
	EXPECT_EQ(dump.tables().size(), 1u);
	EXPECT_TRUE(rows_text(dump, rows::Detail::brief).empty());
	EXPECT_EQ(complaint(written(dump)), "");

	// One that came when its parent had been read.
	dump = repaired(with(good, root_descriptors + 2 * 8, uint64_t{0}));
	EXPECT_EQ(dump.lost(), 1u);
	EXPECT_EQ(dump.tables().size(), 1u);

	// One that was freed, and then used elsewhere: the later record is right.
	const std::string child = good.substr(child_at);

	dump = repaired(with(good, root_descriptors + 3 * 8, uint64_t{0x1003}) +
			with(child, offsetof(stage2_tables_table, first), uint64_t{0xc000'0000}));
	EXPECT_EQ(dump.lost(), 2u); // the earlier record, and who names it
	EXPECT_EQ(rows_text(dump, rows::Detail::brief),
		  std::vector<std::string>{"00c0000000-00dfffffff rw- normal  256 x 2M\n"});
	EXPECT_EQ(complaint(written(dump)), "");
}

TEST(dump, has_a_row_for_each_of_many_leaves)
{
	constexpr size_t pages = 1 << 17;
	std::vector<vmsa::Descriptor> buffer((pages / 512 + 16) * 512);
	vmsa::Image<vmsa::Stage2_4K> image{buffer};
	size_t count = 0;

	ASSERT_TRUE(image.create(vmsa::stage2_geometry<vmsa::Granule4K>(40, 40).value(), Pa{0}));
	ASSERT_TRUE(image.map({Ipa{0}, pages * 4096}, Pa{0}, vmsa::normal | vmsa::rw,
			      {.largest = vmsa::last_level}));
	// Every second page is read-only. A table has no access flag.
	for (size_t i = 0; i < buffer.size(); i += 2)
		if (buffer[i] & vmsa::Stage2_4K::af)
			buffer[i] &= ~vmsa::Stage2_4K::s2ap_write;

	const Dump dump = Dump::read(source_of(dump_of(image)));

	dump.for_each_row(rows::Detail::brief, [&](const rows::Row &row) {
		count += row.leaves == 1 && row.first == count * 4096 &&
			 row.meaning->access == (count % 2 ? "rw-" : "r--");
	});
	EXPECT_EQ(count, pages);
}

} // namespace
