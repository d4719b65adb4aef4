// SPDX-License-Identifier: GPL-2.0-only
//
// The code that stands on its own map: an IdMap of this program is activated under its feet, and
// from then on every fetch, stack access and printed character goes through it. Then pages are
// mapped and changed live (trial.hpp). Regimes with an upper range have a LinearMap there at the
// same time.
//
//   lower   0            the image, executable
//           serial_port  device
//           RAM          the half in use; in the other half the trials take place
//   upper   the last bytes of the space -> the last bytes of RAM
#pragma once

#include "trial.hpp"
#include "vmsa/id_map.hpp"
#include "vmsa/linear_map.hpp"

#include <new>

namespace mmu
{

// QEMU 7.2 takes TLBI VAE2IS and its kin for EL2 only, also where HCR_EL2.E2H says EL2&0; later ones
// do not. The instructions named after EL1, with the same operand, act on EL2&0 at EL2 with TGE.
struct QemuCpu : vmsa::ThisCpu {
	static void tlbi(vmsa::Tlbi op, uint64_t operand)
	{
		using enum vmsa::Tlbi;

		switch (op) {
		case vae2is:
			return ThisCpu::tlbi(vae1is, operand);
		case vale2is:
			return ThisCpu::tlbi(vale1is, operand);
		case rvae2is:
			return ThisCpu::tlbi(rvae1is, operand);
		case rvale2is:
			return ThisCpu::tlbi(rvale1is, operand);
		default:
			return ThisCpu::tlbi(op, operand);
		}
	}
};

template <class Stage>
using UsualCpu = std::conditional_t<std::same_as<Stage, vmsa::El2And0>, QemuCpu, vmsa::ThisCpu>;

template <class Stage, unsigned OutputBits, class LowerGranule, class UpperGranule = LowerGranule,
	  class Cpu = UsualCpu<Stage>>
class Live {
	using Va = vmsa::Va;
	using Lower = vmsa::IdMap<Stage, LowerGranule, OutputBits, Ram, Cpu>;
	using Upper = vmsa::LinearMap<Stage, UpperGranule, OutputBits, Ram, Cpu>;

    public:
	Live(Verdicts &verdicts, unsigned bits) : verdicts_{verdicts}, bits_{bits}
	{
	}

	// Calls `finally` when all is tried, still on the map.
	template <class Finally> void run(const Finally &finally)
	{
		Lower lower{ram_, config(vmsa::Range::lower)};

		map_what_runs(lower);
		if constexpr (Stage::has_upper)
			run_with_upper(lower, finally);
		else
			run_alone(lower, finally);
	}

	// A kernel's way: its map is made with the MMU off, in memory that only the map itself leads to when it is on.
	// What was made low goes on high, and comes back in the end.
	template <class Finally> void run_moved(const Finally &finally)
	{
		using Pool = vmsa::TablePool<UpperGranule>;
		using Kernel = vmsa::LinearMap<Stage, UpperGranule, OutputBits, Pool, Cpu>;
		struct Objects {
			alignas(UpperGranule::page_size) char tables[24 * UpperGranule::page_size];
			Pool pool;
			Kernel kernel;

			Objects(const vmsa::MapConfig &config, int64_t offset)
			    : pool{tables, sizeof(tables)}, kernel{pool, config, offset}
			{
			}
		};
		const auto offset = static_cast<int64_t>(ram_last + 1);
		const uint64_t at = ram_first + (ram_last + 1 - ram_first) / 2;
		Lower lower{ram_, config(vmsa::Range::lower)};

		map_what_runs(lower);

		Objects &low = *new (reinterpret_cast<void *>(at))
				       Objects{config(vmsa::Range::upper), offset};
		Objects &high = *reinterpret_cast<Objects *>(at - static_cast<uint64_t>(offset));

		expect(low.kernel.created(), "create the kernel's map");
		expect(low.kernel.map({Va{at - static_cast<uint64_t>(offset)}, sizeof(Objects)},
				      vmsa::normal | vmsa::rw, {.largest = 3}),
		       "the kernel's tables");
		expect(lower.configure_with(low.kernel), "configure both");
		const auto lower_before = lower.activate();
		const auto before = low.kernel.activate();

		Hardware<Stage>::turn(true);
		high.pool.relocate(-offset);
		high.kernel.relocate(-offset, high.pool);
		verdicts_.expect(load_from(at), Outcome::translation_fault, "the old place", at,
				 __LINE__);
		Trial{verdicts_, high.kernel, last_page<Kernel>() - (ram_last + 1)}.run();
		finally();
		Hardware<Stage>::turn(false);
		low.pool.relocate(offset);
		low.kernel.relocate(offset, low.pool);
		low.kernel.deactivate(before.value());
		lower.deactivate(lower_before.value());
		verdicts_.expect(low.kernel.destroy(), "destroy the kernel's map", at, __LINE__);

		size_t tables = 0;

		while (low.pool.allocate(UpperGranule::table_bytes))
			tables++;
		verdicts_.expect(tables == low.pool.tables(), "every table came back", tables,
				 __LINE__);
	}

