// SPDX-License-Identifier: GPL-2.0-only
//
// The file `run`: in and out of a guest, until it leaves for good.
//
//   mask ──> enter ──> HVC that needs no lock ──> enter ──> ...           nothing is unmasked
//                 └──> anything else ──> unmask, answer, mask ──> look around ──> enter
//
// The guest's lock is taken for an answer, and shared where that will do, but never while the guest runs; so all
// other requests go on beside it. The vCPU stays loaded throughout (runner.c). What others want of this thread (a
// signal, its CPU, the guest gone) comes with an interrupt, so it is enough to look for it after unmasking. Whether
// anybody traces is looked for there too: an exit that is not traced pays for one test.
#include "engine/engine.hpp"
#include "exclusive.hpp"
#include "stage2/hvc.h"
#include "trace_run.hpp"
#include "words/error_log.hpp"

#include <algorithm>
#include <cerrno>

namespace stage2
{

namespace
{

using vmsa::Ipa;

// 0 stands for no limit.
struct Budget {
	uint64_t exits;
	uint64_t instructions;
};

class Run {
    public:
	Run(Vcpu &vcpu, const Budget &budget)
	    : guest_{*vcpu.guest}, vcpu_{vcpu}, context_{*vcpu.context}, budget_{budget}
	{
		context_.step = budget.instructions != 0;
		exclusive::before_step(context_);
	}

	// Until the guest leaves for good.
	void go()
	{
		kernel_runner_mask(vcpu_.runner);
		while (turn())
			;
		kernel_runner_unmask(vcpu_.runner);
		context_.step = context_.stops[0] = 0;
		context_.pstate &= ~vmsa::bit(21); // SS
	}

	const Exit &exit() const
	{
		return exit_;
	}

    private:
	// ---- Interrupts are masked around all of these. False: the run is over. ----

	bool turn()
	{
		if (look_ && !look_around())
			return false;
		if (!(traced_ ? enter_traced() : engine::enter(context_)))
			return leave(Reason::kvm_has_el2);
		if (context_.step)
			stepped();
		if (!answer())
			return false;
		if (!budget_.instructions)
			return true;
		exclusive::before_step(context_);
		return exit_.instructions < budget_.instructions || leave(Reason::step_budget);
	}

	[[gnu::noinline]] void stepped()
	{
		exit_.instructions += exclusive::completed_steps(context_);
		if (exclusive::was_stepped(context_))
			outside([&] { exit_.instructions -= exclusive::begin(guest_, context_); });
	}

	bool look_around()
	{
		const unsigned work = kernel_runner_work(vcpu_.runner);

		if (guest_.is_removed())
			return leave(Reason::removed);
		if (work & KERNEL_WORK_LOST)
			return leave(Reason::lost);
		if (work & KERNEL_WORK_SIGNAL)
			return leave(Reason::signal);
		if (work & KERNEL_WORK_TIME)
			return leave(Reason::time_budget);
		traced_ = work & KERNEL_WORK_TRACE;
		look_ = work & KERNEL_WORK_RESCHEDULE;
		if (look_)
			outside([] { kernel_reschedule(); });
		return true;
	}

	bool answer()
	{
		switch (context_.exit) {
		case STAGE2_EXIT_SYNC:
			return exception(Syndrome{context_.esr});
		case STAGE2_EXIT_SERROR:
			exit_.is_exception = true;
			exit_.esr = context_.esr;
			return leave(Reason::serror);
		default:
			// Who interrupted has its turn as soon as interrupts are unmasked.
			exit_.interrupts++;
			outside([] {});
			return true;
		}
	}

	bool exception(Syndrome syndrome)
	{
		if (context_.step && (syndrome.is(Ec::step) || syndrome.is(Ec::breakpoint)))
			return true;
		exit_.exits++;
		if (syndrome.is(Ec::hvc64))
			return hypercall(syndrome);
		if (syndrome.is_abort() && syndrome.is_stage2_fault())
			return fault(syndrome);
		return report(syndrome, reason_of(syndrome));
	}

