// SPDX-License-Identifier: GPL-2.0-only
//
// Maps with a rule of their own: IdMap, LinearMap and a rule of the user's, in both ranges, to the last
// page there is.
#include "support/live_bench.hpp"

using namespace vmsa;
using namespace support;

namespace
{

constexpr uint64_t page = 4 * KiB;

template <class Stage, class G, unsigned OutputBits = 48>
using Id = IdMap<Stage, G, OutputBits, ScratchMemory, CpuRecorder>;
template <class Stage, class G, unsigned OutputBits = 48>
using Lin = LinearMap<Stage, G, OutputBits, ScratchMemory, CpuRecorder>;

struct Tables {
	Tables(struct kunit *test, size_t table_bytes, size_t tables = 24)
	    : verdict{test}, memory{test, verdict, table_bytes, tables}, log{test}
	{
	}

	Verdict verdict;
	ScratchMemory memory;
	CpuLog log;
};

// The output of both ends of a region, its level at the first byte, and nothing right outside.
template <class Map>
[[gnu::noinline]] bool leads(const Map &map, Region<typename Map::Input> region, uint64_t pa,
			     Level level)
{
	const auto first = map.translate(region.first);
	const auto last = map.translate(region.last);

	return first && last && first.value().pa.raw() == pa &&
	       last.value().pa.raw() == pa + (region.size() - 1) && first.value().level == level &&
	       (region.first == map.space().first || !map.translate(region.first - 1)) &&
	       (region.last == map.space().last || !map.translate(region.last + 1));
}

// To itself, a page and a block, from the first byte of the space and to its last.
template <class Stage, class G, unsigned OutputBits = 48>
void check_identity(struct kunit *test, unsigned bits)
{
	using Map = Id<Stage, G, OutputBits>;
	using Input = typename Map::Input;
	Tables t{test, G::table_bytes};
	const uint64_t block = G::size(2);
	{
		Map map{t.memory, {.va_bits = bits}, {}, {&t.log}};
		ASSERT(map.created());
		const auto attributes = typename Map::Attributes(normal | rw);
		const Input end = map.space().last;
		const Region<Input> low{Input{0}, G::page_size};
		const Region<Input> middle{Input{4 * block}, 2 * block};
		const Region<Input> high{end - (G::page_size - 1), G::page_size};

		ASSERT_EQ(end.raw(), low_bits(bits));
		ASSERT_EQ(map.size(), bit(bits));
		ASSERT(map.map(low, attributes) && map.map(middle, attributes) &&
		       map.map(high, attributes));
		ASSERT(leads(map, low, 0, 3) && leads(map, middle, 4 * block, 2) &&
		       leads(map, high, high.first.raw(), 3));
		ASSERT(map.translate(low.first).value().attributes() == attributes);
		// One page further there is nothing to name.
		ASSERT_EQ(map.map({high.first, 2 * G::page_size}, attributes).error().code,
			  Errc::beyond_input);
		ASSERT(map.unmap(low) && map.unmap(middle) && map.unmap(high));
		ASSERT_EQ(t.memory.live(), map.tree().geometry().root_tables);
	}
	ASSERT_EQ(t.memory.live(), 0);
	ASSERT(t.verdict.good());
}

// The same in the upper range, where the last byte is the last of all 2^64. Address 0 lies right behind
// it, so an offset of n leads the last byte to n - 1.
template <class Stage, class G, unsigned OutputBits = 48>
void check_upper(struct kunit *test, unsigned bits)
{
	using Map = Lin<Stage, G, OutputBits>;
	Tables t{test, G::table_bytes};
	const uint64_t block = G::size(2);
	const auto bytes = static_cast<int64_t>(8 * block);
	Map map{t.memory, {.va_bits = bits, .range = Range::upper}, bytes, {&t.log}};
	ASSERT(map.created());
	const Region<Va> all{Va{0 - 2 * block}, 2 * block};
	const Region<Va> last{Va{0 - G::page_size}, G::page_size};

	ASSERT_EQ(map.space().first.raw(), ~low_bits(bits));
	ASSERT_EQ(map.space().last.raw(), ~uint64_t{0});
	ASSERT_EQ(map.size(), bit(bits));
	ASSERT(map.map(all, normal | rw));
	ASSERT(leads(map, all, 6 * block, 2));
	ASSERT(map.unmap(last));
	ASSERT(!map.translate(Va{~uint64_t{0}}) && map.translate(last.first - 1));
	ASSERT(map.map(last, normal | rw));
	ASSERT(map.protect(last, rx));
	ASSERT(map.translate(last.first).value().attributes() == Stage1Attributes(normal | rx));
	ASSERT_EQ(map.translate(last.first).value().pa.raw(), 8 * block - G::page_size);
	ASSERT_EQ(map.translate(last.last).value().pa.raw(), 8 * block - 1);
	ASSERT_EQ(map.map({last.first, 2 * G::page_size}, normal | rw).error().code,
		  Errc::wrapping);
	ASSERT_EQ(map.map({Va{0}, G::page_size}, normal | rw).error().code, Errc::beyond_input);
	ASSERT(map.unmap(all));
	ASSERT(t.verdict.good());
}

// Three pieces of memory, side by side in the input and scattered in the output.
struct Scattered {
	static constexpr Region<Ipa> pieces[] = {
		{Ipa{0}, 2 * MiB}, {Ipa{2 * MiB}, 12 * KiB}, {Ipa{2 * MiB + 12 * KiB}, 4 * MiB}};
	static constexpr uint64_t outputs[] = {64 * MiB, 3 * page, 256 * MiB + 12 * KiB};

