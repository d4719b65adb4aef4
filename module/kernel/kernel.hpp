// SPDX-License-Identifier: GPL-2.0-only
//
// What C++ adds to the seam: a lock that cannot be left held, and memory that cannot be leaked.
#pragma once

#include "kernel.h"

#include <cstdint>

namespace stage2
{

class Guard {
    public:
	explicit Guard(kernel_lock *lock) : lock_{lock}
	{
		kernel_lock_acquire(lock_);
	}
	~Guard()
	{
		kernel_lock_release(lock_);
	}
	Guard(const Guard &) = delete;
	Guard &operator=(const Guard &) = delete;

    private:
	kernel_lock *lock_;
};

// For a request: whoever is killed while he waits does not get the lock, and has to look whether he has it.
class KillableGuard {
    public:
	explicit KillableGuard(kernel_lock *lock)
	    : lock_{kernel_lock_acquire_killable(lock) ? lock : nullptr}
	{
	}
	~KillableGuard()
	{
		if (lock_)
			kernel_lock_release(lock_);
	}
	KillableGuard(const KillableGuard &) = delete;
	KillableGuard &operator=(const KillableGuard &) = delete;

	explicit operator bool() const
	{
		return lock_;
	}

    private:
	kernel_lock *lock_;
};

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

// The same, shared with others.
class SharedGuard {
    public:
	explicit SharedGuard(kernel_lock *lock) : lock_{lock}
	{
		kernel_lock_share(lock_);
	}
	~SharedGuard()
	{
		kernel_lock_unshare(lock_);
	}
	SharedGuard(const SharedGuard &) = delete;
	SharedGuard &operator=(const SharedGuard &) = delete;

    private:
	kernel_lock *lock_;
};

class KillableSharedGuard {
    public:
	explicit KillableSharedGuard(kernel_lock *lock)
	    : lock_{kernel_lock_share_killable(lock) ? lock : nullptr}
	{
	}
	~KillableSharedGuard()
	{
		if (lock_)
			kernel_lock_unshare(lock_);
	}
	KillableSharedGuard(const KillableSharedGuard &) = delete;
	KillableSharedGuard &operator=(const KillableSharedGuard &) = delete;

	explicit operator bool() const
	{
		return lock_;
	}

    private:
	kernel_lock *lock_;
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
