// SPDX-License-Identifier: GPL-2.0-only
//
// What C++ adds to the seam: a lock that cannot be left held, and memory that cannot be leaked.
#pragma once

#include "kernel.h"

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