	constexpr Extent operator()(Ipa at) const
	{
		for (size_t i = 0; i < 3; i++) {
			if (pieces[i].contains(at))
				return {Pa{outputs[i] + (at - pieces[i].first)},
					pieces[i].last - at + 1};
		}
		return {Pa{bit(60)}, page};
	}
};

using ByRule = LiveMap<Stage2, Granule4K, Scattered, 48, ScratchMemory, CpuRecorder>;

} // namespace

TEST(an_id_map_maps_to_itself_up_to_the_last_page)
{
	for (unsigned bits : {32, 39, 48}) {
		check_identity<El1And0, Granule4K>(test, bits);
		check_identity<El2And0, Granule16K>(test, bits);
		check_identity<El2, Granule64K>(test, bits);
		check_identity<El3, Granule4K, 52>(test, bits);
		check_identity<Stage2, Granule4K>(test, bits);
		check_identity<Stage2Fwb, Granule16K, 52>(test, bits);
	}
	check_identity<El3, Granule64K, 52>(test, 52);
	check_identity<El1And0, Granule4K, 52>(test, 52);
	check_identity<Stage2, Granule64K, 52>(test, 52);
}

TEST(an_id_map_has_nothing_in_the_upper_range)
{
	LiveBench bench{test};
	RecordedIdMap<El1And0> map{
		bench.memory, {.va_bits = 39, .range = Range::upper}, {}, {&bench.log}};
	const Region<Va> region{Va{~low_bits(39)}, page};

	ASSERT(map.created());
	EXPECT(map.map(region, normal | rw).error() == Error(Errc::beyond_output, region));
	EXPECT_EQ(bench.memory.live(), 1);
}

TEST(a_linear_map_reaches_the_last_byte_of_the_upper_range)
{
	for (unsigned bits : {34, 39, 48}) {
		check_upper<El1And0, Granule4K>(test, bits);
		check_upper<El2And0, Granule16K>(test, bits);
		check_upper<El2And0, Granule4K, 52>(test, bits);
	}
	check_upper<El1And0, Granule64K, 52>(test, 52);
	check_upper<El1And0, Granule16K, 52>(test, 52);
}

