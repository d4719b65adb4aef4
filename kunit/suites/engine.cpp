// SPDX-License-Identifier: GPL-2.0-only
//
// The engines, at the place where they work: the kernel's registers are what they were before, the
// guest's are its own, and a CPU knows nothing of a guest that is not loaded. In a kernel only.
#include "suite.hpp"
#include "support/engine_lab.hpp"

namespace
{

#define ENGINE_OR_SKIP()                                                                           \
	if (engine::kind() == engine::Kind::soft)                                                  \
		SKIP("no engine here");                                                            \
	Machine machine;                                                                           \
	ASSERT(machine.ready);                                                                     \
	const auto vcpus = scratch<stage2_context>(test, 2, 128);                                  \
	ASSERT(!vcpus.empty());                                                                    \
	[[maybe_unused]] stage2_context &vcpu = vcpus[0]

TEST(a_guest_has_all_general_registers)
{
	ENGINE_OR_SKIP();
	machine.prepare(vcpu, engine_count);
	for (unsigned i = 0; i < 31; i++)
		vcpu.x[i] = 0x1111'0000'0000'0000 + 0x1'0000 * i;
	Loaded loaded{vcpu};

	for (uint64_t round = 1; round < 100; round++) {
		ASSERT_EQ(loaded.run(), ec_hvc);
		for (unsigned i = 0; i < 31; i++)
			ASSERT_EQ(vcpu.x[i], 0x1111'0000'0000'0000 + 0x1'0000 * i + round);
	}
}

TEST(a_guest_has_its_own_system_registers)
{
	ENGINE_OR_SKIP();
	machine.prepare(vcpu, engine_swap);
	stage2_el1 &el1 = vcpu.el1;
	unsigned long *const all[] = {&el1.sp_el0, &el1.tpidr_el0, &el1.tpidrro_el0, &el1.tpidr_el1,
				      &el1.vbar,   &el1.ttbr0,	   &el1.contextidr,  &el1.elr,
				      &el1.far,	   &el1.par,	   &el1.sp_el1};

	for (size_t i = 0; i < std::size(all); i++)
		*all[i] = 0x10'0000 * (i + 1);
	for (uint64_t round = 1; round < 20; round++) {
		{
			Loaded loaded{vcpu};

			ASSERT_EQ(loaded.run(), ec_hvc);
		}
		for (size_t i = 0; i < std::size(all); i++)
			ASSERT_EQ(*all[i], 0x10'0000 * (i + 1) + 0x1000 * round);
	}
}

TEST(a_cpu_is_as_it_was_after_whatever_an_engine_does)
{
	ENGINE_OR_SKIP();
	machine.prepare(vcpu, engine_count);
	for (unsigned tries = 0;; tries++) {
		const unsigned long flags = kernel_mask();

		leave_traces();

		const Registers before;

		engine::load(vcpu);
		EXPECT(engine::enter(vcpu));
		engine::put(vcpu);

		const Registers after;

		kernel_unmask(flags);

		const size_t place = before.difference(after);

		EXPECT_EQ(before.values[place], after.values[place]);
		ASSERT_EQ(place, before.count);
		if (vcpu.exit == STAGE2_EXIT_SYNC)
			break;
		ASSERT(tries < 1000);
	}

	const Ipa ipas[] = {code_ipa, Ipa{0}};
	uint64_t par[2];
	unsigned long flags = kernel_mask();

	leave_traces();

	const Registers before;

	EXPECT(engine::ask(machine.tlb.registers(), ipas, true, par));
	machine.tlb.complete({code_ipa, 4 * KiB}, 3, false);

	const Registers after;

	kernel_unmask(flags);

	const size_t place = before.difference(after);

	EXPECT_EQ(before.values[place], after.values[place]);
	EXPECT_EQ(place, before.count);
	EXPECT_EQ(par[0] & ~low_bits(12) & low_bits(48), machine.ram);
	EXPECT_EQ(par[1] & 1, 1);
}

TEST(an_interrupt_leaves_a_guest_that_masks_it)
{
	ENGINE_OR_SKIP();
	machine.prepare(vcpu, engine_spin);
	for (unsigned i = 0; i < 10; i++) {
		const unsigned long flags = kernel_mask();

		engine::load(vcpu);
		EXPECT(engine::enter(vcpu));
		engine::put(vcpu);
		kernel_unmask(flags);
		ASSERT_EQ(vcpu.exit, STAGE2_EXIT_IRQ);
	}
	EXPECT_EQ(vcpu.pc, code_ipa.raw() + static_cast<uint64_t>(engine_spin - engine_count));
}

// Where FEAT_ECV does not trap it, the timer is the guest's as long as the guest runs.
TEST(a_timer_that_a_guest_sets_is_not_the_kernels)
{
	ENGINE_OR_SKIP();
	machine.prepare(vcpu, engine_timer);
	constexpr Register timer[] = {el2::cntv_ctl_el02, cntv_ctl_el0};
	Loaded loaded{vcpu};

	for (;;) {
		EXPECT(engine::enter(vcpu));

		const uint64_t control = engine::kind() == engine::Kind::vhe
						 ? el2::Cpu::read<timer[0]>()
						 : el2::Cpu::read<timer[1]>();

		ASSERT_EQ(control & 1, 0);
		if (vcpu.exit == STAGE2_EXIT_SYNC)
			break;
		loaded.let_interrupts_in();
	}
}

TEST(a_mode_that_no_guest_has_is_not_entered)
{
	ENGINE_OR_SKIP();
	machine.prepare(vcpu, engine_count);
	Loaded loaded{vcpu};

	for (const uint64_t mode : {0x1, 0x8, 0x9, 0xc, 0xd, 0xf, 0x13, 0x1a, 0x1f}) {
		vcpu.pstate = 0x3c0 | mode;
		EXPECT(engine::enter(vcpu));
		EXPECT_EQ(vcpu.esr >> 26, ec_illegal);
		EXPECT_EQ(vcpu.x[0], 0);
	}
}

TEST(a_step_is_one_instruction)
{
	ENGINE_OR_SKIP();
	machine.prepare(vcpu, engine_count);
	const uint64_t pc = vcpu.pc;

	vcpu.step = 1;
	Loaded loaded{vcpu};

	for (unsigned i = 1; i < 30; i++) {
		ASSERT_EQ(loaded.run(), ec_step);
		ASSERT_EQ(vcpu.x[i], 1);
		ASSERT_EQ(vcpu.x[i + 1], 0);
		ASSERT_EQ(vcpu.pc, pc + 4 * i);
	}
	vcpu.step = 0;
	ASSERT_EQ(loaded.run(), ec_hvc);
}

TEST(a_fault_tells_its_ipa)
{
	ENGINE_OR_SKIP();
	const Ipa data{0x4000'0000};

	ASSERT(machine.map(code_ipa + 4 * KiB, 1, r) && machine.map(data, 2, r));
	machine.prepare(vcpu, engine_write);
	for (const bool mmu : {false, true}) {
		const uint64_t va = mmu ? 0xc000'0000 : data.raw();

		if (mmu)
			turn_mmu_on(machine, vcpu, 1, data.raw());
		Loaded loaded{vcpu};

		// There is a page, but not for writing; and there is none.
		for (const uint64_t offset : {0x18, 0x3018}) {
			vcpu.x[1] = va + offset;
			ASSERT_EQ(loaded.run(), ec_data_abort);
			EXPECT_EQ(vcpu.far, va + offset);
			EXPECT_EQ(vcpu.hpfar >> 4, (data + offset).raw() >> 12);
			EXPECT_EQ(vcpu.esr & 0x3f, offset == 0x18 ? 0x0f : 0x07);
		}
	}
}

TEST(a_change_of_the_tables_reaches_a_loaded_vcpu)
{
	ENGINE_OR_SKIP();
	const Ipa data{0x4000'0000};

	ASSERT(machine.map(code_ipa + 4 * KiB, 1, r) && machine.map(data, 2, rw) &&
	       machine.map(data + 4 * KiB, 3, rw));
	machine.word(2, 0) = 2;
	machine.word(3, 0) = 3;
	kernel_cache_clean(&machine.word(2, 0), 8 * KiB);
	machine.prepare(vcpu, engine_read);
	for (const bool mmu : {false, true}) {
		if (mmu)
			turn_mmu_on(machine, vcpu, 1, data.raw());
		vcpu.x[1] = mmu ? 0xc000'0000 : data.raw();
		Loaded loaded{vcpu};

		for (const uint64_t page : {2, 3, 2}) {
			if (vcpu.x[3])
				ASSERT(machine.mapping.unmap({data, 4 * KiB}).ok() &&
				       machine.map(data, page, rw));
			ASSERT_EQ(loaded.run(), ec_hvc);
			ASSERT_EQ(vcpu.x[3], page);
		}
		ASSERT(machine.mapping.protect({data, 4 * KiB}, no_access).ok());
		ASSERT_EQ(loaded.run(), ec_data_abort);
		ASSERT(machine.mapping.protect({data, 4 * KiB}, rw).ok());
	}
}

struct Beside {
	stage2_context &vcpu;
	volatile uint64_t ec;
};

// The other CPU has all it needs in its TLB, and does not leave the guest. When the change has returned,
// nothing of what it changed may be left there.
TEST(a_change_of_the_tables_reaches_every_cpu_at_once)
{
	ENGINE_OR_SKIP();
	const Ipa data{0x4000'0000};
	const Ipa flag = code_ipa + 8 * KiB;
	const Region<Ipa> page{data, 4 * KiB};
	volatile uint64_t &written = machine.word(3, 0);
	volatile uint64_t &stop = machine.word(2, 0);

	ASSERT(machine.map(code_ipa + 4 * KiB, 1, r) && machine.map(flag, 2, r) &&
	       machine.map(data + 4 * KiB, 4, r) && machine.map(data, 3, rw));
	for (unsigned round = 0; round < 100; round++) {
		const bool mmu = round & 1;

		machine.prepare(vcpu, engine_touch);
		vcpu.x[1] = mmu ? 0xc000'0000 : data.raw();
		vcpu.x[2] = flag.raw();
		if (mmu)
			turn_mmu_on(machine, vcpu, 1, data.raw());
		stop = 0;
		written = 0;
		kernel_cache_clean(&machine.word(2, 0), 8 * KiB);

		Beside beside{vcpu, 0};
		test_thread *thread = test_beside(
			test,
			[](void *of) {
				auto &b = *static_cast<Beside *>(of);
				Loaded loaded{b.vcpu};

				b.ec = loaded.run();
			},
			&beside);

		if (!thread)
			SKIP("one CPU");
		while (written < 1000 && !beside.ec) {
			kernel_reschedule();
			kernel_cache_clean(&machine.word(3, 0), 8);
		}
		if (round & 2)
			EXPECT(machine.mapping.unmap(page).ok());
		else
			EXPECT(machine.mapping.protect(page, r).ok());
		stop = 1;
		kernel_cache_clean(&machine.word(2, 0), 8);
		test_join(thread);
		ASSERT_EQ(beside.ec, ec_data_abort);
		ASSERT_EQ(vcpu.hpfar >> 4, data.raw() >> 12);
		if (round & 2)
			ASSERT(machine.map(data, 3, rw));
		else
			ASSERT(machine.mapping.protect(page, rw).ok());
	}
}

// The same VMID, the same ASID, another stage 1.
TEST(a_cpu_forgets_a_vcpu_that_leaves)
{
	ENGINE_OR_SKIP();
	const Ipa data{0x4000'0000};

	ASSERT(machine.map(code_ipa + 4 * KiB, 1, r) && machine.map(code_ipa + 8 * KiB, 2, r) &&
	       machine.map(data, 3, rw) && machine.map(Ipa{0}, 4, rw));
	machine.word(3, 0) = 3;
	machine.word(4, 0) = 4;
	kernel_cache_clean(&machine.word(3, 0), 8 * KiB);
	for (unsigned i = 0; i < 2; i++) {
		machine.prepare(vcpus[i], engine_read);
		turn_mmu_on(machine, vcpus[i], 1 + i, i ? 0 : data.raw());
		vcpus[i].x[1] = 0xc000'0000;
	}
	for (unsigned round = 0; round < 10; round++) {
		for (unsigned i = 0; i < 2; i++) {
			Loaded loaded{vcpus[i]};

			ASSERT_EQ(loaded.run(), ec_hvc);
			ASSERT_EQ(vcpus[i].x[3], 3 + i);
		}
	}
}

} // namespace

SUITE(engine, a_guest_has_all_general_registers, a_guest_has_its_own_system_registers,
      a_cpu_is_as_it_was_after_whatever_an_engine_does, an_interrupt_leaves_a_guest_that_masks_it,
      a_timer_that_a_guest_sets_is_not_the_kernels, a_mode_that_no_guest_has_is_not_entered,
      a_step_is_one_instruction, a_fault_tells_its_ipa,
      a_change_of_the_tables_reaches_a_loaded_vcpu,
      a_change_of_the_tables_reaches_every_cpu_at_once, a_cpu_forgets_a_vcpu_that_leaves);
