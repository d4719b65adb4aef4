// SPDX-License-Identifier: GPL-2.0-only
//
// SharedMapping, one thread of it: what each call does, asks of the TLB, and refuses without a change. What several do
// at once is kunit/interleave's.
#include "support/recorder.hpp"
#include "support/verdict.hpp"
#include "vmsa/vmsa.hpp"

using namespace vmsa;
using namespace support;

namespace
{

using Region = vmsa::Region<Ipa>;
constexpr uint64_t page = 4 * KiB;
constexpr uint64_t block = 2 * MiB;

// One guest, and the sink of one of its threads.
struct Bench {
	explicit Bench(struct kunit *test)
	    : verdict{test}, memory{test, verdict, page, 16}, recorder{test, memory}
	{
		static_cast<void>(map.create(stage2_geometry<Granule4K>(40, 40).value()));
	}
	~Bench()
	{
		map.destroy();
		verdict.expect(memory.live() == 0, "every table was freed", memory.live(), 0);
	}

	auto shared()
	{
		return map.shared(recorder);
	}
	size_t invalidations() const
	{
		size_t n = 0;

		for (const Event &e : recorder.events())
			n += e.kind == Event::invalidate;
		return n;
	}

	Verdict verdict;
	ScratchMemory memory;
	Recorder recorder;
	Mapping<Stage2_4K, ScratchMemory, Recorder> map{memory, recorder};
};

template <class T> bool is(const Result<T> &result, Errc code)
{
	return result.error().code == code;
}

} // namespace

TEST(a_page_comes_with_all_its_tables)
{
	Bench bench{test};
	const size_t root = bench.memory.live();

	ASSERT(bench.shared().map(Ipa{GiB}, 3, Pa{page}, normal | rwx));
	EXPECT_EQ(bench.memory.live(), root + 2);
	EXPECT_EQ(bench.map.translate(Ipa{GiB + 8}).value().pa, Pa{page + 8});
	EXPECT_EQ(bench.recorder.events().size(), 1); // a sync, and no invalidation
	ASSERT(bench.shared().map(Ipa{GiB + page}, 3, Pa{0}, normal | r));
	ASSERT(bench.shared().map(Ipa{GiB + block}, 2, Pa{block}, normal | rw));
	EXPECT_EQ(bench.memory.live(), root + 2);
	EXPECT_EQ(bench.shared().translate(Ipa{GiB + block}).value().level, 2);
	EXPECT_EQ(bench.shared().tree().stretch({Ipa{GiB}, block}, true).size(), 2 * page);
}

TEST(what_cannot_be_a_leaf_is_refused)
{
	Bench bench{test};
	auto shared = bench.shared();
	Stage2Attributes wrong = normal | rw;

	wrong.shareability = static_cast<Shareability>(1);
	EXPECT(is(shared.map(Ipa{0}, 0, Pa{0}, normal | rw), Errc::bad_limit));
	EXPECT(is(shared.map(Ipa{0}, 4, Pa{0}, normal | rw), Errc::bad_limit));
	EXPECT(is(shared.map(Ipa{page}, 2, Pa{0}, normal | rw), Errc::unaligned_input));
	EXPECT(is(shared.map(Ipa{0}, 2, Pa{page}, normal | rw), Errc::unaligned_output));
	EXPECT(is(shared.map(Ipa{0}, 3, Pa{bit(40)}, normal | rw), Errc::beyond_output));
	EXPECT(is(shared.map(Ipa{bit(40)}, 3, Pa{0}, normal | rw), Errc::beyond_input));
	EXPECT(is(shared.map(Ipa{0}, 3, Pa{0}, wrong), Errc::reserved_attributes));
	EXPECT(bench.recorder.events().empty());
}

// A page has a short way where its table is there: it refuses no less.
TEST(a_page_beside_others_is_refused_as_well)
{
	Bench bench{test};
	const auto code = [&](uint64_t ipa, uint64_t pa, const Stage2Attributes &attributes) {
		return bench.shared().map(Ipa{ipa}, 3, Pa{pa}, attributes).error().code;
	};
	Stage2Attributes wrong = normal | rw;

	wrong.shareability = static_cast<Shareability>(1);
	bench.map.rules().features = Features::all().without(Feature::xnx);
	ASSERT(bench.shared().map(Ipa{0}, 3, Pa{0}, normal | rw));
	bench.recorder.forget();
	EXPECT_EQ(code(page + 8, 0, normal | rw), Errc::unaligned_input);
	EXPECT_EQ(code(page, 8, normal | rw), Errc::unaligned_output);
	EXPECT_EQ(code(page, bit(40), normal | rw), Errc::beyond_output);
	EXPECT_EQ(code(bit(40) + page, 0, normal | rw), Errc::beyond_input);
	EXPECT_EQ(code(page, 0, wrong), Errc::reserved_attributes);
	EXPECT_EQ(code(page, 0, normal | Access{true, false, Execute::el0_only}), Errc::no_feature);
	EXPECT(bench.recorder.events().empty());
	EXPECT(is(bench.map.translate(Ipa{page}), Errc::not_mapped));
}

