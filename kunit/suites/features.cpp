// SPDX-License-Identifier: GPL-2.0-only
//
// A map is told what the machine can do, and refuses what that cannot: one feature missing at a time.
#include "support/lab.hpp"
#include "support/live_bench.hpp"
#include "vmsa/error_text.hpp"

using namespace vmsa;
using namespace support;

namespace
{

// Why no map of that config can be had; or none.
template <class Stage, class G = Granule4K, unsigned OutputBits = 48>
Error refusal(struct kunit *test, const MapConfig &config)
{
	LiveBench bench{test};
	IdMap<Stage, G, OutputBits, ScratchMemory, CpuRecorder> map{
		bench.memory, config, {}, {&bench.log}};

	return map.created().error();
}

constexpr Error no(Feature f)
{
	return {Errc::no_feature, static_cast<uint64_t>(f), static_cast<uint64_t>(f)};
}

// With all but that feature, and, where it is told in no other way, with nothing but what it needs.
template <class Stage, class G = Granule4K, unsigned OutputBits = 48>
void check_needs(struct kunit *test, MapConfig config, Feature feature)
{
	config.features = Features::all().without(feature);
	EXPECT((refusal<Stage, G, OutputBits>(test, config)) == no(feature));
	config.features = Features::all();
	EXPECT((refusal<Stage, G, OutputBits>(test, config)) == Error());

	constexpr uint32_t none = 0;
	Features least{52};
	const uint32_t needed = features_needed<Format<Stage, G, OutputBits>>(config);

	for (unsigned i = 0; i < feature_count; i++) {
		if (needed >> i & 1)
			least = least.with(static_cast<Feature>(i));
	}
	EXPECT_EQ(least.missing(needed), none);
	config.features = least;
	EXPECT((refusal<Stage, G, OutputBits>(test, config)) == Error());
}

// A Cpu that knows what it can do.
struct Core : CpuRecorder {
	Features its;

	Features features() const
	{
		return its;
	}
};

constexpr Features forty_bits = Features{40}.with(Feature::granule4k).with(Feature::stage2_4k);

} // namespace

TEST(a_map_asks_for_its_granule)
{
	check_needs<El1And0, Granule4K>(test, {.va_bits = 39}, Feature::granule4k);
	check_needs<El2, Granule4K, 52>(test, {.va_bits = 39}, Feature::lpa2_4k);
	check_needs<Stage2, Granule4K>(test, {.va_bits = 40}, Feature::stage2_4k);
	check_needs<Stage2, Granule4K, 52>(test, {.va_bits = 40}, Feature::stage2_lpa2_4k);
}

TEST(a_map_asks_for_what_its_config_does)
{
	constexpr unsigned va = 39;

	check_needs<El1And0>(test, {.va_bits = va, .asid16 = true}, Feature::asid16);
	check_needs<Stage2>(test, {.va_bits = va, .asid16 = true}, Feature::vmid16);
	check_needs<El1And0>(test, {.va_bits = va, .cnp = true}, Feature::ttcnp);
	check_needs<El1And0>(test, {.va_bits = va, .e0pd = true}, Feature::e0pd);
	check_needs<El2And0>(test, {.va_bits = va, .e0pd = true}, Feature::e0pd);
	check_needs<El2And0>(test, {.va_bits = va}, Feature::vhe);
	check_needs<Stage2Fwb>(test, {.va_bits = va}, Feature::fwb);
	check_needs<El1And0>(test, {.va_bits = va, .hardware = {true}}, Feature::access_flag);
	check_needs<Stage2>(test, {.va_bits = va, .hardware = {true, true}}, Feature::dirty_state);
	check_needs<El1And0>(test, {.va_bits = va, .tlbi = {.ttl = true}}, Feature::ttl);
	check_needs<El3>(test, {.va_bits = va, .tlbi = {.range = true}}, Feature::tlbi_range);
	check_needs<El1And0>(test, {.va_bits = va, .bbm_level = 1}, Feature::bbm1);
	check_needs<El1And0>(test, {.va_bits = va, .bbm_level = 2}, Feature::bbm2);
	// Hardware that notes that a leaf is dirty notes that it was accessed.
	EXPECT(refusal<Stage2>(test, {.va_bits = va, .hardware = {false, true}}) ==
	       no(Feature::access_flag));
	// Where there is no EL0, nor a bit to keep it out with.
	EXPECT(refusal<El2>(test, {.va_bits = va, .e0pd = true, .features = Features::all()}) ==
	       no(Feature::e0pd));
	EXPECT(refusal<Stage2>(test, {.va_bits = va, .e0pd = true, .features = Features::all()}) ==
	       no(Feature::e0pd));
}

