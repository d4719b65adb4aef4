// SPDX-License-Identifier: GPL-2.0-only
//
// What TLBs hold of guests: whoever enters one has touched all of its memory, and its CPU keeps each page and each
// table until it is told, or the vCPU is put. Each vCPU that is loaded has a CPU of its own. Here it does not matter
// which entries an invalidation names (kunit/support/tlb_model.hpp judges that): any is taken for all of the guest's.
// What matters is that nobody forgets one because no CPU seems to hold anything.
#pragma once

#include "input.hpp"

#include "guest/guest.hpp"

#include <map>
#include <set>
#include <vector>

struct stage2_context;

namespace fuzz
{

class Walker {
    public:
	void load(const stage2_context &vcpu);
	void enter(const stage2_context &vcpu);
	void put(const stage2_context &vcpu);
	// It is never put: its CPU keeps what it has as long as the guest is there.
	void lose(const stage2_context &vcpu);
	void invalidate(uint64_t vttbr);

	// No CPU has what the tables say no more. Whoever changes them has come to its end.
	void look() const;
	// A table goes to whoever wants memory.
	void freed(const void *table) const;

    private:
	struct Page {
		vmsa::Ipa ipa;
		stage2::Space::Found found;
	};
	struct Held {
		uint64_t vttbr;
		std::vector<Page> pages;
		std::set<const void *> tables;
	};

	std::map<const stage2_context *, Held> cpus_;
	std::vector<Held> lost_;

	template <class Look> void for_each(const Look &look) const;
};

} // namespace fuzz
