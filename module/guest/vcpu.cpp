// SPDX-License-Identifier: GPL-2.0-only
#include "vcpu.hpp"

#include "engine/engine.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace stage2
{

namespace
{

// EL1h, interrupts and exceptions masked: what a CPU comes out of reset with.
inline constexpr uint64_t reset_pstate = 0x3c5;
// SCTLR_EL1 with all off that can be: the bits that are RES1 without the feature they belong to.
inline constexpr uint64_t reset_sctlr = 0x30d0'0800;
// MPIDR_EL1: RES1, and the number as Aff0.
inline constexpr uint64_t reset_mpidr = vmsa::bit(31);

void load(void *context)
{
	engine::load(*static_cast<stage2_context *>(context));
}

void put(void *context)
{
	engine::put(*static_cast<stage2_context *>(context));
}

// Alone in its cache lines, and in one physical piece.
stage2_context *create_context()
{
	return static_cast<stage2_context *>(
		kernel_table_alloc(std::bit_ceil(sizeof(stage2_context))));
}

} // namespace

void Output::add(const char *bytes, size_t count)
{
	const size_t taken = std::min(count, sizeof(text) - used);

	std::memcpy(text + used, bytes, taken);
	used += taken;
	lost += count - taken;
}

Vcpus::~Vcpus()
{
	for (unsigned i = 0; i < count_; i++) {
		if (vcpus_[i].runner)
			kernel_runner_destroy(vcpus_[i].runner);
		if (vcpus_[i].context)
			kernel_table_free(vcpus_[i].context);
	}
}

bool Vcpus::create(stage2_guest &guest, unsigned count)
{
	if (!vcpus_.allocate(count))
		return false;
	count_ = count;
	for (unsigned i = 0; i < count; i++) {
		Vcpu &vcpu = vcpus_[i];

		vcpu.guest = &guest;
		vcpu.number = i;
		vcpu.context = create_context();
		if (!vcpu.context)
			return false;
		vcpu.runner = kernel_runner_create(load, put, vcpu.context);
		if (!vcpu.runner)
			return false;
		vcpu.context->pstate = reset_pstate;
		vcpu.context->el1.sctlr = reset_sctlr;
		vcpu.context->vmpidr = reset_mpidr | i;
	}
	return true;
}

void Vcpus::take(Vcpu &vcpu, unsigned long ms)
{
	vcpu.running = true;
	running_++;
	vcpu.output.used = 0;
	vcpu.output.lost = 0;
	kernel_runner_begin(vcpu.runner, ms);
}

bool Vcpus::give_back(Vcpu &vcpu)
{
	const bool kept = kernel_runner_end(vcpu.runner);

	lost_ |= !kept;
	vcpu.running = false;
	vcpu.has_run = true;
	__atomic_store_n(&running_, running_ - 1, __ATOMIC_RELEASE);
	return kept;
}

void Vcpus::kick()
{
	for (unsigned i = 0; i < count_; i++) {
		if (vcpus_[i].running)
			kernel_runner_kick(vcpus_[i].runner);
	}
}

void Vcpus::wait_until_none_runs()
{
	kernel_wait_for_zero(&running_);
}

void Vcpus::tell_whoever_waits()
{
	kernel_count_is_zero(&running_);
}

} // namespace stage2
