// SPDX-License-Identifier: GPL-2.0-only
//
// Where rows end, and what they say; and the words they are made of.
#include "rows/rows.hpp"
#include "text/text.hpp"

#include "vmsa/annotate.hpp"
#include "vmsa/image.hpp"

#include <gtest/gtest.h>

using vmsa::Pa;
using vmsa::Va;

namespace
{

using El1 = vmsa::Format<vmsa::El1And0, vmsa::Granule4K>;

struct Stage1Image {
	std::vector<vmsa::Descriptor> buffer = std::vector<vmsa::Descriptor>(16 * 512);
	vmsa::Image<El1> image{buffer};

	Stage1Image()
	{
		(void)image.create(vmsa::stage1_geometry<vmsa::Granule4K>(39, 40).value(), Pa{0});
	}
	void map(uint64_t va, uint64_t size, uint64_t pa)
	{
		ASSERT_TRUE(image.map({Va{va}, size}, Pa{pa}, vmsa::normal | vmsa::rw));
	}
	std::string text(rows::Detail detail)
	{
		rows::Lines lines{39, detail};
		std::string out;

		rows::for_each_row(image.tree(), detail,
				   [&](const rows::Row &row) { lines.append(out, row); });
		return out;
	}
};

TEST(rows, end_where_outputs_jump_only_if_these_are_shown)
{
	Stage1Image one;

	one.map(0x1000, 0x1000, 0x5000);
	one.map(0x2000, 0x1000, 0x9000);
	EXPECT_EQ(one.text(rows::Detail::brief), "0000001000-0000002fff rw- normal  2 x 4K\n");
	EXPECT_EQ(
		one.text(rows::Detail::full),
		"0000001000-0000001fff -> 0000005000 rw- normal 1 x 4K inner-shareable accessed\n"
		"0000002000-0000002fff -> 0000009000 rw- normal 1 x 4K inner-shareable accessed\n");
}

TEST(rows, end_at_holes_and_where_the_size_changes)
{
	Stage1Image one;

	one.map(0x20'0000, 0x20'3000, 0x20'0000);
	one.map(0x40'4000, 0x1000, 0x40'4000);
	EXPECT_EQ(one.text(rows::Detail::brief), "0000200000-00003fffff rw- normal  1 x 2M\n"
						 "0000400000-0000402fff rw- normal  3 x 4K\n"
						 "0000404000-0000404fff rw- normal  1 x 4K\n");
}

// Two tables with the same leaves, and what names the second of them makes it read-only.
TEST(rows, end_where_tables_above_begin_to_restrict)
{
	Stage1Image one;

	one.map(0x1f'f000, 0x2000, 0x1f'f000);

	vmsa::Descriptor *level2 = one.image.tree().child(one.buffer[0]);

	ASSERT_TRUE(El1::is_table(level2[0], 2) && El1::is_table(level2[1], 2));
	level2[1] |= El1::encode(vmsa::TableAttributes{.read_only = true});
	EXPECT_EQ(one.text(rows::Detail::brief), "00001ff000-00001fffff rw- normal  1 x 4K\n"
						 "0000200000-0000200fff r-- normal  1 x 4K\n");
}

// Dirty state, however it is kept: by DBM, or by the module's software bit in what is no longer writable.
TEST(rows, say_what_was_written)
{
	std::vector<vmsa::Descriptor> buffer(16 * 512);
	vmsa::Image<vmsa::Stage2_4K> image{buffer};
	const auto map = [&](uint64_t page, bool write, bool dbm, bool accessed, uint8_t software) {
		const vmsa::Stage2Attributes attributes{.access = {.read = true, .write = write},
							.accessed = accessed,
							.dbm = dbm,
							.software = software};

		ASSERT_TRUE(image.map({vmsa::Ipa{page * 4096}, 4096}, Pa{page * 4096}, attributes));
	};

	(void)image.create(vmsa::stage2_geometry<vmsa::Granule4K>(32, 40).value(), Pa{0});
	map(0, true, false, true, 0);
	map(1, false, true, true, 0);
	map(2, false, true, false, 0); // whether it was accessed is not for brief rows
	map(3, true, true, true, 0);
	map(4, false, true, true, 1); // dirty by the software bit
	map(5, false, false, true, 1); // the same, and now read-only
	map(6, false, false, true, 2);

	const auto text = [&](rows::Detail detail) {
		rows::Lines lines{32, detail};
		std::string out;

		rows::for_each_row(image.tree(), detail,
				   [&](const rows::Row &row) { lines.append(out, row); });
		return out;
	};

	EXPECT_EQ(text(rows::Detail::brief), "00000000-00000fff rw- normal  1 x 4K\n"
					     "00001000-00002fff rw- normal  2 x 4K clean\n"
					     "00003000-00004fff rw- normal  2 x 4K dirty\n"
					     "00005000-00005fff r-- normal  1 x 4K dirty\n"
					     "00006000-00006fff r-- normal  1 x 4K\n");
	EXPECT_NE(text(rows::Detail::full).find("accessed clean\n"), std::string::npos);
	EXPECT_NE(text(rows::Detail::full).find("inner-shareable clean\n"), std::string::npos);
	EXPECT_NE(text(rows::Detail::full).find("accessed software=2\n"), std::string::npos);
}

// What is not mapped may say something: in full, on either side of leaves, at the size it stands at.
TEST(rows, say_whose_memory_it_is_and_who_has_no_tags)
{
	using Flags = std::vector<std::string>;

	vmsa::Stage1Attributes root = vmsa::normal | vmsa::rw;
	vmsa::Stage2Attributes guest = vmsa::normal | vmsa::rw;

	root.nse = true;
	EXPECT_EQ(rows::describe(root).flags, (Flags{"inner-shareable", "accessed", "nse"}));
	root.non_secure = true;
	EXPECT_EQ(rows::describe(root).flags,
		  (Flags{"inner-shareable", "accessed", "non-secure", "nse"}));
	guest.non_secure = guest.no_tags = true;
	EXPECT_EQ(rows::describe(guest).flags,
		  (Flags{"inner-shareable", "accessed", "non-secure", "no-tags"}));
}

TEST(rows, say_what_is_annotated)
{
	Stage1Image one;
	const auto annotate = [&](uint64_t va, uint64_t size, uint64_t what) {
		ASSERT_TRUE(one.image.edit([&](auto &tree, auto &batch) {
			return vmsa::annotate(tree, batch, {Va{va}, size}, what);
		}));
	};

	annotate(0, 0x2000, 0x12);
	annotate(0x2000, 0x1000, 0x13);
	one.map(0x3000, 0x1000, 0x3000);
	annotate(0x4000, 0x1000, 0x13);
	one.map(0x5000, 0x1000, 0x5000);
	annotate(0x20'0000, 0x40'0000, uint64_t{1} << 62);
	EXPECT_EQ(one.text(rows::Detail::brief), "0000003000-0000003fff rw- normal  1 x 4K\n"
						 "0000005000-0000005fff rw- normal  1 x 4K\n");
	EXPECT_EQ(one.text(rows::Detail::full),
		  "0000000000-0000001fff annotation 0x12 2 x 4K\n"
		  "0000002000-0000002fff annotation 0x13 1 x 4K\n"
		  "0000003000-0000003fff -> 0000003000 rw- normal 1 x 4K inner-shareable accessed\n"
		  "0000004000-0000004fff annotation 0x13 1 x 4K\n"
		  "0000005000-0000005fff -> 0000005000 rw- normal 1 x 4K inner-shareable accessed\n"
		  "0000200000-00005fffff annotation 0x4000000000000000 2 x 2M\n");

	std::string out;
	json::Writer json{out};

	json.begin_array();
	rows::for_each_row(one.image.tree(), rows::Detail::full, [&](const rows::Row &row) {
		if (row.annotation == 0x12)
			rows::write_json(json, row, rows::Detail::full);
	});
	json.end();
	EXPECT_EQ(out, R"([
  {
    "first": "0x0",
    "last": "0x1fff",
    "annotation": "0x12",
    "level": 3,
    "entries": 2,
    "entry_bytes": 4096
  }
]
)");
}

TEST(rows, alternate_between_many_meanings)
{
	Stage1Image one;
	std::string expected;

	for (unsigned i = 0; i < 40; i++) {
		auto attributes = vmsa::normal | vmsa::user_rw;

		attributes.software = static_cast<uint8_t>(i * 7 % 12);
		ASSERT_TRUE(one.image.map({Va{i * uint64_t{4096}}, 4096}, Pa{i * uint64_t{4096}},
					  attributes));
		expected += std::to_string(i * 7 % 12) + ' ';
	}

	std::string got;

	rows::for_each_row(one.image.tree(), rows::Detail::full, [&](const rows::Row &row) {
		std::string flag{"0"};

		for (const std::string &f : row.meaning->flags)
			if (f.starts_with("software="))
				flag = f.substr(9);
		got += flag + ' ';
	});
	EXPECT_EQ(got, expected);
}

TEST(text, numbers_are_read_as_they_are_written)
{
	using text::Number, text::parse_number;
	const auto trouble = [](const char *s) {
		return parse_number(s).trouble;
	};

	EXPECT_EQ(parse_number("0").value, 0u);
	EXPECT_EQ(parse_number("4096").value, 4096u);
	EXPECT_EQ(parse_number("0x80000000").value, 0x8000'0000u);
	EXPECT_EQ(parse_number("0XfF").value, 255u);
	EXPECT_EQ(parse_number("2G").value, 0x8000'0000u);
	EXPECT_EQ(parse_number("0x10k").value, 0x4000u);
	EXPECT_EQ(parse_number("18446744073709551615").value, ~uint64_t{0});
	EXPECT_EQ(parse_number("010").value, 10u);
	for (const char *s : {"x", "0x", "+1", " 1", "K"})
		EXPECT_EQ(trouble(s), Number::Trouble::not_a_number) << s;
	for (const char *s : {"18446744073709551616", "16777216T", "0x10000000000000000"})
		EXPECT_EQ(trouble(s), Number::Trouble::too_large) << s;
	for (const char *s : {"1x", "4KB", "1 ", "4kk"})
		EXPECT_EQ(trouble(s), Number::Trouble::junk) << s;
	EXPECT_EQ(trouble(""), Number::Trouble::missing);
	EXPECT_EQ(trouble("-1"), Number::Trouble::negative);
	EXPECT_EQ(parse_number("12P").at, 2u);
	EXPECT_EQ(parse_number("0xg").at, 2u);
}

TEST(text, numbers_are_written)
{
	EXPECT_EQ(text::hex(0), "0x0");
	EXPECT_EQ(text::hex(0xabc, 6), "0x000abc");
	EXPECT_EQ(text::hex(~uint64_t{0}, 4), "0xffffffffffffffff");
	EXPECT_EQ(text::size(4096), "4K");
	EXPECT_EQ(text::size(uint64_t{2} << 20), "2M");
	EXPECT_EQ(text::size(uint64_t{5120} << 40), "5120T");
	EXPECT_EQ(text::size(2052 << 10), "2052K");
	EXPECT_EQ(text::size(100), "100B");
	EXPECT_EQ(text::size(0), "0K");
	EXPECT_EQ(text::size(5312512), "5188K");
	EXPECT_EQ(text::size((uint64_t{2} << 30) + 4096), "2.0G");
	EXPECT_EQ(text::size(123456789), "117.7M");
	EXPECT_EQ(text::exact_size((uint64_t{2} << 30) + 4096), "2097156K");
	EXPECT_EQ(text::size(~uint64_t{0}), "16777215.9T");
	// What is written can be read, and is the same size then, but for what was rounded.
	for (uint64_t n = 1; n < uint64_t{1} << 62; n = n * 3 + 1) {
		for (const uint64_t bytes : {n, n & ~uint64_t{1023}, n & ~uint64_t{0xfffff}}) {
			const text::Number read = text::parse_number(text::size(bytes));

			EXPECT_EQ(read.trouble, text::Number::Trouble::none) << text::size(bytes);
			EXPECT_LE(read.value, bytes);
			EXPECT_GE(read.value, bytes - bytes / 10);
			EXPECT_EQ(text::parse_number(text::exact_size(bytes)).value, bytes);
		}
	}
}

TEST(json, writes_what_python_would)
{
	std::string out;
	json::Writer json{out};

	json.begin_object();
	json.member("text", "a\"b\\c\n\x01\x7f");
	json.member("bytes", std::string{"\xc3\xa9 \xff \xe2\x82"});
	json.member("n", -3);
	json.member("yes", true);
	json.begin_array("empty");
	json.end();
	json.begin_object("none");
	json.end();
	json.begin_array("list");
	json.value(uint64_t{18446744073709551615u});
	json.begin_object();
	json.member("x", 1u);
	json.end();
	json.end();
	json.end();
	EXPECT_EQ(out, R"({
  "text": "a\"b\\c\n\u0001\u007f",
  "bytes": ")"
		       "\xc3\xa9"
		       R"( \ufffd \ufffd\ufffd",
  "n": -3,
  "yes": true,
  "empty": [],
  "none": {},
  "list": [
    18446744073709551615,
    {
      "x": 1
    }
  ]
}
)");
}

} // namespace
