// SPDX-License-Identifier: GPL-2.0-only
// test: audit accepts what the library is made of
// flags: -mgeneral-regs-only
#include <array>
#include <atomic>
#include <cstdint>
#include <span>

struct Visitor {
	virtual std::uint64_t visit(std::uint64_t descriptor) = 0;

    protected:
	~Visitor() = default;
};

inline constinit std::atomic<std::uint64_t> walks{0};
constexpr std::array<unsigned, 4> shifts{39, 30, 21, 12};

template <typename T> [[gnu::noinline]] T sum(std::span<const T> values)
{
	T total{};
	for (T value : values)
		total += value;
	return total;
}

struct Counter final : Visitor {
	std::uint64_t seen = 0;
	std::uint64_t visit(std::uint64_t descriptor) override
	{
		return seen += descriptor & 1;
	}
};

std::uint64_t walk(std::span<const std::uint64_t> table, unsigned level)
{
	Counter counter;
	Visitor *volatile visitor = &counter;

	walks++;
	switch (level) {
	case 0:
		return visitor->visit(table[0]);
	case 1:
		return sum(table) >> shifts[1];
	case 2:
		return table[2] / (table[1] | 1);
	case 3:
		return table[3] * level;
	case 4:
		return sum(std::span<const unsigned>{shifts});
	default:
		return walks;
	}
}
