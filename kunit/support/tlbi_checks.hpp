// SPDX-License-Identifier: GPL-2.0-only
//
// What a TLBI plan has to be, whatever it is for: every instruction means what it should, all of them
// together name every byte of the region, and runs of any length take few.
#pragma once

#include "support/tlbi_reader.hpp"

#include "suite.hpp"

namespace support
{

using namespace vmsa;

using El1_4K = Format<El1And0, Granule4K>;
using El1_16K = Format<El1And0, Granule16K>;
using El1_64K = Format<El1And0, Granule64K>;
using El1_Lpa2 = Format<El1And0, Granule4K, 52>;
using El1_16K_Lpa2 = Format<El1And0, Granule16K, 52>;
using El1_64K_Lpa = Format<El1And0, Granule64K, 52>;
using El2And0_4K = Format<El2And0, Granule4K>;
using El2_4K = Format<El2, Granule4K>;
using El3_4K = Format<El3, Granule4K>;
using S2_4K = Format<Stage2, Granule4K>;
using S2_Lpa2 = Format<Stage2Fwb, Granule4K, 52>;
using S2_64K_Lpa = Format<Stage2, Granule64K, 52>;

inline constexpr TlbiTag asid{0xa51d, false};
inline constexpr TlbiTag global{0xa51d, true};
inline constexpr TlbiFeatures none{};
inline constexpr TlbiFeatures all{.range = true, .ttl = true};

struct One {
	Tlbi op;
	uint64_t operand;
	unsigned count;
};

// The plan's last instruction, and how many there are.
inline One last_of(const TlbiPlan &plan)
{
	One one{};

	plan.for_each([&](Tlbi op, uint64_t operand) { one = {op, operand, one.count + 1}; });
	return one.count == plan.count ? one : One{};
}

template <class F>
One one(uint64_t first, uint64_t size, Level level, TlbiTag tag, TlbiFeatures features = all,
	bool tables = false)
{
	return last_of(
		tlbi_plan<F>({typename F::Input{first}, size}, level, tables, tag, features));
}

// The instruction that removes everything a tree of this tag may have left.
template <class F> Tlbi everything(TlbiTag tag)
{
	return last_of(tlbi_all<typename F::Stage>(tag)).op;
}

// Does every instruction of the plan mean what it should, and do all of them together name every byte
// of the region, and nothing that lies further out than a unit of their operands makes them?
template <class F> class Plan {
	using Input = typename F::Input;
	using Stage = typename F::Stage;

    public:
	Plan(Region<Input> region, Level level, bool tables, TlbiTag tag, TlbiFeatures features)
	    : region_{region}, level_{level}, tables_{tables}, features_{features}
	{
		const bool upper = region.first.raw() >> 63;
		const bool has_asid = std::same_as<Stage, El2And0> ||
				      (std::same_as<Stage, El1And0> && !tag.every_asid && !upper);

		asid_ = has_asid ? tag.asid : 0;
		next_ = region.first;
	}

	// Instructions come in ascending order.
	void read(Tlbi op, uint64_t operand)
	{
		const TlbiMeaning *m = tlbi_meaning(op);

		// VAE2IS has an ASID field, which is RES0 where the regime has none.
		if (!m || m->last_level == tables_ || (asid_ && !m->asid) ||
		    (std::same_as<Stage, El1And0> && m->asid != (asid_ != 0)))
			return fail();
		if (m->form == TlbiForm::address)
			read_address(TlbiReader<F>::address(operand));
		else if (m->form == TlbiForm::range && features_.range)
			read_range(TlbiReader<F>::range(operand));
		else
			fail();
	}

	// 0: not good; else how many instructions.
	unsigned run(const TlbiPlan &plan)
	{
		plan.for_each([this](Tlbi op, uint64_t operand) { read(op, operand); });
		if (!done_)
			fail();
		return good_ ? plan.count : 0;
	}

    private:
	void fail()
	{
		good_ = false;
	}

	// Whole leaves of one level: then their size is the step, else it is the page.
	uint64_t step() const
	{
		const bool whole = !tables_ && F::allows_leaf(level_) &&
				   region_.first.is_aligned(F::Granule::size(level_)) &&
				   (region_.last + 1).is_aligned(F::Granule::size(level_));

		return whole ? F::Granule::size(level_) : F::Granule::page_size;
	}

	// A hint has to be the level of all there is, and the address aligned to it.
	bool fits(const TlbiTarget<F> &target) const
	{
		if (target.reserved || target.asid != asid_)
			return false;
		if (target.level == unknown_level)
			return true;
		return features_.ttl && !tables_ && target.level == level_ &&
		       F::allows_leaf(level_) &&
		       target.region.first.is_aligned(F::Granule::size(level_));
	}

	void read_address(const TlbiTarget<F> &target)
	{
		if (!fits(target) || target.region.first != next_ || done_)
			return fail();
		done_ = next_ + (step() - 1) == region_.last;
		next_ = next_ + step();
	}

	void read_range(const TlbiTarget<F> &target)
	{
		const uint64_t unit = F::lpa2 ? 64 * KiB : F::Granule::page_size;
		const Input end{region_.last.raw() | (unit - 1)};

		if (!fits(target) || target.region.first > next_ || target.region.last > end ||
		    target.region.first < region_.first.align_down(unit) || done_)
			return fail();
		done_ = target.region.last >= region_.last;
		next_ = target.region.last + 1;
	}

	Region<Input> region_;
	Level level_;
	bool tables_;
	TlbiFeatures features_;
	unsigned asid_;
	Input next_; // all before is removed
	bool done_ = false;
	bool good_ = true;
};

template <class F>
[[gnu::noinline]] unsigned operations(Region<typename F::Input> region, Level level, bool tables,
				      TlbiTag tag, TlbiFeatures features)
{
	return Plan<F>{region, level, tables, tag, features}.run(
		tlbi_plan<F>(region, level, tables, tag, features));
}

// Runs of 1..`most` leaves of `level` from `first` on.
template <class F>
void check_runs(struct kunit *test, uint64_t first, Level level, unsigned most, TlbiTag tag = asid)
{
	for (unsigned n = 1; n <= most; n++) {
		const Region<typename F::Input> region{typename F::Input{first},
						       n * F::Granule::size(level)};
		const unsigned ops = operations<F>(region, level, false, tag, all);
		const unsigned with_tables =
			operations<F>(region, unknown_level, true, tag, {.range = true});

		ASSERT(ops == 1 || ops == 2);
		ASSERT(with_tables == 1 || with_tables == 2);
	}
}

// From the start of a space of `bits`, from an odd page, and to its very end.
template <class F> void check_pages(struct kunit *test, unsigned bits, TlbiTag tag = asid)
{
	const uint64_t page = F::Granule::page_size;

	check_runs<F>(test, 0, 3, 4096, tag);
	check_runs<F>(test, GiB + 7 * page, 3, 4096, tag);
	for (unsigned n = 1; n <= 4096; n++) {
		const Region<typename F::Input> region{typename F::Input{bit(bits) - n * page},
						       n * page};

		ASSERT(operations<F>(region, 3, false, tag, all) - 1 <= 1);
	}
}

template <class F> void check_upper(struct kunit *test)
{
	const uint64_t page = F::Granule::page_size;

	check_runs<F>(test, ~low_bits(39), 3, 600);
	for (unsigned n = 1; n <= 4096; n++) {
		const Region<Va> region{Va{0 - n * page}, n * page};

		ASSERT(operations<F>(region, 3, false, asid, all) - 1 <= 1);
		if (n <= max_single_ops<El1And0>)
			ASSERT_EQ(operations<F>(region, 3, false, asid, none), n);
	}
}

} // namespace support