// E0PD0 and E0PD1: a bit for each range.
TEST(el0_is_kept_out_of_a_range)
{
	LiveBench bench{test};
	MapConfig c = usual_config<El1And0>();
	RecordedIdMap<El1And0> open{bench.memory, c, {}, {&bench.log}};
	RecordedIdMap<El1And0> lower{bench.memory, (c.e0pd = true, c), {}, {&bench.log}};
	RecordedLinearMap<El1And0> upper{
		bench.memory, (c.range = Range::upper, c), GiB, {&bench.log}};

	EXPECT_EQ(open.control() & (bit(55) | bit(56)), 0);
	EXPECT_EQ(lower.control() & (bit(55) | bit(56)), bit(55));
	EXPECT_EQ(upper.control() & (bit(55) | bit(56)), bit(56));
	ASSERT(open.configure_with(upper));
	EXPECT_EQ(bench.log[Register::tcr_el1] & (bit(55) | bit(56)), bit(56));
}

// What no map of 4K pages asks for.
TEST(every_feature_has_its_granule)
{
	const auto bits = [](auto... f) {
		return (feature_bit(f) | ...);
	};

	EXPECT_EQ((features_needed<Format<El1And0, Granule16K>>({})), bits(Feature::granule16k));
	EXPECT_EQ((features_needed<Format<El1And0, Granule64K>>({})), bits(Feature::granule64k));
	EXPECT_EQ((features_needed<Format<Stage2, Granule16K>>({})), bits(Feature::stage2_16k));
	EXPECT_EQ((features_needed<Format<Stage2, Granule64K>>({})), bits(Feature::stage2_64k));
	EXPECT_EQ((features_needed<Format<El1And0, Granule16K, 52>>({})),
		  bits(Feature::granule16k, Feature::lpa2_16k));
	EXPECT_EQ((features_needed<Format<Stage2, Granule16K, 52>>({})),
		  bits(Feature::stage2_16k, Feature::stage2_lpa2_16k));
	EXPECT_EQ((features_needed<Format<El1And0, Granule64K, 52>>({})),
		  bits(Feature::granule64k, Feature::lpa));
	EXPECT_EQ((features_needed<Format<El1And0, Granule64K, 52>>({.va_bits = 49})),
		  bits(Feature::granule64k, Feature::lpa, Feature::lva));
	EXPECT_EQ((features_needed<Format<Stage2, Granule64K, 52>>({.va_bits = 49})),
		  bits(Feature::stage2_64k, Feature::lpa));
}

// No output of a map lies beyond the machine's, whatever the config says.
TEST(a_map_has_no_more_output_than_the_machine)
{
	LiveBench bench{test};
	RecordedIdMap<El1And0> map{
		bench.memory, {.va_bits = 48, .features = forty_bits}, {}, {&bench.log}};

	ASSERT(map.created());
	EXPECT(map.map({Va{bit(40) - 4 * KiB}, 4 * KiB}, normal | rw));
	EXPECT(map.map({Va{bit(40)}, 4 * KiB}, normal | rw).error() ==
	       Error(Errc::beyond_output, bit(40), bit(40) + 0xfff));
	EXPECT(refusal<Stage2>(test, {.va_bits = 44, .features = forty_bits}) ==
	       Error(Errc::output_bits, 44, 40));
	EXPECT(refusal<Stage2>(test, {.va_bits = 40, .pa_bits = 36, .features = forty_bits}) ==
	       Error(Errc::output_bits, 40, 36));
}

// Without FEAT_XNX a leaf that one level may execute would be one that both may, or none.
TEST(without_xnx_nobody_executes_alone)
{
	LiveBench bench{test};
	RecordedIdMap<Stage2> map{
		bench.memory, {.va_bits = 40, .features = forty_bits}, {}, {&bench.log}};
	const Region<Ipa> page{Ipa{0}, 4 * KiB};

	ASSERT(map.created());
	for (Execute by : {Execute::el0_only, Execute::el1_only}) {
		const Access alone{true, false, by};
		const Error refused = no(Feature::xnx);
		const auto change = [&](auto, auto a) {
			a.access.execute = by;
			return a;
		};

		EXPECT(map.map(page, normal | alone).error() == refused);
		EXPECT(map.remap(page, normal | alone).error() == refused);
		ASSERT(map.map(page, normal | rx));
		EXPECT(map.protect(page, alone).error() == refused);
		EXPECT(map.remap(page, normal | alone).error() == refused);
		EXPECT(map.modify(page, change).error() == Error(Errc::reserved_attributes, page));
		EXPECT(map.translate(page.first).value().attributes().access == rx);
		EXPECT(map.modify(page, [](auto, auto a) { return a; }));
		ASSERT(map.unmap(page));

		RecordedIdMap<Stage2> can{
			bench.memory,
			{.va_bits = 40, .features = forty_bits.with(Feature::xnx)},
			{},
			{&bench.log}};

		ASSERT(can.map(page, normal | rx));
		EXPECT(can.protect(page, alone));
		EXPECT(can.modify(page, change));
		EXPECT(can.translate(page.first).value().attributes().access == alone);
	}
}

