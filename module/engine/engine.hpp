// SPDX-License-Identifier: GPL-2.0-only
//
// An engine takes guests to EL2: it enters them, asks the MMU about their tables, and keeps the TLBs
// true. There are three, and the machine decides which (the module parameter `engine` can choose a
// lesser one):
//
//   vhe    the kernel runs at EL2: the world switch is a function call (el2/vhe_enter.S)
//   nvhe   the kernel left EL2 to its stub, which lets us run a blob there (el2/nvhe_blob.S)
//   soft   nobody lets us: tables are built, walked and dumped
//
// A vCPU is *loaded* on one CPU while its EL1 registers belong to that CPU, and is *entered* any
// number of times while it is loaded. What a thread does:
//
//   load ──> mask interrupts, enter ──> exit, unmask ──> ... ──> put
//      ^                                                           │
//      └──── the thread comes back to a CPU  <─────────────────────┘ the thread leaves its CPU
#pragma once

#include "engine/el2/context.h"
#include "engine/errata.hpp"
#include "engine/speculation.hpp"

#include "vmsa/vmsa.hpp"

#include <span>

namespace stage2::el2::vhe
{
void enter(stage2_context &vcpu);
} // namespace stage2::el2::vhe

namespace stage2::engine
{

enum class Kind : uint8_t { soft, nvhe, vhe };

// Picks the engine and prepares it. `wish` is the name of one, or empty for the best the machine has.
// 0 or -errno: -EINVAL for a name that is none, -ENODEV for an engine the machine has not got.
int start(const char *wish);
void stop();

Kind kind();
const char *name();
// What the engine is, in a few words; with Kind::soft why guests do not run, and what would change
// that.
const char *about();

// Known from start() on.
struct Machine {
	kernel_features features; // less what does not work
	errata::Found errata;
	Speculation speculation; // what an exit does about it
};

const Machine &machine();

// What every world switch and every question needs of a guest: its stage 2, as registers.
struct Stage2Registers {
	uint64_t vttbr;
	uint64_t vtcr;
};

// ---- Whose is EL2? With nvhe KVM can take it at any time, CPU by CPU, and give it back. So it is found
// out anew, by the CPU it is about, whenever EL2 is to be used (el2/nvhe_call.S). ----

// What a request that needs EL2 is refused with, by EBUSY.
inline constexpr char not_ready[] =
	"KVM has EL2 now: end its guests, or boot with kvm-arm.mode=none";

// Is it ours, on the CPU that asks? What is begun then can still fail.
bool is_ready();

// ---- Running. Preemption is disabled around load, enter and put. ----

// Puts the vCPU's EL1 registers into this CPU, which from now on holds no TLB entry of its VMID but
// those the vCPU makes.
void load(stage2_context &vcpu);
// The reverse: the registers are back in `vcpu`, and no TLB entry of its VMID is left on this CPU.
void put(stage2_context &vcpu);

// What each entry looks at: inlined, as a call would be a tenth of an exit.
struct Entrance {
	uint64_t guest_modes; // a bit for each PSTATE.M that EL2 can return to and stay in charge
	Kind kind;
};
extern constinit Entrance entrance;
[[nodiscard]] bool enter_otherwise(stage2_context &vcpu);

// Runs the guest until its next exit; `vcpu` then says what it was. False: KVM has EL2 on this CPU, and
// nothing ran. Interrupts are masked by the caller (kernel_mask), and the guest cannot mask them for us:
// an interrupt that waits is an exit.
// A pstate that is no mode of a guest is answered with the exception it would be: Illegal Execution
// state.
[[nodiscard]] inline bool enter(stage2_context &vcpu)
{
	const bool is_guest_mode = entrance.guest_modes >> (vcpu.pstate & 31) & 1;

	if (!is_guest_mode || entrance.kind != Kind::vhe) [[unlikely]]
		return enter_otherwise(vcpu);
	el2::vhe::enter(vcpu);
	return true;
}

// ---- Asking the MMU: AT S12E1R or S12E1W through the guest's stage 2, stage 1 being off. ----

inline constexpr size_t most_asked = 32;

// par[i] is PAR_EL1 for ipas[i], at most most_asked of them: interrupts are masked meanwhile. No vCPU
// is loaded by the calling thread. False: KVM has EL2 on this CPU, and nobody was asked.
[[nodiscard]] bool ask(const Stage2Registers &guest, std::span<const vmsa::Ipa> ipas, bool write,
		       uint64_t *par);

// What a stage 2 tree is on this machine, as registers, without a VMID.
template <class Tree> Stage2Registers registers_of(const Tree &tree)
{
	using Format = typename Tree::Format;
	const kernel_features &f = machine().features;

	return {.vttbr = vmsa::vttbr<Format>(tree.root_address(), 0),
		.vtcr = vmsa::vtcr<Format>(
			tree.geometry(), f.vmid16,
			{.access_flag = f.access_flag, .dirty_state = f.dirty_state})};
}

} // namespace stage2::engine