// For many pages that are alike: only what is simple is done, and nothing is told.
TEST(a_free_page_beside_others_takes_checked_bits)
{
	Bench bench{test};
	const Descriptor bits = leaf_bits<Stage2_4K>(normal | rw, {});
	const auto is_mapped = [&](uint64_t ipa, uint64_t pa) {
		return map_free_page(bench.map.tree(), Ipa{ipa}, Pa{pa}, bits);
	};

	EXPECT(!is_mapped(page, 0)); // no table yet
	ASSERT(bench.shared().map(Ipa{0}, 3, Pa{0}, normal | rw));
	bench.recorder.forget();
	EXPECT(!is_mapped(page + 8, 0) && !is_mapped(page, 8));
	EXPECT(!is_mapped(page, bit(40)) && !is_mapped(bit(40) + page, 0));
	EXPECT(!is_mapped(0, page)); // it stands there
	EXPECT(is(bench.map.translate(Ipa{page}), Errc::not_mapped));
	EXPECT(is_mapped(page, 5 * page));

	const auto found = bench.map.translate(Ipa{page});

	ASSERT(found);
	EXPECT_EQ(found.value().pa, Pa{5 * page});
	EXPECT(found.value().attributes() == (normal | rw));
	EXPECT(bench.recorder.events().empty());
	ASSERT(bench.map.annotate({Ipa{2 * page}, page}, uint64_t{7}));
	EXPECT(!is_mapped(2 * page, 0));
}

// At stage 1 the memory type is an index, and the MAIR says whose.
TEST(a_type_without_an_index_is_refused)
{
	Bench bench{test};
	NoTlb nobody;
	Mapping<Format<El2, Granule4K>, ScratchMemory, NoTlb> map{bench.memory, nobody};

	ASSERT(map.create(stage1_geometry<Granule4K>(39, 48).value()));
	ASSERT(map.shared(nobody).map(Va{0}, 3, Pa{0}, normal | rw));
	map.rules().mair = Mair{0};
	EXPECT(is(map.shared(nobody).map(Va{page}, 3, Pa{0}, normal | rw),
		  Errc::reserved_attributes));
	map.destroy();
}

TEST(what_stands_there_stays)
{
	Bench bench{test};
	auto shared = bench.shared();

	ASSERT(bench.map.map({Ipa{0}, block}, Linear{Ipa{0}, Pa{0}}, normal | rw));
	ASSERT(bench.map.annotate({Ipa{GiB}, block}, uint64_t{7}));
	EXPECT(is(shared.map(Ipa{page}, 3, Pa{0}, normal | rw), Errc::overlap));
	EXPECT(is(shared.map(Ipa{GiB}, 3, Pa{0}, normal | rw), Errc::annotated));

	// Over the annotation that is named; beside the page it stays.
	ASSERT(shared.map(Ipa{GiB}, 3, Pa{page}, normal | rw, annotation(uint64_t{7})));
	EXPECT_EQ(bench.map.annotation<uint64_t>(Ipa{GiB + page}).value(), 7);

	// A table of nothing else is a writer's to replace.
	ASSERT(bench.map.unmap({Ipa{GiB}, page}, uint64_t{7}));
	if (bench.map.tree().at(Ipa{GiB}).level == 3) {
		EXPECT(is(shared.map(Ipa{GiB}, 2, Pa{block}, normal | rw, annotation(uint64_t{7})),
			  Errc::needs_break));
	}
}

