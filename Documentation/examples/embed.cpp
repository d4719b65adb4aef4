// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The smallest embedding: where tables come from, what an invalidation is, and a mapping.
#include "vmsa/vmsa.hpp"

#include <cstdio>
#include <new>

using namespace vmsa;

// A TableMemory. In this program a table's physical address is its pointer.
struct Heap {
	Descriptor *allocate(size_t bytes)
	{
		return new (std::align_val_t{bytes}, std::nothrow) Descriptor[bytes / 8]{};
	}
	void free(Descriptor *table, size_t bytes)
	{
		::operator delete[](table, std::align_val_t{bytes});
	}
	Pa physical(const Descriptor *table) const
	{
		return Pa{reinterpret_cast<uintptr_t>(table)};
	}
	Descriptor *pointer(Pa pa) const
	{
		return reinterpret_cast<Descriptor *>(pa.raw());
	}
};

// A TlbSink. Where tables are live, these are TLBI and DSB instructions.
struct Printer {
	void invalidate(Region<Ipa> region, Level level, bool)
	{
		std::printf("invalidate 0x%lx, level %d\n", region.first.raw(), level);
	}
	void sync()
	{
		std::puts("sync");
	}
};

int main()
{
	Heap heap;
	Printer tlb;
	Mapping<Stage2_4K, Heap, Printer> guest{heap, tlb};
	const auto shape = stage2_geometry<Granule4K>(40, 48); // IPA bits, PA bits
	const Region<Ipa> ram{Ipa{0x8000'0000}, 6 * MiB};

	if (!shape || !guest.create(shape.value()) ||
	    !guest.map(ram, Linear{ram.first, Pa{0x4660'0000}}, normal | rw) ||
	    !guest.protect({ram.first, 4 * KiB}, r))
		return 1;
	const auto done = guest.unmap({Ipa{0x8040'0000}, 4 * MiB});
	std::printf("not mapped: 0x%lx-0x%lx\n", done.error().first, done.error().last);
	std::printf("0x80123456 -> 0x%lx\n", guest.translate(Ipa{0x8012'3456}).value().pa.raw());
	guest.destroy();
}
