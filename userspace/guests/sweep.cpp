// SPDX-License-Identifier: GPL-2.0-only
//
// Every System register that an instruction can name: op0 2 and 3, 32768 of them. It leaves a pattern in all that take
// one, or looks what is there. What traps to EL1 it steps over itself; who runs it steps over what traps to EL2, and
// puts 1 into x1 (tests/e2e/sweep.cpp).
//
//   x1  0: look. What can be read goes to `now`, and `state` says of each how that went.
//       else: the pattern. It goes into every register, the guest yields, and looks what has become of it.
//   x2  not 0: prints what it has found, a line for each register that can be read
//   x3  not 0: leaves out what is EL2's or EL3's by its number, which is half of them, and what `skip` names;
//       2: and what is implementation defined. That is for KVM, which also shows debug registers or makes them
//       trap as it likes: these are marked, but neither compared nor printed.
#include "guest.hpp"

using namespace guest;

namespace
{

constexpr unsigned count = 1 << 15;

// Code and results, in the 4 MiB that the guest has at `ram`.
constexpr uint64_t readers = ram + 0x10'0000;
constexpr uint64_t writers = ram + 0x14'0000;
constexpr uint64_t now = ram + 0x18'0000;
constexpr uint64_t before = ram + 0x1c'0000;
constexpr uint64_t state = ram + 0x20'0000; // a byte each
constexpr uint64_t skip = ram + 0x21'0000; // too: 1 where reading is known to trap

enum State : uint64_t { done, trapped, undefined, left_alone };

constexpr unsigned encoding(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2)
{
	return (op0 & 1) << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;
}

constexpr unsigned sctlr_el1 = encoding(3, 0, 1, 0, 0);
constexpr unsigned vbar_el1 = encoding(3, 0, 12, 0, 0);
constexpr unsigned cntv_ctl_el0 = encoding(3, 3, 14, 3, 1);

// What counts, or is random, by itself.
constexpr bool moves(unsigned e)
{
	switch (e) {
	case encoding(3, 3, 14, 0, 1): // CNTPCT_EL0
	case encoding(3, 3, 14, 0, 2): // CNTVCT_EL0
	case encoding(3, 3, 14, 0, 5): // CNTPCTSS_EL0
	case encoding(3, 3, 14, 0, 6): // CNTVCTSS_EL0
	case encoding(3, 3, 14, 2, 0): // CNTP_TVAL_EL0
	case encoding(3, 3, 14, 3, 0): // CNTV_TVAL_EL0
	case encoding(3, 3, 2, 4, 0): // RNDR
	case encoding(3, 3, 2, 4, 1): // RNDRRS
		return true;
	default:
		return false;
	}
}

constexpr bool is_implementation_defined(unsigned e)
{
	return (e >> 7 & 11) == 11; // CRn 11 and 15
}

constexpr bool is_debug(unsigned e)
{
	return e < encoding(3, 0, 0, 0, 0); // op0 is 2
}

constexpr bool is_above_el1(unsigned e)
{
	return e >> 11 & 4 && !is_implementation_defined(e); // by op1
}

// The pattern, as far as the guest survives it.
uint64_t mark(unsigned e, uint64_t pattern)
{
	switch (e) {
	case sctlr_el1: // DZE, UCT, nTWI, nTWE, UCI are EL0's
		return 0x30d0'0800 | (pattern & 0x405'c000);
	case encoding(3, 0, 4, 2, 0): // SPSel
		return pattern | 1;
	case encoding(3, 3, 4, 2, 1): // DAIF
		return 0x3c0;
	case encoding(3, 3, 14, 2, 1): // CNTP_CTL_EL0: IMASK
	case cntv_ctl_el0:
		return pattern | 2;
	case encoding(2, 0, 0, 2, 2): // MDSCR_EL1: SS
		return pattern & ~uint64_t{1};
	default:
		return pattern;
	}
}

constexpr bool kills(unsigned e)
{
	switch (e) {
	case encoding(3, 0, 1, 0, 3): // SCTLR2_EL1
	case encoding(3, 0, 2, 5, 0): // GCSCR_EL1
	case encoding(3, 0, 12, 0, 2): // RMR_EL1
	case vbar_el1: // last of all
		return true;
	default:
		return false;
	}
}

extern "C" const char sweep_vectors[];
asm(R"(
	.pushsection .text
	.balign 2048
sweep_vectors:
	.rept 16
	mrs	x16, elr_el1
	add	x16, x16, #4
	msr	elr_el1, x16
	mov	x1, #2
	eret
	.balign 128
	.endr
	.popsection
)");

