// SPDX-License-Identifier: GPL-2.0-only
#include "fields.hpp"

#include <algorithm>
#include <cctype>

namespace decode
{

namespace
{

constexpr Register list[] = {
	{"VTCR_EL2", "vtcr", "stage 2: granule, sizes, start level", vtcr_el2},
	{"VTTBR_EL2", "vttbr", "stage 2: the root, and the VMID", vttbr_el2},
	{"HCR_EL2", "hcr", "what a hypervisor configures and traps", hcr_el2},
	{"HPFAR_EL2", "hpfar", "the IPA of a stage 2 fault", hpfar_el2},
	{"ESR_EL1", nullptr, "why an exception was taken to EL1", esr_el1},
	{"ESR_EL2", "esr", "why an exception was taken to EL2", esr_el2},
	{"ESR_EL3", nullptr, "why an exception was taken to EL3", esr_el3},
	{"PAR_EL1", "par", "what an address translation instruction found", par_el1},
	{"TCR_EL1", "tcr", "stage 1 of EL1&0: granules and sizes", tcr_el1},
	{"TCR_EL2", nullptr, "stage 1 of EL2, or of EL2&0 with E2H", tcr_el2},
	{"TCR_EL3", nullptr, "stage 1 of EL3", tcr_el3},
	{"TTBR0_EL1", "ttbr", "stage 1 of EL1&0: the lower range's root", ttbr0_el1},
	{"TTBR1_EL1", nullptr, "stage 1 of EL1&0: the upper range's root", ttbr1_el1},
	{"TTBR0_EL2", nullptr, "stage 1 of EL2: the (lower range's) root", ttbr0_el2},
	{"TTBR1_EL2", nullptr, "stage 1 of EL2&0: the upper range's root", ttbr1_el2},
	{"TTBR0_EL3", nullptr, "stage 1 of EL3: the root", ttbr0_el3},
	{"MAIR_EL1", "mair", "the memory types that AttrIndx picks from, EL1&0", mair_el1},
	{"MAIR_EL2", nullptr, "the same of EL2", mair_el2},
	{"MAIR_EL3", nullptr, "the same of EL3", mair_el3},
	{"SCTLR_EL1", "sctlr", "what EL1 and EL0 have switched on", sctlr_el1},
	{"SPSR_EL2", "spsr", "the state that an exception to EL2 interrupted", spsr_el2},
};

bool same(std::string_view a, const char *b)
{
	return b && std::ranges::equal(a, std::string_view{b}, [](char x, char y) {
		       return std::tolower(static_cast<unsigned char>(x)) ==
			      std::tolower(static_cast<unsigned char>(y));
	       });
}

Field::Kind kind_of(const std::string &name, unsigned width, uint64_t value)
{
	if (name == "RES0")
		return value ? Field::Kind::wrong : Field::Kind::reserved;
	if (name == "RES1")
		return value == vmsa::low_bits(width) ? Field::Kind::reserved : Field::Kind::wrong;
	return name == "IGNORED" ? Field::Kind::ignored : Field::Kind::named;
}

} // namespace

std::span<const Register> registers()
{
	return list;
}

const Register *find_register(std::string_view name)
{
	const auto found = std::ranges::find_if(
		list, [&](const Register &r) { return same(name, r.name) || same(name, r.alias); });

	return found == std::end(list) ? nullptr : found;
}

std::string choice(std::string_view choices, uint64_t n)
{
	for (;;) {
		const size_t end = std::min(choices.find('|'), choices.size());

		if (!n--)
			return std::string{choices.substr(0, end)};
		if (end == choices.size())
			return "reserved";
		choices.remove_prefix(end + 1);
	}
}

std::vector<Field> fields_of(std::span<const Spec> specs, uint64_t whole)
{
	std::vector<Field> fields;

	for (const Spec &spec : specs) {
		const uint64_t value = get(whole, spec.high, spec.low);
		Field &field =
			fields.emplace_back(Field{spec.high, spec.low, spec.name, value, {}, {}});

		field.kind = kind_of(field.name, spec.high - spec.low + 1, value);
		if (spec.choices)
			field.meaning = choice(spec.choices, value);
		else if (spec.explain)
			field.meaning = spec.explain(value, whole);
	}
	return fields;
}

std::string physical_size(uint64_t field, uint64_t)
{
	return std::to_string(vmsa::pa_bits_of(static_cast<unsigned>(field))) +
	       " bits of physical address";
}

} // namespace decode
