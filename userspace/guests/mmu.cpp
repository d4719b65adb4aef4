// SPDX-License-Identifier: GPL-2.0-only
//
// A guest with tables of its own, so that each access is translated twice, by the same library on
// both sides: stage 1 is the guest's, stage 2 its host's.
//
//   boot    MMU off: the image mapped by one block, in the lower range (IdMap) and in the upper
//           (LinearMap); MMU on
//   upper   runs at the upper addresses, and there changes the lower range under itself: another
//           root, the block it was started from cut to pages with the permissions of each section,
//           folded again. All of it live, by break-before-make
//   window  a page of code that is mapped elsewhere, over and over: it must run what is mapped now
#include "stage1.hpp"

using namespace guest;
using namespace vmsa;

namespace
{

constexpr uint64_t window = 0x40'0000'0000; // VA: one page, whose output changes
constexpr uint64_t way_out = 0x0900'0000; // to who runs the guest by KVM

// Identity, but for the window.
struct Windowed {
	const uint64_t *page;

	Extent operator()(Va va) const
	{
		if (va.raw() == window)
			return {Pa{*page}, 4 * KiB};
		return {Pa{va.raw()}, window - va.raw()};
	}
};

using Windows = LiveMap<El1And0, Granule4K, Windowed>;

alignas(4096) unsigned char boot_tables[8 * 4096];
alignas(4096) unsigned char live_tables[16 * 4096];
alignas(4096) uint32_t code[2][1024];

constexpr uint32_t mov_w0 = 0x5280'0000; // MOVZ W0, #imm16 << 5
constexpr uint32_t ret = 0xd65f'03c0;

uint64_t address_of(const void *pointer)
{
	return reinterpret_cast<uint64_t>(pointer);
}

// The lower address, whichever was taken.
uint64_t lower(const void *pointer)
{
	return address_of(pointer) & ~upper;
}

// `protect` wants what stage 1 calls an access; of a whole attribute it is the part.
constexpr Stage1Access only(const Access &access)
{
	return static_cast<Stage1Attributes>(normal | access).access;
}

Region<Va> pages(const void *first, const void *end)
{
	return {Va{lower(first)}, lower(end) - lower(first)};
}

// Each section gets what its name says; then all is one block again.
void protect_itself(Windows &map)
{
	const uint64_t text = lower(image_start);
	const uint64_t data = lower(&code);

	ensure(map.protect(pages(image_start, text_end), only(rx)).ok(), "text is made rx");
	ensure(map.protect(pages(text_end, rodata_end), only(r)).ok(), "constants are made r");
	ensure(map.protect(pages(rodata_end, image_end), only(rw)).ok(), "data is made rw");
	ensure(map.breaks() != 0, "the block was broken");

	ensure(fault(try_store(text)) == Fault::permission, "text cannot be written");
	ensure(fault(try_store(lower(text_end))) == Fault::permission, "constants neither");
	ensure(fault(try_run(data)) == Fault::permission, "data cannot be executed");
	ensure(fault(try_load(text)) == Fault::none, "text can be read");
	ensure(fault(try_store(data)) == Fault::none, "data can be written");
	ensure(fault(try_store(ram + block)) == Fault::translation, "behind it is nothing");

	ensure(map.protect({Va{ram}, block}, only(rwx)).ok(), "all is made rwx");
	ensure(map.fold({Va{ram}, block}).ok(), "all is folded");
	ensure(map.translate(Va{ram}).value().level == 2, "it is a block again");
	ensure(fault(try_store(data)) == Fault::none, "data can be written still");
}

// Functions that return 1 and 2 take turns in the window.
void change_windows(Windows &map, uint64_t &page)
{
	const Region<Va> here{Va{window}, 4 * KiB};

	for (uint32_t i = 0; i < 2; i++) {
		code[i][0] = mov_w0 | (i + 1) << 5;
		code[i][1] = ret;
		written_code(address_of(code[i]));
	}
	ensure(fault(try_load(window)) == Fault::translation, "the window is closed");
	for (uint32_t i = 0; i < 100; i++) {
		const uint32_t which = i % 2;

		page = lower(code[which]);
		ensure(map.map(here, normal | rwx).ok(), "the window is opened");
		ensure(reinterpret_cast<uint32_t (*)()>(window)() == which + 1,
		       "the page that is mapped is the one that runs");
		// Through one address, seen through another.
		store(window + 8, i);
		ensure(load(address_of(&code[which][2])) == i, "it is the one that is written");
		ensure(map.unmap(here).ok(), "the window is closed");
		ensure(fault(try_load(window)) == Fault::translation, "and stays closed");
	}
}

// The upper addresses: nothing here may depend on a lower one while those change.
void run_upper(void *)
{
	uint64_t page = 0;
	TablePool<Granule4K> pool{live_tables, sizeof(live_tables), Pa{lower(live_tables)}};
	Windows map{pool, stage1_config(2), {&page}};

	ensure(address_of(&page) >= upper, "the stack is in the upper range");
	ensure(map.map({Va{ram}, block}, normal | rwx).ok(), "the image is mapped");
	ensure(map.map({Va{way_out}, 4 * KiB}, device | rw).ok(), "the way out is mapped");

	const auto boot = map.activate();

	ensure(boot.ok(), "the live map is active");
	protect_itself(map);
	change_windows(map, page);

	const uint64_t breaks = map.breaks();

	map.deactivate(boot.value());
	print("remapped itself by ", breaks, " breaks; 100 windows, none of them stale\n");
}

} // namespace

int main(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t)
{
	TablePool<Granule4K> pool{boot_tables, sizeof(boot_tables)};
	IdMap<El1And0, Granule4K> low{pool, stage1_config(1)};
	LinearMap<El1And0, Granule4K> high{pool, stage1_config(1, Range::upper),
					   -static_cast<int64_t>(upper)};

	ensure(low.map({Va{ram}, block}, normal | rwx).ok(), "the image is mapped");
	ensure(low.map({Va{way_out}, 4 * KiB}, device | rw).ok(), "the way out is mapped");
	ensure(high.map({Va{upper + ram}, block}, normal | rwx).ok(), "and in the upper range");
	ensure(low.configure_with(high).ok(), "TCR is written");
	ensure(low.activate().ok() && high.activate().ok(), "both maps are active");
	turn_mmu_on();
	print("the MMU is on: TTBR0_EL1 is ", Hex{low.root_register()}, ", TTBR1_EL1 is ",
	      Hex{high.root_register()}, "\n");

	run_displaced(run_upper, nullptr, upper);
	ensure(fault(try_load(window)) == Fault::translation, "the boot map has no window");
	print("back in the lower range\n");
	return 0;
}
