// SPDX-License-Identifier: GPL-2.0-only
#include "trace_run.hpp"

namespace stage2
{

namespace
{

constexpr stage2_exit_reason exit_reason(Syndrome syndrome)
{
	if (syndrome.is(Ec::hvc64))
		return STAGE2_REASON_HVC;
	if (syndrome.is(Ec::step))
		return STAGE2_REASON_STEP;
	switch (reason_of(syndrome)) {
	case Reason::stage2_translation:
	case Reason::stage2_permission:
	case Reason::stage2_access_flag:
	case Reason::stage2_address_size:
		return STAGE2_REASON_FAULT;
	case Reason::wfi:
		return STAGE2_REASON_WFI;
	case Reason::wfe:
		return STAGE2_REASON_WFE;
	case Reason::smc:
		return STAGE2_REASON_SMC;
	case Reason::sysreg:
		return STAGE2_REASON_SYSREG;
	case Reason::fp:
		return STAGE2_REASON_FP;
	case Reason::pauth:
		return STAGE2_REASON_PAUTH;
	case Reason::debug:
		return STAGE2_REASON_DEBUG;
	case Reason::aarch32:
		return STAGE2_REASON_AARCH32;
	case Reason::undefined:
		return STAGE2_REASON_UNDEFINED;
	case Reason::illegal_state:
		return STAGE2_REASON_ILLEGAL_STATE;
	case Reason::alignment:
		return STAGE2_REASON_ALIGNMENT;
	case Reason::external_abort:
		return STAGE2_REASON_EXTERNAL_ABORT;
	case Reason::serror:
		return STAGE2_REASON_SERROR;
	default:
		return STAGE2_REASON_UNKNOWN;
	}
}

constexpr stage2_exit_reason exit_reason(const stage2_context &context)
{
	switch (context.exit) {
	case STAGE2_EXIT_SYNC:
		return exit_reason(Syndrome{context.esr});
	case STAGE2_EXIT_SERROR:
		return STAGE2_REASON_SERROR;
	default:
		return STAGE2_REASON_INTERRUPT;
	}
}

constexpr stage2_fault_kind kind_of(Syndrome syndrome)
{
	switch (syndrome.fault()) {
	case Fault::translation:
		return STAGE2_FAULT_TRANSLATION;
	case Fault::permission:
		return STAGE2_FAULT_PERMISSION;
	case Fault::access_flag:
		return STAGE2_FAULT_ACCESS_FLAG;
	case Fault::address_size:
		return STAGE2_FAULT_ADDRESS_SIZE;
	default:
		return STAGE2_FAULT_OTHER;
	}
}

constexpr stage2_access access_of(Syndrome syndrome)
{
	if (syndrome.is_write())
		return STAGE2_ACCESS_WRITE;
	// A walk reads, whatever it was made for.
	if (syndrome.is_fetch() && !syndrome.on_stage1_walk())
		return STAGE2_ACCESS_FETCH;
	return STAGE2_ACCESS_READ;
}

} // namespace

void trace_exit(const Vcpu &vcpu, unsigned long ns)
{
	const stage2_exit_reason reason = exit_reason(*vcpu.context);

	kernel_trace_exit(vcpu.guest->name, vcpu.number, reason, vcpu.context->pc,
			  reason == STAGE2_REASON_INTERRUPT ? 0 : vcpu.context->esr, ns);
}

void trace_fault(const Vcpu &vcpu, vmsa::Ipa ipa, Outcome outcome, unsigned long ns)
{
	const Syndrome syndrome{vcpu.context->esr};

	kernel_trace_fault(vcpu.guest->name, vcpu.number, ipa.raw(), kind_of(syndrome),
			   access_of(syndrome), syndrome.level(), static_cast<unsigned>(outcome),
			   ns);
}

} // namespace stage2
