// SPDX-License-Identifier: GPL-2.0-only
//
// The file `regs`: a vCPU's registers, by their Arm names in lower case.
#include "guest.hpp"

#include <array>
#include <cerrno>
#include <cstddef>

namespace stage2
{

namespace
{

struct Register {
	const char *name;
	size_t offset; // in stage2_context
};

#define X(n)                                                                                       \
	{                                                                                          \
		"x" #n, offsetof(stage2_context, x) + 8 * (n)                                      \
	}
#define EL1(name, member)                                                                          \
	{                                                                                          \
		name, offsetof(stage2_context, el1.member)                                         \
	}

constexpr Register registers[] = {
	{"pc", offsetof(stage2_context, pc)},
	EL1("sp", sp_el1),
	{"pstate", offsetof(stage2_context, pstate)},
	X(0),
	X(1),
	X(2),
	X(3),
	X(4),
	X(5),
	X(6),
	X(7),
	X(8),
	X(9),
	X(10),
	X(11),
	X(12),
	X(13),
	X(14),
	X(15),
	X(16),
	X(17),
	X(18),
	X(19),
	X(20),
	X(21),
	X(22),
	X(23),
	X(24),
	X(25),
	X(26),
	X(27),
	X(28),
	X(29),
	X(30),
	EL1("sp_el0", sp_el0),
	EL1("elr_el1", elr),
	EL1("spsr_el1", spsr),
	EL1("sctlr_el1", sctlr),
	EL1("tcr_el1", tcr),
	EL1("ttbr0_el1", ttbr0),
	EL1("ttbr1_el1", ttbr1),
	EL1("mair_el1", mair),
	EL1("amair_el1", amair),
	EL1("vbar_el1", vbar),
	EL1("esr_el1", esr),
	EL1("far_el1", far),
	EL1("afsr0_el1", afsr0),
	EL1("afsr1_el1", afsr1),
	EL1("par_el1", par),
	EL1("cpacr_el1", cpacr),
	EL1("cntkctl_el1", cntkctl),
	EL1("contextidr_el1", contextidr),
	EL1("tpidr_el1", tpidr_el1),
	EL1("tpidr_el0", tpidr_el0),
	EL1("tpidrro_el0", tpidrro_el0),
};

#undef X
#undef EL1

constexpr size_t count = std::size(registers);
constexpr size_t pc = 0;
constexpr size_t pstate = 2;

// The words of a request: the vCPU, then the registers.
constexpr auto words = [] {
	std::array<Word, 1 + count> list{};

	list[0] = {"vcpu", Word::Kind::number, false};
	for (size_t i = 0; i < count; i++)
		list[1 + i] = {registers[i].name, Word::Kind::number, false};
	return list;
}();

unsigned long &in(stage2_context &context, const Register &r)
{
	return *reinterpret_cast<unsigned long *>(reinterpret_cast<char *>(&context) + r.offset);
}

// Registers that hold an address of something that is aligned.
struct Aligned {
	const char *name;
	uint64_t to;
};

constexpr Aligned aligned[] = {{"pc", 4}, {"sp", 16}, {"sp_el0", 16}, {"vbar_el1", 2048}};

// N, Z, C, V; TCO, DIT, UAO, PAN; SSBS, BTYPE; D, A, I, F; M.
constexpr uint64_t pstate_bits = 0xf3c0'1fcf;

// EL0t, EL1t, EL1h: the modes of AArch64 that a guest can be in.
constexpr bool is_guest_mode(uint64_t value)
{
	const auto mode = value & 0x1f;

	return mode == 0 || mode == 4 || mode == 5;
}

int check(const Request &request, const Register &r, const Value &value)
{
	for (const Aligned &a : aligned) {
		if (a.name == std::string_view{r.name} && value.number % a.to)
			return request.refuse(EINVAL, value.column, "%s must be a multiple of %lu",
					      a.name, a.to);
	}
	if (&r == &registers[pstate] && !is_guest_mode(value.number))
		return request.refuse(EINVAL, value.column,
				      "pstate must have the mode EL0t (0), EL1t (4) or EL1h (5)");
	if (&r == &registers[pstate] && value.number & ~pstate_bits)
		return request.refuse(EINVAL, value.column, "pstate must not have the bits 0x%lx",
				      value.number & ~pstate_bits);
	return 0;
}

// Too many for the stack.
using Values = Array<Value>;

int set(Guest &guest, const Request &request, const Values &v)
{
	if (v[0].number >= guest.vcpus.count())
		return request.refuse(ENOENT, v[0].column,
				      "there is no vcpu %lu (the guest has %u)", v[0].number,
				      guest.vcpus.count());

	Vcpu &vcpu = guest.vcpus[static_cast<unsigned>(v[0].number)];

	if (vcpu.running)
		return request.refuse(EBUSY, v[0].column, "vcpu %u is running", vcpu.number);

	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (!v[1 + i].given)
			continue;
		any = true;
		if (const int error = check(request, registers[i], v[1 + i]))
			return error;
	}
	if (!any)
		return request.refuse(EINVAL, 0, "the line names no register");
	for (size_t i = 0; i < count; i++) {
		if (v[1 + i].given)
			in(*vcpu.context, registers[i]) = v[1 + i].number;
	}
	vcpu.has_entry |= v[1 + pc].given;
	return 0;
}

} // namespace

int vcpu_set_registers(Guest &guest, const Request &request)
{
	Values v;

	if (!v.allocate(words.size()))
		return request.refuse(ENOMEM, 0, "no memory for a request");
	if (const int error = request.parse(words, {v.data(), words.size()}))
		return error;
	return set(guest, request, v);
}

// cursor->at is the vCPU.
void show_registers(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	const Vcpu &vcpu = guest->vcpus[static_cast<unsigned>(cursor->at++)];

	kernel_print(out, "vcpu %u\n", vcpu.number);
	if (vcpu.running)
		kernel_print(out, "running\n");
	for (const Register &r : registers) {
		if (vcpu.running)
			break;
		if (&r == &registers[pc] && !vcpu.has_entry)
			kernel_print(out, "pc unset\n");
		else
			kernel_print(out, "%s 0x%016lx\n", r.name, in(*vcpu.context, r));
	}
	cursor->done = cursor->at == guest->vcpus.count();
}

} // namespace stage2
