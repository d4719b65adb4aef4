// SPDX-License-Identifier: GPL-2.0-only
//
// Fibers: threads that go on when they are told to, one at a time, and stop where they say so. setcontext() starts
// one; from there on they jump, which takes no system call.
#pragma once

#include <array>
#include <csetjmp>
#include <cstddef>
#include <ucontext.h>

namespace interleave
{

inline constexpr size_t most_fibers = 3;

class Fibers {
    public:
	static constexpr size_t none = most_fibers;

	// `run(self, i)` is what each of them does. What fibers of before had not done is forgotten.
	void start(size_t count, void (*run)(void *self, size_t i), void *self)
	{
		count_ = count;
		run_ = run;
		self_ = self;
		for (size_t i = 0; i < count; i++) {
			Fiber &f = fibers_[i];

			getcontext(&f.context);
			f.context.uc_stack.ss_sp = f.stack.data();
			f.context.uc_stack.ss_size = f.stack.size();
			f.context.uc_link = nullptr;
			f.started = f.finished = false;
			makecontext(&f.context, enter, 0);
		}
	}

	size_t count() const
	{
		return count_;
	}
	bool is_started(size_t i) const
	{
		return fibers_[i].started;
	}
	bool is_finished(size_t i) const
	{
		return fibers_[i].finished;
	}
	// The one that goes on now, or none.
	size_t current() const
	{
		return current_;
	}

	// Until it stops, or has finished.
	void resume(size_t i)
	{
		Fiber &f = fibers_[i];

		current_ = i;
		running = this;
		if (!_setjmp(back_)) {
			if (f.started)
				_longjmp(f.stopped, 1);
			f.started = true;
			setcontext(&f.context);
		}
		current_ = none;
	}

	// In a fiber.
	void stop()
	{
		if (!_setjmp(fibers_[current_].stopped))
			_longjmp(back_, 1);
	}

    private:
	struct Fiber {
		ucontext_t context; // where it starts
		jmp_buf stopped;
		std::array<char, 64 * 1024> stack;
		bool started = false;
		bool finished = false;
	};

	static void enter()
	{
		Fibers &all = *running;
		const size_t i = all.current_;

		all.run_(all.self_, i);
		all.fibers_[i].finished = true;
		_longjmp(all.back_, 1);
	}

	static inline Fibers *running = nullptr;

	std::array<Fiber, most_fibers> fibers_;
	jmp_buf back_; // to who told it to go on
	size_t count_ = 0;
	size_t current_ = none;
	void (*run_)(void *self, size_t i) = nullptr;
	void *self_ = nullptr;
};

} // namespace interleave
