// SPDX-License-Identifier: GPL-2.0-only
//
// The only file of the module that knows formats one by one: all of the library is compiled here, once for each.
#include "space.hpp"

#include "engine/formats.hpp"

#include <algorithm>
#include <new>

// clang makes a table of functions for Space itself, too, which nobody has: these are its entries.
extern "C" [[noreturn]] void __cxa_pure_virtual();
extern "C" void __cxa_pure_virtual()
{
	kernel_panic("a Space of no format was called");
}

namespace stage2
{

namespace
{

using vmsa::Error;
using vmsa::Ipa;
using vmsa::Level;
using vmsa::Result;

template <class Format> constexpr FormatFacts facts_of()
{
	FormatFacts facts{Format::Granule::page_shift, Format::output_bits, 0, Format::Stage::fwb};

	for (Level level = 0; level <= vmsa::last_level; level++)
		facts.leaf_levels |= Format::allows_leaf(level) ? 1u << level : 0;
	return facts;
}

template <class Format> inline constexpr FormatFacts facts = facts_of<Format>();

template <class Format> class SpaceOf final : public Space {
    public:
	SpaceOf(const char *guest, Tables &tables)
	    : Space{facts<Format>, sink_}, sink_{guest}, mapping_{tables, sink_}
	{
		SpaceOf::set_live(false);
	}

	Result<void> create(const vmsa::Geometry &geometry) override
	{
		geometry_ = geometry;
		last_ = Ipa{geometry.last_input()};
		return mapping_.create(geometry);
	}
	void destroy() override
	{
		mapping_.destroy();
	}
	void set_live(bool live) override
	{
		mapping_.rules().live = live;
	}

	Result<void> map(Region region, const RamRule &rule, const Attributes &attributes,
			 vmsa::MapLimits limits) override
	{
		return mapping_.map(region, rule, attributes, limits);
	}
	Result<void> unmap(Region region) override
	{
		return mapping_.unmap(region);
	}
	Result<void> protect(Region region, vmsa::Access access) override
	{
		return mapping_.protect(region, access);
	}
	Result<void> modify(Region region, const Update &update) override
	{
		return mapping_.modify(region, update);
	}
	Result<void> fold(Region region, vmsa::FoldLimits limits) override
	{
		return mapping_.fold(region, limits);
	}
	Result<void> harvest_accessed(Region region, const Visit &visit) override
	{
		return mapping_.harvest_accessed(region, visit);
	}
	Result<void> harvest_dirty(Region region, const Visit &visit, uint8_t noted) override
	{
		return mapping_.harvest_dirty(region, visit, noted);
	}
	uint64_t breaks() const override
	{
		return mapping_.breaks();
	}

	vmsa::Errc map_page(Ipa page, vmsa::Pa pa, const Attributes &attributes,
			    Descriptor leaf) override
	{
		if (!leaf || !vmsa::map_free_page(tree(), page, pa, leaf)) [[unlikely]]
			return map_any_page(page, pa, attributes);
		engine::Publisher::sync();
		return vmsa::Errc::none;
	}
	Result<void> note_accessed(Ipa ipa) override
	{
		return change_shared([&](auto shared) { return shared.note_accessed(ipa); });
	}
	Result<void> note_dirty(Ipa ipa) override
	{
		return change_shared([&](auto shared) { return shared.note_dirty(ipa); });
	}

	Error check(Region region) const override
	{
		return check_region(tree(), region);
	}
	bool is_legal(const Attributes &attributes) const override
	{
		return Format::is_legal(attributes);
	}
	Descriptor leaf_bits(const Attributes &attributes) const override
	{
		// Its rules know of no feature that is missing.
		return vmsa::leaf_bits<Format>(attributes, {}) & ~Format::contiguous;
	}
	Entry at(Ipa ipa) const override
	{
		const auto entry = tree().at(ipa);
		const bool leaf = entry.is_leaf();

		return {entry.region, entry.level, leaf, leaf ? entry.output() : vmsa::Pa{}};
	}
	Region stretch(Region region, bool mapped) const override
	{
		return tree().stretch(region, mapped);
	}
	bool translate(Ipa ipa, Found &found) const override
	{
		const auto result = tree().translate(ipa);

		if (result)
			found = {result.value().pa, result.value().level,
				 result.value().attributes()};
		return static_cast<bool>(result);
	}
	void steps(Ipa ipa,
		   const FunctionRef<void(Level, size_t, Descriptor)> &visit) const override
	{
		tree().steps(ipa, [&](Level level, size_t index, vmsa::Pa, Descriptor d) {
			visit(level, index, d);
		});
	}
	bool next_row(Ipa from, Row &row) const override
	{
		vmsa::Row<Format> found;

		if (!vmsa::next_row(tree(), from, found))
			return false;
		row = {found.region, found.attributes, found.level, found.leaves};
		return true;
	}
	bool next_step(Cursor &cursor, Step &step) const override
	{
		return next(cursor, step,
			    [&](auto &c, auto &s) { return vmsa::next_step(tree(), c, s); });
	}
	bool next_table(Cursor &cursor, Step &step) const override
	{
		return next(cursor, step,
			    [&](auto &c, auto &s) { return vmsa::next_table(tree(), c, s); });
	}
	vmsa::Census census() const override
	{
		return vmsa::census(tree());
	}
	Decoded decode(Descriptor d, Level level) const override
	{
		using Kind = Decoded::Kind;

		if (Format::is_table(d, level))
			return {Kind::table, Format::next_table(d), {}};
		if (Format::is_leaf(d, level))
			return {Kind::leaf, Format::output(d, level), Format::attributes(d)};
		if (d && !Format::is_valid(d))
			return {Kind::annotation, {}, {}};
		return {d ? Kind::reserved : Kind::invalid, {}, {}};
	}

	const Descriptor *root() const override
	{
		return tree().root();
	}
	const Descriptor *child(Descriptor d) const override
	{
		return tree().child(d);
	}
	size_t entries(Level level) const override
	{
		return tree().entries(level);
	}

	engine::Stage2Registers registers() const override
	{
		return engine::registers_of(tree());
	}

    private:
	using Granule = typename Format::Granule;
	using Sink = engine::TlbOf<Format>;
	using Tree = vmsa::Tree<Format, Tables>;

	const Tree &tree() const
	{
		return mapping_.tree();
	}

	[[gnu::noinline]] vmsa::Errc map_any_page(Ipa page, vmsa::Pa pa,
						  const Attributes &attributes)
	{
		engine::Publisher publisher;
		const auto result =
			mapping_.shared(publisher).map(page, vmsa::last_level, pa, attributes);

		return result ? vmsa::Errc::none : result.error().code;
	}

	// Leaves change in place then, and TLBs forget what they were.
	template <class Change> Result<void> change_shared(const Change &change)
	{
		Sink sink = sink_.of_thread();
		const auto result = change(mapping_.shared(sink));

		sink_.join(sink);
		return result;
	}

	template <class Next> bool next(Cursor &cursor, Step &step, const Next &find) const
	{
		vmsa::TableCursor<Tree> at{cursor.at, cursor.level, cursor.done};
		vmsa::TableStep<Tree> found;
		const bool any = find(at, found);

		cursor = {at.at, at.level, at.done};
		if (any)
			step = {found.first, found.level, found.index, found.descriptor};
		return any;
	}

	Sink sink_;
	vmsa::Mapping<Format, Tables, Sink> mapping_;
};

struct Maker {
	const FormatFacts &facts;
	size_t bytes;
	Space *(*make)(void *room, const char *guest, Tables &tables);
	Result<vmsa::Geometry> (*shape)(unsigned ipa_bits, unsigned pa_bits);
};

template <class Format>
constexpr Maker maker{facts<Format>, sizeof(SpaceOf<Format>),
		      [](void *room, const char *guest, Tables &tables) -> Space * {
			      return new (room) SpaceOf<Format>{guest, tables};
		      },
		      vmsa::stage2_geometry<typename Format::Granule, Format::output_bits>};

#define X(granule, bits) maker<Stage2Format<granule, bits>>,
constexpr Maker makers[] = {STAGE2_FORMATS(X)};
#undef X

const Maker &maker_of(const FormatFacts &format)
{
	size_t i = 0;

	while (&makers[i].facts != &format)
		i++;
	return makers[i];
}

} // namespace

unsigned Space::most_ipa_bits(const kernel_features &features, unsigned page_shift)
{
	const struct {
		bool has;
		bool has_52; // of the 64K granule PARange alone decides (FEAT_LPA)
	} granules[] = {{features.granule_4k, features.lpa2_4k},
			{features.granule_16k, features.lpa2_16k},
			{features.granule_64k, true}};
	const auto &granule = granules[(page_shift - 12) / 2];

	return granule.has ? std::min(features.pa_bits, granule.has_52 ? 52u : 48u) : 0;
}

const FormatFacts *Space::find_format(unsigned page_shift, unsigned bits)
{
	for (const Maker &maker : makers) {
		if (maker.facts.page_shift == page_shift && maker.facts.output_bits >= bits)
			return &maker.facts;
	}
	return nullptr;
}

vmsa::Geometry Space::shape(const FormatFacts &format, unsigned ipa_bits, unsigned pa_bits)
{
	return maker_of(format).shape(ipa_bits, pa_bits).value();
}

Space *Space::make(const FormatFacts &format, const char *guest, Tables &tables)
{
	const Maker &maker = maker_of(format);
	void *room = kernel_alloc(maker.bytes);

	return room ? maker.make(room, guest, tables) : nullptr;
}

// Its parts own nothing once the tables are destroyed.
void Space::dispose()
{
	kernel_free(this);
}

} // namespace stage2
