// SPDX-License-Identifier: GPL-2.0-only
//
// How the fields of a register are written down here: a list, from bit 63 to bit 0.
#pragma once

#include "decode.hpp"

namespace decode
{

using Explain = std::string (*)(uint64_t field, uint64_t whole);

// What a field's values mean: nothing, one of "for 0|for 1|...", or whatever a function says. A
// reserved field is one by its name.
struct Spec {
	unsigned high;
	unsigned low;
	const char *name;
	const char *choices = nullptr;
	Explain explain = nullptr;
};

// The n-th of "a|b|c"; "reserved" behind the last.
std::string choice(std::string_view choices, uint64_t n);

std::vector<Field> fields_of(std::span<const Spec> specs, uint64_t value);

constexpr uint64_t get(uint64_t value, unsigned high, unsigned low)
{
	return vmsa::Field{high, low}.get(value);
}

// Words that several registers share.
inline constexpr const char *shareability =
	"Non-shareable|reserved|Outer Shareable|Inner Shareable";
inline constexpr const char *walk_cacheability =
	"Non-cacheable|Write-Back Read-Allocate Write-Allocate|Write-Through Read-Allocate|"
	"Write-Back Read-Allocate";
inline constexpr const char *no_yes = "no|yes";
inline constexpr const char *off_on = "off|on";

std::string physical_size(uint64_t field, uint64_t whole);

// Of the files that each hold some registers.
Decoded vtcr_el2(uint64_t value, const Context &context);
Decoded vttbr_el2(uint64_t value, const Context &context);
Decoded tcr_el1(uint64_t value, const Context &context);
Decoded tcr_el2(uint64_t value, const Context &context);
Decoded tcr_el3(uint64_t value, const Context &context);
Decoded ttbr0_el1(uint64_t value, const Context &context);
Decoded ttbr1_el1(uint64_t value, const Context &context);
Decoded ttbr0_el2(uint64_t value, const Context &context);
Decoded ttbr1_el2(uint64_t value, const Context &context);
Decoded ttbr0_el3(uint64_t value, const Context &context);
Decoded mair_el1(uint64_t value, const Context &context);
Decoded mair_el2(uint64_t value, const Context &context);
Decoded mair_el3(uint64_t value, const Context &context);
Decoded hcr_el2(uint64_t value, const Context &context);
Decoded sctlr_el1(uint64_t value, const Context &context);
Decoded spsr_el2(uint64_t value, const Context &context);
Decoded hpfar_el2(uint64_t value, const Context &context);
Decoded par_el1(uint64_t value, const Context &context);
Decoded esr_el1(uint64_t value, const Context &context);
Decoded esr_el2(uint64_t value, const Context &context);
Decoded esr_el3(uint64_t value, const Context &context);

} // namespace decode
