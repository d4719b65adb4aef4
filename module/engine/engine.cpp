// SPDX-License-Identifier: GPL-2.0-only
#include "engine.hpp"

#include "engine/el2/nvhe.hpp"
#include "engine/el2/vhe.hpp"
#include "engine/formats.hpp"
#include "kernel/kernel.hpp"
#include "stage2/trace_events.h"

#include <cerrno>
#include <cstddef>
#include <string_view>

#define OFFSET(name, index, member)                                                                \
	static_assert((name) + 8 * (index) == offsetof(stage2_context, member))
OFFSET(STAGE2_CTX_X, 0, x);
OFFSET(STAGE2_CTX_PC, 0, pc);
OFFSET(STAGE2_CTX_PSTATE, 0, pstate);
OFFSET(STAGE2_CTX_EXIT, 0, exit);
OFFSET(STAGE2_CTX_EXIT, 1, esr);
OFFSET(STAGE2_CTX_EXIT, 2, far);
OFFSET(STAGE2_CTX_EXIT, 3, hpfar);
OFFSET(STAGE2_CTX_VTTBR, 0, vttbr);
OFFSET(STAGE2_CTX_VTTBR, 1, vtcr);
OFFSET(STAGE2_CTX_MDSCR, 0, mdscr);
OFFSET(STAGE2_CTX_VECTORS, 0, vectors);
#define X(index, name, crn, crm, op2) OFFSET(STAGE2_CTX_EL1, index, el1.name);
#include "engine/el2/el1_registers.def"
OFFSET(STAGE2_CTX_SP_EL0, 0, el1.sp_el0);
OFFSET(STAGE2_CTX_SP_EL0, 5, el1.tpidrro_el0);
OFFSET(STAGE2_CTX_SP_EL0, 8, el1.vdisr);
OFFSET(STAGE2_CTX_HOST_EL1, 0, host.el1);

constinit struct stage2_mitigations stage2_mitigations {
};

