// SPDX-License-Identifier: GPL-2.0-only
//
// Recorder: a TlbSink that takes the minutes: what was asked of the TLB, when a table was freed, in
// which order, and what one watched descriptor said at each of these moments.
#pragma once

#include "support/scratch_memory.hpp"
#include "vmsa/tlb.hpp"

namespace support
{

struct Event {
	enum Kind : uint8_t { invalidate, sync, free };

	Kind kind;
	bool tables;
	vmsa::Level level;
	uint64_t first; // invalidate
	uint64_t last;
	vmsa::Descriptor watched;
};

class Recorder {
    public:
	Recorder(struct kunit *test, ScratchMemory &memory)
	{
		events_ = scratch<Event>(test, 64);
		memory.context = this;
		memory.on_free = [](void *recorder, vmsa::Descriptor *) {
			static_cast<Recorder *>(recorder)->note({Event::free, false, 0, 0, 0, 0});
		};
	}

	void invalidate(vmsa::Region<vmsa::Ipa> region, vmsa::Level level, bool tables)
	{
		note({Event::invalidate, tables, level, region.first.raw(), region.last.raw(), 0});
	}

	void sync()
	{
		note({Event::sync, false, 0, 0, 0, 0});
	}

	std::span<const Event> events() const
	{
		return events_.first(count_);
	}

	void forget()
	{
		count_ = 0;
	}

	const vmsa::Descriptor *watch = nullptr;

    private:
	void note(Event event)
	{
		event.watched = watch ? *watch : 0;
		if (count_ < events_.size())
			events_[count_++] = event;
	}

	std::span<Event> events_;
	size_t count_ = 0;
};

} // namespace support
