// SPDX-License-Identifier: GPL-2.0-only
#include "exclusive.hpp"

#include "arm64/syndrome.hpp"
#include "engine/engine.hpp"

#include <algorithm>
#include <cstring>

namespace stage2::exclusive
{

namespace
{

// Arm ARM C4.1: load/store exclusive, but not CASP, which has a pair where size is 0 or 1.
constexpr bool is_exclusive(uint32_t code, bool load)
{
	const bool casp = (code & 1u << 21) && !(code & 1u << 31);

	return (code & 0x3fc0'0000) == (load ? 0x0840'0000u : 0x0800'0000u) && !casp;
}

constexpr int64_t extend(uint32_t value, unsigned bits)
{
	return static_cast<int64_t>(static_cast<uint64_t>(value) << (64 - bits)) >> (64 - bits);
}

// How far a branch on a condition goes, in instructions; 0: it is none.
constexpr int64_t conditional(uint32_t code)
{
	if ((code & 0xff00'0010) == 0x5400'0000 ||
	    (code & 0x7e00'0000) == 0x3400'0000) // B.cond, CBZ
		return extend(code >> 5 & 0x7'ffff, 19);
	if ((code & 0x7e00'0000) == 0x3600'0000) // TBZ
		return extend(code >> 5 & 0x3fff, 14);
	return 0;
}

// Branches, exceptions, System instructions: more of them than can be stepped over, and none belongs there.
constexpr bool leaves(uint32_t code)
{
	return (code & 0x1c00'0000) == 0x1400'0000 && !conditional(code);
}

static_assert(is_exclusive(0x885f'7c20, true) && is_exclusive(0xc85f'fc20, true)); // LDXR, LDAXR
static_assert(is_exclusive(0x8802'7c20, false) && is_exclusive(0xc820'0c22, false)); // STXR, STXP
static_assert(!is_exclusive(0x0820'7c22, false) && !is_exclusive(0x88df'fc20, true)); // CASP, LDAR
static_assert(conditional(0x35ff'ffa2) == -3 && conditional(0x5400'0041) == 2 &&
	      leaves(0xd65f'03c0));

} // namespace

std::optional<Ends> find(uint64_t pc, std::span<const uint32_t> code)
{
	Ends ends{};

	if (code.empty() || !is_exclusive(code[0], true))
		return {};
	for (size_t i = 1; i < code.size() && i < most_instructions; i++) {
		const int64_t distance = conditional(code[i]);

		if (is_exclusive(code[i], false)) {
			ends.behind = pc + 4 * (i + 1);
			if (ends.branch > pc && ends.branch < ends.behind)
				ends.branch = 0;
			return ends;
		}
		if (is_exclusive(code[i], true) || leaves(code[i]) || (distance && ends.branch))
			return {};
		if (distance)
			ends.branch = pc + 4 * i + static_cast<uint64_t>(4 * distance);
	}
	return {};
}

void before_step(stage2_context &vcpu)
{
	std::memcpy(vcpu.before_x, vcpu.x, sizeof(vcpu.x));
	vcpu.before_pc = vcpu.pc;
}

// A sequence that was left for another reason than its end is over: the monitor is gone, and the guest will try again.
unsigned completed_steps(stage2_context &vcpu)
{
	constexpr uint64_t step_pending = vmsa::bit(21); // PSTATE.SS: none was completed

	if (!vcpu.stops[0])
		return !(vcpu.pstate & step_pending);
	vcpu.stops[0] = 0;
	return vcpu.exit == STAGE2_EXIT_SYNC && arm64::Syndrome{vcpu.esr}.is(arm64::Ec::breakpoint);
}

bool was_stepped(const stage2_context &vcpu)
{
	constexpr uint64_t valid = vmsa::bit(24), exclusive = vmsa::bit(6);

	return vcpu.exit == STAGE2_EXIT_SYNC && arm64::Syndrome{vcpu.esr}.is(arm64::Ec::step) &&
	       (vcpu.esr & valid) && (vcpu.esr & exclusive) && vcpu.hpfar != ~uint64_t{0};
}

unsigned begin(stage2_guest &guest, stage2_context &vcpu)
{
	constexpr uint64_t aarch32 = vmsa::bit(4); // PSTATE.M

	const SharedGuard guard{guest.lock};
	const uint64_t page = guest.page();
	const vmsa::Ipa at{arm64::fault_ipa(vcpu.hpfar, vcpu.far)};
	uint32_t code[most_instructions];
	const uint64_t bytes = std::min(sizeof(code), page - at.raw() % page);

	if (guest.removed || vcpu.pstate & aarch32 ||
	    guest_copy(guest, at, code, bytes, false) != static_cast<long>(bytes))
		return 0;

	const auto ends = find(vcpu.before_pc, {code, bytes / sizeof(code[0])});

	if (!ends)
		return 0;
	std::memcpy(vcpu.x, vcpu.before_x, sizeof(vcpu.x));
	vcpu.pc = vcpu.before_pc;
	vcpu.stops[0] = ends->behind;
	vcpu.stops[1] = ends->branch;
	return 1;
}

} // namespace stage2::exclusive
