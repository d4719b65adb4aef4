// SPDX-License-Identifier: GPL-2.0-only
//
// Pool: the few tables of a toy tree, which knows of each address whether a table is there.
#pragma once

#include "exhaust/toy.hpp"
#include "interleave/hooks.hpp"

#include <array>
#include <cstring>

namespace interleave
{

using vmsa::Descriptor;
using vmsa::Level;
using vmsa::Pa;

class Pool {
    public:
	static constexpr size_t tables = 12;
	static constexpr size_t entries = 32; // of the 256 bytes of a toy's table

	// It costs a moment in which another thread may go on. Fails when fewer than `left` are out.
	Descriptor *allocate(size_t)
	{
		before(nullptr);
		for (size_t i = 0; left_ && i < tables; i++) {
			if (used_[i])
				continue;
			used_[i] = true;
			left_--;
			std::memset(table_[i].data(), 0, sizeof(table_[i]));
			after(nullptr, i);
			return table_[i].data();
		}
		after(nullptr, tables);
		return nullptr;
	}

	// What is freed says nothing that would be right.
	void free(Descriptor *table, size_t)
	{
		before(nullptr);
		used_[index(table)] = false;
		std::memset(table, 0xa5, sizeof(table_[0]));
		left_++;
	}

	Pa physical(const Descriptor *table) const
	{
		return Pa{(index(table) + 1) << exhaust::page_shift};
	}
	Descriptor *pointer(Pa pa)
	{
		return table_[(pa.raw() >> exhaust::page_shift) - 1].data();
	}
	// Only `root` is out, and empty; so many more can be.
	void keep_only(Descriptor *root, size_t left)
	{
		used_ = {};
		used_[index(root)] = true;
		left_ = left;
		std::memset(root, 0, sizeof(table_[0]));
	}

	void limit(size_t left)
	{
		left_ = left;
	}

	bool holds(const volatile void *where) const
	{
		return where >= table_.data() && where < table_.data() + tables;
	}
	bool is_out(const volatile void *where) const
	{
		return used_[index(static_cast<const volatile Descriptor *>(where))];
	}
	size_t out() const
	{
		size_t n = 0;

		for (bool used : used_)
			n += used;
		return n;
	}

	// mix(word) for all that a thread could find here.
	template <class Mix> void show(const Mix &mix) const
	{
		for (size_t i = 0; i < tables; i++) {
			mix(used_[i]);
			if (used_[i]) {
				mix(table_[i][0]);
				mix(table_[i][1]);
			}
		}
		mix(left_);
	}

    private:
	size_t index(const volatile Descriptor *d) const
	{
		return static_cast<size_t>(d - table_[0].data()) / entries;
	}

	alignas(256) std::array<std::array<Descriptor, entries>, tables> table_{};
	std::array<bool, tables> used_{};
	size_t left_ = tables;
};

} // namespace interleave
