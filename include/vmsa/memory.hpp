// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Where tables are. The library allocates nothing itself; it asks a TableMemory.
//
//   allocate(bytes)  a zeroed block, aligned to its size, or nullptr; `bytes` is a power of two,
//                    one table, or several for a concatenated root
//   free(t, bytes)   takes it back; hardware cannot reach it any more
//   physical(t)      its physical address, as a table descriptor holds it
//   pointer(pa)      the inverse
//
// One that also has pause() is told in the middle of long work, each time another table is looked at, and can let other
// threads have the CPU there. The tree stays locked. Between two pauses is the work of about one table.
//
// One that also has is_cancelled() is asked as often while a change is planned, before its first store. If that is
// true, the change ends with Errc::cancelled, and nothing has changed. Once it stores it goes on to its end.
//
// One that also has free(chain, bytes), where `bytes` is a table, gets back all tables of a TableChain in one call.
//
// Descriptors that the hardware may be walking are only written through the functions below: single-copy atomic,
// 64 bits wide (rule R_MWBKS), never torn or repeated. So they are read, but for a look at a run (runs.hpp, look_at).
#pragma once

#include "vmsa/address.hpp"
#include "vmsa/granule.hpp"
#include "vmsa/speed.hpp"

#include <concepts>
#include <type_traits>

