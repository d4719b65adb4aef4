// SPDX-License-Identifier: GPL-2.0-only
//
// The machine behind the seam: one thread, features, and an EL2 whose guests do what the input says.
#include "kernel.hpp"

#include "engine/el2/nvhe.hpp"
#include "engine/el2/vhe.hpp"
#include "stage2/hvc.h"

using fuzz::kernel;
using fuzz::require;

struct kernel_runner {
	void (*load)(void *of);
	void (*put)(void *of);
	void *of;
	bool running;
	bool masked;
};

// ---- Threads: there is one. ----

kernel_runner *kernel_runner_create(void (*load)(void *of), void (*put)(void *of), void *of)
{
	auto *runner = static_cast<kernel_runner *>(kernel_alloc(sizeof(kernel_runner)));

	if (runner)
		*runner = {load, put, of, false, false};
	return runner;
}

void kernel_runner_destroy(kernel_runner *runner)
{
	require(!runner->running, "no vCPU runs when its guest goes");
	kernel_free(runner);
}

void kernel_runner_begin(kernel_runner *runner, unsigned long)
{
	require(!runner->running, "a vCPU is run once");
	runner->running = true;
	runner->load(runner->of);
}

bool kernel_runner_end(kernel_runner *runner)
{
	require(runner->running && !runner->masked, "what ends was begun");
	runner->running = false;
	// The scheduler has not told of a switch: the CPU that has it keeps it.
	if (kernel.hardware.below(16) == 15) {
		kernel.walker.lose(*static_cast<stage2_context *>(runner->of));
		return false;
	}
	runner->put(runner->of);
	return true;
}

void kernel_runner_mask(kernel_runner *runner)
{
	require(!runner->masked && kernel.locked == 0, "masked once, and under no lock");
	runner->masked = true;
}

void kernel_runner_unmask(kernel_runner *runner)
{
	require(runner->masked, "unmasked after masked");
	runner->masked = false;
}

unsigned int kernel_runner_work(const kernel_runner *)
{
	constexpr unsigned int seldom[] = {KERNEL_WORK_SIGNAL, KERNEL_WORK_RESCHEDULE,
					   KERNEL_WORK_TRACE, KERNEL_WORK_TIME};

	if (kernel.hardware.is_over())
		return KERNEL_WORK_TIME;

	const size_t choice = kernel.hardware.below(16);

	return choice < std::size(seldom) ? seldom[choice] : 0;
}

void kernel_runner_kick(kernel_runner *)
{
}

void kernel_wait_for_zero(unsigned int *count)
{
	require(*count == 0, "nobody waits for what nobody will do");
}

void kernel_count_is_zero(unsigned int *)
{
}

void kernel_reschedule(void)
{
}

bool kernel_is_killed(void)
{
	if (kernel.killed_in == fuzz::Kernel::never || kernel.killed_in-- > 0)
		return false;
	kernel.killed_in = 0;
	kernel.was_killed = true;
	return true;
}

// ---- The machine ----

void kernel_read_features(kernel_features *features)
{
	*features = {};
	features->pa_bits = kernel.far ? 48 : 52; // so that no guest gets it
	features->granule_4k = true;
	features->granule_16k = true;
	features->granule_64k = true;
	features->lpa2_4k = true;
	features->access_flag = features->dirty_state = kernel.at_el2;
	features->range_tlbi = features->ttl = true;
}

void kernel_read_mitigations(kernel_mitigations *mitigations)
{
	*mitigations = {};
}

void kernel_each_cpu(void (*look)(unsigned long midr, void *of), void *of)
{
	look(0x000f0510, of); // none that is known
}

kernel_el2 kernel_find_el2(void)
{
	return kernel.at_el2 ? KERNEL_EL2_HOST : KERNEL_EL2_NONE;
}

bool kernel_stub_is_here(void)
{
	return false;
}

void kernel_interrupt_cpus(void)
{
}

void kernel_cache_clean(const void *, unsigned long)
{
}

void kernel_icache_flush(void)
{
}

// ---- EL2: guests do what the input says. ----

namespace stage2::el2::vhe
{

void start(const kernel_features &, bool)
{
}
void load(stage2_context &vcpu)
{
	kernel.walker.load(vcpu);
}
void put(stage2_context &vcpu)
{
	kernel.walker.put(vcpu);
}

void enter(stage2_context &vcpu)
{
	fuzz::Input &choices = kernel.hardware;
	constexpr uint64_t classes[] = {0x16, 0x16, 0x24, 0x20, 0x24, 0x18, 0x01, 0x17, 0x3c, 0x07};
	constexpr uint64_t calls[] = {STAGE2_HVC_VERSION, STAGE2_HVC_PRINT, STAGE2_HVC_YIELD, 0};

	kernel.walker.enter(vcpu);
	kernel.let_others_in();
	kernel.walker.enter(vcpu);
	vcpu.exit = STAGE2_EXIT_SYNC;
	vcpu.pstate &= ~vmsa::bit(21);
	if (choices.is_over()) {
		vcpu.esr = uint64_t{0x16} << 26;
		vcpu.x[0] = STAGE2_HVC_END;
		return;
	}
	if (choices.below(16) == 0)
		vcpu.exit = choices.below(4);
	vcpu.esr =
		choices.one_of(classes) << 26 | (choices.number<uint32_t>() & vmsa::low_bits(26));
	vcpu.x[0] = choices.one_of(calls);
	vcpu.x[1] = uint64_t{choices.number<uint16_t>()} << 8;
	vcpu.x[2] = choices.number<uint16_t>();
	vcpu.far = choices.number<uint16_t>();
	vcpu.hpfar =
		uint64_t{choices.number<uint16_t>()} << 4 | (choices.below(16) ? 0 : vmsa::bit(40));
	vcpu.pc += 4;
}

void ask(const engine::Stage2Registers &, std::span<const vmsa::Ipa> ipas, bool, uint64_t *par)
{
	for (size_t i = 0; i < ipas.size(); i++)
		par[i] = kernel.hardware.number<uint64_t>() | 1;
}

void invalidate(const engine::Stage2Registers &of, bool, const vmsa::TlbiPlan &)
{
	kernel.walker.invalidate(of.vttbr);
}
void invalidate_leaf(const engine::Stage2Registers &of, uint64_t)
{
	kernel.walker.invalidate(of.vttbr);
}

} // namespace stage2::el2::vhe

namespace stage2::el2::nvhe
{

const char *start(const kernel_features &)
{
	return "there is no such engine here";
}
void stop()
{
}
bool enter(stage2_context &)
{
	return false;
}
bool ask(const engine::Stage2Registers &, std::span<const vmsa::Ipa>, bool, uint64_t *)
{
	return false;
}

bool invalidate(const engine::Stage2Registers &, bool, const vmsa::TlbiPlan &)
{
	return true;
}

} // namespace stage2::el2::nvhe