TEST(without_memory_nothing_is_done)
{
	Bench bench{test};
	const size_t root = bench.memory.live();

	for (size_t k = 0; k < 2; k++) {
		bench.memory.fail_at(k);
		EXPECT(is(bench.shared().map(Ipa{GiB}, 3, Pa{0}, normal | rw), Errc::no_memory));
		EXPECT_EQ(bench.memory.live(), root);
	}
	bench.memory.fail_at(ScratchMemory::never);
	EXPECT_EQ(bench.invalidations(), 0);
	EXPECT(bench.shared().map(Ipa{GiB}, 3, Pa{0}, normal | rw));
}

TEST(a_protection_is_invalidated_also_where_nothing_changes)
{
	Bench bench{test};

	ASSERT(bench.map.map({Ipa{0}, 4 * page}, Linear{Ipa{0}, Pa{0}}, normal | rw));
	for (size_t times : {1, 2}) {
		ASSERT(bench.shared().protect({Ipa{0}, 2 * page}, Access{true, false}));
		EXPECT_EQ(bench.invalidations(), times);
	}
	EXPECT(!bench.map.translate(Ipa{0}).value().attributes().access.write);
	EXPECT(bench.map.translate(Ipa{2 * page}).value().attributes().access.write);
}

TEST(what_is_shared_is_live)
{
	Bench bench{test};

	bench.map.rules().live = false;
	bench.map.rules().bbm_level = 2;
	ASSERT(bench.map.map({Ipa{0}, block}, Linear{Ipa{0}, Pa{0}}, normal | rw));
	EXPECT(is(bench.shared().protect({Ipa{0}, page}, Access{true, false}), Errc::needs_break));
	ASSERT(bench.shared().protect({Ipa{0}, block}, Access{true, false}));
	EXPECT_EQ(bench.invalidations(), 1);
}

TEST(what_takes_a_writer_is_refused)
{
	Bench bench{test};
	auto shared = bench.shared();
	constexpr Access r{true, false};

	ASSERT(bench.map.map({Ipa{0}, block}, Linear{Ipa{0}, Pa{0}}, normal | rw));
	ASSERT(bench.map.map({Ipa{GiB}, 16 * page}, Linear{Ipa{GiB}, Pa{0}}, normal | rw,
			     {.largest = 3, .contiguous = true}));
	bench.recorder.forget();
	EXPECT(is(shared.protect({Ipa{0}, page}, r), Errc::needs_break)); // a cut
	EXPECT(is(shared.protect({Ipa{GiB}, 16 * page}, r), Errc::needs_break)); // a group
	EXPECT(is(shared.protect({Ipa{2 * GiB}, page}, r), Errc::not_mapped));
	EXPECT(bench.recorder.events().empty());
	EXPECT(shared.protect({Ipa{0}, block}, r));
}

TEST(faults_are_noted)
{
	Bench bench{test};
	auto shared = bench.shared();
	Stage2Attributes logged = normal | vmsa::r;

	logged.dbm = true;
	logged.accessed = false;
	ASSERT(shared.map(Ipa{0}, 3, Pa{0}, logged));
	EXPECT(shared.note_accessed(Ipa{8}));
	EXPECT(shared.note_dirty(Ipa{8}));
	EXPECT(bench.map.translate(Ipa{0}).value().attributes().accessed);
	EXPECT(Stage2_4K::is_dirty(bench.map.translate(Ipa{0}).value().descriptor));
	EXPECT(is(shared.note_dirty(Ipa{page}), Errc::not_mapped));
	ASSERT(shared.protect({Ipa{0}, page}, Access{true, false}));
	EXPECT(is(shared.note_dirty(Ipa{0}), Errc::forbidden_attributes));
}

TEST(a_level_that_has_no_leaves_is_refused)
{
	Bench bench{test};
	Mapping<Stage2_4K, ScratchMemory, Recorder> deep{bench.memory, bench.recorder};

	ASSERT(deep.create(stage2_geometry<Granule4K>(48, 48).value()));
	EXPECT(deep.shared(bench.recorder).map(Ipa{0}, 0, Pa{0}, normal | rw).error() ==
	       Error(Errc::bad_limit, 0, 0));
	deep.destroy();
}

SUITE(shared, a_page_beside_others_is_refused_as_well, a_free_page_beside_others_takes_checked_bits,
      a_type_without_an_index_is_refused, a_level_that_has_no_leaves_is_refused,
      a_page_comes_with_all_its_tables, what_cannot_be_a_leaf_is_refused, what_stands_there_stays,
      without_memory_nothing_is_done, a_protection_is_invalidated_also_where_nothing_changes,
      what_is_shared_is_live, what_takes_a_writer_is_refused, faults_are_noted);