namespace vmsa
{

// Where tables live: allocate, free, physical and pointer, as above.
template <class M>
concept TableMemory = requires(M &m, Descriptor *t, Pa pa, size_t bytes)
{
	{
		m.allocate(bytes)
		} -> std::same_as<Descriptor *>;
	{m.free(t, bytes)};
	{
		m.physical(t)
		} -> std::same_as<Pa>;
	{
		m.pointer(pa)
		} -> std::same_as<Descriptor *>;
};

// One that wants to be told in the middle of long work, as above.
template <class M>
concept PausingMemory = requires(M &m)
{
	{m.pause()};
};

// Tells it, if it wants to know.
template <class M> [[gnu::always_inline]] constexpr void pause([[maybe_unused]] M &memory)
{
	if constexpr (PausingMemory<M>)
		memory.pause();
}

// One that can end a change while it is planned, as above.
template <class M>
concept CancellingMemory = requires(M &m)
{
	{
		m.is_cancelled()
		} -> std::same_as<bool>;
};

// Asks it, if it can say so.
template <class M> [[gnu::always_inline]] constexpr bool is_cancelled([[maybe_unused]] M &memory)
{
	if constexpr (CancellingMemory<M>)
		return memory.is_cancelled();
	else
		return false;
}

static_assert(__atomic_always_lock_free(sizeof(Descriptor), nullptr));

// g++ computes the address of an atomic into a register of its own: in a run, an instruction for each access. A
// volatile access is as whole on AArch64, and is what Linux has for this (READ_ONCE).
#if defined(__aarch64__) && !defined(__clang__)
inline constexpr bool volatile_is_atomic = !optimized_for_size;
#else
inline constexpr bool volatile_is_atomic = false;
#endif

// Reads a descriptor whole.
[[gnu::always_inline]] constexpr Descriptor load(const Descriptor *d)
{
	if (std::is_constant_evaluated())
		return *d;
	if constexpr (volatile_is_atomic)
		return *static_cast<const volatile Descriptor *>(d);
	return __atomic_load_n(d, __ATOMIC_RELAXED);
}

// Writes a descriptor whole.
[[gnu::always_inline]] constexpr void store(Descriptor *d, Descriptor value)
{
	if (std::is_constant_evaluated())
		*d = value;
	else if constexpr (volatile_is_atomic)
		*static_cast<volatile Descriptor *>(d) = value;
	else
		__atomic_store_n(d, value, __ATOMIC_RELAXED);
}

#if defined(__aarch64__) && !defined(__clang__)
// Two side by side by one instruction, each of them whole: a pair is two accesses (Arm ARM B2.2.1). g++ makes no pairs
// of what is volatile.
inline constexpr bool has_pairs = !optimized_for_size;

// Reads two that stand side by side, each whole.
[[gnu::always_inline]] constexpr void load_pair(const Descriptor *d, Descriptor &a, Descriptor &b)
{
	if (std::is_constant_evaluated()) {
		a = d[0];
		b = d[1];
	} else {
		asm volatile("ldp %0, %1, %2" : "=r"(a), "=r"(b) : "Ump"(d[0]), "m"(d[1]));
	}
}

// Writes two side by side, each whole.
[[gnu::always_inline]] constexpr void store_pair(Descriptor *d, Descriptor a, Descriptor b)
{
	if (std::is_constant_evaluated()) {
		d[0] = a;
		d[1] = b;
	} else {
		asm volatile("stp %x2, %x3, %0" : "=Ump"(d[0]), "=m"(d[1]) : "rZ"(a), "rZ"(b));
	}
}

// Is the first of sixteen that stand side by side `next`, and each `step` more than the one before? `next` is then what
// follows. A CCMP compares if all were equal so far: what XOR and OR do in two instructions.
[[gnu::always_inline]] constexpr bool sixteen_count_up(const Descriptor *d, Descriptor &next,
						       uint64_t step)
{
	bool equal = true;

	if (std::is_constant_evaluated()) {
		for (unsigned i = 0; i < 16; i++, next += step)
			equal = equal && d[i] == next;
		return equal;
	}

	Descriptor a, b;

	asm volatile("cmp	xzr, xzr\n\t"
		     ".irp offset, 0, 16, 32, 48, 64, 80, 96, 112\n\t"
		     "ldp	%[a], %[b], [%[d], #\\offset]\n\t"
		     "ccmp	%[a], %[next], #0, eq\n\t"
		     "add	%[next], %[next], %[step]\n\t"
		     "ccmp	%[b], %[next], #0, eq\n\t"
		     "add	%[next], %[next], %[step]\n\t"
		     ".endr"
		     : [a] "=&r"(a), [b] "=&r"(b), [next] "+&r"(next), "=@cceq"(equal)
		     : [d] "r"(d), [step] "r"(step),
		       "m"(*reinterpret_cast<const Descriptor(*)[16]>(d)));
	return equal;
}
#else
inline constexpr bool has_pairs = false;

// Reads two that stand side by side, each whole.
constexpr void load_pair(const Descriptor *d, Descriptor &a, Descriptor &b)
{
	a = load(d);
	b = load(d + 1);
}

// Writes two side by side, each whole.
constexpr void store_pair(Descriptor *d, Descriptor a, Descriptor b)
{
	store(d, a);
	store(d + 1, b);
}

// Is the first of sixteen that stand side by side `next`, and each `step` more than the one before? `next` is then what
// follows.
constexpr bool sixteen_count_up(const Descriptor *d, Descriptor &next, uint64_t step)
{
	Descriptor differ = 0;

	for (unsigned i = 0; i < 16; i++, next += step)
		differ |= load(d + i) ^ next;
	return !differ;
}
#endif

// What was written before is visible before what is stored from here on: to whoever finds the leaf of a page, before
// the change has returned, the page has its contents (Documentation/litmus/publish-contents.litmus).
[[gnu::always_inline]] constexpr void order_contents()
{
	if (!std::is_constant_evaluated())
		__atomic_thread_fence(__ATOMIC_RELEASE);
}

// The same for one entry: a leaf, or what names a table, whose contents must be visible before it.
constexpr void store_release(Descriptor *d, Descriptor value)
{
	if (std::is_constant_evaluated())
		*d = value;
	else
		__atomic_store_n(d, value, __ATOMIC_RELEASE);
}

// False if the hardware changed the descriptor first (AF, dirty state); `expected` is then what it wrote.
[[gnu::always_inline]] constexpr bool compare_exchange(Descriptor *d, Descriptor &expected,
						       Descriptor value)
{
	if (std::is_constant_evaluated()) {
		*d = value;
		return true;
	}
	return __atomic_compare_exchange_n(d, &expected, value, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

// Toggles bits that hardware leaves alone, and keeps what it does to the others.
[[gnu::always_inline]] constexpr void fetch_xor(Descriptor *d, Descriptor bits)
{
	if (std::is_constant_evaluated())
		*d ^= bits;
	else
		__atomic_fetch_xor(d, bits, __ATOMIC_RELAXED);
}

// A table, where it is found when its memory has come to lie `by` bytes further on, modulo 2^64: when the MMU is on
// now, or a linear map is there.
inline Descriptor *moved(Descriptor *table, int64_t by)
{
	const auto at = reinterpret_cast<uintptr_t>(table) + static_cast<uint64_t>(by);

	return table ? reinterpret_cast<Descriptor *>(at) : nullptr;
}

// A free list through the tables themselves: entry 0 holds the physical address of the next and,
// because 0 is an address like any other, a mark. Bit 0 is clear, so even a walker that still sees
// the page reads an invalid descriptor there.
class TableChain {
    public:
	constexpr TableChain() = default;
	TableChain(const TableChain &) = delete;
	TableChain &operator=(const TableChain &) = delete;
	// `from` is empty afterwards.
	constexpr TableChain(TableChain &&from) : head_{from.head_}
	{
		from.head_ = nullptr;
	}

	constexpr bool empty() const
	{
		return head_ == nullptr;
	}

	template <TableMemory Memory> constexpr void push(Memory &memory, Descriptor *table)
	{
		store(table, head_ ? memory.physical(head_).raw() | more : 0);
		head_ = table;
	}

	// Entry 0 of the table is zero again; the rest is as it was pushed.
	template <TableMemory Memory> VMSA_INLINE constexpr Descriptor *pop(Memory &memory)
	{
		Descriptor *table = head_;
		const Descriptor next = load(table);

		head_ = next ? memory.pointer(Pa{next & ~more}) : nullptr;
		store(table, 0);
		return table;
	}

	// How many there are. Cost: a look at each.
	template <class Memory>
	requires requires(const Memory &memory, Pa pa)
	{
		memory.pointer(pa);
	}
	constexpr size_t size(const Memory &memory) const
	{
		size_t n = 0;

		for (const Descriptor *table = head_; table; n++) {
			const Descriptor next = load(table);

			table = next ? memory.pointer(Pa{next & ~more}) : nullptr;
		}
		return n;
	}

	// What links the tables are physical addresses: only the first is moved().
	void relocate(int64_t by)
	{
		head_ = moved(head_, by);
	}

    private:
	static constexpr Descriptor more = bit(1);

	Descriptor *head_ = nullptr;
};

// One that takes many tables back at once, as above.
template <class M>
concept BulkMemory = requires(M &m, TableChain &tables, size_t bytes)
{
	{m.free(tables, bytes)};
};

// Frees a table of `bytes`, at once or with others of the chain in free_all.
template <TableMemory Memory>
constexpr void free_with(Memory &memory, TableChain &tables, Descriptor *table, size_t bytes)
{
	if constexpr (BulkMemory<Memory>)
		tables.push(memory, table);
	else
		memory.free(table, bytes);
}

// Frees tables of `bytes` each; the chain is empty afterwards.
template <TableMemory Memory>
constexpr void free_all(Memory &memory, TableChain &tables, size_t bytes)
{
	if constexpr (BulkMemory<Memory>) {
		if (!tables.empty()) {
			// A batch whose chain's address is asked for would not stay in registers.
			TableChain all{static_cast<TableChain &&>(tables)};

			memory.free(all, bytes);
		}
	} else {
		while (!tables.empty())
			memory.free(tables.pop(memory), bytes);
	}
}

} // namespace vmsa
