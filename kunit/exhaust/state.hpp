// SPDX-License-Identifier: GPL-2.0-only
//
// A state of a toy tree, as words: the entries of the root in order, behind each that names a table the entries of
// that. Where the table lies is left out, so that trees that say the same are one state. And all states there are.
#pragma once

#include "exhaust/meaning.hpp"

#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

namespace exhaust
{

using State = std::vector<Descriptor>;

template <class F> constexpr bool names_table(Descriptor d, Level level)
{
	return level < 3 && (d & 3) == arm::table_or_page;
}

template <class F, class Pointer>
void append(State &state, const Descriptor *table, Level level, const Pointer &pointer)
{
	for (size_t i = 0; i < F::Granule::entries; i++) {
		const Descriptor d = table[i];

		if (!names_table<F>(d, level)) {
			state.push_back(d);
			continue;
		}
		state.push_back(d & ~arm::address);
		append<F>(state, pointer(d & arm::address), level + 1, pointer);
	}
}

// make() -> an empty table, and its address. Returns the word behind.
template <class F, class Make>
const Descriptor *restore(const Descriptor *word, Descriptor *table, Level level, const Make &make)
{
	for (size_t i = 0; i < F::Granule::entries; i++) {
		table[i] = *word++;
		if (!names_table<F>(table[i], level))
			continue;
		const auto [child, address] = make();

		table[i] |= address;
		word = restore<F>(word, child, level + 1, make);
	}
	return word;
}

// Every state once, numbered as they are found.
class States {
    public:
	size_t size() const
	{
		return all_.size();
	}

	const State &operator[](size_t i) const
	{
		return all_[i];
	}

	void add(const State &state)
	{
		std::string key(reinterpret_cast<const char *>(state.data()),
				state.size() * sizeof(Descriptor));

		if (number_.emplace(std::move(key), all_.size()).second)
			all_.push_back(state);
	}

    private:
	std::vector<State> all_;
	std::unordered_map<std::string, size_t> number_;
};

} // namespace exhaust