// One that only a Mapping asks, through its rules: each operation, its count, and what is done by edit.
template <class F>
void check_refused(struct kunit *test, typename F::Attributes plain, typename F::Attributes asking,
		   Feature feature)
{
	using Input = typename F::Input;
	LiveBench bench{test};
	NoTlb nobody;
	Mapping<F, ScratchMemory, NoTlb> map{bench.memory, nobody};
	const Region<Input> pages{Input{GiB}, 8 * KiB};
	const Region<Input> page{Input{GiB}, 4 * KiB};
	const Linear<Input> identity{Input{0}, Pa{0}};
	const Features all = Features::all();
	const auto change = [&](auto, auto) {
		return asking;
	};
	const auto refused = [&](const auto &result) {
		return result.error() == no(feature);
	};

	ASSERT(map.create(geometry_of<F>(39).value()));
	map.rules().features = all.without(feature);
	EXPECT(refused(map.map(page, identity, asking)));
	EXPECT(refused(map.map(pages, identity, asking)));
	EXPECT(refused(map.remap(page, identity, asking)));
	EXPECT(refused(map.tables_to_map(page, identity, asking)));
	EXPECT(refused(map.tables_to_remap(page, identity, asking)));
	EXPECT(refused(map.edit([&](auto &tree, auto &batch) {
		return vmsa::map(tree, batch, page, identity, asking);
	})));
	EXPECT_EQ(bench.memory.live(), 1);
	ASSERT(map.map(pages, identity, plain));
	// The short way, where the table is there.
	EXPECT(refused(map.map({Input{GiB + 8 * KiB}, 4 * KiB}, identity, asking)));

	const Descriptor before = map.tree().at(page.first).descriptor;

	EXPECT(map.modify(page, change).error() == Error(Errc::reserved_attributes, page));
	EXPECT(map.tables_to_modify(page, change).error() ==
	       Error(Errc::reserved_attributes, page));
	if (asking.access != plain.access) {
		EXPECT(refused(map.protect(page, asking.access)));
		EXPECT(refused(map.tables_to_protect(page, asking.access)));
	}
	EXPECT_EQ(map.tree().at(page.first).descriptor, before);
	// A leaf that says so already may go on: others made it.
	map.rules().features = all;
	EXPECT(map.modify(page, change));
	EXPECT(map.translate(page.first).value().attributes() == asking);
	map.rules().features = all.without(feature);
	EXPECT(map.modify(page, [](auto, auto a) {
		a.software = 1;
		return a;
	}));
	// Of a machine that nobody told of nothing is known.
	map.rules().features = {};
	EXPECT(map.remap(pages, identity, asking));
	map.destroy();
	ASSERT(bench.verdict.good());
}

TEST(a_mapping_refuses_what_the_machine_has_not)
{
	using Guest = Format<Stage2, Granule4K>;
	const Stage2Attributes guest = normal | rx;
	Stage2Attributes a = guest;

	check_refused<Guest>(test, guest, normal | Access{true, false, Execute::el0_only},
			     Feature::xnx);
	check_refused<Guest>(test, guest, normal | Access{true, false, Execute::el1_only},
			     Feature::xnx);
	check_refused<Guest>(test, guest, (a.no_tags = true, a), Feature::mte_perm);
	check_refused<Format<Stage2Fwb, Granule4K>>(test, guest, a, Feature::mte_perm);
	check_refused<Guest>(test, guest, (a = guest, a.non_secure = true, a), Feature::rme);
	check_refused<Format<El1And0, Granule4K>>(test, normal | rw, tagged | rw, Feature::mte2);

	Stage1Attributes root = normal | rw;

	root.nse = true;
	check_refused<Format<El3, Granule4K>>(test, normal | rw, root, Feature::rme);
}

// Instructions, too, may be more than a machine has.
template <class Scope> struct Reaching : CpuRecorder {
	static constexpr uint32_t asks = Scope::asks;
};

template <class Scope> Error refusal_of(struct kunit *test, const Features &features)
{
	LiveBench bench{test};
	IdMap<El1And0, Granule4K, 48, ScratchMemory, Reaching<Scope>> map{
		bench.memory, {.va_bits = 39, .features = features}, {}, {{&bench.log}}};

	return map.created().error();
}

