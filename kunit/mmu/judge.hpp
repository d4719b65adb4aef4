// SPDX-License-Identifier: GPL-2.0-only
//
// The judge: gives the MMU a random tree, asks it about every leaf and many holes, and compares
// each answer with what the library's translate() says.
//
//   tree ──> translate() ──> expect() ──> value, mask ─┐
//    └─────> the MMU: AT ──────────────> PAR_EL1 ──────┴─> the same?
#pragma once

#include "draw.hpp"
#include "expected.hpp"
#include "vmsa/mapping.hpp"
#include "vmsa/rows.hpp"

namespace mmu
{

struct Score {
	uint64_t configurations = 0;
	uint64_t leaves = 0;
	uint64_t holes = 0;
	uint64_t answers = 0;
	uint64_t objections = 0;
};

// One configuration: a geometry and a seed.
template <class Format> class Judge {
	using Stage = typename Format::Stage;
	using Granule = typename Format::Granule;
	using Input = typename Format::Input;
	using Region = vmsa::Region<Input>;
	using Tlb = Hardware<Stage>;
	using Map = vmsa::Mapping<Format, Ram, Tlb>;
	using Tree = vmsa::Tree<Format, Ram>;

    public:
	Judge(Score &score, Ram &ram, const vmsa::Geometry &geometry, uint64_t seed)
	    : score_{score}, geometry_{geometry}, seed_{seed}, random_{seed},
	      draw_{geometry_, random_}, map_{ram, tlb_}
	{
	}

	void run()
	{
		score_.configurations++;
		expect(map_.create(geometry_).ok(), "the root was allocated");
		map_keyhole();
		for (auto &request : requests_)
			map(request = draw_.request());
		Tlb::enter(world_);
		Tlb::template load<Format>(geometry_, map_.tree().root_address());
		if (!Tlb::keyhole_bytes)
			Tlb::turn(true);

		const uint64_t judged = every_leaf(1);

		expect(judged == mapped_, "as many bytes are mapped as were asked for");
		holes();
		change();
		every_leaf(sample);
		edit_by_hand();
		every_leaf(sample);
		holes();
	}

    private:
	// After a change, many leaves are pieces of the same block: one in so many is judged.
	static constexpr uint64_t sample = Granule::entries / 128;

	World draw_world()
	{
		if (std::same_as<Stage, vmsa::El3>)
			return World::secure;
		if (std::same_as<Stage, vmsa::Stage2> || random_.one_in(2))
			return World::non_secure;
		return vmsa::Stage2Tag<Stage> ? World::non_secure_device : World::secure;
	}

	// EL3 runs there while it is being asked.
	void map_keyhole()
	{
		if constexpr (Tlb::keyhole_bytes > 0) {
			map({{Input{0}, Granule::page_size}, vmsa::Pa{0}, vmsa::normal | vmsa::rx});
		}
	}

	// Drawn at random, so it may overlap what is there; nothing else may be wrong with it.
	[[gnu::noinline]] void map(const Request<Format> &r)
	{
		const auto done =
			map_.map(r.region, vmsa::Linear{r.region.first, r.pa}, r.attributes);

		if (!done) {
			expect(done.error().code == vmsa::Errc::overlap,
			       "only overlaps are refused");
			return;
		}
		mapped_ += r.region.size();
		expect(is_as_asked(r, 0) && is_as_asked(r, r.region.size() - 1) &&
			       is_as_asked(r, random_.below(r.region.size())),
		       "what was asked for is what is mapped");
	}

	// Else tables could be wrong, and translate() and the MMU agree on what they say.
	bool is_as_asked(const Request<Format> &r, uint64_t offset) const
	{
		const auto t = map_.translate(r.region.first + offset);

		if (!t)
			return false;
		// The largest blocks of 52 bits take no hint.
		auto asked = r.attributes;

		asked.contiguous &= Format::contiguous_run(t.value().level) > 1;
		return t.value().pa == r.pa + offset && t.value().attributes() == asked;
	}

	// First, last and one more byte of each leaf, or of one leaf in `share`; and both sides of it.
	// Returns how many bytes all leaves map.
	uint64_t every_leaf(uint64_t share)
	{
		vmsa::TableCursor<Tree> cursor;
		vmsa::TableStep<Tree> step;
		uint64_t bytes = 0;

		while (vmsa::next_step(map_.tree(), cursor, step)) {
			if (!Format::is_leaf(step.descriptor, step.level))
				continue;
			const uint64_t size = Granule::size(step.level);

			bytes += size;
			if (!random_.one_in(share))
				continue;
			score_.leaves++;
			judge(step.first);
			judge(step.first + (size - 1));
			judge(step.first + random_.below(size));
			if (random_.one_in(8)) {
				judge(step.first - 1);
				judge(step.first + size);
			}
		}
		return bytes;
	}

	// The ends of the space, anywhere in it, near what is mapped, and outside.
	void holes()
	{
		const Region space = map_.tree().space();

		judge(space.first);
		judge(space.last);
		judge(space.last + 1 - Granule::page_size);
		for (int i = 0; i < 16; i++)
			judge(draw_.anywhere());
		for (const auto &r : requests_) {
			judge(r.region.first - 1);
			judge(r.region.last + 1);
			judge(r.region.last + random_.below(64) * Granule::page_size);
		}
		for (int i = 0; i < 4; i++)
			judge(Input{random_.below(~uint64_t{0}) >> random_.below(16)});
	}

	// While the MMU holds the tree: parts go, or change, in every way there is. Blocks and
	// contiguous runs are cut for it, and folded again. Then something new comes.
	void change()
	{
		for (const auto &r : requests_) {
			const uint64_t pages = r.region.size() / Granule::page_size;
			const uint64_t first = random_.below(pages);
			const uint64_t n = 1 + random_.below(pages - first);
			const Region part{r.region.first + first * Granule::page_size,
					  n * Granule::page_size};

			if (!random_.one_in(3) || part.first.raw() < Tlb::keyhole_bytes)
				continue;
			const Witness before{*this, r.region.first};
			const Witness behind{*this, r.region.last};
			const Witness somewhere{*this,
						r.region.first + random_.below(r.region.size())};
			const auto done = change(part, draw_attributes<Format>(random_));

			// Where requests overlapped, only some of it may be mapped.
			expect(done || done.error().code == vmsa::Errc::not_mapped ||
				       done.error().code == vmsa::Errc::forbidden_attributes,
			       "a change is refused only for a hole or for its attributes");
			judge_edges(part);
			if (random_.one_in(3)) {
				(void)map_.fold(r.region, {.contiguous = random_.one_in(2)});
				judge_edges(part);
			}
			expect(before.agrees(*this, part) && behind.agrees(*this, part) &&
				       somewhere.agrees(*this, part),
			       "what is beside a change stays as it was");
		}
		map(draw_.request());
	}

	// What is mapped at an address, but for the size of the leaf and the contiguous hint.
	class Witness {
	    public:
		Witness(const Judge &judge, Input at) : at_{at}
		{
			const auto t = judge.map_.translate(at);

			if (!t)
				return;
			mapped_ = true;
			pa_ = t.value().pa;
			attributes_ = t.value().attributes();
			attributes_.contiguous = false;
		}

		// Is it the same now? Inside of `changed`, anything is.
		bool agrees(const Judge &judge, Region changed) const
		{
			return changed.contains(at_) || Witness{judge, at_} == *this;
		}

		bool operator==(const Witness &) const = default;

	    private:
		Input at_;
		bool mapped_ = false;
		vmsa::Pa pa_{};
		typename Format::Attributes attributes_{};
	};

	vmsa::Result<void> change(Region part, const typename Format::Attributes &attributes)
	{
		switch (random_.below(4)) {
		case 0:
			return map_.unmap(part);
		case 1:
			return map_.protect(part, attributes.access);
		case 2:
			return map_.modify(part, [&](auto, auto) { return attributes; });
		default:
			return map_.cut({part.first, Granule::page_size});
		}
	}

	void judge_edges(Region part)
	{
		judge(part.first - 1);
		judge(part.first);
		judge(part.last);
		judge(part.last + 1);
	}

	// What the library does not write, but must understand: restrictions in table descriptors,
	// nT, and descriptors that are not valid.
	void edit_by_hand()
	{
		vmsa::TableCursor<Tree> cursor;
		vmsa::TableStep<Tree> step;

		while (vmsa::next_step(map_.tree(), cursor, step)) {
			auto *entry = const_cast<vmsa::Descriptor *>(step.table) + step.index;

			if (step.first.raw() < Tlb::keyhole_bytes || !random_.one_in(3))
				continue;
			if (Format::is_table(step.descriptor, step.level))
				vmsa::store(entry, step.descriptor | draw_restrictions());
			else if (step.level == vmsa::last_level)
				// 0b01, reserved, and 0b10, invalid
				vmsa::store(entry, step.descriptor & ~(1 + random_.below(2)));
			else
				vmsa::store(entry, step.descriptor | Format::nt);
		}
		tlb_.sync();
	}

	vmsa::Descriptor draw_restrictions()
	{
		if constexpr (vmsa::Stage1Regime<Stage>)
			return vmsa::Field{63, 59}.put(random_.below(32) & random_.below(32)) &
			       restrictions<Stage>;
		return 0;
	}

	[[gnu::noinline]] void judge(Input at)
	{
		// With stage 1 off, an address is at most as large as the machine's physical ones.
		if (vmsa::Stage2Tag<Stage>)
			at = Input{at.raw() & vmsa::low_bits(52)};

		const auto translation = map_.translate(at);

		if (!translation)
			score_.holes++;
		Tlb::ask(at.raw(), [&](Question q, uint64_t par) {
			const Expected e =
				translation ? mmu::expect(translation.value(), q, world_)
					    : expect_fault(Fault::translation, level_of_hole(at),
							   vmsa::Stage2Tag<Stage>);

			score_.answers++;
			if (!e.agrees(par))
				object(at, q, e, par);
		});
	}

	// An address outside of the space faults before there is a level: 0, by definition.
	vmsa::Level level_of_hole(Input at) const
	{
		return map_.tree().space().contains(at) ? map_.tree().at(at).level : 0;
	}

	void object(Input at, Question q, Expected e, uint64_t par)
	{
		if (score_.objections++ < 4) {
			print("# ", Hex{at.raw()}, q.el0 ? " EL0" : "",
			      q.write ? " write" : " read", ": PAR_EL1 should be ", Hex{e.value},
			      " in ", Hex{e.mask}, ", is ", Hex{par}, "\n");
			where();
		}
	}

	void expect(bool holds, const char *what)
	{
		if (!holds && score_.objections++ < 4) {
			print("# does not hold: ", what, "\n");
			where();
		}
	}

	void where() const
	{
		print("#   with ", uint64_t{geometry_.input_bits}, " bits in, ",
		      uint64_t{geometry_.output_bits}, " out, seed ", Hex{seed_}, "\n");
	}

	Score &score_;
	const vmsa::Geometry geometry_;
	const uint64_t seed_;
	Random random_;
	Draw<Format> draw_;
	Tlb tlb_;
	Map map_;
	const World world_ = draw_world();
	Request<Format> requests_[10] = {};
	uint64_t mapped_ = 0;
};

} // namespace mmu
