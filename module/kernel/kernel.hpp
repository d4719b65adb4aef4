// SPDX-License-Identifier: GPL-2.0-only
//
// What C++ adds to the seam: a lock that cannot be left held, and memory that cannot be leaked.
#pragma once

#include "kernel.h"

#include <cstdint>

namespace stage2
{

// Has a lock from its beginning to its end.
template <void (*Take)(kernel_lock *), void (*Give)(kernel_lock *)> class GuardOf {
    public:
	explicit GuardOf(kernel_lock *lock) : lock_{lock}
	{
		Take(lock_);
	}
	~GuardOf()
	{
		Give(lock_);
	}
	GuardOf(const GuardOf &) = delete;
	GuardOf &operator=(const GuardOf &) = delete;

    private:
	kernel_lock *lock_;
};

// For a request: whoever is killed while he waits does not get the lock, and has to look whether he has it.
template <bool (*Take)(kernel_lock *), void (*Give)(kernel_lock *)> class KillableGuardOf {
    public:
	explicit KillableGuardOf(kernel_lock *lock) : lock_{Take(lock) ? lock : nullptr}
	{
	}
	~KillableGuardOf()
	{
		if (lock_)
			Give(lock_);
	}
	KillableGuardOf(const KillableGuardOf &) = delete;
	KillableGuardOf &operator=(const KillableGuardOf &) = delete;

	explicit operator bool() const
	{
		return lock_;
	}

    private:
	kernel_lock *lock_;
};

using Guard = GuardOf<kernel_lock_acquire, kernel_lock_release>;
using SharedGuard = GuardOf<kernel_lock_share, kernel_lock_unshare>;
using KillableGuard = KillableGuardOf<kernel_lock_acquire_killable, kernel_lock_release>;
using KillableSharedGuard = KillableGuardOf<kernel_lock_share_killable, kernel_lock_unshare>;

// For a loop that may be long: others have the CPU meanwhile, once in so many times.
class Pause {
    public:
	void operator()()
	{
		if (++times_ % often == 0)
			kernel_reschedule();
	}

    private:
	static constexpr unsigned often = 512;

	unsigned times_ = 0;
};

// A count that one thread changes, and any may read.
inline void add(uint64_t &count, uint64_t more)
{
	__atomic_store_n(&count, __atomic_load_n(&count, __ATOMIC_RELAXED) + more,
			 __ATOMIC_RELAXED);
}

// An array of trivial objects, zeroed. Null when there was no memory.
template <class T> class Array {
    public:
	constexpr Array() = default;
	~Array()
	{
		reset();
	}
	Array(const Array &) = delete;
	Array &operator=(const Array &) = delete;

	bool allocate(size_t count)
	{
		reset();
		data_ = static_cast<T *>(kernel_alloc(count * sizeof(T)));
		return data_ != nullptr;
	}

	// Has room for `count` from now on, and the first `used` are as they were. False, and nothing has changed,
	// when there was no memory.
	bool resize(size_t used, size_t count)
	{
		auto *more = static_cast<T *>(kernel_alloc(count * sizeof(T)));
		Pause pause;

		if (!more)
			return false;
		for (size_t i = 0; i < used; i++, pause())
			more[i] = data_[i];
		reset();
		data_ = more;
		return true;
	}

	void reset()
	{
		kernel_free(data_);
		data_ = nullptr;
	}

	T *data() const
	{
		return data_;
	}
	T &operator[](size_t i) const
	{
		return data_[i];
	}

    private:
	T *data_ = nullptr;
};

} // namespace stage2