TEST(a_map_asks_for_what_its_sink_issues)
{
	const Features all = Features::all();

	EXPECT(refusal_of<OuterCpu>(test, all.without(Feature::tlbi_outer)) ==
	       no(Feature::tlbi_outer));
	EXPECT(refusal_of<NoXsCpu>(test, all.without(Feature::xs)) == no(Feature::xs));
	EXPECT(refusal_of<OuterCpu>(test, all.without(Feature::xs)) == Error());
	EXPECT(refusal_of<NoXsCpu>(test, all.without(Feature::tlbi_outer)) == Error());
	for (Feature each : {Feature::tlbi_outer, Feature::xs}) {
		EXPECT(refusal_of<ThisCpu>(test, all.without(each)) == Error());
		EXPECT(refusal_of<LocalCpu>(test, all.without(each)) == Error());
	}
	EXPECT_EQ(asked_by<CpuRecorder>, 0);
}

TEST(a_cpu_says_itself_what_it_can)
{
	using Own = IdMap<El1And0, Granule4K, 48, ScratchMemory, Core>;
	LiveBench bench{test};
	Own map{bench.memory, {.va_bits = 48}, {}, {{&bench.log}, forty_bits}};
	Own wide{bench.memory, {.va_bits = 48, .asid16 = true}, {}, {{&bench.log}, forty_bits}};
	Own told{bench.memory,
		 {.va_bits = 48, .asid16 = true, .features = Features::all()},
		 {},
		 {{&bench.log}, forty_bits}};

	ASSERT(map.created());
	EXPECT_EQ(map.map({Va{bit(40)}, 4 * KiB}, normal | rw).error().code, Errc::beyond_output);
	EXPECT(wide.created().error() == no(Feature::asid16));
	EXPECT(told.created());
}

TEST(an_error_names_the_feature)
{
	char text[80] = {};
	size_t n = 0;

	print(no(Feature::fwb), [&](char c) {
		if (n + 1 < sizeof(text))
			text[n++] = c;
	});
	EXPECT_EQ(text, "no_feature: the machine lacks a feature, FEAT_S2FWB");
}

// As the compiler does it (features_truth), so does a machine.
TEST(id_registers_say_what_a_machine_has)
{
	IdRegisters id;

	EXPECT(Features::from(id).has(Feature::granule4k));
	id.value[0] = 0x1124; // Cortex-A57
	EXPECT(Features::from(id) == Features{44}
					     .with(Feature::granule4k)
					     .with(Feature::granule64k)
					     .with(Feature::stage2_4k)
					     .with(Feature::stage2_64k)
					     .with(Feature::asid16));
	// One granule is enough to be known, whichever it is.
	id.value[0] = 0xff10'0000;
	EXPECT(Features::from(id) ==
	       Features{32}.with(Feature::granule16k).with(Feature::stage2_16k));
	id.value[0] = 0xf000'0000;
	EXPECT(Features::from(id) ==
	       Features{32}.with(Feature::granule64k).with(Feature::stage2_64k));
	id.value[0] = 0xff00'0000; // of no granule: what Linux shows to a process
	EXPECT(!Features::from(id).is_known());
	EXPECT_EQ(features_of_scope(TlbiScope::outer, true),
		  feature_bit(Feature::tlbi_outer) | feature_bit(Feature::xs));
	EXPECT_EQ(features_of_scope(TlbiScope::inner, false), 0);
}

// Of what the config says and what the machine has, the smaller.
TEST(a_map_has_the_smaller_of_two_output_sizes)
{
	using F = Format<Stage2, Granule4K>;
	MapConfig c{.va_bits = 36, .pa_bits = 42};

	EXPECT_EQ(map_geometry<F>(c).value().last_output(), low_bits(42));
	c.features = forty_bits;
	EXPECT_EQ(map_geometry<F>(c).value().last_output(), low_bits(40));
	c.pa_bits = 36;
	EXPECT_EQ(map_geometry<F>(c).value().last_output(), low_bits(36));
}

SUITE(features, id_registers_say_what_a_machine_has, a_map_has_the_smaller_of_two_output_sizes,
      a_map_asks_for_its_granule, a_map_asks_for_what_its_config_does, el0_is_kept_out_of_a_range,
      every_feature_has_its_granule, a_map_has_no_more_output_than_the_machine,
      without_xnx_nobody_executes_alone, a_mapping_refuses_what_the_machine_has_not,
      a_map_asks_for_what_its_sink_issues, a_cpu_says_itself_what_it_can,
      an_error_names_the_feature);