    private:
	void map_what_runs(Lower &lower)
	{
		const uint64_t page = LowerGranule::page_size;
		const uint64_t image = reinterpret_cast<uint64_t>(image_end);

		Hardware<Stage>::enter(World::secure);
		expect(lower.created(), "create the lower map");
		expect(lower.map({Va{0}, image}, vmsa::normal | vmsa::rx), "image");
		expect(lower.map({Va{serial_port}, page}, vmsa::device | vmsa::rw), "serial port");
		expect(lower.map({Va{ram_first}, (ram_last + 1 - ram_first) / 2},
				 vmsa::normal | vmsa::rw),
		       "RAM");
	}

	template <class Finally> void run_alone(Lower &lower, const Finally &finally)
	{
		expect(lower.configure(), "configure");
		const auto before = lower.activate();

		Hardware<Stage>::turn(true);
		Trial{verdicts_, lower, last_page<Lower>()}.run();
		finally();
		Hardware<Stage>::turn(false);
		lower.deactivate(before.value());
	}

	template <class Finally> void run_with_upper(Lower &lower, const Finally &finally)
	{
		// The last byte of the space is the last byte of RAM.
		const auto offset = static_cast<int64_t>(ram_last + 1);
		Upper upper{ram_, config(vmsa::Range::upper), offset};

		expect(upper.created(), "create the upper map");
		expect(lower.configure_with(upper), "configure both");
		const auto lower_before = lower.activate();
		const auto upper_before = upper.activate();

		Hardware<Stage>::turn(true);
		Trial{verdicts_, lower, last_page<Lower>()}.run();
		Trial{verdicts_, upper, last_page<Upper>() - (ram_last + 1)}.run();
		compare(lower, upper);
		retag(lower);
		finally();
		Hardware<Stage>::turn(false);
		upper.deactivate(upper_before.value());
		lower.deactivate(lower_before.value());
	}

	// The map that runs gets another ASID, by every way there is, and back.
	void retag(Lower &lower)
	{
		const vmsa::Region<Va> page{Va{last_page<Lower>()}, LowerGranule::page_size};

		for (const auto flush : {vmsa::TagFlush::both, vmsa::TagFlush::none}) {
			for (const uint16_t asid : {other_asid, some_asid}) {
				expect(lower.map(page, vmsa::normal | vmsa::rw),
				       "map with an ASID");
				*reinterpret_cast<volatile uint64_t *>(page.first.raw()) = asid;
				expect(lower.retag(asid, flush), "retag");
				verdicts_.expect(ttbr0() == lower.root_register(),
						 "TTBR0 has the new ASID", ttbr0(), __LINE__);
				expect(lower.unmap(page), "unmap with another ASID");
				verdicts_.expect(load_from(page.first.raw()),
						 Outcome::translation_fault, "what was unmapped",
						 page.first.raw(), __LINE__);
			}
			lower.flush_every_tag();
		}
	}

	static uint64_t ttbr0()
	{
		return current_el() == 1 ? read_register(ttbr0_el1) : read_register(ttbr0_el2);
	}

	// What is written at the very end of the upper range is read at the end of RAM.
	void compare(Lower &lower, Upper &upper)
	{
		const vmsa::Region<Va> below{Va{last_page<Lower>()}, LowerGranule::page_size};
		const vmsa::Region<Va> above{Va{0 - UpperGranule::page_size},
					     UpperGranule::page_size};
		const uint64_t written = 0x5a5a'0000 + bits_;

		expect(lower.map(below, vmsa::normal | vmsa::rw), "map below");
		expect(upper.map(above, vmsa::normal | vmsa::rw), "map above");
		*reinterpret_cast<volatile uint64_t *>(above.last.raw() - 7) = written;
		verdicts_.expect(
			*reinterpret_cast<volatile uint64_t *>(below.last.raw() - 7) == written,
			"read below what was written above", below.last.raw() - 7, __LINE__);
		expect(upper.unmap(above), "unmap above");
		expect(lower.unmap(below), "unmap below");
	}

