// SPDX-License-Identifier: GPL-2.0-only
//
// An exit: why a guest was left for good, with what it takes to tell (exit.cpp prints it).
#pragma once

#include "arm64/syndrome.hpp"

#include "vmsa/address.hpp"

#include <array>

namespace stage2
{

using arm64::Ec;
using arm64::Fault;
using arm64::Syndrome;

enum class Reason : uint8_t {
	// The guest asked for it.
	end,
	yield,
	wfi,
	wfe,
	smc,
	// It met stage 2, and no policy helped.
	stage2_translation,
	stage2_permission,
	stage2_access_flag,
	stage2_address_size,
	no_memory,
	// It was stopped.
	step_budget,
	exits_budget,
	time_budget,
	signal,
	removed,
	lost,
	kvm_has_el2,
	// What it used is not for guests.
	sysreg,
	fp,
	pauth,
	debug,
	aarch32,
	// Other exceptions that came to EL2.
	undefined,
	illegal_state,
	alignment,
	external_abort,
	serror,
	unknown_exception,

	count
};

inline constexpr std::array reason_names = std::to_array<const char *>({
	"end",
	"yield",
	"wfi",
	"wfe",
	"smc",
	"stage2-translation",
	"stage2-permission",
	"stage2-access-flag",
	"stage2-address-size",
	"no-memory",
	"step-budget",
	"exits-budget",
	"time-budget",
	"signal",
	"removed",
	"lost",
	"kvm-has-el2",
	"sysreg",
	"fp",
	"pauth",
	"debug",
	"aarch32",
	"undefined",
	"illegal-state",
	"alignment",
	"external-abort",
	"serror",
	"unknown-exception",
});
static_assert(reason_names.size() == static_cast<size_t>(Reason::count));

constexpr const char *text(Reason reason)
{
	return reason_names[static_cast<size_t>(reason)];
}

// Of a synchronous exception to EL2 that nobody could handle. HVC and steps are not among those.
constexpr Reason reason_of(Syndrome syndrome)
{
	if (syndrome.is_abort()) {
		switch (syndrome.fault()) {
		case Fault::translation:
			return Reason::stage2_translation;
		case Fault::permission:
			return Reason::stage2_permission;
		case Fault::access_flag:
			return Reason::stage2_access_flag;
		case Fault::address_size:
			return Reason::stage2_address_size;
		case Fault::external:
			return Reason::external_abort;
		case Fault::alignment:
			return Reason::alignment;
		default:
			return Reason::unknown_exception;
		}
	}
	switch (syndrome.ec()) {
	case 0x00:
		return Reason::undefined;
	case 0x01:
		return syndrome.is_wfe() ? Reason::wfe : Reason::wfi;
	case 0x03 ... 0x06: // AArch32's ways to coprocessors, HVC, SVC, SMC, traps and breakpoints
	case 0x08:
	case 0x0c:
	case 0x11 ... 0x13:
	case 0x28:
	case 0x38:
	case 0x3a:
		return Reason::aarch32;
	case 0x07:
	case 0x19:
	case 0x1d:
	case 0x2c:
		return Reason::fp;
	case 0x09:
	case 0x1c:
		return Reason::pauth;
	case 0x0e:
		return Reason::illegal_state;
	case 0x14:
	case 0x18:
		return Reason::sysreg;
	case 0x17:
		return Reason::smc;
	case 0x22:
	case 0x26:
		return Reason::alignment;
	case 0x2f:
		return Reason::serror;
	case 0x30:
	case 0x32:
	case 0x34:
	case 0x3c:
		return Reason::debug;
	default:
		return Reason::unknown_exception;
	}
}

struct Exit {
	Reason reason;
	bool is_exception; // esr says more, and of an abort far and hpfar
	bool has_ipa;
	const char *note; // more, in words, or null
	uint64_t status; // of end; the function of an SMC
	uint64_t esr;
	uint64_t far;
	uint64_t hpfar;
	vmsa::Ipa ipa; // where has_ipa
	uint64_t exits; // in its run, made by the guest
	uint64_t interrupts; // in its run
	uint64_t instructions; // in its run, where they were counted
};

} // namespace stage2
