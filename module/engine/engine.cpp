// SPDX-License-Identifier: GPL-2.0-only
#include "engine.hpp"

#include "engine/el2/nvhe.hpp"
#include "engine/el2/vhe.hpp"
#include "kernel/kernel.hpp"

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

constinit Entrance entrance{};

namespace
{

struct State {
	const char *about;
	Machine machine;
};

constinit State state{};

// EL0t, EL1t, EL1h, and AArch32's User.
constexpr uint64_t guest_modes(bool aarch32)
{
	return vmsa::bit(0) | vmsa::bit(4) | vmsa::bit(5) | (aarch32 ? vmsa::bit(16) : 0);
}

constexpr const char *names[] = {"soft", "nvhe", "vhe"};

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

} // namespace

int start(const char *wish)
{
	const std::string_view wanted{wish};
	Kind most = Kind::vhe;

	find_out(state.machine);
	entrance.guest_modes = guest_modes(state.machine.features.aarch32);
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
	entrance.kind = found.kind;
	state.about = found.about;
	kernel_log("engine %s: %s", name(), about());
	return 0;
}

void stop()
{
	if (kind() == Kind::nvhe)
		nvhe::stop();
	state = {};
	entrance = {};
}

Kind kind()
{
	return entrance.kind;
}

const char *name()
{
	return names[static_cast<size_t>(kind())];
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

// The DSB: walks of this CPU find what others stored before it was decided to load (engines.rst).
void load(stage2_context &vcpu)
{
	vmsa::ThisCpu::dsb_ish();
	if (kind() == Kind::vhe)
		vhe::load(vcpu);
}

void put(stage2_context &vcpu)
{
	if (kind() == Kind::vhe)
		vhe::put(vcpu);
}

bool enter_otherwise(stage2_context &vcpu)
{
	if (!(entrance.guest_modes >> (vcpu.pstate & 31) & 1)) {
		vcpu.exit = STAGE2_EXIT_SYNC;
		vcpu.esr = 0x0e << 26 | vmsa::bit(25); // EC: Illegal Execution state; IL
		return true;
	}
	return kind() == Kind::nvhe && nvhe::enter(vcpu);
}

bool ask(const Stage2Registers &guest, std::span<const vmsa::Ipa> ipas, bool write, uint64_t *par)
{
	vmsa::ThisCpu::dsb_ish(); // as for load
	if (kind() == Kind::nvhe)
		return nvhe::ask(guest, ipas, write, par);
	if (kind() == Kind::vhe)
		vhe::ask(guest, ipas, write, par);
	return kind() == Kind::vhe;
}

} // namespace stage2::engine