struct Result {
	uint64_t value;
	uint64_t how;
};

Result attempt(uint64_t code, uint64_t value)
{
	register uint64_t x0 asm("x0") = value;
	register uint64_t x1 asm("x1") = done;

	asm volatile("blr %2"
		     : "+r"(x0), "+r"(x1)
		     : "r"(code)
		     : "x16", "x17", "x30", "cc", "memory");
	return {x0, x1};
}

void make_code()
{
	constexpr uint64_t ret = 0xd65f03c0;

	for (uint64_t e = 0; e < count; e++) {
		const uint64_t msr = 0xd510'0000 | e << 5;

		store(readers + e * 8, ret << 32 | msr | 1 << 21);
		store(writers + e * 8, ret << 32 | msr);
	}
	asm volatile("dsb sy\n\tic iallu\n\tdsb sy\n\tisb" ::: "memory");
}

void set_state(uint64_t e, uint64_t how)
{
	*reinterpret_cast<volatile uint8_t *>(state + e) = static_cast<uint8_t>(how);
}

uint64_t byte(uint64_t address)
{
	return *reinterpret_cast<volatile uint8_t *>(address);
}

uint64_t state_of(uint64_t e)
{
	return byte(state + e);
}

template <class Visit> void each(uint64_t fewer, const Visit &visit)
{
	for (unsigned e = 0; e < count; e++) {
		if (fewer && (is_above_el1(e) || byte(skip + e) == trapped ||
			      (fewer > 1 && is_implementation_defined(e))))
			set_state(e, left_alone);
		else
			visit(e);
	}
}

void look(uint64_t fewer)
{
	each(fewer, [](unsigned e) {
		const Result read = attempt(readers + e * 8, 0);

		set_state(e, moves(e) && read.how == done ? uint64_t{left_alone} : read.how);
		store(now + e * 8, read.value);
	});
}

// What could be read the last time.
void look_again(uint64_t to)
{
	for (unsigned e = 0; e < count; e++) {
		if (state_of(e) != done)
			continue;

		const Result read = attempt(readers + e * 8, 0);

		set_state(e, read.how);
		store(to + e * 8, read.value);
	}
}

// A second time without what traps: that has changed ELR, SPSR and ESR meanwhile.
void mark_all(uint64_t pattern, uint64_t fewer)
{
	each(fewer, [pattern](unsigned e) {
		set_state(e, kills(e) || moves(e) ? uint64_t{left_alone}
						  : attempt(writers + e * 8, mark(e, pattern)).how);
	});
	for (unsigned e = 0; e < count; e++) {
		if (state_of(e) == done)
			attempt(writers + e * 8, mark(e, pattern));
	}
}

Line &name(Line &line, unsigned e)
{
	return line.add('S')
		.add(uint64_t{2 | e >> 14})
		.add('_')
		.add(uint64_t{e >> 11 & 7})
		.add("_C")
		.add(uint64_t{e >> 7 & 15})
		.add("_C")
		.add(uint64_t{e >> 3 & 15})
		.add('_')
		.add(uint64_t{e & 7});
}

} // namespace

int main(uint64_t, uint64_t pattern, uint64_t prints, uint64_t fewer, uint64_t, uint64_t, uint64_t)
{
	unsigned lost = 0;

	make_code();
	write_register(vbar_el1, reinterpret_cast<uint64_t>(sweep_vectors));
	if (!pattern) {
		look(fewer);
	} else {
		// The first time, what can only be written still goes to the vectors.
		mark_all(pattern, fewer);
		look_again(before);
		attempt(writers + vbar_el1 * 8, pattern & ~uint64_t{0x7ff});
		set_state(vbar_el1, done);
		look_again(before);
		call(STAGE2_HVC_YIELD);
		look_again(now);
	}
	for (unsigned e = 0; e < count; e++) {
		if (state_of(e) != done || (fewer > 1 && is_debug(e)))
			continue;

		const uint64_t value = load(now + e * 8);

		// An exit stops the timer: it would interrupt the kernel.
		if (pattern && e != cntv_ctl_el0 && value != load(before + e * 8)) {
			Line line;

			name(line, e)
				.add(" was ")
				.add(Hex{load(before + e * 8)})
				.add(", and is ")
				.add(Hex{value})
				.add('\n');
			lost++;
		}
		if (prints) {
			Line line;

			name(line, e).add(' ').add(Hex{value}).add('\n');
		}
	}
	return lost != 0;
}
