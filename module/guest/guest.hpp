// SPDX-License-Identifier: GPL-2.0-only
//
// A guest: a name, an address space, and the RAM it is allowed to see. What it is asked for comes
// as Requests (guest_requests.cpp); what it is shown as comes from views.cpp.
#pragma once

#include "engine/engine.hpp"
#include "policy.hpp"
#include "ram.hpp"
#include "space.hpp"
#include "tables.hpp"
#include "vcpu.hpp"
#include "words/error_log.hpp"
#include "words/request.hpp"

#include "vmsa/vmsa.hpp"

#include <cerrno>

namespace stage2
{

// Since the guest was made.
struct Counters {
	uint64_t runs;
	uint64_t exits; // that it made
	uint64_t interrupts; // that made it leave
};

} // namespace stage2

// The seam knows the type by name only.
struct stage2_guest {
	static constexpr size_t name_bytes = 32; // the NUL included

	explicit stage2_guest(std::string_view name);

	~stage2_guest();

	// Bytes of a page of its granule.
	uint64_t page() const
	{
		return space->format().page();
	}

	// Not only under the lock.
	bool is_removed() const
	{
		return __atomic_load_n(&removed, __ATOMIC_RELAXED);
	}

	char name[name_bytes];

	// Everything below is read while the lock is shared, and changed by who holds it alone; but faults change what
	// they may at once (faults.hpp).
	kernel_lock *lock = nullptr;
	bool removed = false;
	stage2::Vcpus vcpus; // their registers are the runner's meanwhile
	stage2::Policy policy;
	stage2::Counters counters{};
	// Requests: whatever changes the tables, or what decides about faults.
	uint64_t changes = 0;
	stage2::Tables tables{name};
	stage2::Space *space = nullptr;
	stage2::Ram ram;
	bool walk_given = false; // an IPA was written to `walk`
	vmsa::Ipa walk_ipa;

	// Under the registry's lock, except holders, which is atomic.
	stage2_guest *next = nullptr;
	bool is_made = false; // before, it is no more than a name that is taken
	void *dir = nullptr;
	unsigned int holders = 1;
};

namespace stage2
{

using Guest = ::stage2_guest;

// What is asked of a guest whose files were open when it was removed.
inline int refuse_removed(const Request &request)
{
	return request.refuse(ENODEV, error_log::no_caret, "the guest was removed");
}

// What a thread is told that is killed before it changed anything.
inline int refuse_killed(const Request &request)
{
	return request.refuse(EINTR, error_log::no_caret, "who asked for it was killed");
}

// 0, or -error: who waited for the guest's lock was killed, or the guest has gone meanwhile.
template <class KillableLock>
int check_turn(const KillableLock &lock, const Guest &guest, const Request &request)
{
	if (!lock)
		return refuse_killed(request);
	return guest.removed ? refuse_removed(request) : 0;
}

// 0, or -error; then nothing changed, and error_log says why.
int guest_map(Guest &guest, const Request &request);
int guest_unmap(Guest &guest, const Request &request);
int guest_protect(Guest &guest, const Request &request);
int guest_fold(Guest &guest, const Request &request);
int guest_set_walk(Guest &guest, const Request &request);

// From now on the hardware may walk the guest's tables. Before anything that needs an engine. 0, or
// -EOPNOTSUPP without one, -EBUSY while KVM has EL2, or -ENOSPC when all VMIDs are in use; error_log says
// why.
int guest_admit(Guest &guest, const Request &request);

// Bytes copied, within one page, or -EIO.
long guest_copy(Guest &guest, vmsa::Ipa ipa, void *buffer, uint64_t bytes, bool write);

} // namespace stage2