	bool hypercall(Syndrome syndrome)
	{
		switch (syndrome.immediate() ? 0 : static_cast<uint32_t>(context_.x[0])) {
		case STAGE2_HVC_VERSION:
			return reply(STAGE2_HVC_ABI);
		case STAGE2_HVC_PRINT:
			outside([this] { print(); });
			return go_on();
		case STAGE2_HVC_YIELD:
			context_.x[0] = 0;
			return leave(Reason::yield);
		case STAGE2_HVC_END:
			exit_.status = context_.x[1];
			return leave(Reason::end);
		default:
			return reply(STAGE2_HVC_UNKNOWN);
		}
	}

	bool fault(Syndrome syndrome)
	{
		const unsigned long since = traced_ ? kernel_time_ns() : 0;
		Outcome outcome = Outcome::resolved;

		// Of a walk, FAR_EL2 is the address that was walked for.
		exit_.ipa = Ipa{arm64::fault_ipa(context_.hpfar,
						 syndrome.on_stage1_walk() ? 0 : context_.far)};
		outside([&] { outcome = answer_fault(vcpu_, exit_.ipa, last_fault_); });
		if (since)
			trace_fault(vcpu_, exit_.ipa, outcome, kernel_time_ns() - since);
		switch (outcome) {
		case Outcome::report:
			return report(syndrome, reason_of(syndrome));
		case Outcome::no_ram:
			exit_.note = "the guest's RAM is used up";
			return report(syndrome, Reason::no_memory);
		case Outcome::no_tables:
			exit_.note = "no memory for another table";
			return report(syndrome, Reason::no_memory);
		default:
			return go_on();
		}
	}

	bool report(Syndrome syndrome, Reason reason)
	{
		exit_.is_exception = true;
		exit_.has_ipa = syndrome.is_abort() && syndrome.is_stage2_fault();
		exit_.esr = context_.esr;
		exit_.far = context_.far;
		exit_.hpfar = context_.hpfar;
		exit_.status = context_.x[0]; // the function of an SMC
		// Nothing will wake it: the next run goes on behind.
		if (reason == Reason::wfi || reason == Reason::wfe)
			context_.pc += 4;
		return leave(reason);
	}

	bool leave(Reason reason)
	{
		exit_.reason = reason;
		return false;
	}

	bool reply(long value)
	{
		context_.x[0] = static_cast<unsigned long>(value);
		return go_on();
	}

	bool go_on()
	{
		return exit_.exits != budget_.exits || leave(Reason::exits_budget);
	}

	template <class Work> void outside(const Work &work)
	{
		kernel_runner_unmask(vcpu_.runner);
		work();
		kernel_runner_mask(vcpu_.runner);
		look_ = true;
	}

	// ---- Traced. ----

	[[gnu::noinline]] bool enter_traced()
	{
		kernel_trace_enter(guest_.name, vcpu_.number, context_.pc);

		const unsigned long since = kernel_time_ns();

		if (!engine::enter(context_))
			return false;
		trace_exit(vcpu_, kernel_time_ns() - since);
		return true;
	}

	// ---- Outside. ----

	[[gnu::noinline]] void print()
	{
		const Guard guard{guest_.lock};

		context_.x[0] = static_cast<unsigned long>(
			guest_.removed ? STAGE2_HVC_FAULT
				       : copy_output(Ipa{context_.x[1]}, context_.x[2]));
	}

	// At most as much as the output could hold. All of it is readable, or none is taken.
	long copy_output(Ipa text, uint64_t bytes)
	{
		char piece[128];

		bytes = std::min(bytes, sizeof(vcpu_.output.text));
		for (uint64_t done = 0; done < bytes;) {
			Space::Found found;

			if (!guest_.space->translate(text + done, found) ||
			    !found.attributes.access.read)
				return STAGE2_HVC_FAULT;
			done += guest_.page() - (text + done).raw() % guest_.page();
		}
		for (uint64_t done = 0; done < bytes;) {
			const long count = guest_copy(guest_, text + done, piece,
						      std::min(bytes - done, sizeof(piece)), false);

			vcpu_.output.add(piece, static_cast<size_t>(count));
			done += static_cast<uint64_t>(count);
		}
		return static_cast<long>(bytes);
	}