	template <class Map> static constexpr uint64_t last_page()
	{
		return ram_last + 1 - Map::Granule::page_size;
	}

	vmsa::MapConfig config(vmsa::Range range) const
	{
		return {.va_bits = bits_,
			.asid = static_cast<uint16_t>(Stage::has_upper ? some_asid : 0),
			.range = range,
			.asid16 = Stage::has_upper,
			.cnp = bits_ % 2 == 0,
			.hardware = {.access_flag = true, .dirty_state = true},
			.tlbi = bits_ % 2 ? vmsa::TlbiFeatures{} : this_machine()};
	}

	// Half of the sizes with all the TLBI instructions there are, the other half with the oldest.
	static vmsa::TlbiFeatures this_machine()
	{
		return vmsa::tlbi_features(read_register(id_aa64isar0_el1),
					   read_register(id_aa64mmfr2_el1));
	}

	void expect(const vmsa::Result<void> &done, const char *what,
		    unsigned line = __builtin_LINE())
	{
		verdicts_.expect(done.ok(), what, done.error().first, line);
	}

	static constexpr uint16_t other_asid = 0x1e5;

	Verdicts &verdicts_;
	const unsigned bits_;
	Ram ram_;
};

// In spaces of several sizes. The verdict is printed behind the last of these MMUs.
template <class Stage, unsigned OutputBits, class Lower, class Upper = Lower,
	  class Cpu = UsualCpu<Stage>>
void live_sizes(Report &report, const char *scope = "")
{
	constexpr unsigned sizes[] = {31, 36, 42, 45, OutputBits};
	Verdicts verdicts;

	for (const unsigned bits : sizes) {
		Live<Stage, OutputBits, Lower, Upper, Cpu>{verdicts, bits}.run([&] {
			if (bits != OutputBits)
				return;
			report.line(verdicts.good(), Hardware<Stage>::name, " live, ",
				    uint64_t{Lower::page_size / 1024}, "K",
				    std::same_as<Lower, Upper> ? ", " : " below another granule, ",
				    uint64_t{OutputBits}, "-bit, spaces of 5 sizes", scope, ": ",
				    verdicts.count(), " trials");
		});
	}
}

// The verdict is printed when the objects are back.
template <class Stage, unsigned OutputBits, class Granule> void live_moved(Report &report)
{
	constexpr unsigned bits = 42;
	Verdicts verdicts;

	Live<Stage, OutputBits, Granule>{verdicts, bits}.run_moved([] {});
	report.line(verdicts.good(), Hardware<Stage>::name, " live, made low and used high, ",
		    uint64_t{Granule::page_size / 1024}, "K: ", verdicts.count(), " trials");
}

// Every granule and output size and, where there are two ranges, two granules side by side.
template <class Stage> void live_regime(Report &report)
{
	using namespace vmsa;

	live_sizes<Stage, 48, Granule4K>(report);
	live_sizes<Stage, 48, Granule16K>(report);
	live_sizes<Stage, 48, Granule64K>(report);
	live_sizes<Stage, 52, Granule4K>(report);
	live_sizes<Stage, 52, Granule16K>(report);
	live_sizes<Stage, 52, Granule64K>(report);
	if constexpr (Stage::has_upper) {
		live_sizes<Stage, 48, Granule4K, Granule64K>(report);
		live_sizes<Stage, 52, Granule16K, Granule4K>(report);
		live_moved<Stage, 48, Granule4K>(report);
		// Of 64K, the table that a trial restricts would lead to the map's own tables, too.
		live_moved<Stage, 52, Granule16K>(report);
	}
	if constexpr (std::same_as<UsualCpu<Stage>, vmsa::ThisCpu>) {
		live_sizes<Stage, 48, Granule4K, Granule4K, vmsa::LocalCpu>(report,
									    ", this CPU's TLB");
		live_sizes<Stage, 52, Granule16K, Granule16K, OuterCpu>(report,
									", Outer Shareable");
	}
}

} // namespace mmu
