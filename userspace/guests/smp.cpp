// SPDX-License-Identifier: GPL-2.0-only
//
// vCPUs that contend: each adds to a counter under a lock, and to another by exclusives. In the end
// all agree about both. Atomics need Normal memory, so each first makes tables of its own and turns
// its MMU on; before that they share nothing.
//
//   x1  how many vCPUs take part (1); each waits for the others, so all of them have to be run
//   x2  how often each adds (10000)
#include "stage1.hpp"

using namespace guest;
using namespace vmsa;

namespace
{

constexpr uint64_t most = 8;
constexpr size_t tables = 4;

alignas(4096) unsigned char own_tables[most][tables * 4096];

struct alignas(64) Shared {
	uint64_t arrived;
	bool held;
	uint64_t locked_count; // a plain variable: the lock is what keeps it right
	uint64_t atomic_count;
} shared;

// Whoever asks while it is free gets it. In a lock that is handed on in turn (tickets), a vCPU that is next may have no
// CPU: where two share one, each round would cost the other a time slice.
class Lock {
    public:
	Lock()
	{
		while (__atomic_exchange_n(&shared.held, true, __ATOMIC_ACQUIRE))
			while (__atomic_load_n(&shared.held, __ATOMIC_RELAXED))
				;
	}
	~Lock()
	{
		__atomic_store_n(&shared.held, false, __ATOMIC_RELEASE);
	}
};

// Returns when `vcpus` have come here for the `times`th time.
void meet(uint64_t vcpus, uint64_t times)
{
	__atomic_fetch_add(&shared.arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&shared.arrived, __ATOMIC_ACQUIRE) < vcpus * times)
		;
}

} // namespace

int main(uint64_t vcpu, uint64_t vcpus, uint64_t rounds, uint64_t, uint64_t, uint64_t, uint64_t)
{
	vcpus = vcpus ? vcpus : 1;
	rounds = rounds ? rounds : 10000;
	require(vcpu < vcpus && vcpus <= most, "x0 must be less than x1, and x1 at most 8");

	TablePool<Granule4K> pool{own_tables[vcpu], sizeof(own_tables[vcpu])};
	IdMap<El1And0, Granule4K> map{pool, stage1_config(1)};

	ensure(map.map({Va{ram}, block}, normal | rwx).ok(), "the image is mapped");
	// A store there is the way out to a program that runs the guest by KVM.
	ensure(map.map({Va{0x0900'0000}, 4096}, device | rw).ok(), "the way out is mapped");
	ensure(map.configure().ok() && map.activate().ok(), "the map is active");
	turn_mmu_on();

	meet(vcpus, 1);
	for (uint64_t i = 0; i < rounds; i++) {
		{
			const Lock lock;

			asm volatile("" : "+m"(shared.locked_count));
			shared.locked_count++;
		}
		__atomic_fetch_add(&shared.atomic_count, 1, __ATOMIC_RELAXED);
	}
	meet(vcpus, 2);
	print("vCPU ", vcpu, " counts ", shared.locked_count, " and ", shared.atomic_count, "\n");
	ensure(shared.locked_count == vcpus * rounds, "the lock excludes");
	ensure(shared.atomic_count == vcpus * rounds, "exclusives are exclusive");
	return 0;
}
