// SPDX-License-Identifier: GPL-2.0-only
//
// The memory that a guest's tables are made of: pages of the kernel's, within a limit. Faults of several
// vCPUs take tables, and give back those that another was quicker with, at once.
#pragma once

#include "kernel/kernel.h"

#include "vmsa/error.hpp"
#include "vmsa/memory.hpp"

namespace stage2
{

class Tables {
    public:
	// `guest`: whose they are, for the trace.
	explicit Tables(const char *guest) : guest_{guest}
	{
	}

	// So many tables are given back by one call of the kernel.
	static constexpr size_t at_once = 16;

	// `limit` in bytes of tables, the root included.
	void set_limit(size_t limit)
	{
		limit_ = limit;
	}

	vmsa::Descriptor *allocate(size_t bytes)
	{
		pause();

		vmsa::Descriptor *table = nullptr;

		if (!is_cancelled() && take(bytes)) {
			table = static_cast<vmsa::Descriptor *>(kernel_table_alloc(bytes));
			if (!table)
				give_back(bytes);
		}
		if (!table) {
			__atomic_store_n(&used_when_short_, used(), __ATOMIC_RELAXED);
			return nullptr;
		}
		kernel_trace_table_alloc(guest_, table, bytes, used());
		return table;
	}

	void free(vmsa::Descriptor *table, size_t bytes)
	{
		give_back(bytes);
		kernel_trace_table_free(guest_, table, bytes, used());
		kernel_table_free(table);
		pause();
	}

	// A vmsa::BulkMemory: the kernel looks for the slab of a table once for those that lie side by side.
	void free(vmsa::TableChain &tables, size_t bytes)
	{
		while (!tables.empty()) {
			VMSA_UNINITIALIZED void *some[at_once];
			size_t n = 0;

			for (; n < at_once && !tables.empty(); n++) {
				vmsa::Descriptor *table = tables.pop(*this);

				give_back(bytes);
				kernel_trace_table_free(guest_, table, bytes, used());
				some[n] = table;
			}
			kernel_tables_free(some, n);
			pause();
		}
	}

	// A vmsa::PausingMemory: long work on tables lets other threads have the CPU. Whoever changes or reads tables
	// can sleep, and holds nothing but the guest's lock.
	static void pause()
	{
		kernel_reschedule();
	}

	// Meanwhile the change that who has the guest alone makes ends when it is killed: with Errc::cancelled while it
	// is planned, with no_memory while it takes tables. Then it stores, and goes on to its end.
	class Killable {
	    public:
		explicit Killable(Tables &tables) : tables_{tables}
		{
			tables_.killable_ = true;
		}
		~Killable()
		{
			tables_.killable_ = false;
		}
		Killable(const Killable &) = delete;
		Killable &operator=(const Killable &) = delete;

	    private:
		Tables &tables_;
	};

	// A vmsa::CancellingMemory.
	bool is_cancelled() const
	{
		return killable_ && kernel_is_killed();
	}

	// A change of who has the guest alone has ended with this error. For want of a table: those it had taken are
	// back.
	void trace_failure(const vmsa::Error &error) const
	{
		if (error.code == vmsa::Errc::no_memory)
			kernel_trace_oom(guest_, error.first, error.last - error.first + 1,
					 static_cast<unsigned>((used_when_short_ - used()) /
							       vmsa::Granule4K::table_bytes),
					 used());
	}

	vmsa::Pa physical(const vmsa::Descriptor *table) const
	{
		return vmsa::Pa{kernel_phys(table)};
	}

	vmsa::Descriptor *pointer(vmsa::Pa pa) const
	{
		return static_cast<vmsa::Descriptor *>(kernel_virt(pa.raw()));
	}

	size_t used() const
	{
		return __atomic_load_n(&used_, __ATOMIC_RELAXED);
	}

    private:
	bool take(size_t bytes)
	{
		size_t used = this->used();

		do {
			if (bytes > limit_ - used)
				return false;
		} while (!__atomic_compare_exchange_n(&used_, &used, used + bytes, true,
						      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
		return true;
	}

	void give_back(size_t bytes)
	{
		__atomic_fetch_sub(&used_, bytes, __ATOMIC_RELAXED);
	}

	const char *guest_;
	size_t used_ = 0;
	size_t used_when_short_ = 0; // the last time
	size_t limit_ = 0;
	bool killable_ = false;
};

} // namespace stage2
