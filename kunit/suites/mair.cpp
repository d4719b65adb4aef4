// SPDX-License-Identifier: GPL-2.0-only
//
// Mair: the index of a leaf and the type of its memory are two things where MAIR is not ours.
#include "vmsa/mair.hpp"
#include "support/lab.hpp"
#include "support/live_bench.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using F = Format<El1And0, Granule4K>;

constexpr uint64_t page = 4 * KiB;
// As others have it: Linux, EDK2 and TF-A.
constexpr Mair kernel{0x04'0044'f0ff};
constexpr Mair edk2{0xffbb'4400};
constexpr Mair firmware{0x44'04ff};

static_assert(kernel.type(0) == MemoryType::normal && kernel.type(1) == MemoryType::normal_tagged &&
	      kernel.type(2) == MemoryType::normal_nc &&
	      kernel.type(3) == MemoryType::device_nGnRnE &&
	      kernel.type(4) == MemoryType::device_nGnRE);
static_assert(edk2.index(MemoryType::normal) == 3 && edk2.index(MemoryType::normal_wt) == 2 &&
	      edk2.index(MemoryType::normal_nc) == 1);
static_assert(firmware.index(device) == 1 && firmware.index(nc) == 2);

} // namespace

// All 256 bytes, by the tables of the Arm ARM for MAIR_ELx: 0000dd0x Device, else outer and inner by a nibble each.
TEST(every_byte_of_mair_has_its_type)
{
	for (unsigned b = 0; b < 256; b++) {
		const auto cached = [](unsigned nibble) {
			return nibble == 4 ? 1 : (nibble & 4) ? 3 : 2; // 0100, x1RW, x0RW
		};
		const unsigned outer = b >> 4;
		const unsigned inner = b & 15;
		MemoryType expected = MemoryType::device_nGnRnE;

		if (b == 0xf0)
			expected = MemoryType::normal_tagged;
		else if (b == 0x40)
			expected = MemoryType::normal_nc;
		else if (b == 0xa0)
			expected = MemoryType::normal_wt;
		else if (!outer && !(b & 2))
			expected = static_cast<MemoryType>(inner >> 2);
		else if (outer && inner) {
			const int least =
				cached(outer) < cached(inner) ? cached(outer) : cached(inner);

			expected = least == 3	? MemoryType::normal
				   : least == 2 ? MemoryType::normal_wt
						: MemoryType::normal_nc;
		}
		EXPECT_EQ(static_cast<unsigned>(Mair{b}.type(0)), static_cast<unsigned>(expected));
	}
}

TEST(ours_has_an_index_for_each_type)
{
	for (unsigned i = 0; i < 8; i++) {
		const auto type = static_cast<MemoryType>(i);

		EXPECT_EQ(Mair{}.index(type), i);
		EXPECT_EQ(static_cast<unsigned>(Mair{}.type(i)), i);
		EXPECT(Mair{}.encode(Stage1Attributes{.memory = type}) ==
		       Stage1Attributes{.memory = type});
	}
}

// Executable memory at index 0 is no Device memory there, and what is Device memory is not executable.
TEST(memory_is_mapped_and_read_by_anothers_mair)
{
	Verdict verdict{test};
	ScratchMemory memory{test, verdict, Granule4K::table_bytes, 16};
	NoTlb nobody;
	Mapping<F, ScratchMemory, NoTlb> map{memory, nobody};
	const auto index = [&](uint64_t va) {
		return F::attr_index.get(map.tree().at(Va{va}).descriptor);
	};
	const auto type = [&](uint64_t va) {
		return kernel.decode(map.translate(Va{va}).value().attributes()).memory;
	};
	const Linear<Va> identity{Va{0}, Pa{0}};

	ASSERT(map.create(geometry_of<F>(39).value()));
	map.rules().mair = kernel;
	ASSERT(map.map({Va{0}, 4 * page}, identity, kernel.encode(normal | rw)));
	ASSERT(map.map({Va{GiB}, 4 * page}, identity, kernel.encode(device | rw)));
	EXPECT_EQ(index(0), 0);
	EXPECT_EQ(index(GiB), 4);
	EXPECT(type(0) == MemoryType::normal && type(GiB) == MemoryType::device_nGnRE);
	// Write-Through there is none.
	EXPECT_EQ(map.map({Va{2 * GiB}, page}, identity, kernel.encode(MemoryType::normal_wt | rw))
			  .error()
			  .code,
		  Errc::reserved_attributes);
	EXPECT(map.protect({Va{0}, page}, rx));
	EXPECT(map.protect({Va{GiB}, page}, rx).error() ==
	       Error(Errc::forbidden_attributes, Region{Va{GiB}, page}));
	// An updater sees types, and gives types.
	EXPECT(map.modify({Va{0}, 2 * page}, [&](auto, Stage1Attributes a) {
		EXPECT(a.memory == MemoryType::normal);
		a.memory = MemoryType::normal_tagged;
		return a;
	}));
	EXPECT_EQ(index(0), 1);
	EXPECT_EQ(index(2 * page), 0);
	EXPECT(type(page) == MemoryType::normal_tagged);
	// What it leaves alone stays where it is, also where the same type stands twice.
	map.rules().mair = Mair{0x04'0044'ffff};
	EXPECT(map.modify({Va{0}, page}, [&](auto, Stage1Attributes a) {
		EXPECT(a.memory == MemoryType::normal);
		a.software = 1;
		return a;
	}));
	EXPECT_EQ(index(0), 1);
	map.destroy();
	ASSERT(verdict.good());
}

// Whoever knows the MAIR finds the index: attributes go by types, in each operation. An index that is given stays.
TEST(attributes_are_encoded_by_the_maps_mair)
{
	Verdict verdict{test};
	ScratchMemory memory{test, verdict, Granule4K::table_bytes, 16};
	NoTlb nobody;
	Mapping<F, ScratchMemory, NoTlb> map{memory, nobody};
	const Linear<Va> identity{Va{0}, Pa{0}};
	const Region<Va> one{Va{0}, page};
	const Region<Va> two{Va{GiB}, 2 * page};
	const Stage1Attributes wt = MemoryType::normal_wt | rw;
	const auto index = [&](uint64_t va) {
		return F::attr_index.get(map.tree().at(Va{va}).descriptor);
	};
	const auto refused = [&](const auto &result, Region<Va> region) {
		return result.error() == Error(Errc::reserved_attributes, region);
	};

	ASSERT(map.create(geometry_of<F>(39).value()));
	map.rules().mair = kernel;
	// The first page makes the tables, and the second is the short way.
	ASSERT(map.map(one, identity, device | rw) && map.map({Va{page}, page}, identity, nc | rw));
	ASSERT(map.map(two, identity, tagged | rw));
	EXPECT_EQ(index(0), 4);
	EXPECT_EQ(index(page), 2);
	EXPECT_EQ(index(GiB), 1);
	ASSERT(map.remap(two, identity, normal | rw));
	EXPECT_EQ(index(GiB), 0);
	// This MAIR has no such memory.
	EXPECT(refused(map.map({Va{2 * page}, page}, identity, wt), {Va{2 * page}, page}));
	EXPECT(refused(map.tables_to_map(two, identity, wt), two));
	EXPECT(refused(map.remap(two, identity, wt), two));
	EXPECT(refused(map.tables_to_remap(two, identity, wt), two));

	Stage1Attributes third = normal | r;

	third.index = 3;
	ASSERT(map.remap(two, identity, third));
	EXPECT_EQ(index(GiB), 3);
	map.destroy();
	ASSERT(verdict.good());
}

// configure() writes what the config says.
TEST(a_map_keeps_the_mair_of_the_machine)
{
	LiveBench bench{test};
	MapConfig c = usual_config<El1And0>();

	c.mair = edk2;

	RecordedIdMap<El1And0> map{bench.memory, c, {}, {&bench.log}};

	ASSERT(map.configure());
	EXPECT_EQ(bench.log[Register::mair_el1], edk2.value());
	EXPECT(map.map({Va{GiB}, page}, normal | rw));
	EXPECT_EQ(F::attr_index.get(map.tree().at(Va{GiB}).descriptor), 3);
	EXPECT(map.remap({Va{GiB}, page}, nc | rw));
	EXPECT_EQ(F::attr_index.get(map.tree().at(Va{GiB}).descriptor), 1);
	EXPECT(map.remap({Va{GiB}, page}, edk2.encode(normal | rw)));
	EXPECT_EQ(F::attr_index.get(map.tree().at(Va{GiB}).descriptor), 3);
	EXPECT(map.map({Va{2 * GiB}, page}, tagged | rw).error() ==
	       Error(Errc::reserved_attributes, Region{Va{2 * GiB}, page}));
	EXPECT(map.tables_to_map({Va{2 * GiB}, page}, tagged | rw).error() ==
	       Error(Errc::reserved_attributes, Region{Va{2 * GiB}, page}));
	EXPECT(map.protect({Va{GiB}, page}, rx));
}

// Several bytes may be of one type: that which is ours is taken, wherever it stands, or else the first.
TEST(of_several_bytes_of_a_type_ours_is_taken_or_the_first)
{
	constexpr uint8_t without_xs = 0x01; // nGnRnE, as 0x00
	Mair several{0xff00'0000'0000'0000 | without_xs * 0x0101'0101u};

	EXPECT_EQ(several.index(MemoryType::device_nGnRnE), 4); // ours, and the first of these
	several = Mair{0xffff'ffff'0000'0000 | without_xs * 0x0101'0101u};
	EXPECT_EQ(several.index(MemoryType::device_nGnRnE), 0);
	EXPECT_EQ(several.index(MemoryType::normal), 4);
	EXPECT_EQ(several.index(MemoryType::normal_nc), 8);
	// As a format has it of a leaf.
	EXPECT(several.decode({.memory = MemoryType::normal_nc, .index = 2}).memory ==
	       MemoryType::device_nGnRnE);
}

SUITE(mair, of_several_bytes_of_a_type_ours_is_taken_or_the_first, every_byte_of_mair_has_its_type,
      ours_has_an_index_for_each_type, memory_is_mapped_and_read_by_anothers_mair,
      attributes_are_encoded_by_the_maps_mair, a_map_keeps_the_mair_of_the_machine);
