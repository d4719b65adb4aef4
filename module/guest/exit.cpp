// SPDX-License-Identifier: GPL-2.0-only
//
// What `run` reads back: a block of lines for each vCPU that has run, a key and a value each.
#include "guest.hpp"

#include <string_view>

namespace stage2
{

namespace
{

void line(seq_file *out, const char *key, uint64_t value)
{
	kernel_print(out, "%-12s 0x%016lx\n", key, value);
}

void count(seq_file *out, const char *key, uint64_t value)
{
	kernel_print(out, "%-12s %lu\n", key, value);
}

const char *access_name(Syndrome s)
{
	if (s.on_stage1_walk())
		return "stage 1 walk";
	if (s.is_fetch())
		return "fetch";
	if (s.is_cache_maintenance())
		return "cache maintenance";
	return s.is_write() ? "write" : "read";
}

// "read of 0x90000000 at level 3, 8 bytes, x2"
void print_abort(seq_file *out, const Exit &exit, Syndrome s)
{
	kernel_print(out, "%s", access_name(s));
	if (exit.has_ipa)
		kernel_print(out, " of 0x%lx at level %d", exit.ipa.raw(), s.level());
	if (s.has_access()) {
		const unsigned reg = s.access_register();

		kernel_print(out, ", %u byte%s", s.access_bytes(),
			     s.access_bytes() == 1 ? "" : "s");
		if (reg < 31)
			kernel_print(out, ", x%u", reg);
		else
			kernel_print(out, ", xzr");
	}
}

// "write of ICC_SGI1R_EL1 from x3", "read of S3_0_C15_C2_0 into x0", "DC CISW with x0"
void print_sysreg(seq_file *out, Syndrome s)
{
	const arm64::SysregCode code = s.sysreg();
	const arm64::SysregName name = sysreg_name(code);
	const bool is_instruction = code.op0 == 1;
	const char *way = s.is_sysreg_read() ? "into" : "from";

	if (is_instruction)
		way = "with";
	else
		kernel_print(out, "%s of ", s.is_sysreg_read() ? "read" : "write");
	if (!name.name)
		kernel_print(out, "S%u_%u_C%u_C%u_%u", code.op0, code.op1, code.crn, code.crm,
			     code.op2);
	else if (name.number < 0)
		kernel_print(out, "%s", name.name);
	else
		kernel_print(out, "%s%d%s", name.name, name.number, name.suffix);
	if (s.sysreg_register() < 31)
		kernel_print(out, " %s x%u", way, s.sysreg_register());
	else
		kernel_print(out, " %s xzr", way);
}

void print_detail(seq_file *out, const Exit &exit)
{
	const Syndrome s{exit.esr};

	switch (exit.reason) {
	case Reason::end:
		kernel_print(out, "%-12s status %ld\n", "detail", static_cast<long>(exit.status));
		return;
	case Reason::smc:
		kernel_print(out, "%-12s SMC #%u, function 0x%lx\n", "detail", s.immediate(),
			     exit.status);
		return;
	default:
		break;
	}
	if (!exit.is_exception || !(s.is_abort() || s.is(Ec::sysreg) || s.is(Ec::brk)))
		return;
	kernel_print(out, "%-12s ", "detail");
	if (s.is_abort())
		print_abort(out, exit, s);
	else if (s.is(Ec::sysreg))
		print_sysreg(out, s);
	else
		kernel_print(out, "BRK #%u", s.immediate());
	if (exit.note)
		kernel_print(out, ": %s", exit.note);
	kernel_print(out, "\n");
}

void print_exit(seq_file *out, const Vcpu &vcpu)
{
	const Exit &exit = vcpu.exit;
	const Syndrome s{exit.esr};

	kernel_print(out, "%-12s %s\n", "reason", text(exit.reason));
	print_detail(out, exit);
	line(out, "pc", vcpu.context->pc);
	if (exit.is_exception) {
		if (exit.has_ipa)
			line(out, "ipa", exit.ipa.raw());
		kernel_print(out, "%-12s 0x%016lx (%s)\n", "esr", exit.esr, arm64::ec_text(s.ec()));
		if (s.is_abort())
			line(out, "far", exit.far);
		if (exit.has_ipa)
			line(out, "hpfar", exit.hpfar);
	}
	count(out, "exits", exit.exits);
	count(out, "interrupts", exit.interrupts);
	if (exit.instructions)
		count(out, "instructions", exit.instructions);
}

constexpr bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

// A guest's text can hold anything: what does not print is a dot.
void print_output(seq_file *out, const Output &output)
{
	std::string_view rest{output.text, output.used};

	while (!rest.empty()) {
		const std::string_view text = rest.substr(0, rest.find('\n'));

		kernel_print(out, "%-12s ", "output");
		for (const char c : text)
			kernel_print(out, "%c", is_printable(c) ? c : '.');
		kernel_print(out, "\n");
		rest.remove_prefix(std::min(text.size() + 1, rest.size()));
	}
	if (output.lost)
		kernel_print(out, "%-12s %lu bytes\n", "truncated", output.lost);
}

} // namespace

// cursor->at is the vCPU.
void show_exits(Guest *guest, seq_file *out, stage2_cursor *cursor)
{
	const Vcpu &vcpu = guest->vcpus[static_cast<unsigned>(cursor->at++)];

	if (vcpu.running || vcpu.has_run) {
		count(out, "vcpu", vcpu.number);
		if (vcpu.running)
			kernel_print(out, "%-12s running\n", "reason");
		else
			print_exit(out, vcpu);
		print_output(out, vcpu.output);
	}
	cursor->done = cursor->at == guest->vcpus.count();
}

} // namespace stage2
