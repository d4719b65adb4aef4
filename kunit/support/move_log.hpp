// SPDX-License-Identifier: GPL-2.0-only
//
// MoveLog: the last moves of a game, for who has to find out why it failed. A game is the same in each
// run: its scenario (printed as well) is all that is needed to play it again.
#pragma once

#include "suite.hpp"
#include "vmsa/error.hpp"
#include "vmsa/rules.hpp"

namespace support
{

class MoveLog {
    public:
	struct Move {
		const char *what;
		uint64_t first;
		uint64_t last;
		bool live;
		bool refuse;
		unsigned bbm_level;
		vmsa::Errc end; // what it came to
	};

	explicit MoveLog(struct kunit *test) : moves_{scratch<Move>(test, room)}
	{
	}

	template <class Region>
	void add(const char *what, Region region, const vmsa::ChangeRules &rules)
	{
		if (!moves_.empty())
			moves_[count_++ % room] = {what,
						   region.first.raw(),
						   region.last.raw(),
						   rules.live,
						   rules.on_break == vmsa::OnBreak::refuse,
						   rules.bbm_level,
						   vmsa::Errc::none};
	}

	void ended(vmsa::Errc end)
	{
		if (count_)
			moves_[(count_ - 1) % room].end = end;
	}

	// All moves so far.
	unsigned long count() const
	{
		return count_;
	}

	[[gnu::noinline]] void print(struct kunit *test) const
	{
		const unsigned long kept = count_ < room ? count_ : room;

		test_remark(test, "the last moves: first, last, live, refuse, FEAT_BBM, error",
			    nullptr, 0);
		for (unsigned long i = count_ - kept; i < count_; i++) {
			const Move &m = moves_[i % room];
			const unsigned long long numbers[] = {
				m.first,  m.last,      m.live,
				m.refuse, m.bbm_level, static_cast<unsigned long long>(m.end)};

			test_remark(test, m.what, numbers, std::size(numbers));
		}
	}

    private:
	static constexpr unsigned long room = 16;

	std::span<Move> moves_;
	unsigned long count_ = 0;
};

} // namespace support