TEST(a_linear_map_adds_what_may_be_negative)
{
	LiveBench bench{test};
	const MapConfig c = usual_config<El1And0>();
	RecordedLinearMap<El1And0> up{bench.memory, c, 3 * GiB, {&bench.log}};
	RecordedLinearMap<El1And0> down{bench.memory, c, -int64_t{GiB}, {&bench.log}};
	const Region<Va> block{Va{GiB}, GiB};

	ASSERT(up.created() && down.created());
	EXPECT(up.map(block, normal | rw) && leads(up, block, 4 * GiB, 1));
	EXPECT(down.map(block, normal | rw) && leads(down, block, 0, 1));
	EXPECT_EQ(up.translation().bytes, 3 * GiB);
	EXPECT_EQ(down.translation().bytes, -int64_t{GiB});

	// Below 0 and beyond the output there is nothing, and nothing changes.
	const size_t live = bench.memory.live();

	EXPECT(down.map({Va{0}, page}, normal | rw).error() ==
	       Error(Errc::beyond_output, 0 - GiB, 0 - GiB + 0xfff));
	EXPECT(down.map({Va{GiB - page}, page}, normal | rw).error() ==
	       Error(Errc::beyond_output, ~uint64_t{0xfff}, ~uint64_t{0}));
	EXPECT_EQ(bench.memory.live(), live);
	EXPECT(!down.translate(Va{0}) && !down.translate(Va{GiB - 1}));
}

TEST(what_a_linear_map_adds_decides_the_size_of_its_leaves)
{
	LiveBench bench{test};
	const MapConfig c = usual_config<El1And0>();
	RecordedLinearMap<El1And0> odd{bench.memory, c, -int64_t{MiB}, {&bench.log}};
	RecordedLinearMap<El1And0> off{bench.memory, c, 0x800, {&bench.log}};
	const Region<Va> two_blocks{Va{GiB}, 4 * MiB};

	ASSERT(odd.created() && off.created());
	// Blocks need both addresses aligned.
	EXPECT(odd.map(two_blocks, normal | rw) && leads(odd, two_blocks, GiB - MiB, 3));
	EXPECT(off.map({two_blocks.first, page}, normal | rw).error() ==
	       Error(Errc::unaligned_output, GiB + 0x800, GiB + 0x800));
}

TEST(an_offset_ends_with_the_output)
{
	LiveBench bench{test};
	MapConfig c = usual_config<El1And0>();

	c.range = Range::upper;
	// 40 bits of output: the last page of the range lies right below their end.
	RecordedLinearMap<El1And0> map{bench.memory, c, int64_t{bit(40)}, {&bench.log}};
	RecordedLinearMap<El1And0> past{bench.memory, c, int64_t{bit(40) + page}, {&bench.log}};
	const Region<Va> last{Va{~uint64_t{0xfff}}, page};

	ASSERT(map.created() && past.created());
	EXPECT(map.map(last, normal | rw) && leads(map, last, bit(40) - page, 3));
	const Error beyond{Errc::beyond_output, bit(40), bit(40) + 0xfff};

	EXPECT(past.map(last, normal | rw).error() == beyond);
	// Also where the table is there already.
	EXPECT(past.map({last.first - page, page}, normal | rw));
	EXPECT(past.map(last, normal | rw).error() == beyond);
}

TEST(a_rule_of_the_users_own_decides_every_address)
{
	LiveBench bench{test};
	ByRule map{bench.memory, {.va_bits = 32, .pa_bits = 40}, {}, {&bench.log}};
	const Region<Ipa> all{Ipa{0}, 6 * MiB + 12 * KiB};

	ASSERT(map.created());
	ASSERT(map.map(all, normal | rw));
	for (Ipa at{0}; at < all.last; at = at + page)
		ASSERT(map.translate(at).value().pa == map.translation()(at).pa);
	EXPECT_EQ(map.translate(Ipa{0}).value().level, 2);
	EXPECT_EQ(map.translate(Ipa{2 * MiB}).value().level, 3);
	EXPECT_EQ(map.translate(Ipa{4 * MiB}).value().level, 2);
	ASSERT(map.unmap(all));
	// Where the rule has no answer that is an output, there is no map at all.
	EXPECT(map.map({Ipa{0}, 8 * MiB}, normal | rw).error() ==
	       Error(Errc::beyond_output, bit(60), bit(60) + 0xfff));
	EXPECT_EQ(bench.memory.live(), map.tree().geometry().root_tables);
}

SUITE(maps, an_id_map_maps_to_itself_up_to_the_last_page, an_id_map_has_nothing_in_the_upper_range,
      a_linear_map_reaches_the_last_byte_of_the_upper_range, a_linear_map_adds_what_may_be_negative,
      what_a_linear_map_adds_decides_the_size_of_its_leaves, an_offset_ends_with_the_output,
      a_rule_of_the_users_own_decides_every_address);