namespace stage2::engine
{

namespace nvhe = el2::nvhe;
namespace vhe = el2::vhe;

namespace
{

struct State {
	Kind kind;
	const char *about;
	uint64_t guest_modes; // a bit for each PSTATE.M that EL2 can return to and stay in charge
	Machine machine;
};

constinit State state{};

// EL0t, EL1t, EL1h, and AArch32's User.
constexpr uint64_t guest_modes(bool aarch32)
{
	return vmsa::bit(0) | vmsa::bit(4) | vmsa::bit(5) | (aarch32 ? vmsa::bit(16) : 0);
}

constexpr const char *names[] = {"soft", "nvhe", "vhe"};

// VMID 0 is the host's own.
inline constexpr unsigned most_vmids = 1 << 16;
inline constexpr unsigned bits_per_long = 64;

constinit unsigned long taken[most_vmids / bits_per_long]; // a bit for each VMID, atomic

struct Best {
	Kind kind;
	const char *about;
};

Best best()
{
	switch (kernel_find_el2()) {
	case KERNEL_EL2_HOST:
		return {Kind::vhe, "the kernel runs at EL2, and guests below it"};
	case KERNEL_EL2_STUB:
		return {Kind::nvhe,
			"the kernel runs at EL1, and its stub at EL2 runs the module's code"};
	case KERNEL_EL2_KVM:
		return {Kind::soft,
			"KVM has EL2: guests run when the kernel is booted with kvm-arm.mode=none "
			"(s2ctl features --boot says where)"};
	default:
		return {Kind::soft, "the kernel was started at EL1; QEMU's -machine "
				    "virtualization=on starts it "
				    "at EL2"};
	}
}

void find_out(Machine &machine)
{
	kernel_mitigations mitigations;

	kernel_read_features(&machine.features);
	machine.errata = errata::find();
	errata::apply(machine.errata, machine.features);
	kernel_read_mitigations(&mitigations);
	machine.speculation = speculation(mitigations, machine.errata.branch_history_rounds);

	const Speculation &s = machine.speculation;

	stage2_mitigations = {s.rounds, s.call, s.history == Speculation::History::instruction};
}

unsigned take_vmid()
{
	for (unsigned vmid = state.machine.features.vmid16 ? most_vmids - 1 : 255; vmid; vmid--) {
		const unsigned long mask = vmsa::bit(vmid % bits_per_long);

		if (!(__atomic_fetch_or(&taken[vmid / bits_per_long], mask, __ATOMIC_RELAXED) &
		      mask))
			return vmid;
	}
	return 0;
}

void give_back_vmid(unsigned vmid)
{
	__atomic_fetch_and(&taken[vmid / bits_per_long], ~vmsa::bit(vmid % bits_per_long),
			   __ATOMIC_RELAXED);
}

} // namespace

int start(const char *wish)
{
	const std::string_view wanted{wish};
	Kind most = Kind::vhe;

	find_out(state.machine);
	state.guest_modes = guest_modes(state.machine.features.aarch32);
	if (!wanted.empty()) {
		size_t i = 0;

		while (i < std::size(names) && wanted != names[i])
			i++;
		if (i == std::size(names)) {
			kernel_log("unknown engine '%s' (known: vhe nvhe soft)", wish);
			return -EINVAL;
		}
		most = static_cast<Kind>(i);
	}

	Best found = most == Kind::soft ? Best{Kind::soft, "it was asked for"} : best();

	if (found.kind == Kind::vhe)
		vhe::start(state.machine.features, state.machine.speculation.does_something());
	if (found.kind == Kind::nvhe) {
		if (const char *why = nvhe::start(state.machine.features))
			found = {Kind::soft, why};
	}

	if (!wanted.empty() && found.kind != most) {
		if (found.kind == Kind::nvhe)
			nvhe::stop();
		kernel_log("no engine %s here: %s", wish, found.about);
		return -ENODEV;
	}
	state.kind = found.kind;
	state.about = found.about;
	kernel_log("engine %s: %s", name(), about());
	return 0;
}

void stop()
{
	if (kind() == Kind::nvhe)
		nvhe::stop();
	state = {};
}

Kind kind()
{
	return state.kind;
}

const char *name()
{
	return names[static_cast<size_t>(state.kind)];
}

const char *about()
{
	return state.about;
}

const Machine &machine()
{
	return state.machine;
}

bool is_ready()
{
	return kind() == Kind::vhe || (kind() == Kind::nvhe && kernel_stub_is_here());
}

void load(stage2_context &vcpu)
{
	if (kind() == Kind::vhe)
		vhe::load(vcpu);
}

void put(stage2_context &vcpu)
{
	if (kind() == Kind::vhe)
		vhe::put(vcpu);
}

bool enter(stage2_context &vcpu)
{
	if (!(state.guest_modes >> (vcpu.pstate & 31) & 1)) {
		vcpu.exit = STAGE2_EXIT_SYNC;
		vcpu.esr = 0x0e << 26 | vmsa::bit(25); // EC: Illegal Execution state; IL
		return true;
	}
	if (kind() != Kind::vhe)
		return kind() == Kind::nvhe && nvhe::enter(vcpu);
	vhe::enter(vcpu);
	return true;
}

bool ask(const Stage2Registers &guest, std::span<const vmsa::Ipa> ipas, bool write, uint64_t *par)
{
	if (kind() == Kind::nvhe)
		return nvhe::ask(guest, ipas, write, par);
	if (kind() == Kind::vhe)
		vhe::ask(guest, ipas, write, par);
	return kind() == Kind::vhe;
}

void TlbCpu::tlbi(vmsa::Tlbi op, uint64_t operand)
{
	if (kind() == Kind::vhe)
		vmsa::ThisCpu::tlbi(op, operand);
	else
		nvhe::Window::tlbi(op, operand);
}

void TlbCpu::dsb_ishst()
{
	vmsa::ThisCpu::dsb_ishst();
}

void TlbCpu::dsb_ish()
{
	if (kind() == Kind::vhe)
		vmsa::ThisCpu::dsb_ish();
	else
		nvhe::Window::dsb_ish();
}

void TlbCpu::isb()
{
	vmsa::ThisCpu::isb();
}

namespace
{

stage2_tlbi_kind kind_of(vmsa::Tlbi op)
{
	switch (op) {
	case vmsa::Tlbi::ipas2le1is:
		return STAGE2_TLBI_LEAF;
	case vmsa::Tlbi::ipas2e1is:
		return STAGE2_TLBI_WALK;
	case vmsa::Tlbi::ripas2le1is:
		return STAGE2_TLBI_RANGE_LEAF;
	case vmsa::Tlbi::ripas2e1is:
		return STAGE2_TLBI_RANGE_WALK;
	default:
		return STAGE2_TLBI_VMID;
	}
}

[[gnu::noinline]] void trace(const char *guest, vmsa::Region<vmsa::Ipa> region,
			     const vmsa::TlbiPlan &plan)
{
	kernel_trace_tlbi(guest, kind_of(plan.op), region.first.raw(), region.size(), plan.count);
}

vmsa::TlbiFeatures tlbi_features()
{
	return {.range = state.machine.features.range_tlbi,
		.ttl = state.machine.features.ttl,
		.repeat = state.machine.features.repeat_tlbi};
}

} // namespace

template <class Act> bool Tlb::within(const Act &act)
{
	if (kind() == Kind::vhe) {
		const vhe::Window window{registers_};

		act();
		return true;
	}

	nvhe::Window window{registers_};

	act();
	return window.finish();
}

// A VM of KVM's may have had the number, where it has run through all of its own. With nvhe each entry
// cleans its CPU of that, too, so it does not matter who has EL2 now.
bool Tlb::admit(const Stage2Registers &tables, uint64_t last_ipa)
{
	if (admitted())
		return true;

	const unsigned vmid = take_vmid();

	if (!vmid)
		return false;
	registers_ = {.vttbr = tables.vttbr | static_cast<uint64_t>(vmid) << 48,
		      .vtcr = tables.vtcr};

	kernel_trace_tlbi(guest_, STAGE2_TLBI_VMID, 0, last_ipa + 1, 1);
	(void)within([&] {
		// By VMID, whatever the format.
		vmsa::HardwareTlb<vmsa::Stage2_4K, TlbCpu> hardware{{}, tlbi_features()};

		hardware.invalidate_all();
		hardware.sync();
	});
	kernel_icache_flush();
	return true;
}

void Tlb::dismiss()
{
	if (!admitted())
		return;
	give_back_vmid(registers_.vttbr >> 48);
	registers_ = {};
}

template <class Format>
TlbOf<Format>::TlbOf(const char *guest) : Tlb{guest}, hardware_{{}, tlbi_features()}
{
}

template <class Format>
void TlbOf<Format>::invalidate(vmsa::Region<vmsa::Ipa> region, vmsa::Level level, bool tables)
{
	invalidations_++;
	if (!admitted())
		return;
	if (pending_) {
		region_ = region_.hull(region);
		level_ = level == level_ ? level : vmsa::unknown_level;
		tables_ |= tables;
		return;
	}
	pending_ = true;
	region_ = region;
	level_ = level;
	tables_ = tables;
}

// Mostly there is nothing to wait for; but what is new must be visible to every walker.
template <class Format> void TlbOf<Format>::sync()
{
	if (pending_)
		flush();
	else
		TlbCpu::dsb_ishst();
}

template <class Format> [[gnu::noinline]] void TlbOf<Format>::flush()
{
	pending_ = false;
	if (within([&] {
		    hardware_.invalidate(region_, level_, tables_);
		    hardware_.sync();
	    })) {
		if (kernel_traces_tlbi())
			trace(guest_, region_, hardware_.plan(region_, level_, tables_));
		return;
	}

	// With nvhe a TLB has entries of a guest only while the guest is in that CPU, and an interrupt
	// makes it leave. When it comes back it walks the tables as they are now.
	TlbCpu::dsb_ishst();
	kernel_interrupt_cpus();
}

void Tlb::broke(vmsa::Region<vmsa::Ipa> region, vmsa::Level level)
{
	kernel_trace_bbm(guest_, region.first.raw(), region.size(), level);
}

void Tlb::cut(vmsa::Region<vmsa::Ipa> region, vmsa::Level level)
{
	kernel_trace_cut(guest_, region.first.raw(), region.size(), level);
}

void Tlb::folded(vmsa::Region<vmsa::Ipa> region, vmsa::Level level)
{
	kernel_trace_fold(guest_, region.first.raw(), region.size(), level);
}

#define X(granule, bits) template class TlbOf<Stage2Format<granule, bits>>;
STAGE2_FORMATS(X)
#undef X

} // namespace stage2::engine
