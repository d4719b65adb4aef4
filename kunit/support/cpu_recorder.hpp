// SPDX-License-Identifier: GPL-2.0-only
//
// CpuRecorder: a Cpu that takes the minutes: every barrier, TLBI and system register access, in order,
// and when a table was freed among them. Its registers keep what was written.
//
//	CpuLog log{test};
//	IdMap<El1And0, Granule4K, 48, ScratchMemory, CpuRecorder> map{memory, config, {}, {&log}};
//	log.differs({dsb_ishst, tlbi(Tlbi::vmalle1is), dsb_ish, isb})	// CpuLog::nowhere
#pragma once

#include "support/scratch_memory.hpp"
#include "vmsa/regime.hpp"

#include <initializer_list>

namespace support
{

struct CpuEvent {
	enum Kind : uint8_t {
		dsb_ishst,
		dsb_ish,
		dsb_sy,
		isb,
		tlbi,
		read,
		write,
		free,
		dc_ivac,
		ic_iallu
	};

	Kind kind;
	unsigned what; // the register or the instruction
	uint64_t value; // written, or the operand

	constexpr bool operator==(const CpuEvent &) const = default;
};

inline constexpr CpuEvent dsb_ishst{CpuEvent::dsb_ishst, 0, 0};
inline constexpr CpuEvent dsb_ish{CpuEvent::dsb_ish, 0, 0};
inline constexpr CpuEvent dsb_sy{CpuEvent::dsb_sy, 0, 0};
inline constexpr CpuEvent isb{CpuEvent::isb, 0, 0};
inline constexpr CpuEvent ic_iallu{CpuEvent::ic_iallu, 0, 0};
inline constexpr CpuEvent table_freed{CpuEvent::free, 0, 0};

constexpr CpuEvent tlbi(vmsa::Tlbi op, uint64_t operand = 0)
{
	return {CpuEvent::tlbi, static_cast<unsigned>(op), operand};
}

constexpr CpuEvent read(vmsa::Register which)
{
	return {CpuEvent::read, static_cast<unsigned>(which), 0};
}

constexpr CpuEvent write(vmsa::Register which, uint64_t value)
{
	return {CpuEvent::write, static_cast<unsigned>(which), value};
}

class CpuLog {
    public:
	static constexpr size_t room = 1024;
	static constexpr size_t nowhere = ~size_t{0};

	explicit CpuLog(struct kunit *test)
	    : events_{scratch<CpuEvent>(test, room)}, watched_{
							      scratch<vmsa::Descriptor>(test, room)}
	{
	}

	// Tables that this memory frees are noted, too.
	void listen(ScratchMemory &memory)
	{
		memory.context = this;
		memory.on_free = [](void *log, vmsa::Descriptor *) {
			static_cast<CpuLog *>(log)->note(table_freed);
		};
	}

	[[gnu::noinline]] void note(CpuEvent event)
	{
		if (count_ < events_.size() && count_ < watched_.size()) {
			watched_[count_] = watch ? *watch : 0;
			events_[count_++] = event;
		}
	}

	// The first event that is not as expected, or how many came where fewer were. Then forgets.
	[[gnu::noinline]] size_t differs(std::initializer_list<CpuEvent> expected)
	{
		const size_t count = count_;
		size_t i = 0;

		count_ = 0;
		for (const CpuEvent &event : expected) {
			if (i == count || events_[i] != event)
				return i;
			i++;
		}
		return i == count ? nowhere : count;
	}

	void forget()
	{
		count_ = 0;
	}

	bool empty() const
	{
		return count_ == 0;
	}
	size_t count(CpuEvent::Kind kind) const
	{
		size_t n = 0;

		for (const CpuEvent &event : events_.first(count_))
			n += event.kind == kind;
		return n;
	}
	// What the watched descriptor said when that came.
	vmsa::Descriptor watched(size_t event) const
	{
		return watched_[event];
	}

	// A register, which is 0 until it is written.
	uint64_t &operator[](vmsa::Register which)
	{
		size_t i = 0;

		while (registers_[i].which != which && registers_[i].which != vmsa::Register{})
			i++;
		registers_[i].which = which;
		return registers_[i].value;
	}

	const vmsa::Descriptor *watch = nullptr;

    private:
	std::span<CpuEvent> events_;
	std::span<vmsa::Descriptor> watched_;
	struct {
		vmsa::Register which;
		uint64_t value;
	} registers_[19] = {}; // as many as vmsa::Register names, and an end
	size_t count_ = 0;
};

struct CpuRecorder {
	CpuLog *log;

	void tlbi(vmsa::Tlbi op, uint64_t operand)
	{
		log->note(support::tlbi(op, operand));
	}
	void dsb_ishst()
	{
		log->note(support::dsb_ishst);
	}
	void dsb_ish()
	{
		log->note(support::dsb_ish);
	}
	void isb()
	{
		log->note(support::isb);
	}
	void dsb_sy()
	{
		log->note(support::dsb_sy);
	}
	void dc_ivac(uint64_t address)
	{
		log->note({CpuEvent::dc_ivac, 0, address});
	}
	void ic_iallu()
	{
		log->note(support::ic_iallu);
	}
	template <vmsa::Register R> uint64_t read()
	{
		log->note(support::read(R));
		return (*log)[R];
	}
	template <vmsa::Register R> void write(uint64_t value)
	{
		log->note(support::write(R, value));
		(*log)[R] = value;
	}
};

static_assert(vmsa::Cpu<CpuRecorder>);

} // namespace support
