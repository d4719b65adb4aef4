// SPDX-License-Identifier: GPL-2.0-only
//
// The words of a request that name a region and say what to make of it, and what is wrong with them.
#pragma once

#include "guest.hpp"
#include "stage2/trace_events.h"

namespace stage2
{

// In this order in a request's values: a request takes the first few, or all.
enum { ipa_word, size_word, prot_word, attr_word, max_word, contiguous_word, region_words };

inline constexpr Symbol prot_symbols[] = {{"none", STAGE2_PROT_NONE}, {"r", STAGE2_PROT_R},
					  {"w", STAGE2_PROT_W},	      {"rw", STAGE2_PROT_RW},
					  {"rx", STAGE2_PROT_RX},     {"rwx", STAGE2_PROT_RWX}};
inline constexpr Symbol attr_symbols[] = {
	{"normal", STAGE2_ATTR_NORMAL}, {"device", STAGE2_ATTR_DEVICE}, {"nc", STAGE2_ATTR_NC}};
inline constexpr Symbol yes_symbols[] = {{"0", 0}, {"1", 1}};
inline constexpr uint64_t default_prot = STAGE2_PROT_RW;

inline constexpr Word all_region_words[region_words] = {
	{"ipa", Word::Kind::number, true},
	{"size", Word::Kind::number, true},
	{"prot", Word::Kind::symbol, false, prot_symbols},
	{"attr", Word::Kind::symbol, false, attr_symbols},
	{"max", Word::Kind::number, false},
	{"contiguous", Word::Kind::symbol, false, yes_symbols},
};
inline constexpr std::span<const Word> demand_words{all_region_words, contiguous_word};
inline constexpr std::span<const Word> just_region_words{all_region_words, prot_word};
// contiguous is at prot_word there.
inline constexpr Word fold_words[] = {
	all_region_words[ipa_word],
	all_region_words[size_word],
	all_region_words[contiguous_word],
};
inline constexpr Word protect_words[] = {
	all_region_words[ipa_word],
	all_region_words[size_word],
	{"prot", Word::Kind::symbol, true, prot_symbols},
};

vmsa::Region<vmsa::Ipa> region_of(const Value *values);
vmsa::Access access_of(const Value *values);
vmsa::Stage2Attributes attributes_of(const Value *values);
// The level of the largest leaf that `max` allows: `usual` where it is not given. 0, or -error.
int largest_of(const Guest &guest, const Request &request, const Value *values, vmsa::Level usual,
	       vmsa::Level &largest);

// The library's error in the request's words: which one was wrong, and what would be right.
int refuse_region(const Guest &guest, const Request &request, const Value *values,
		  const vmsa::Error &error);

} // namespace stage2
