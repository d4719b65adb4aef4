// SPDX-License-Identifier: GPL-2.0-only
//
// A game: random calls on one mapping, and hardware that notes something in leaves between them. What is drawn does not
// depend on what comes of it. Included once in each of two files, whose `vmsa` is not the same.
#pragma once

#include "alike/alike.hpp"
#include "support/full_geometry.hpp"
#include "support/random.hpp"
#include "vmsa/format_stage1.hpp"
#include "vmsa/format_stage2.hpp"
#include "vmsa/mapping.hpp"
#include "vmsa/table_pool.hpp"

namespace
{

using namespace vmsa;
using alike::Said;

template <class F> class Game {
	using Granule = typename F::Granule;
	using Input = typename F::Input;
	using Attributes = typename F::Attributes;

	static constexpr uint64_t page = Granule::page_size;
	static constexpr Region<Input> all{Input{0}, 32 * MiB};
	static constexpr size_t tables = 64;
	static constexpr unsigned calls = 20;

    public:
	explicit Game(uint64_t seed) : random_{seed}
	{
		static_cast<void>(map_.create(support::geometry_of<F>(39, Range::lower).value()));
		map_.rules().features = Features::all();
	}
	~Game()
	{
		map_.destroy();
	}

	std::vector<Said> play()
	{
		std::vector<Said> said;

		while (said.size() < calls) {
			said.push_back(call(said.empty() ? 0 : random_.below(12)));
			for (uint64_t n = random_.below(20); n; n--)
				note();
		}
		return said;
	}

    private:
	struct Sink {
		void invalidate(Region<Input>, Level, bool)
		{
		}
		void sync()
		{
		}
	};

	bool draw()
	{
		return random_.one_in(2);
	}

	Region<Input> draw_region()
	{
		const uint64_t unit = draw() ? page : draw() ? 2 * MiB : 16 * page;
		const Input first = all.first + random_.below(all.size() / unit) * unit;
		const uint64_t bytes = (1 + random_.below(draw() ? 4 : 40)) * unit;
		const uint64_t most = all.last + 1 - first;

		return {first, bytes < most ? bytes : most};
	}

	Attributes draw_attributes()
	{
		Attributes a = Attributes(normal | (draw() ? rw : r));

		a.dbm = draw();
		a.accessed = draw();
		return a;
	}

	void hear(uint64_t word)
	{
		answer_ = support::mix(answer_ ^ word);
	}

	Said call(uint64_t which)
	{
		const Region<Input> region = which || random_.below(8) ? draw_region() : all;
		const Attributes attributes = draw_attributes();
		const MapLimits limits{draw() ? last_level : Level{-1}, draw()};
		const uint64_t away = draw() ? 0 : draw() ? page : 16 * MiB;
		const uint64_t bits = random_.below(256);
		const Linear rule{region.first, Pa{GiB + region.first.raw() + away}};
		const auto leaf = [&](Region<Input> r, Level level) {
			hear(r.first.raw());
			hear(r.last.raw() + static_cast<unsigned>(level));
		};
		const auto entry = [&](const auto &e) {
			leaf(e.region, e.level);
			hear(e.descriptor);
		};

		answer_ = which;
		map_.rules().live = draw();
		map_.rules().bbm_level = static_cast<unsigned>(random_.below(3));
		map_.rules().dirty_note = bits & 64 ? bit(58) : 0;
		hear(static_cast<uint64_t>(
			make(which, region, attributes, limits, rule, bits, leaf, entry)
				.error()
				.code));
		return {static_cast<unsigned>(which), answer_, leaves()};
	}

	template <class Leaf, class Shown>
	Result<void> make(uint64_t which, Region<Input> region, const Attributes &attributes,
			  MapLimits limits, const Linear<Input> &rule, uint64_t bits,
			  const Leaf &leaf, const Shown &entry)
	{
		switch (which) {
		case 0:
			return map_.map(region, rule, attributes, limits);
		case 1:
		case 2:
			return map_.remap(region, rule, attributes, limits);
		case 3:
			return map_.remap(region, rule, attributes, limits, entry);
		case 4:
		case 5:
			return map_.protect(region, attributes.access);
		case 6:
			return map_.modify(region, [&](Region<Input> at, Attributes a) {
				a.dbm = bits & 1 ? attributes.dbm : a.dbm;
				a.accessed = bits & 2 ? attributes.accessed : a.accessed;
				a.software =
					static_cast<uint8_t>(bits & 4 ? bits >> 3 & 7 : a.software);
				a.software ^= bits & 128 && (at.first.raw() & 2 * MiB);
				return a;
			});
		case 7:
			return map_.harvest_accessed(region, leaf);
		case 8:
			return map_.harvest_dirty(region, leaf, bits & 1);
		case 9:
			return map_.fold(region, {.contiguous = (bits & 1) != 0});
		case 10:
			return bits & 1 ? map_.unmap(region) : map_.unmap(region, entry);
		default:
			return map_.cut(region, bits & 1 ? last_level : last_level - 1);
		}
	}

	// Of one page, as hardware would.
	void note()
	{
		const bool write = draw();
		const auto slot =
			map_.tree().slot(all.first + random_.below(all.size() / page) * page);

		if (F::is_leaf(slot.descriptor, slot.level))
			*slot.entry() = F::note(slot.descriptor, F::af | (write ? F::dbm : 0));
	}

	uint64_t leaves() const
	{
		uint64_t sum = 0;

		for (Input at = all.first; all.contains(at);) {
			const auto e = map_.tree().at(at);

			if (e.is_leaf())
				sum = support::mix(sum ^ at.raw() ^ e.descriptor);
			at = e.region.last + 1;
		}
		return sum;
	}

	support::Random random_;
	uint64_t answer_ = 0;
	std::vector<Descriptor> block_ = std::vector<Descriptor>((tables + 1) * Granule::entries);
	TablePool<Granule> pool_{block_.data(), block_.size() * sizeof(Descriptor)};
	Sink sink_;
	Mapping<F, TablePool<Granule>, Sink> map_{pool_, sink_};
};

std::vector<Said> play(unsigned format, uint64_t seed)
{
	switch (format) {
	case 0:
		return Game<Stage2_4K>{seed}.play();
	case 1:
		return Game<Format<Stage2, Granule4K, 52>>{seed}.play();
	default:
		return Game<Format<El1And0, Granule4K>>{seed}.play();
	}
}

} // namespace