	Guest &guest_;
	Vcpu &vcpu_;
	stage2_context &context_;
	const Budget budget_;
	bool look_ = true;
	bool traced_ = false; // entries, exits or faults: known from a look around on
	Exit exit_{};
	FaultPlace last_fault_{};
};

// ---- The request. ----

enum { vcpu_word, exits_word, instructions_word, ms_word, run_words };

constexpr Word words[run_words] = {
	{"vcpu", Word::Kind::number, false},
	{"exits", Word::Kind::number, false},
	{"instructions", Word::Kind::number, false},
	{"ms", Word::Kind::number, false},
};

constexpr uint64_t most_ms = 24 * 60 * 60 * 1000;

int check_budget(const Request &request, const Value *v)
{
	for (unsigned i : {exits_word, instructions_word, ms_word}) {
		if (v[i].given && v[i].number == 0)
			return request.refuse(EINVAL, v[i].column, "%s must be at least 1",
					      words[i].key);
	}
	if (v[ms_word].number > most_ms)
		return request.refuse(ERANGE, v[ms_word].column,
				      "ms must be at most %lu, which is a day", most_ms);
	return 0;
}

// May it run? Under the guest's lock.
int check_vcpu(Guest &guest, const Request &request, const Value &number)
{
	if (number.number >= guest.vcpus.count())
		return request.refuse(ENOENT, number.column,
				      "there is no vcpu %lu (the guest has %u)", number.number,
				      guest.vcpus.count());
	if (engine::kind() == engine::Kind::soft)
		return guest_admit(guest, request);

	const Vcpu &vcpu = guest.vcpus[static_cast<unsigned>(number.number)];
	const uint64_t last = guest.space->geometry().last_input();

	if (vcpu.running)
		return request.refuse(EBUSY, number.column, "vcpu %u is running", vcpu.number);
	if (!vcpu.has_entry)
		return request.refuse(EINVAL, number.column,
				      "vcpu %u has no entry (write pc=... to regs)", vcpu.number);
	if (!(vcpu.context->el1.sctlr & 1) && vcpu.context->pc > last)
		return request.refuse(
			ERANGE, number.column,
			"vcpu %u starts at 0x%lx, beyond the IPA space, which ends at 0x%lx",
			vcpu.number, vcpu.context->pc, last);
	return guest_admit(guest, request);
}

// The thread has the vCPU then, until it ends the run. Not inlined: the values of a request are large.
[[gnu::noinline]] int begin(Guest &guest, const Request &request, Vcpu *&vcpu, Budget &budget)
{
	const KillableGuard guard{guest.lock};
	Value v[run_words];

	if (const int error = check_turn(guard, guest, request))
		return error;
	if (const int error = request.parse(words, v))
		return error;
	if (const int error = check_budget(request, v))
		return error;
	if (const int error = check_vcpu(guest, request, v[vcpu_word]))
		return error;
	vcpu = &guest.vcpus[static_cast<unsigned>(v[vcpu_word].number)];
	vcpu->context->vttbr = guest.space->tlb().registers().vttbr;
	vcpu->context->vtcr = guest.space->tlb().registers().vtcr;
	budget = {v[exits_word].number, v[instructions_word].number};
	guest.space->set_live(true);
	guest.vcpus.take(*vcpu, v[ms_word].number);
	return 0;
}

Reason end(Guest &guest, Vcpu &vcpu, const Exit &exit)
{
	Reason reason = exit.reason;
	{
		const Guard guard{guest.lock};

		if (!guest.vcpus.give_back(vcpu))
			reason = Reason::lost;
		guest.space->set_live(guest.vcpus.may_be_loaded());
		vcpu.exit = exit;
		vcpu.exit.reason = reason;
		guest.counters.runs++;
		guest.counters.exits += exit.exits;
		guest.counters.interrupts += exit.interrupts;
	}
	guest.vcpus.tell_whoever_waits();
	return reason;
}

} // namespace

int vcpu_run(Guest &guest, const Request &request)
{
	Vcpu *vcpu;
	Budget budget;

	if (const int error = begin(guest, request, vcpu, budget))
		return error;

	Run run{*vcpu, budget};

	run.go();

	const Reason reason = end(guest, *vcpu, run.exit());

	if (reason == Reason::signal)
		return -EINTR;
	if (reason == Reason::removed)
		return refuse_removed(request);
	if (reason == Reason::kvm_has_el2)
		return request.refuse(EBUSY, error_log::no_caret, engine::not_ready);
	if (reason == Reason::lost)
		return request.refuse(EIO, error_log::no_caret,
				      "vcpu %u has lost its EL1 registers: see the kernel's log",
				      vcpu->number);
	return 0;
}

} // namespace stage2
