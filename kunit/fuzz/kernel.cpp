// SPDX-License-Identifier: GPL-2.0-only
#include "kernel.hpp"

#include "kernel/kernel.hpp"

#include <algorithm>
#include <bitset>
#include <cstdarg>
#include <tuple>

fuzz::Kernel fuzz::kernel;

using fuzz::kernel;
using fuzz::require;

struct kernel_lock {
	bool held;
};

void fuzz::Kernel::let_others_in()
{
	if (beside.empty())
		return;

	const std::string_view line = beside.front();
	const auto before = std::tuple{fail_in, killed_in, was_killed};

	beside.erase(beside.begin());
	fail_in = killed_in = never;
	obey(line);
	std::tie(fail_in, killed_in, was_killed) = before;
}

// ---- Memory ----

namespace
{

constexpr size_t page = 4096;
constexpr size_t pages = 1024;
constexpr unsigned long far_away = 1ul << 48;

// Where guests' RAM lies, so that neighbours become one piece.
alignas(2 << 20) unsigned char ram[pages * page];
std::bitset<pages> taken;

void *allocate(size_t bytes, size_t align)
{
	void *block = nullptr;

	if (kernel.fails() || posix_memalign(&block, align, std::max(bytes, align)) != 0)
		return nullptr;
	std::memset(block, 0, bytes);
	kernel.allocated++;
	return block;
}

void release(void *block)
{
	kernel.allocated -= block != nullptr;
	std::free(block);
}

} // namespace

void *kernel_alloc(unsigned long bytes)
{
	// More than the machine has.
	return bytes > sizeof(ram) ? nullptr : allocate(bytes, 16);
}

void kernel_free(void *object)
{
	release(object);
}

void *kernel_table_alloc(unsigned long bytes)
{
	return allocate(bytes, bytes);
}

void kernel_table_free(void *table)
{
	kernel.walker.freed(table);
	release(table);
}

void kernel_tables_free(void **tables, unsigned long count)
{
	for (; count; count--)
		kernel_table_free(*tables++);
}

unsigned long kernel_ram_alloc(unsigned long bytes)
{
	const size_t count = bytes / page;

	if (kernel.fails())
		return 0;
	for (size_t first = 0; first + count <= pages; first += count) {
		size_t n = 0;

		while (n < count && !taken[first + n])
			n++;
		if (n < count)
			continue;
		for (size_t i = 0; i < count; i++)
			taken[first + i] = true;
		std::memset(ram + first * page, 0, bytes);
		return reinterpret_cast<unsigned long>(ram + first * page) +
		       (kernel.far ? far_away : 0);
	}
	return 0;
}

void kernel_ram_free(unsigned long phys, unsigned long bytes)
{
	const size_t first = (phys % far_away - reinterpret_cast<unsigned long>(ram)) / page;

	for (size_t i = 0; i < bytes / page; i++) {
		require(first + i < pages && taken[first + i], "RAM is freed once");
		taken[first + i] = false;
	}
}

unsigned long kernel_ram_total(void)
{
	return sizeof(ram);
}

unsigned long kernel_ram_available(void)
{
	return (pages - taken.count()) * page;
}

unsigned long kernel_page_size(void)
{
	return page;
}

unsigned long kernel_linear_offset;

void kernel_memory_start()
{
}

static bool bit_of(const unsigned long *map, unsigned long i)
{
	return map[i / 64] >> (i % 64) & 1;
}

unsigned long kernel_bitmap_find(unsigned long *map, unsigned long bits, unsigned long count,
				 unsigned long align_mask, unsigned long align_offset)
{
	unsigned long first = 0;

	for (;;) {
		unsigned long n = 0;

		first = ((first + align_offset + align_mask) & ~align_mask) - align_offset;
		if (first + count > bits)
			return bits;
		while (n < count && !bit_of(map, first + n))
			n++;
		if (n == count)
			return first;
		first += n + 1;
	}
}

void kernel_bitmap_mark(unsigned long *map, unsigned long first, unsigned long count, bool used)
{
	for (unsigned long i = first; i < first + count; i++) {
		const unsigned long bit = 1ul << (i % 64);

		map[i / 64] = used ? map[i / 64] | bit : map[i / 64] & ~bit;
	}
}

unsigned long kernel_bitmap_weight(const unsigned long *map, unsigned long bits)
{
	unsigned long n = 0;

	for (unsigned long i = 0; i < bits; i++)
		n += bit_of(map, i);
	return n;
}

// ---- Locks ----

kernel_lock *kernel_lock_create(kernel_lock_class)
{
	return static_cast<kernel_lock *>(allocate(sizeof(kernel_lock), 16));
}

void kernel_lock_destroy(kernel_lock *lock)
{
	require(!lock || !lock->held, "a lock that goes is not held");
	release(lock);
}

void kernel_lock_acquire(kernel_lock *lock)
{
	require(!lock->held, "a lock is not taken twice");
	lock->held = true;
	kernel.locked++;
}

void kernel_lock_release(kernel_lock *lock)
{
	require(lock->held, "a lock that is released was held");
	lock->held = false;
	kernel.locked--;
}

void kernel_lock_share(kernel_lock *lock)
{
	kernel_lock_acquire(lock);
}

// Who is killed while he waits, where nobody does.
bool kernel_lock_acquire_killable(kernel_lock *lock)
{
	if (kernel_is_killed())
		return false;
	kernel_lock_acquire(lock);
	return true;
}

bool kernel_lock_share_killable(kernel_lock *lock)
{
	return kernel_lock_acquire_killable(lock);
}

void kernel_lock_unshare(kernel_lock *lock)
{
	kernel_lock_release(lock);
}

// ---- Time, text and files ----

void kernel_log(const char *, ...)
{
}

void kernel_panic(const char *, ...)
{
	__builtin_trap();
}

// No two moments are the same: each entry of error_log can be told from those before.
unsigned long kernel_time_us(void)
{
	static unsigned long now;

	return now += 1000;
}

unsigned long kernel_time_ns(void)
{
	return kernel_time_us();
}

void kernel_print(seq_file *out, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);

	const int length = std::vsnprintf(text, sizeof(text), format, args);

	va_end(args);
	require(length >= 0 && static_cast<size_t>(length) < sizeof(text), "a line fits");
	out->text += text;
}

void kernel_print_bytes(seq_file *out, const void *bytes, unsigned long count)
{
	out->text.append(static_cast<const char *>(bytes), count);
}

int kernel_format_args(char *buffer, unsigned long size, const char *format, void *args)
{
	const int length = std::vsnprintf(buffer, size, format, *static_cast<va_list *>(args));

	return std::min(length, static_cast<int>(size) - 1);
}

int kernel_format(char *buffer, unsigned long size, const char *format, ...)
{
	va_list args;

	va_start(args, format);

	const int length = kernel_format_args(buffer, size, format, &args);

	va_end(args);
	return length;
}

void *kernel_guest_dir_create(const char *name, stage2_guest *guest)
{
	if (kernel.fails())
		return nullptr;

	const auto [folder, is_new] = kernel.folders.emplace(name, guest);

	require(is_new, "a folder has one guest");
	return &folder->second;
}

void kernel_guest_dir_remove(void *dir)
{
	std::erase_if(kernel.folders, [=](const auto &folder) { return &folder.second == dir; });
}
